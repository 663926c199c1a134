/**
 * A cluster of hosts on this machine: an S3 server, a master and workers, each a process of the command
 * line in namespaces of its own (`network.ts`), and readers on any of them.
 *
 * Always true: whatever was started is ended by disposing, and by a process of its own where this one
 * ends without (`guard-process.ts`).
 */
import { execFile, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { ClusterStatus, ConnectOptions } from '../../../sdk/index.ts';
import { eventually, TEST_CREDENTIALS } from '../larder.ts';
import { HostClient } from './client.ts';
import type { TestFile } from './files.ts';
import { HostProcess } from './host-process.ts';
import { HOSTS_VARIABLE, makeHostsDirectory, sweep, sweepEarlier } from './leftovers.ts';
import { HostNetwork } from './network.ts';
import type { KeyFault, Served } from './s3-process.ts';

export interface TestHostsOptions {
  /** Hosts w1, w2, …; all are started. */
  readonly workers: number;
  /** Hosts without a worker. */
  readonly others?: readonly string[];
  /** Of every process: LARDER_*. */
  readonly env?: Readonly<Record<string, string>>;
  /** Of the master alone. */
  readonly master?: Readonly<Record<string, string>>;
  /** Of one worker. */
  readonly worker?: (name: string) => WorkerOptions;
}

export interface WorkerOptions {
  /** One that was mounted before the cluster was started; default: a folder of the test. */
  readonly cacheDir?: string;
  /** Default 1GiB. */
  readonly cacheSize?: string;
  /** The size of a disk of its own (tmpfs) for the cache; default: the disk of the test. */
  readonly diskSize?: string;
  /** File descriptors that it may have; default: as many as this process. */
  readonly openFiles?: number;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface CliOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Several hosts start at once on two cores: a lease must last longer than a busy moment. */
const TIMES = {
  LARDER_HEARTBEAT_MS: '250',
  LARDER_LEASE_MS: '1500',
  LARDER_READ_TIMEOUT_MS: '15000',
  LARDER_HUNG_AFTER_MS: '5000',
  LARDER_PEER_TIMEOUT_MS: '2500',
  LARDER_PEER_REST_MS: '2500',
};
const MASTER_PORT = 7400;
const WORKER_PORT = 7500;
const JOIN_TIMEOUT_MS = 90_000;
/** `.ts` from source, `.js` where this file was built. */
const EXTENSION = path.extname(import.meta.filename);
const MAIN = path.resolve(import.meta.dirname, `../../../cli/main${EXTENSION}`);
/** What was compiled is kept: a start costs a third of the CPU time. */
const COMPILED = path.resolve('node_modules/.cache/hosts');
const NODE = [process.execPath, '--disable-warning=ExperimentalWarning'];

export class TestHosts implements AsyncDisposable {
  readonly directory: string;
  readonly network: HostNetwork;
  readonly workers = new Map<string, HostProcess>();
  readonly #options: TestHostsOptions;
  readonly #guard: ChildProcess;
  #s3: HostProcess | undefined;
  #master: HostProcess | undefined;
  #control: HostClient | undefined;

  static async start(options: TestHostsOptions): Promise<TestHosts> {
    sweepEarlier();
    const directory = makeHostsDirectory();
    const guard = spawn(process.execPath, [script('guard-process'), directory], {
      stdio: ['pipe', 'ignore', 'inherit'],
      detached: true,
    });
    const hosts = ['s3', 'master', ...names(options.workers), ...(options.others ?? [])];
    try {
      const network = await HostNetwork.start(directory, hosts);
      const started = new TestHosts({ directory, guard, network, options });
      await started.#startAll();
      return started;
    } catch (error) {
      sweep(directory);
      guard.stdin.end();
      throw error;
    }
  }

  /** Not for callers: see the static method. */
  constructor(parts: {
    readonly directory: string;
    readonly guard: ChildProcess;
    readonly network: HostNetwork;
    readonly options: TestHostsOptions;
  }) {
    this.directory = parts.directory;
    this.network = parts.network;
    this.#guard = parts.guard;
    this.#options = parts.options;
  }

  get s3(): HostProcess {
    return present(this.#s3);
  }

  get master(): HostProcess {
    return present(this.#master);
  }

  /** On the master's host: status, datasets. */
  get control(): HostClient {
    return present(this.#control);
  }

  get masterAddress(): string {
    return `${this.network.address('master')}:${String(MASTER_PORT)}`;
  }

  worker(name: string): HostProcess {
    return present(this.workers.get(name));
  }

  /** A folder of one host; it is there. */
  folder(host: string, name: string): string {
    const folder = path.join(this.directory, host, name);
    fs.mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** A worker on a host that has none yet; resolves when it serves, which may be before it has joined. */
  async startWorker(name: string, options: WorkerOptions = {}): Promise<HostProcess> {
    const { cacheSize = '1GiB', diskSize, openFiles, flags = [] } = options;
    const cache = options.cacheDir ?? this.folder(name, 'cache');
    if (diskSize !== undefined) {
      this.network.run(name, `mount -t tmpfs -o size=${diskSize} tmpfs '${cache}'`);
    }
    const listen = `${this.network.address(name)}:${String(WORKER_PORT)}`;
    const where = ['--master', this.masterAddress, '--listen', listen, '--socket'];
    const args = ['worker', ...where, this.socket(name), '--insecure', '--cache-dir', cache];
    const limit = openFiles === undefined ? [] : openFilesLimit(openFiles);
    const command = this.#larder(name, [...args, '--cache-size', cacheSize, ...flags]);
    const started = await HostProcess.start(name, {
      command: [...limit, ...command],
      env: this.#env(name, options.env),
    });
    this.workers.set(name, started);
    return started;
  }

  /** Of the worker of that host, where it has one. */
  socket(name: string): string {
    return path.join(this.directory, name, 'worker.sock');
  }

  /** Another process on a host: a script beside this file, or by its path without its ending, which answers calls. */
  async process(host: string, name: string, ...args: string[]): Promise<HostProcess> {
    return await HostProcess.start(host, {
      command: [...this.network.within(host), ...NODE, script(name), ...args],
      env: this.#env(host),
    });
  }

  /** A reader that asks the worker of its host first, where that has one. */
  async client(host: string, options: Partial<ConnectOptions> = {}): Promise<HostClient> {
    const local = this.workers.has(host) ? { workerSocket: this.socket(host) } : {};
    const all = { master: this.masterAddress, client: host, ...local, ...options };
    return new HostClient(await this.process(host, 'client-process', JSON.stringify(all)));
  }

  /** @returns the mount point, which is only seen on that host */
  async mount(host: string, dataset: string, ...flags: string[]): Promise<string> {
    const mountpoint = this.folder(host, `mnt-${dataset.replace('@', '-')}`);
    const local = this.workers.has(host) ? ['--worker-socket', this.socket(host)] : [];
    const where = ['--master', this.masterAddress, ...local];
    await this.ok(host, ['mount', dataset, mountpoint, ...where, ...flags, '--detach']);
    return mountpoint;
  }

  async unmount(host: string, mountpoint: string): Promise<void> {
    await this.ok(host, ['umount', mountpoint]);
  }

  /** Runs a command of larder on a host, to its end. */
  async cli(host: string, args: readonly string[], timeoutMs = 60_000): Promise<CliOutcome> {
    const [program = '', ...rest] = this.#larder(host, args);
    const options = { env: this.#env(host), timeout: timeoutMs, killSignal: 'SIGKILL' } as const;
    try {
      return { code: 0, ...(await promisify(execFile)(program, rest, options)) };
    } catch (error) {
      const { code, stdout = '', stderr = '' } = error as Partial<CliOutcome>;
      return { code: typeof code === 'number' ? code : -1, stdout, stderr };
    }
  }

  /** Runs a command that must succeed. */
  async ok(host: string, args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.cli(host, args);
    if (code !== 0) throw new Error(`larder ${args.join(' ')}: ${String(code)}\n${stderr}`);
    return stdout;
  }

  /** Puts the files into the S3 server below the name, and makes or refreshes the dataset. */
  async dataset(
    name: string,
    files: readonly TestFile[],
    settings: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    await this.put(name, files);
    const endpoint = String(this.s3.ready['endpoint']);
    await this.control.create({ name, endpoint, settings });
  }

  async put(prefix: string, files: readonly TestFile[]): Promise<void> {
    await this.s3.call('put', { prefix, files });
  }

  async fault(fault: KeyFault): Promise<void> {
    await this.s3.call('fault', fault);
  }

  /** What the S3 server has sent since it started. */
  async served(): Promise<Served> {
    return (await this.s3.call('served', {})) as Served;
  }

  status(): Promise<ClusterStatus> {
    return this.control.status();
  }

  /** Resolves when just these workers are alive, and say so. */
  async alive(...hosts: readonly string[]): Promise<void> {
    await eventually(async () => {
      // A channel to a master that was away connects again after a while.
      const status = await this.status().catch(() => undefined);
      const living = (status?.workers ?? []).filter(({ alive }) => alive).map(({ node }) => node);
      return living.sort().join() === [...hosts].sort().join() ? true : undefined;
    }, JOIN_TIMEOUT_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    sweep(this.directory);
    this.#guard.stdin?.end();
    return Promise.resolve();
  }

  async #startAll(): Promise<void> {
    const workers = names(this.#options.workers);
    const data = this.folder('master', 'data');
    const args = ['master', '--listen', this.masterAddress, '--insecure', '--data-dir', data];
    const address = this.network.address('s3');
    [this.#s3, this.#master] = await Promise.all([
      this.process('s3', 's3-process', address),
      HostProcess.start('master', {
        command: this.#larder('master', args),
        env: this.#env('master', this.#options.master),
      }),
    ]);
    const [control] = await Promise.all([
      this.client('master'),
      ...workers.map((name) => this.startWorker(name, this.#options.worker?.(name))),
    ]);
    this.#control = control;
    await this.alive(...workers);
  }

  #larder(host: string, args: readonly string[]): string[] {
    return [...this.network.within(host), ...NODE, MAIN, ...args];
  }

  #env(host: string, own: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
    const inherited = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(LARDER_|AWS_(?!CA_))/.test(name)),
    );
    return {
      ...inherited,
      [HOSTS_VARIABLE]: this.directory,
      AWS_ACCESS_KEY_ID: TEST_CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: TEST_CREDENTIALS.secretAccessKey,
      AWS_REGION: 'us-east-1',
      NODE_COMPILE_CACHE: COMPILED,
      LARDER_CONFIG: 'none',
      LARDER_RUNTIME_DIR: this.folder(host, 'run'),
      LARDER_CACHE_HOME: this.folder(host, 'home'),
      ...TIMES,
      ...this.#options.env,
      ...own,
    };
  }
}

/** Whether a worker can be given so many file descriptors here. */
export function canHaveOpenFiles(count: number): boolean {
  const [program = '', ...args] = openFilesLimit(count);
  return spawnSync(program, [...args, 'true']).status === 0;
}

function openFilesLimit(count: number): string[] {
  return ['prlimit', `--nofile=${String(count)}:${String(count)}`];
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `w${String(i + 1)}`);
}

function script(name: string): string {
  return path.resolve(import.meta.dirname, `${name}${EXTENSION}`);
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('it was not started');
  return value;
}
