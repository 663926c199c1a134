/**
 * An S3 server with bucket `b`, a master and several workers in this process, each as on a node of its own,
 * and clients that know a node's worker or none.
 */
import fs from 'node:fs';
import path from 'node:path';
import { Placement } from '../../common/index.ts';
import { startMaster } from '../../master/index.ts';
import type { Master } from '../../master/index.ts';
import { datasetFromWire } from '../../rpc/grpc/index.ts';
import { Connection } from '../../sdk/connection.ts';
import { connect } from '../../sdk/index.ts';
import type { ClusterStatus, ConnectOptions, Larder } from '../../sdk/index.ts';
import { openManifest } from '../../sdk/manifest.ts';
import { Router } from '../../sdk/router.ts';
import { VersionReader } from '../../sdk/version-reader.ts';
import { startWorker } from '../../worker/index.ts';
import type { Worker, WorkerOptions } from '../../worker/index.ts';
import { TEST_CREDENTIALS, TestLarder } from './larder.ts';
import { patternBytes } from './s3/object-body.ts';
import { startS3Server } from './s3/index.ts';
import type { S3Server } from './s3/index.ts';

export interface TestFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly seed: number;
}

/** Short, so that a test of a worker that hangs takes seconds. */
export const HANG_MS = 1_500;

export type WorkerStatus = ClusterStatus['workers'][number];

export interface TestReader extends AsyncDisposable {
  readsRight(file: TestFile, offsetBytes?: number, lengthBytes?: number): Promise<boolean>;
  objectId(file: TestFile): Promise<string>;
  /** Of a file in the manifest. */
  ordinal(file: TestFile): Promise<number>;
}

const READ_BYTES = 4 << 20;

export class TestWorkers implements AsyncDisposable {
  readonly scratch: TestLarder;
  readonly s3: S3Server;
  readonly master: Master;
  readonly workers = new Map<string, Worker>();
  readonly #restMs: number;
  readonly #clients: Larder[] = [];
  readonly #files: TestFile[] = [];

