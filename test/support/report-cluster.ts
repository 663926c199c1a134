/**
 * A master and workers as processes of their own over a directory origin, to be killed and started again, and what
 * an audit says of them.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { connect } from '../../sdk/index.ts';
import type { AuditOptions, AuditReport, Larder } from '../../sdk/index.ts';
import { eventually, TestLarder } from './larder.ts';
import { freePort } from './free-port.ts';

export interface ReportClusterOptions {
  readonly workers?: number;
  readonly cacheSize?: string;
}

const MIB = 1024 * 1024;

/** Everything fast enough for a test on a busy machine; a worker that is killed stays a member. */
const TIMES = {
  LARDER_HEARTBEAT_MS: '200',
  LARDER_LEASE_MS: '3000',
  LARDER_GRACE_MS: '120000',
  LARDER_REPORT_INTERVAL_MS: '50',
  LARDER_LOG_LEVEL: 'debug',
};

export class ReportCluster implements AsyncDisposable {
  readonly scratch = new TestLarder(TIMES);
  readonly origin: string;
  readonly larder: Larder;
  readonly workerNames: readonly string[];
  readonly #address: string;
  readonly #cacheSize: string;
  readonly #processes = new Map<string, ChildProcess>();
  #log = '';

  static async start(options: ReportClusterOptions = {}): Promise<ReportCluster> {
    const cluster = new ReportCluster(await freePort(), options);
    for (const name of ['master', ...cluster.workerNames]) cluster.run(name);
    await cluster.joined(cluster.workerNames.length);
    return cluster;
  }

  constructor(port: number, { workers = 3, cacheSize = '256MiB' }: ReportClusterOptions) {
    this.origin = this.scratch.folder('origin');
    this.#address = `127.0.0.1:${String(port)}`;
    this.#cacheSize = cacheSize;
    this.workerNames = Array.from({ length: workers }, (_, i) => `worker-${String(i)}`);
    const workerSocket = path.join(this.scratch.directory, 'worker-0.sock');
    this.larder = connect({ master: this.#address, workerSocket });
  }

  /** What all processes have logged. */
  get log(): string {
    return this.#log;
  }

  get master(): string {
    return this.#address;
  }

  cacheDir(worker: string): string {
    return path.join(this.scratch.directory, worker);
  }

  workerId(worker: string): string {
    return fs.readFileSync(path.join(this.cacheDir(worker), 'worker-id'), 'latin1').trim();
  }

  /** Starts a process, again where it was killed. */
  run(name: string): void {
    const child = this.scratch.start(
      name === 'master' ? this.#masterArguments() : this.#workerArguments(name),
    );
    child.stderr?.on('data', (bytes: Buffer) => {
      this.#log += bytes.toString();
    });
    child.stdout?.resume();
    this.#processes.set(name, child);
  }

  async kill(name: string): Promise<void> {
    const child = this.#processes.get(name);
    if (child?.exitCode !== null) throw new Error(`${name} does not run`);
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** Resolves when so many workers are alive. */
  async joined(count: number): Promise<void> {
    await eventually(async () => {
      const status = await this.larder.status().catch(() => undefined);
      const alive = status?.workers.filter((worker) => worker.alive).length ?? 0;
      return alive === count ? true : undefined;
    }, 60_000);
  }

  /** Files of these sizes, a dataset of them, and all of it on the workers' disks. */
  async load(name: string, sizes: readonly number[]): Promise<void> {
    for (const [i, sizeBytes] of sizes.entries()) {
      const folder = path.join(this.origin, `d${String(i % 10)}`);
      fs.mkdirSync(folder, { recursive: true });
      fs.writeFileSync(path.join(folder, `f${String(i)}`), Buffer.alloc(sizeBytes, i));
    }
    await this.larder.datasets.create(name, `file://${this.origin}`);
    await this.preload(name);
  }

  /** A dataset of so many files of 1 MiB, none of it on the workers' disks. */
  async create(name: string, files: number): Promise<void> {
    const folder = path.join(this.origin, name);
    fs.mkdirSync(folder);
    for (let i = 0; i < files; i += 1) {
      fs.writeFileSync(path.join(folder, `f${String(i).padStart(3, '0')}`), Buffer.alloc(MIB, i));
    }
    await this.larder.datasets.create(name, `file://${folder}`);
  }

  /** Of a dataset, in MiB. */
  async heldOf(name: string): Promise<number> {
    const { datasets } = await this.larder.status();
    return (datasets.find((it) => it.name === name)?.heldBytes ?? 0) / MIB;
  }

  async preload(name: string): Promise<string> {
    await using dataset = await this.larder.datasets.get(name);
    let last = '';
    for await (const { state } of dataset.preload()) last = state;
    return last;
  }

  audit(name: string, options: AuditOptions = {}): Promise<AuditReport> {
    return this.larder.datasets.audit(name, options);
  }

  /** Resolves when an audit with `complete` finds that all is as it should be. */
  async agreed(name: string): Promise<AuditReport> {
    return await eventually(async () => {
      const report = await this.audit(name, { complete: true }).catch(() => undefined);
      return report?.equal === true ? report : undefined;
    }, 30_000);
  }

  /** Files in `complete/` of a worker. */
  completeFiles(worker: string): string[] {
    const root = path.join(this.cacheDir(worker), 'complete');
    return fs
      .readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.larder[Symbol.asyncDispose]();
    await this.scratch[Symbol.asyncDispose]();
  }

  #masterArguments(): string[] {
    const dataDir = this.scratch.folder('master');
    return ['master', '--listen', this.#address, '--data-dir', dataDir];
  }

  #workerArguments(name: string): string[] {
    const cacheDir = this.scratch.folder(name);
    const socket = path.join(this.scratch.directory, `${name}.sock`);
    const size = ['--cache-size', this.#cacheSize];
    return [
      'worker',
      '--master',
      this.#address,
      '--cache-dir',
      cacheDir,
      '--socket',
      socket,
      ...size,
    ];
  }
}
