/**
 * Larder as a user runs it: real processes of the command line, in directories of their own. Whatever
 * a test leaves running or mounted is ended by disposing.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { MountCondition } from '../../fuse-client/index.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const MAIN = path.join(ROOT, 'cli/main.ts');

/** What the processes of a `TestLarder` sign with. */
export const TEST_CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test-secret' };

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProcessInfo {
  readonly role: 'up' | 'master' | 'worker' | 'holder' | 'server';
  readonly pid: number;
  readonly mountpoint?: string;
  readonly master?: string;
}

export interface Status {
  readonly processes: readonly ProcessInfo[];
  readonly mounts: readonly {
    readonly mountpoint: string;
    readonly dataset: string;
    readonly version: number;
    readonly driver: string;
    readonly lacks: readonly string[];
    readonly manifestPercent: number;
    readonly release: string | null;
    readonly condition: MountCondition;
    readonly integrity: string;
    readonly openMode?: { readonly mode: string; readonly why: string };
    readonly opens: Readonly<Record<string, number>>;
  }[];
  readonly datasets: readonly {
    readonly name: string;
    readonly files: number;
    readonly bytes: number;
    readonly heldBytes: number;
    readonly hitRatio: number | null;
  }[];
  readonly workers: readonly {
    readonly capacityBytes: number;
    readonly decisions: readonly { readonly decision: string }[];
    readonly disks: readonly {
      readonly path: string;
      readonly state: string;
      readonly problem?: string;
      readonly objects: number;
      readonly errors: number;
      readonly damaged: number;
    }[];
  }[];
  readonly origin: {
    readonly gets: number;
    readonly bytes: number;
    readonly uniqueBytes: number;
    readonly requestedBytes: number;
  };
}

/** Somebody who may do nothing; a test that is root becomes one. */
export const ORDINARY_USER = 65_534;

export interface TestLarderOptions {
  /** Who owns the directories of the test. */
  readonly owner?: number;
  /** What starts every command: see `Namespace`. */
  readonly within?: readonly string[];
}

export class TestLarder implements AsyncDisposable {
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
  /** Put before every command: a program that starts it elsewhere, as `nsenter` does. */
  through: readonly string[] = [];
  /** The program that every command is: of another installation, where a test has one. */
  main = MAIN;
  readonly #children = new Set<ChildProcess>();
  readonly #mountpoints = new Set<string>();
  readonly #options: TestLarderOptions;

