/**
 * How long an epoch takes whose order came before, behind an origin that gives half of what its readers want: four
 * workers with the real prefetch, patterns and admission, a link that all reads of the origin share evenly, and time
 * that is counted. No byte moves.
 */
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { BAND_BUCKETS, KIB, Placement, silentLogger } from '../../../../common/index.ts';
import type { EntryAttributes, ObjectRef } from '../../../../common/index.ts';
import { Admission } from '../../../../worker/admission/index.ts';
import { Patterns } from '../../../../worker/patterns/index.ts';
import { Prefetch } from '../../../../worker/prefetch/index.ts';
import type { OpenedVersion } from '../../../../worker/versions.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { bandOf, shuffled, SimulatedCache } from '../admission/simulated-cache.ts';
import { refOf } from '../fetching/memory-origin.ts';

const DATASET = 1;
const NODES = 4;
const BATCH = 4;
const KEPT = 0.5;
const COMPUTE_MS = 20_000;
/** Beside the bytes of files there are heads and frames: the link has room for them. */
const OVERHEAD = 1.06;
/** As in `npm run bench -- policy`: a quarter of the bytes in middle files. */
const SIZES = [...Array<number>(2304).fill(64 * KIB), ...Array<number>(192).fill(256 * KIB)];
const TOTAL = SIZES.reduce((sum, bytes) => sum + bytes, 0);
const VERSION = { datasetId: DATASET, version: 1, entries: SIZES.length, files: SIZES.length };

function sizeOf(file: number): number {
  return SIZES[file] ?? 0;
}

function refOfFile(file: number): ObjectRef {
  return { ...refOf(`${String(file)}.jpg`, sizeOf(file)), datasetId: DATASET, firstBlock: file };
}

interface Transfer {
  leftBytes: number;
  readonly done: () => void;
}

/** Of the origin: all that is under way has an equal part of it. */
class Link {
  bytesPerMs = Infinity;
  sentBytes = 0;
  readonly #clock: ManualClock;
  readonly #transfers = new Set<Transfer>();

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  async fetch(bytes: number): Promise<void> {
    this.sentBytes += bytes;
    if (this.bytesPerMs === Infinity) return;
    await new Promise<void>((done) => this.#transfers.add({ leftBytes: bytes, done }));
  }

  /** Until one has come, and not longer than this. @returns the time that is left */
  async run(atMostMs: number): Promise<number> {
    const left = [...this.#transfers].map(({ leftBytes }) => leftBytes);
    const perMs = this.bytesPerMs / Math.max(1, left.length);
    const passedMs = left.length === 0 ? atMostMs : Math.min(atMostMs, Math.min(...left) / perMs);
    await this.#clock.advance(passedMs);
    for (const transfer of this.#transfers) {
      transfer.leftBytes -= passedMs * perMs;
      if (transfer.leftBytes > 1e-6) continue;
      this.#transfers.delete(transfer);
      transfer.done();
    }
    await setImmediate();
    return atMostMs - passedMs;
  }
}

class Node {
  readonly cache: SimulatedCache;
  readonly patterns: Patterns;
  readonly prefetch: Prefetch;
  readonly #link: Link;
  readonly #coming = new Map<number, Promise<void>>();

  constructor(workerId: string, at: { clock: ManualClock; link: Link; placement: Placement }) {
    this.#link = at.link;
    const capacityBytes = (TOTAL * KEPT) / NODES / 0.92;
    const admission = new Admission({ capacityBytes, capacityObjects: Infinity });
    const bandBytes = new Float64Array(BAND_BUCKETS).fill(TOTAL / BAND_BUCKETS);
    admission.setExpected(DATASET, { bandBytes, share: 1 / NODES });
    this.cache = new SimulatedCache(admission);
    this.patterns = new Patterns({ share: () => 1 / NODES });
    this.prefetch = new Prefetch({
      ...{ workerId, clock: at.clock, log: silentLogger, placement: () => at.placement },
      isScattered: () => false,
      orderOf: (datasetId) => this.patterns.orderOf(datasetId),
      plans: { read: () => undefined, liveOf: () => [], onReady: () => undefined },
      reads: {
        holdsBlock: (_datasetId, block) => this.holds(block),
        roomAhead: ({ firstBlock, sizeBytes: bytes }, ahead) => {
          const band = bandOf(DATASET, firstBlock);
          const object = { datasetId: DATASET, firstBlock, band, bytes };
          const { region } = admission.preview(object, 0);
          return admission.roomAhead({ ...object, region, objects: 1 }, ahead);
        },
        fetchAhead: ({ firstBlock }) => this.fetch(firstBlock),
      },
    });
  }

  holds(file: number): boolean {
    return this.cache.held.has(`${String(DATASET)}/${String(file)}`);
  }

  /** One read of the origin for all that want it. */
  async fetch(file: number): Promise<void> {
    let coming = this.#coming.get(file);
    if (coming === undefined) {
      coming = this.#link.fetch(sizeOf(file)).then(() => {
        this.#coming.delete(file);
        this.put(file);
      });
      this.#coming.set(file, coming);
    }
    await coming;
  }