  static async start(names: readonly string[], restMs = HANG_MS): Promise<TestWorkers> {
    const scratch = new TestLarder();
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: TEST_CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: TEST_CREDENTIALS.secretAccessKey,
    });
    const s3 = await startS3Server({ buckets: ['b'], credentials: [TEST_CREDENTIALS] });
    const master = await startMaster({ dataDir: scratch.folder('master'), listen: '127.0.0.1:0' });
    const cluster = new TestWorkers({ scratch, s3, master }, restMs);
    for (const name of names) await cluster.add(name);
    return cluster;
  }

  constructor(
    { scratch, s3, master }: Pick<TestWorkers, 'scratch' | 's3' | 'master'>,
    restMs: number,
  ) {
    this.#restMs = restMs;
    this.scratch = scratch;
    this.s3 = s3;
    this.master = master;
  }

  /** Resolves when it is a member. */
  async add(name: string, options: Partial<WorkerOptions> = {}): Promise<Worker> {
    const worker = await startWorker({
      master: this.master.address,
      cacheDirs: [this.scratch.folder(name)],
      capacities: [1 << 30],
      listen: '127.0.0.1:0',
      socket: this.socketOf(name),
      node: name,
      softwareVersion: 'test',
      peerTimeoutMs: HANG_MS,
      peerRestMs: this.#restMs,
      ...options,
    });
    this.workers.set(name, worker);
    await worker.joined(AbortSignal.timeout(20_000));
    return worker;
  }

  /** As if its process had ended. */
  async stop(name: string): Promise<void> {
    await this.workers.get(name)?.[Symbol.asyncDispose]();
    this.workers.delete(name);
  }

  socketOf(name: string): string {
    return path.join(this.scratch.directory, `${name}.sock`);
  }

  /** A client on a worker's node, or on one without a worker. */
  client(name?: string, options: ConnectOptions = {}): Larder {
    const larder = connect({
      master: this.master.address,
      ...(name === undefined ? {} : { workerSocket: this.socketOf(name) }),
      hangTimeoutMs: HANG_MS,
      hangRestMs: this.#restMs,
      ...options,
    });
    this.#clients.push(larder);
    return larder;
  }

  /** Files `f0`, `f1`, … in the bucket. */
  put(count: number, sizeBytes: number): TestFile[] {
    const files = Array.from({ length: count }, () => {
      const seed = this.#files.length + 1;
      const file = { path: `f${String(seed - 1)}`, sizeBytes, seed };
      this.#files.push(file);
      this.s3.put('b', `p/${file.path}`, { kind: 'pattern', sizeBytes, seed });
      return file;
    });
    return files;
  }

  /** A dataset of what is in the bucket. */
  async dataset(settings: Readonly<Record<string, string>> = {}, name = 'data'): Promise<void> {
    await this.client().datasets.create(name, 's3://b/p', {
      settings: { endpoint: this.s3.endpoint, region: 'us-east-1', ...settings },
    });
    this.s3.counters.gets = 0;
    this.s3.counters.bytes = 0;
  }

  /** The candidates of a file in their order, by name, as the placement is now. */
  async candidates(file: TestFile, name = 'data'): Promise<string[]> {
    await using larder = connect({ master: this.master.address });
    await using dataset = await larder.datasets.get(name);
    const [first] = await dataset.locate(file.path);
    return [...(first?.nodes ?? [])];
  }

  /** Whether a read through a client gives what the origin has. */
  async readsRight(
    larder: Larder,
    file: TestFile,
    { offsetBytes = 0, lengthBytes = file.sizeBytes, name = 'data' } = {},
  ): Promise<boolean> {
    await using dataset = await larder.datasets.get(name);
    await using opened = await dataset.open(file.path);
    const bytes = await opened.read(offsetBytes, lengthBytes);
    return bytes.equals(patternBytes(file.seed, offsetBytes, lengthBytes));
  }

  /** A reader that knows of no other workers than these, in the order of the placement. */
  async through(names: readonly string[], options: ConnectOptions = {}): Promise<TestReader> {
    const connection = new Connection({
      master: this.master.address,
      hangTimeoutMs: HANG_MS,
      hangRestMs: this.#restMs,
      ...options,
    });
    const { config, master, placement, workers } = connection;
    await placement.settled(config.clock, 10_000);
    const router = new Router({
      config,
      connections: workers,
      placement: () => {
        const { number, members } = placement.current;
        return new Placement(
          number,
          members.filter(({ node }) => names.includes(node)),
        );
      },
    });
    const { dataset, version } = await master.catalog.resolveVersion({ name: 'data' });
    const info = datasetFromWire(dataset);
    const request = { datasetId: info.id, version: version?.number ?? 0 };
    const { clock, callTimeoutMs: timeoutMs } = config;
    const never = new AbortController().signal;
    const local = () => Promise.resolve(undefined);
    const manifest = await openManifest({ request, master, clock, timeoutMs, local }, never);
    const reader = new VersionReader({
      connection: Object.assign(Object.create(connection) as Connection, { router }),
      dataset: info,
      version: request.version,
      manifest,
    });
    return {
      readsRight: async (file, offsetBytes = 0, lengthBytes = file.sizeBytes) => {
        const { ordinal } = await reader.find(file.path, never);
        for (let at = offsetBytes; at < offsetBytes + lengthBytes; at += READ_BYTES) {
          const length = Math.min(READ_BYTES, offsetBytes + lengthBytes - at);
          const bytes = await reader.read(ordinal, at, length, never);
          if (!bytes.equals(patternBytes(file.seed, at, length))) return false;
        }
        return true;
      },
      ordinal: async (file) => (await reader.find(file.path, never)).ordinal,
      objectId: async (file) => {
        const { ordinal } = await reader.find(file.path, never);
        return (await reader.object(ordinal, never)).objectId;
      },
      [Symbol.asyncDispose]: async () => {
        await reader[Symbol.asyncDispose]();
        await connection[Symbol.asyncDispose]();
      },
    };
  }

  async status(): Promise<ClusterStatus> {
    await using larder = connect({ master: this.master.address });
    return await larder.status();
  }

  async workerStatus(name: string): Promise<WorkerStatus> {
    const found = (await this.status()).workers.find(({ node }) => node === name);
    if (found === undefined) throw new Error(`no worker ${name}`);
    return found;
  }

  /** On a worker's disk. */
  async usedBytes(name: string): Promise<number> {
    return (await this.workerStatus(name)).usedBytes;
  }

  /** Objects that lie whole on a worker's disk. */
  complete(name: string): string[] {
    const folder = path.join(this.scratch.folder(name), 'complete');
    const entries = fs.readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  }

  /** One of these files whose first candidate is a worker. */
  async ownedBy(name: string, files: readonly TestFile[]): Promise<TestFile> {
    return await this.withCandidates([name], files);
  }

  /** One of the files whose first candidates are these. */
  async withCandidates(names: readonly string[], files: readonly TestFile[]): Promise<TestFile> {
    for (const file of files) {
      const candidates = await this.candidates(file);
      if (names.every((name, i) => candidates[i] === name)) return file;
    }
    throw new Error(`none of ${String(files.length)} files belongs to ${names.join(', then ')}`);
  }

  /** GETs of one file's bytes that reached the origin. */
  gets(file: TestFile): number {
    return this.s3.requests.filter(
      ({ operation, key }) => operation === 'get' && key.toString() === `p/${file.path}`,
    ).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client[Symbol.asyncDispose]();
    for (const worker of this.workers.values()) await worker[Symbol.asyncDispose]();
    await this.master[Symbol.asyncDispose]();
    await this.s3[Symbol.asyncDispose]();
    await this.scratch[Symbol.asyncDispose]();
  }
}