  constructor(env: Readonly<Record<string, string>> = {}, options: TestLarderOptions = {}) {
    this.#options = options;
    this.directory = fs.mkdtempSync(path.join(os.tmpdir(), 'larder-test-'));
    this.#own(this.directory);
    const inherited = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(LARDER_|AWS_(?!CA_))/.test(name)),
    );
    this.env = {
      ...inherited,
      AWS_ACCESS_KEY_ID: TEST_CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: TEST_CREDENTIALS.secretAccessKey,
      AWS_REGION: 'us-east-1',
      LARDER_RUNTIME_DIR: path.join(this.directory, 'run'),
      LARDER_CACHE_HOME: path.join(this.directory, 'cache'),
      LARDER_HUNG_AFTER_MS: '1500',
      LARDER_CONFIG: 'none',
      ...env,
    };
  }

  /** A new, empty directory. */
  folder(name: string): string {
    const folder = path.join(this.directory, name);
    fs.mkdirSync(folder, { recursive: true });
    this.#own(folder);
    return folder;
  }

  #own(folder: string): void {
    const { owner } = this.#options;
    if (owner !== undefined) fs.chownSync(folder, owner, owner);
  }

  /** Runs a command to its end. */
  async run(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    through: readonly string[] = [],
  ): Promise<Outcome> {
    return await ended(this.start(args, env, through));
  }

  /** Starts any program as these processes run. */
  hold(program: string, argument: string, options: { readonly cwd: string }): ChildProcess {
    return this.#spawn(['env', '-C', options.cwd, program, argument], {});
  }

  /** Runs any program as these processes run, to its end. */
  async program(...command: readonly string[]): Promise<Outcome> {
    return await ended(this.#spawn(command, {}));
  }

  /** Runs a command that must succeed, and returns what it printed. */
  async ok(args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(args);
    if (code !== 0)
      throw new Error(`larder ${args.join(' ')} ended with ${String(code)}:\n${stderr}`);
    return stdout;
  }

  /**
   * Starts a command that stays.
   *
   * @param through a program that runs it: `prlimit --nofile=64:64`
   */
  start(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    through: readonly string[] = [],
  ): ChildProcess {
    return this.#spawn([...this.through, ...through, process.execPath, this.main, ...args], env);
  }

  #spawn(command: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
    const { within = [] } = this.#options;
    const [program = '', ...args] = [...within, ...command];
    const child = spawn(program, args, {
      env: { ...this.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own, as a shell gives it: `interrupt` is Ctrl-C.
      detached: true,
    });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }

  /** Ctrl-C: the signal goes to the whole process group. */
  interrupt(child: ChildProcess): void {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT');
  }

  /** `larder up ORIGIN … --detach` on a new mount point. */
  async up(origin: string, ...flags: string[]): Promise<string> {
    const mountpoint = this.folder(`mnt-${String(this.#mountpoints.size)}`);
    this.#mountpoints.add(mountpoint);
    await this.ok(['up', origin, mountpoint, '--cache-size', '1GiB', ...flags, '--detach']);
    return mountpoint;
  }

  async down(mountpoint: string): Promise<void> {
    await this.ok(['down', mountpoint]);
    this.#mountpoints.delete(mountpoint);
  }

  async status(): Promise<Status> {
    return JSON.parse(await this.ok(['status', '--json'])) as Status;
  }

  /** The pid of a role; of the mount that is named where there are several. */
  async pid(role: ProcessInfo['role'], mountpoint?: string): Promise<number> {
    const { stdout } = await this.run(['status', '--json']);
    const { processes } = JSON.parse(stdout) as Status;
    const found = processes.find(
      (one) => one.role === role && (mountpoint === undefined || one.mountpoint === mountpoint),
    );
    if (found === undefined) throw new Error(`no ${role} runs`);
    return found.pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const mountpoint of this.#mountpoints) {
      const { code } = await this.run(['down', mountpoint]);
      if (code !== 0 && isMountpoint(mountpoint)) {
        await once(spawn('umount', ['-l', mountpoint]), 'exit');
      }
    }
    for (const child of this.#children) child.kill('SIGKILL');
    this.#killRecorded();
    fs.rmSync(this.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  /** Processes that a failed test has left, found by their records; only ours are in this directory. */
  #killRecorded(): void {
    const records = path.join(this.directory, 'run/instances');
    if (!fs.existsSync(records)) return;
    for (const name of fs.readdirSync(records)) {
      const pid = Number.parseInt(name, 10);
      const commandLine = readText(`/proc/${String(pid)}/cmdline`);
      if (commandLine.includes('cli/main')) process.kill(pid, 'SIGKILL');
    }
  }
}

export function isMountpoint(folder: string): boolean {
  return readText('/proc/self/mountinfo').includes(` ${folder} `);
}

/** Whether a process runs; one that has ended and that nobody has waited for does not. */
export function isRunning(pid: number): boolean {
  const stat = readText(`/proc/${String(pid)}/stat`);
  const state = stat.slice(stat.lastIndexOf(')') + 2)[0];
  return state !== undefined && state !== 'Z';
}

/** Resolves with what `look` gives as soon as it is not undefined. */
export async function eventually<T>(
  look: () => T | undefined | Promise<T | undefined>,
  timeoutMs = 15_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error('it did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function ended(child: ChildProcess): Promise<Outcome> {
  const [out, err] = [collect(child.stdout), collect(child.stderr)];
  const [code] = (await once(child, 'exit')) as [number | null];
  return { code: code ?? -1, stdout: await out, stderr: await err };
}

async function collect(stream: NodeJS.ReadableStream | null): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream ?? []) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

function readText(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
