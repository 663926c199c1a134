/**
 * Larder as a user runs it, in directories of its own: `larder master`, `larder worker`, `larder
 * mount`, `larder dataset …` as processes of the built command line. Disposing ends all of it.
 */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Disposals } from '../common/index.ts';
import { freePort, run, startReady } from './processes.ts';
import type { ReadyProcess } from './processes.ts';

export interface ClusterOptions {
  /** Holds catalog, cache and runtime directory; whoever made it removes it. */
  readonly directory: string;
  /** Beside what every process of the cluster gets. */
  readonly env?: NodeJS.ProcessEnv;
}

export interface MountOptions {
  /** NAME or NAME@v1. */
  readonly dataset: string;
  readonly mountPoint: string;
  /** Of `larder mount`, for example `--open-mode=daemon`. */
  readonly flags?: readonly string[];
}

export interface ClusterMount extends AsyncDisposable {
  readonly serverPid: number;
}

interface MountProcess {
  readonly role: string;
  readonly pid: number;
  readonly mountpoint?: string;
}

/** What an origin of the benchmarks takes for a signature. */
export const CREDENTIALS = {
  AWS_ACCESS_KEY_ID: 'bench',
  AWS_SECRET_ACCESS_KEY: 'bench-secret',
  AWS_REGION: 'us-east-1',
};

const PROGRAM = join(import.meta.dirname, '../cli/main.js');
/** Ten million keys on a busy machine. */
const BUILD_MS = 1_800_000;
const MOUNT_MS = 60_000;

export class Cluster implements AsyncDisposable {
  readonly #directory: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #stack = new Disposals();
  #master = '';
  #worker: ReadyProcess | undefined;

  constructor({ directory, env = {} }: ClusterOptions) {
    this.#directory = directory;
    const own = { LARDER_CONFIG: 'none', LARDER_RUNTIME_DIR: join(directory, 'run') };
    this.#env = { ...process.env, ...CREDENTIALS, ...own, ...env };
  }

  get cacheDirectory(): string {
    return join(this.#directory, 'cache');
  }

  async startMaster(): Promise<ReadyProcess> {
    this.#master = `127.0.0.1:${await freePort()}`;
    const data = join(this.#directory, 'master');
    return this.#start(['master', '--listen', this.#master, '--data-dir', data]);
  }

  async startWorker(): Promise<ReadyProcess> {
    const where = ['--cache-dir', this.cacheDirectory, '--socket', this.#socket];
    mkdirSync(this.cacheDirectory, { recursive: true });
    const args = ['worker', '--master', this.#master, ...where, '--cache-size', '1TiB'];
    this.#worker = await this.#start(args);
    return this.#worker;
  }

  async stopWorker(): Promise<void> {
    await this.#worker?.[Symbol.asyncDispose]();
  }

  /** `larder dataset …`: what it printed as JSON, and how long it took. */
  async dataset(...args: string[]): Promise<{ seconds: number; result: unknown }> {
    const since = performance.now();
    const output = await this.#run(['dataset', ...args, '--master', this.#master, '--json']);
    return { seconds: (performance.now() - since) / 1_000, result: JSON.parse(output) };
  }

  /** Until it is disposed of. */
  async mount({ dataset, mountPoint, flags = [] }: MountOptions): Promise<ClusterMount> {
    mkdirSync(mountPoint, { recursive: true });
    const source = ['--master', this.#master, '--worker-socket', this.#socket];
    const unmount = () => this.#unmount(mountPoint);
    try {
      await this.#run(['mount', dataset, mountPoint, ...source, ...flags, '--detach'], MOUNT_MS);
      const serverPid = await this.#serverPid(mountPoint);
      return { serverPid, [Symbol.asyncDispose]: unmount };
    } catch (error) {
      await unmount();
      throw error;
    }
  }

  /** Mounts, shows the mount, unmounts. */
  async mounted<T>(
    dataset: string,
    use: (mountPoint: string, serverPid: number) => Promise<T>,
  ): Promise<T> {
    const mountPoint = join(this.#directory, 'mnt');
    await using mount = await this.mount({ dataset, mountPoint });
    return await use(mountPoint, mount.serverPid);
  }

  /** Paths of the objects that are whole on the worker's disk. */
  completeObjects(): string[] {
    const complete = join(this.cacheDirectory, 'complete');
    if (!existsSync(complete)) return [];
    return readdirSync(complete, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]();
  }

  get #socket(): string {
    return join(this.#directory, 'worker.sock');
  }

  async #serverPid(mountPoint: string): Promise<number> {
    const processes = await this.#processesOf(mountPoint);
    const server = processes.find(({ role }) => role === 'server');
    if (server === undefined) throw new Error(`no server runs for ${mountPoint}`);
    return server.pid;
  }

  /** Also what a `larder mount` has left that was interrupted. */
  async #unmount(mountPoint: string): Promise<void> {
    const failed = await this.#run(['umount', mountPoint], MOUNT_MS).then(
      () => false,
      () => true,
    );
    if (!failed) return;
    for (const { pid } of await this.#processesOf(mountPoint)) process.kill(pid, 'SIGKILL');
    await run({ program: 'umount', args: ['-l', mountPoint] }).catch(() => undefined);
  }

  async #processesOf(mountPoint: string): Promise<MountProcess[]> {
    const { processes } = JSON.parse(await this.#run(['status', '--json'])) as {
      processes: MountProcess[];
    };
    return processes.filter(({ mountpoint }) => mountpoint === mountPoint);
  }

  #run(args: readonly string[], timeoutMs = BUILD_MS): Promise<string> {
    return run({ program: process.execPath, args: [PROGRAM, ...args], env: this.#env }, timeoutMs);
  }

  /** A process that stays. */
  async #start(args: readonly string[]): Promise<ReadyProcess> {
    return this.#stack.use(await startReady([PROGRAM, ...args], this.#env));
  }
}
