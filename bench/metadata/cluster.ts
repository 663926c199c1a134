/**
 * Larder as a user runs it, in directories of its own: `larder master`, `larder worker`, `larder
 * mount`, `larder dataset …` as processes of the built command line. Disposing ends all of it.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Disposals } from '../../common/index.ts';
import { freePort, run, startReady } from '../processes.ts';
import type { ReadyProcess } from '../processes.ts';

const PROGRAM = join(import.meta.dirname, '../../cli/main.js');
/** Ten million keys on a busy machine. */
const BUILD_MS = 1_800_000;

export class Cluster implements AsyncDisposable {
  readonly #directory: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #stack = new Disposals();
  #master = '';
  #worker: ReadyProcess | undefined;

  constructor(directory: string) {
    this.#directory = directory;
    const credentials = { AWS_ACCESS_KEY_ID: 'bench', AWS_SECRET_ACCESS_KEY: 'bench-secret' };
    const own = { LARDER_RUNTIME_DIR: join(directory, 'run') };
    this.#env = { ...process.env, ...credentials, AWS_REGION: 'us-east-1', ...own };
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

  /** Mounts, shows the mount, unmounts. */
  async mounted<T>(
    dataset: string,
    use: (mountPoint: string, serverPid: number) => Promise<T>,
  ): Promise<T> {
    const mountPoint = join(this.#directory, 'mnt');
    mkdirSync(mountPoint, { recursive: true });
    const source = ['--master', this.#master, '--worker-socket', this.#socket];
    await this.#run(['mount', dataset, mountPoint, ...source, '--detach']);
    await using stack = new Disposals();
    stack.defer(async () => {
      await this.#run(['umount', mountPoint]).catch(() =>
        run({ program: 'umount', args: ['-l', mountPoint] }),
      );
    });
    return await use(mountPoint, await this.#serverPid());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]();
  }

  get #socket(): string {
    return join(this.#directory, 'worker.sock');
  }

  async #serverPid(): Promise<number> {
    const { processes } = JSON.parse(await this.#run(['status', '--json'])) as {
      processes: { role: string; pid: number }[];
    };
    const server = processes.find(({ role }) => role === 'server');
    if (server === undefined) throw new Error('no mount server runs');
    return server.pid;
  }

  #run(args: readonly string[]): Promise<string> {
    return run({ program: process.execPath, args: [PROGRAM, ...args], env: this.#env }, BUILD_MS);
  }

  /** A process that stays. */
  async #start(args: readonly string[]): Promise<ReadyProcess> {
    return this.#stack.use(await startReady([PROGRAM, ...args], this.#env));
  }
}
