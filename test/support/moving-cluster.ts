/**
 * Workers that come and go: an S3 server with small files, a master that notices quickly, and any number of
 * workers, each with a cache directory of its own that outlives it.
 */
import fs from 'node:fs';
import path from 'node:path';
import { startMaster } from '../../master/index.ts';
import type { Master } from '../../master/index.ts';
import { connectMaster } from '../../rpc/grpc/index.ts';
import type { MasterChannel } from '../../rpc/grpc/index.ts';
import { connect } from '../../sdk/index.ts';
import type { Dataset, Larder } from '../../sdk/index.ts';
import { startWorker } from '../../worker/index.ts';
import type { Worker, WorkerOptions } from '../../worker/index.ts';
import { TEST_CREDENTIALS, TestLarder } from './larder.ts';
import { startS3Server } from './s3/index.ts';
import type { S3Server } from './s3/index.ts';

const TIMES = { leaseMs: 800, heartbeatMs: 100, graceMs: 400, workerWaitMs: 5000 };
const READERS = 24;
export const MIB = 1024 * 1024;

export interface MovingFiles {
  readonly count: number;
  readonly sizeBytes: number;
}

export class MovingCluster implements AsyncDisposable {
  readonly scratch = new TestLarder();
  readonly names: readonly string[];
  readonly s3: S3Server;
  readonly master: Master;
  readonly channel: MasterChannel;
  readonly larder: Larder;
  readonly #files: MovingFiles;
  readonly #workers = new Map<string, Worker>();
  #dataset: Dataset | undefined;

  static async start(
    files: MovingFiles,
    times: Partial<typeof TIMES> = {},
  ): Promise<MovingCluster> {
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: TEST_CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: TEST_CREDENTIALS.secretAccessKey,
    });
    const s3 = await startS3Server({ buckets: ['b'], credentials: [TEST_CREDENTIALS] });
    const scratch = new TestLarder();
    const master = await startMaster({
      dataDir: scratch.folder('master'),
      listen: '127.0.0.1:0',
      times: { ...TIMES, ...times },
    });
    return new MovingCluster(files, s3, master, scratch);
  }

  constructor(files: MovingFiles, s3: S3Server, master: Master, scratch: TestLarder) {
    this.#files = files;
    this.s3 = s3;
    this.master = master;
    this.scratch = scratch;
    this.names = Array.from({ length: files.count }, (_, i) => `f${String(i).padStart(5, '0')}`);
    for (const name of this.names) s3.put('b', `p/${name}`, contentOf(name, files.sizeBytes));
    this.larder = connect({ master: master.address });
    this.channel = connectMaster({ address: master.address });
  }

  async create(settings: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.larder.datasets.create('data', 's3://b/p', {
      settings: { endpoint: this.s3.endpoint, region: 'us-east-1', ...settings },
    });
    this.#dataset = await this.larder.datasets.get('data');
  }

  /** Also one that was stopped before, with what it has on disk. */
  async start(name: string, options: Partial<WorkerOptions> = {}): Promise<Worker> {
    const worker = await startWorker({
      master: this.master.address,
      cacheDirs: [this.scratch.folder(name)],
      capacities: [256 * MIB],
      listen: '127.0.0.1:0',
      socket: path.join(this.scratch.directory, `${name}.sock`),
      softwareVersion: 'test',
      ...options,
    });
    this.#workers.set(name, worker);
    await worker.joined();
    return worker;
  }

  /** It says nothing to anybody: its lease ends, and then its membership. */
  async stop(name: string): Promise<void> {
    await this.#workers.get(name)?.[Symbol.asyncDispose]();
    this.#workers.delete(name);
  }

  idOf(name: string): string {
    return this.#workers.get(name)?.workerId ?? '';
  }

  async members(): Promise<string[]> {
    const { workers } = await this.channel.cluster.getStatus({});
    return workers.map(({ member }) => member?.worker_id ?? '');
  }

  /** @throws where its bytes are not right */
  async read(name: string): Promise<void> {
    if (this.#dataset === undefined) throw new Error('no dataset was created');
    await using file = await this.#dataset.open(name);
    const { sizeBytes } = this.#files;
    const bytes = await file.read(0, sizeBytes);
    if (!bytes.equals(contentOf(name, sizeBytes))) throw new Error(`${name} has wrong bytes`);
  }

  async readAll(): Promise<void> {
    const names = this.names.values();
    const reader = async () => {
      for (const name of names) await this.read(name);
    };
    await Promise.all(Array.from({ length: READERS }, reader));
  }

  /** Objects that a worker has on its disk as complete files. */
  held(name: string): Set<string> {
    const complete = path.join(this.scratch.directory, name, 'complete');
    const entries = fs.readdirSync(complete, { recursive: true, withFileTypes: true });
    return new Set(entries.filter((entry) => entry.isFile()).map((entry) => entry.name));
  }

  /** How many of the workers named have each object. */
  copies(...names: string[]): Map<string, number> {
    const copies = new Map<string, number>();
    for (const name of names) {
      for (const id of this.held(name)) copies.set(id, (copies.get(id) ?? 0) + 1);
    }
    return copies;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dataset?.[Symbol.asyncDispose]();
    await this.larder[Symbol.asyncDispose]();
    await this.channel[Symbol.asyncDispose]();
    for (const name of [...this.#workers.keys()]) await this.stop(name);
    await this.master[Symbol.asyncDispose]();
    await this.s3[Symbol.asyncDispose]();
    await this.scratch[Symbol.asyncDispose]();
  }
}

/** Another one for each name, and no block of it like the one before. */
function contentOf(name: string, sizeBytes: number): Buffer {
  const seed = Buffer.from(`${name}:`);
  const bytes = Buffer.alloc(sizeBytes, seed);
  for (let at = 0; at + 4 <= sizeBytes; at += 4096) bytes.writeUInt32LE(at, at);
  return bytes;
}
