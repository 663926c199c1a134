/**
 * A master with workers that are real up to their disks and origins: `joinCluster` over gRPC, a listing
 * from an array, and objects that are fetched into a bitmap.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RoaringBitmap32 } from 'roaring-wasm';
import {
  blockCount,
  LarderError,
  silentLogger,
  STRIPE_BYTES,
  systemClock,
  systemRandom,
} from '../../common/index.ts';
import type { ListingEntry, Logger } from '../../common/index.ts';
import { ManifestReader } from '../../common/manifest/index.ts';
import { startMaster } from '../../master/index.ts';
import type { Master, MasterOptions, Stages } from '../../master/index.ts';
import type { BuildDone__Output } from '../../proto/generated/larder/v1/BuildDone.ts';
import type { BuildProgress__Output } from '../../proto/generated/larder/v1/BuildProgress.ts';
import { connectMaster } from '../../rpc/grpc/index.ts';
import type { MasterChannel } from '../../rpc/grpc/index.ts';
import { FilePageSource } from '../../rpc/manifests/index.ts';
import { joinCluster } from '../../worker/membership/index.ts';
import type {
  ClusterMembership,
  CollectRequest,
  FetchRequest,
  FetchResult,
  HeldChange,
  HeldSource,
  Scan,
  Visited,
  VisitRequest,
} from '../../worker/membership/index.ts';
import type { ListingBatch } from '../../worker/origins/origin.ts';

/** Everything fast enough for a test on a busy machine. */
export const FAST = {
  leaseMs: 600,
  heartbeatMs: 100,
  graceMs: 1500,
  workerWaitMs: 300,
  watcherGraceMs: 300,
  preloadStallMs: 1500,
  progressMs: 20,
};

export function file(key: string | Buffer, sizeBytes: number, etag = 'a'): ListingEntry {
  return {
    key: typeof key === 'string' ? Buffer.from(key) : key,
    kind: 'file',
    sizeBytes,
    mtimeS: 1_700_000_000,
    mtimeNs: 0,
    mode: 0o644,
    uid: 0,
    gid: 0,
    validator: { kind: 'etag', etag },
  };
}

export function files(count: number, sizeBytes = 100): ListingEntry[] {
  return Array.from({ length: count }, (_, i) =>
    file(`f/${String(i).padStart(7, '0')}`, sizeBytes, `e${i}`),
  );
}

/** Blocks as a disk would have them. */
export class FakeStore implements HeldSource {
  readonly #datasets = new Map<number, RoaringBitmap32>();
  readonly #listeners = new Set<(change: HeldChange) => void>();

