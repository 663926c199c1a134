/**
 * A real mount of a generated tree for a test: temp directories, holder and server processes, and an
 * end that leaves nothing behind, also when the test failed.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  completePath,
  GROWING_DIRECTORY,
  growingName,
  ManifestReader,
} from '../../common/index.ts';
import { findMount, unmount } from '../../fuse-client/index.ts';
import type { DriverName, MountEvent, MountSpec } from '../../fuse-client/index.ts';
import { FilePageSource } from '../../rpc/manifests/index.ts';
import { buildManifest, setBehaviour, TEST_DATASET } from './directory-mount-source.ts';
import type { DirectorySourceOptions, Rule } from './directory-mount-source.ts';
import type { TestMountSpec } from './fuse-mount-process.ts';

export const FUSE_MISSING =
  fs.existsSync('/dev/fuse') && process.getuid?.() === 0 ? undefined : 'needs root and /dev/fuse';

export interface MountTestOptions {
  readonly mount?: Partial<MountSpec>;
  readonly source?: Partial<DirectorySourceOptions>;
  /** Complete objects lie in a directory that the server may read. */
  readonly complete?: boolean;
  /** Default: wait until the mount answers. */
  readonly wait?: boolean;
  /** Default: `kernel`. */
  readonly driver?: DriverName;
}

type Seen = Omit<MountEvent, 'kind'> & {
  readonly kind: MountEvent['kind'] | 'end' | 'upgrade-failed';
  readonly holder: number;
  readonly pid?: number;
  readonly serverPid?: number;
  readonly how?: string;
  readonly code?: string;
  readonly why?: string;
};

const HERE = import.meta.dirname;

export class MountUnderTest implements AsyncDisposable {
  readonly tree: string;
  readonly work: string;
  readonly mountpoint: string;
  readonly completeDirectory: string;
  readonly #root: string;
  holder: ChildProcess | undefined;
  #spec: TestMountSpec | undefined;
  #exit: Promise<number | null> = Promise.resolve(null);