  put(file: number): void {
    this.cache.read({ datasetId: DATASET, file, bytes: sizeOf(file) });
  }
}

class Cluster {
  readonly clock = new ManualClock();
  readonly link = new Link(this.clock);
  readonly #nodes: readonly Node[];
  readonly #owners: readonly Node[];
  readonly #opened: OpenedVersion;

  constructor() {
    const member = { dataAddress: '', node: '', weightBytes: 100, state: 'active' } as const;
    const ids = Array.from({ length: NODES }, (_, i) => `w${String(i)}`);
    const members = ids.map((workerId) => ({ ...member, workerId }));
    const at = { clock: this.clock, link: this.link, placement: new Placement(1, members) };
    this.#nodes = ids.map((workerId) => new Node(workerId, at));
    this.#owners = SIZES.map((_, file) => {
      const owner = at.placement.owner(refOfFile(file).objectId)?.workerId ?? '';
      const [first] = this.#nodes;
      if (first === undefined) throw new Error('there are no nodes');
      return this.#nodes[ids.indexOf(owner)] ?? first;
    });
    const reader = {
      entryCount: SIZES.length,
      attributes: (file: number, into: EntryAttributes) =>
        Object.assign(into, {
          ...{ kind: 'file', hidden: false, sizeBytes: sizeOf(file), firstBlock: file },
        }),
    };
    this.#opened = {
      ...{ dataset: { id: DATASET }, version: VERSION.version },
      replica: {
        reader,
        withPages: (_signal: AbortSignal, use: (it: typeof reader) => unknown) =>
          Promise.resolve(use(reader)),
      },
      objectRef: (_reader: unknown, file: number) => refOfFile(file),
    } as unknown as OpenedVersion;
  }

  /** In steps: all nodes read a batch, compute, and go on together. @returns how long it took */
  async epoch(order: readonly number[]): Promise<number> {
    const sinceMs = this.clock.monotonicMs();
    const steps = Math.ceil(order.length / NODES / BATCH);
    for (let step = 0; step < steps; step += 1) {
      await this.#read(order.slice(step * NODES * BATCH, (step + 1) * NODES * BATCH));
      for (let leftMs = COMPUTE_MS / steps; leftMs > 0;) leftMs = await this.link.run(leftMs);
    }
    return this.clock.monotonicMs() - sinceMs;
  }

  async #read(files: readonly number[]): Promise<void> {
    const unread = new Set<number>();
    files.forEach((file, i) => {
      const owner = this.#owners[file];
      const reader = this.#nodes[i % NODES];
      for (const seen of new Set([owner, reader])) {
        seen?.patterns.touched(VERSION, file, `w${String(i % NODES)}`);
        seen?.prefetch.note(this.#opened, file, sizeOf(file));
      }
      if (owner === undefined) return;
      if (owner.holds(file)) {
        owner.put(file);
        return;
      }
      unread.add(file);
      void owner.fetch(file).then(() => unread.delete(file));
    });
    await setImmediate();
    while (unread.size > 0) await this.link.run(Infinity);
  }
}

test('an order that repeats takes at most 1.1 of its compute time, where the origin gives half of the demand', async () => {
  const cluster = new Cluster();
  const order = shuffled(SIZES.length, 1);
  for (let epoch = 1; epoch <= 3; epoch += 1) await cluster.epoch(order);
  const { link } = cluster;
  link.bytesPerMs = (OVERHEAD * TOTAL) / 2 / COMPUTE_MS;
  link.sentBytes = 0;
  const ratio = (await cluster.epoch(order)) / COMPUTE_MS;
  expect(Math.abs(link.sentBytes / TOTAL - (1 - KEPT))).toBeLessThan(0.03);
  // 1.09; with a quarter of what passes through ahead, and not half, 1.31; with nothing ahead 1.9.
  expect(ratio).toBeLessThanOrEqual(1.1);
});