  datasetIds(): number[] {
    return [...this.#datasets].filter(([, blocks]) => !blocks.isEmpty).map(([id]) => id);
  }

  blocks(datasetId: number): RoaringBitmap32 {
    return this.#datasets.get(datasetId)?.clone() ?? new RoaringBitmap32();
  }

  bytes(datasetId: number): number {
    return this.blocks(datasetId).size * 100;
  }

  onChange(listener: (change: HeldChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  set(datasetId: number, firstBlock: number, count: number, held: boolean): void {
    const blocks = this.#datasets.get(datasetId) ?? new RoaringBitmap32();
    this.#datasets.set(datasetId, blocks);
    if (held) blocks.addRange(firstBlock, firstBlock + count);
    else blocks.removeRange(firstBlock, firstBlock + count);
    for (const listener of this.#listeners) listener({ datasetId, firstBlock, count, held });
  }
}

export interface FakeWorkerOptions {
  readonly address: string;
  readonly id: string;
  readonly weightBytes?: number;
  /** Default: `node-` and the id. */
  readonly node?: string;
  readonly log?: Logger;
  readonly store?: FakeStore;
}

export class FakeWorker implements AsyncDisposable {
  readonly store: FakeStore;
  readonly id: string;
  /** What the origin lists: an array, or what to do instead. */
  listing: readonly ListingEntry[] | ((signal: AbortSignal) => AsyncIterable<ListingBatch>) = [];
  skipped: ListingBatch['skipped'] = [];
  /** Called before an object is fetched; throws to fail it. */
  beforeFetch: (ordinal: number, signal: AbortSignal) => Promise<void> = async () => undefined;
  /** Called before objects are freed or verified; throws to fail it. */
  beforeVisit: () => Promise<void> = async () => undefined;
  /** Ordinals that admission refuses: reported done, never held. */
  readonly dropped = new Set<number>();
  readonly fetched: number[] = [];
  readonly fetchedStripes: [ordinal: number, stripe: number | undefined][] = [];
  readonly collected: CollectRequest[] = [];
  cancelledListings = 0;
  /** As the master told it last. */
  replicas: ReadonlyMap<number, number> = new Map();
  quotas: ReadonlyMap<number, number> = new Map();
  /** Blocks by name, and for how long from when they were told. */
  readonly protections = new Map<string, { blocks: number[]; forMs: number | undefined }>();
  /** What a scan finds, where it is not what the store says. */
  onDisk: RoaringBitmap32 | undefined;
  /** Takes commands to collect, and keeps what they name. */
  keepsAll = false;
  readonly membership: ClusterMembership;
  readonly #channel: MasterChannel;
  readonly #directory = mkdtempSync(join(tmpdir(), 'larder-fake-worker-'));
  readonly #readers = new Map<string, Promise<ManifestReader>>();

  constructor(options: FakeWorkerOptions) {
    this.id = options.id;
    this.store = options.store ?? new FakeStore();
    this.#channel = connectMaster({ address: options.address });
    this.membership = joinCluster({
      master: this.#channel,
      member: () => ({
        workerId: options.id,
        weightBytes: options.weightBytes ?? 1000,
        dataAddress: '127.0.0.1:1',
        state: 'active',
        node: options.node ?? `node-${options.id}`,
      }),
      softwareVersion: 'test',
      held: this.store,
      handlers: {
        listOrigin: (_dataset, signal) => this.#list(signal),
        fetchObjects: (request, signal) => this.#fetch(request, signal),
        collect: (request) => this.#collect(request),
        scan: () => this.#scan(),
        visit: (request) => this.#visit(request),
      },
      counters: () => ({
        capacityBytes: 1000,
        usedBytes: 10,
        origin: { gets: 1, bytes: 2, uniqueBytes: 2, requestedBytes: 2 },
        reads: { bytes: 4, originBytes: 1, peerBytes: 2 },
        moves: { pendingObjects: 1, pendingBytes: 3, movedBytes: 5 },
        peers: { receivedBytes: 0, badAnswers: 0, lastBadPeer: '' },
        originTroubles: [],
      }),
      onReplicas: (replicas) => {
        this.replicas = replicas;
      },
      onProtect: ({ name, blocks, forMs }) => {
        this.protections.set(name, { blocks: blocks.toArray(), forMs });
        blocks.dispose();
      },
      onProtections: (names) => {
        for (const name of [...this.protections.keys()]) {
          if (!names.has(name)) this.protections.delete(name);
        }
      },
      onQuotas: (quotas) => {
        this.quotas = quotas;
      },
      clock: systemClock,
      log: options.log ?? silentLogger,
      random: systemRandom,
      reportMs: 20,
      minBackoffMs: 20,
      maxBackoffMs: 100,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.membership[Symbol.asyncDispose]();
    await this.#channel[Symbol.asyncDispose]();
    rmSync(this.#directory, { recursive: true });
  }

  async *#list(signal: AbortSignal): AsyncGenerator<ListingBatch, void, undefined> {
    // Told by its end and not by the signal: the stream may break before the signal comes.
    let isWhole = false;
    try {
      if (typeof this.listing === 'function') yield* this.listing(signal);
      else {
        for (let at = 0; at < this.listing.length; at += 1000) {
          yield { entries: this.listing.slice(at, at + 1000), skipped: [] };
        }
        if (this.skipped.length > 0) yield { entries: [], skipped: this.skipped };
      }
      isWhole = true;
    } finally {
      if (!isWhole) this.cancelledListings += 1;
    }
  }

  async *#fetch(request: FetchRequest, signal: AbortSignal): AsyncGenerator<FetchResult> {
    const { datasetId, version } = request;
    const reader = await this.#reader(datasetId, version);
    for (const [i, ordinal] of request.ordinals.entries()) {
      try {
        await this.beforeFetch(ordinal, signal);
        const { firstBlock, sizeBytes } = reader.entry(ordinal);
        const { blockSizeBytes } = reader.summary;
        const stripe = request.stripes[i];
        const skipped = ((stripe ?? 0) * STRIPE_BYTES) / blockSizeBytes;
        const left = blockCount(sizeBytes, blockSizeBytes) - skipped;
        const count = stripe === undefined ? left : Math.min(left, STRIPE_BYTES / blockSizeBytes);
        this.fetched.push(ordinal);
        this.fetchedStripes.push([ordinal, stripe]);
        if (!this.dropped.has(ordinal)) {
          this.store.set(datasetId, firstBlock + skipped, count, true);
        }
        yield { ordinal };
      } catch (error) {
        if (!(error instanceof LarderError)) throw error;
        yield { ordinal, failure: error };
      }
    }
  }

  async #collect(request: CollectRequest): Promise<void> {
    const { datasetId, firstBlock, endBlock, live } = request;
    this.collected.push({ ...request, live: live.clone() });
    for (const block of this.keepsAll ? [] : this.store.blocks(datasetId)) {
      const asked = block >= firstBlock && block < endBlock;
      if (asked && !live.has(block)) this.store.set(datasetId, block, 1, false);
    }
  }

  async *#visit({ datasetId, blocks, action }: VisitRequest): AsyncGenerator<Visited> {
    await this.beforeVisit();
    for (const block of this.store.blocks(datasetId)) {
      if (!blocks.has(block)) continue;
      if (action === 'free') this.store.set(datasetId, block, 1, false);
      yield { what: action === 'verify' ? 'sound' : 'freed', bytes: 100 };
    }
  }

  /** Its disk is its store. */
  #scan(): Scan {
    const held = this.onDisk?.clone() ?? this.store.blocks(1);
    return {
      held,
      async *run() {
        yield { problems: [], whole: [], objects: 0, readBytes: 0 };
      },
      [Symbol.dispose]: () => {
        held.dispose();
      },
    };
  }

  #reader(datasetId: number, version: number): Promise<ManifestReader> {
    const key = `${datasetId}-${version}`;
    const opened = this.#readers.get(key) ?? this.#openReader(datasetId, version, key);
    this.#readers.set(key, opened);
    return opened;
  }

  async #openReader(datasetId: number, version: number, name: string): Promise<ManifestReader> {
    const path = join(this.#directory, name);
    writeFileSync(path, await readManifestBytes(this.#channel, datasetId, version));
    return ManifestReader.open(new FilePageSource(path), { whole: true });
  }
}

export async function readManifestBytes(
  channel: MasterChannel,
  datasetId: number,
  version: number,
): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const { data } of channel.catalog.readManifest({ dataset_id: datasetId, version })) {
    pieces.push(data);
  }
  return Buffer.concat(pieces);
}

/** A master in this process, with its directory. */
export class TestMaster implements AsyncDisposable {
  readonly dataDir: string;
  #master: Master;
  readonly channel: MasterChannel;
  readonly #workers: FakeWorker[] = [];