  /** @param fill writes the tree */
  constructor(fill: (tree: string) => void) {
    this.#root = fs.mkdtempSync(path.join(os.tmpdir(), 'larder-fuse-'));
    this.tree = path.join(this.#root, 'tree');
    this.work = path.join(this.#root, 'work');
    this.mountpoint = path.join(this.#root, 'mount point');
    this.completeDirectory = path.join(this.#root, 'complete');
    for (const directory of [this.tree, this.work, this.mountpoint, this.completeDirectory]) {
      fs.mkdirSync(directory);
    }
    fill(this.tree);
    buildManifest(this.tree, this.work);
  }

  at(...names: string[]): string {
    return path.join(this.mountpoint, ...names);
  }

  async start(options: MountTestOptions = {}): Promise<this> {
    const specFile = path.join(this.work, 'spec.json');
    const command = [process.execPath, path.join(HERE, 'fuse-mount-process.ts')];
    const spec: TestMountSpec = {
      mount: {
        mountpoint: this.mountpoint,
        name: TEST_DATASET.name,
        version: 3,
        serverCommand: [...command, 'server', specFile],
        holderCommand: [...command, 'holder', specFile],
        ...options.mount,
        timings: { watchMs: 20, reportMs: 50, ...options.mount?.timings },
      },
      source: {
        directory: this.tree,
        workDirectory: this.work,
        ...(options.complete === true ? { completeDirectory: this.completeDirectory } : {}),
        ...options.source,
      },
      driver: options.driver ?? 'kernel',
      eventsFile: path.join(this.work, 'events'),
      upgradeFile: path.join(this.work, 'upgrade.json'),
    };
    this.#spec = spec;
    fs.writeFileSync(specFile, JSON.stringify(spec));
    const [program = '', ...args] = command;
    const holder = spawn(program, [...args, 'holder', specFile], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    this.holder = holder;
    this.#exit = new Promise((resolve) => holder.once('exit', resolve));
    if (options.wait !== false) await this.event('serving');
    return this;
  }

  /**
   * Has another installation take over, and does not wait for it.
   *
   * @param name of its specification; `server` and `holder` are its programs where they are not as those that run
   */
  upgrade(
    name: string,
    programs: { readonly server?: readonly string[]; readonly holder?: readonly string[] } = {},
    source: Partial<DirectorySourceOptions> = {},
  ): void {
    if (this.#spec === undefined) throw new Error('not started');
    const specFile = path.join(this.work, `${name}.json`);
    const command = [process.execPath, path.join(HERE, 'fuse-mount-process.ts')];
    const { mount } = this.#spec;
    const spec: TestMountSpec = {
      ...this.#spec,
      mount: {
        ...mount,
        serverCommand: programs.server ?? [...command, 'server', specFile],
        holderCommand: [...command, 'holder', specFile],
      },
      source: { ...this.#spec.source, ...source },
    };
    fs.writeFileSync(specFile, JSON.stringify(spec));
    const holderCommand = programs.holder ?? [...command, 'holder', specFile, 'upgrade'];
    fs.writeFileSync(spec.upgradeFile, JSON.stringify(holderCommand));
    process.kill(this.holderPid, 'SIGUSR2');
  }

  /** The one that holds the mount, as far as it has said so. */
  get holderPid(): number {
    const holds = (kind: Seen['kind']) => kind === 'mounted' || kind === 'took-over';
    const pid = this.events().findLast(({ kind }) => holds(kind))?.holder;
    if (pid === undefined) throw new Error('nobody holds the mount');
    return pid;
  }

  /** Processes of this mount that run, by their command lines. */
  processes(role: 'holder' | 'server'): number[] {
    return fs
      .readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0 && this.#isOurs(pid, role));
  }

  events(): Seen[] {
    const file = path.join(this.work, 'events');
    if (!fs.existsSync(file)) return [];
    const lines = fs.readFileSync(file, 'utf8').split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line) as Seen);
  }

  /** The `count`th event of a kind, once it is there. */
  async event(kind: Seen['kind'], count = 1, timeoutMs = 60_000): Promise<Seen> {
    return await eventually(`event ${kind}`, timeoutMs, () => {
      // Read once: what is written between two reads would be in the second only.
      const events = this.events();
      const found = events.filter((event) => event.kind === kind)[count - 1];
      const end = events.find((event) => event.kind === 'end' && event.how !== 'handed-over');
      if (found === undefined && end !== undefined && kind !== 'end') {
        throw new Error(`the mount ended: ${JSON.stringify(end)}`);
      }
      return found;
    });
  }

  get serverPid(): number {
    const pid = this.events().findLast((event) => event.kind === 'server-started')?.pid;
    if (pid === undefined) throw new Error('no server was started');
    return pid;
  }

  /** The exit code of the holder that `start` started. */
  async exitCode(): Promise<number | null> {
    return await this.#exit;
  }

  rules(...rules: Rule[]): void {
    setBehaviour(this.work, { rules });
  }

  /** What the source wrote down. */
  log(): string[] {
    const file = path.join(this.work, 'reads.log');
    return fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  }

  objectId(key: string): string {
    using source = new FilePageSource(path.join(this.work, 'manifest.whole'));
    const reader = ManifestReader.open(source, { whole: true });
    return reader.objectRef(reader.find(Buffer.from(key)), TEST_DATASET).objectId;
  }

  /** Puts a file of the tree where complete objects lie; returns its path there. */
  complete(key: string): string {
    const file = completePath(this.completeDirectory, this.objectId(key));
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.copyFileSync(path.join(this.tree, key), file);
    return file;
  }

  /** Puts bytes where the growing object of a file lies; returns its path. */
  growing(key: string, incarnation: number, bytes: Buffer): string {
    const directory = path.join(path.dirname(this.completeDirectory), GROWING_DIRECTORY);
    fs.mkdirSync(directory, { recursive: true });
    const file = path.join(directory, growingName(this.objectId(key), incarnation));
    fs.writeFileSync(file, bytes);
    return file;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (findMount(this.mountpoint) !== undefined) unmount(this.mountpoint, { lazy: true });
    const pids = [
      ...this.events().flatMap(({ holder, pid }) => [holder, pid ?? holder]),
      ...this.processes('holder'),
      ...this.processes('server'),
    ];
    const deadlineMs = Date.now() + 3000;
    while (Date.now() < deadlineMs && pids.some((pid) => this.#isOurs(pid))) await sleep(20);
    for (const pid of new Set(pids)) if (this.#isOurs(pid)) process.kill(pid, 'SIGKILL');
    this.holder?.kill('SIGKILL');
    fs.rmSync(this.#root, { recursive: true, force: true });
  }

  #isOurs(pid: number, role = ''): boolean {
    try {
      const words = fs.readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').split('\0');
      const isOfRole = role === '' || words.includes(role);
      return isOfRole && words.some((word) => word.includes(this.work));
    } catch {
      return false;
    }
  }
}

export async function eventually<T>(
  what: string,
  timeoutMs: number,
  look: () => T | undefined,
): Promise<T> {
  const deadlineMs = Date.now() + timeoutMs;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (Date.now() > deadlineMs)
      throw new Error(`${what} did not happen in ${String(timeoutMs)} ms`);
    await sleep(10);
  }
}

export interface CommandResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCommand {
  readonly child: ChildProcess;
  readonly result: Promise<CommandResult>;
}

/** Runs a program without blocking this process. */
export function start(
  program: string,
  args: readonly string[],
  options: { cwd?: string } = {},
): RunningCommand {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const result = new Promise<CommandResult>((resolve) => {
    child.once('close', (code, signal) => {
      resolve({ code, signal, stdout, stderr });
    });
  });
  return { child, result };
}

export async function run(program: string, ...args: string[]): Promise<CommandResult> {
  return await start(program, args).result;
}