  constructor(dataDir: string, master: Master) {
    this.dataDir = dataDir;
    this.#master = master;
    this.channel = connectMaster({ address: master.address });
  }

  static async start(options: Partial<MasterOptions> = {}): Promise<TestMaster> {
    const dataDir = mkdtempSync(join(tmpdir(), 'larder-master-'));
    const master = await startMaster({
      dataDir,
      listen: '127.0.0.1:0',
      ...options,
      times: { ...FAST, ...options.times },
    });
    return new TestMaster(dataDir, master);
  }

  get address(): string {
    return this.#master.address;
  }

  get stages(): Stages {
    return this.#master.stages;
  }

  async worker(id: string, options: Partial<FakeWorkerOptions> = {}): Promise<FakeWorker> {
    const worker = new FakeWorker({ address: this.address, id, ...options });
    this.#workers.push(worker);
    await worker.membership.joined(AbortSignal.timeout(5000));
    return worker;
  }

  /** Stops it and starts another on the same directory and port. */
  async restart(): Promise<void> {
    const { address } = this;
    await this.#master[Symbol.asyncDispose]();
    this.#master = await startMaster({ dataDir: this.dataDir, listen: address, times: FAST });
  }

  async create(name: string): Promise<BuildDone__Output> {
    return lastOf(this.channel.catalog.createDataset({ name, origin: 's3://bucket/prefix' }));
  }

  async refresh(name: string): Promise<BuildDone__Output> {
    return lastOf(this.channel.catalog.refreshDataset({ name }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const worker of this.#workers) await worker[Symbol.asyncDispose]().catch(() => undefined);
    await this.channel[Symbol.asyncDispose]();
    await this.#master[Symbol.asyncDispose]();
    rmSync(this.dataDir, { recursive: true });
  }
}

export async function lastOf(
  progress: AsyncIterable<BuildProgress__Output>,
): Promise<BuildDone__Output> {
  let done: BuildDone__Output | null = null;
  for await (const message of progress) ({ done } = message);
  if (done === null) throw new Error('the build ended without an outcome');
  return done;
}

export function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((onResolve) => {
    resolve = onResolve;
  });
  return { promise, resolve };
}

/** Asks until the answer is what is wanted; fails with the last answer. */
export async function eventually<T>(
  ask: () => T | Promise<T>,
  wanted: (answer: T) => boolean,
  timeoutMs = 10_000,
): Promise<T> {
  const untilMs = systemClock.monotonicMs() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (systemClock.monotonicMs() > untilMs) {
      throw new Error(`still ${JSON.stringify(answer)} after ${timeoutMs} ms`);
    }
    await systemClock.sleep(20);
  }
}
