/**
 * What workers were last reported to hold: one bitmap of block numbers per worker and dataset.
 *
 * Always true:
 *   - reports of a worker are applied in the order in which they came; a full report in parts takes effect with
 *     its last part, so nothing seems lost in between;
 *   - the parts of a full report are of one stream: a report that broke off leaves nothing;
 *   - after a full report that could not be used, nothing of that worker and dataset is applied before the next one;
 *   - a bitmap has no number that the dataset has not given out, so a worker costs a bit per block of the
 *     datasets that exist, whatever it sends: 100 M blocks scattered over 8 workers take 126 MiB (`bench/cluster/full-report.ts`).
 */
import { RoaringBitmap32 } from 'roaring-wasm';
import { BLOCK_NUMBERS_END, parseBitmap } from '../rpc/bitmaps/index.ts';
import type { ReadonlyBitmap } from '../rpc/bitmaps/index.ts';

export interface HeldReport {
  readonly datasetId: number;
  readonly full: boolean;
  readonly more: boolean;
  readonly added: Buffer;
  readonly removed: Buffer;
  readonly heldBytes: number;
  /** Of a full report's last part: what all parts together are the difference from. */
  readonly base?: ReadonlyBitmap | undefined;
}

export interface HeldChange {
  readonly workerId: string;
  readonly datasetId: number;
  /** It was a full report. */
  readonly full: boolean;
  /** There is no such dataset: what is held of it was not kept in here. */
  readonly unknown?: boolean;
}
export type HeldListener = (change: HeldChange) => void;

export interface HeldLimits {
  /** One past the largest block number of a dataset that was given out; undefined: there is no such dataset. */
  blocksOf(datasetId: number): number | undefined;
}

interface Held {
  blocks: RoaringBitmap32;
  bytes: number;
  /** Of a full report whose last part has not come. */
  parts: RoaringBitmap32 | undefined;
  /** Deltas mean nothing before the next full report. */
  waits: boolean;
  deltas: number;
}

const WITHOUT_LIMITS: HeldLimits = { blocksOf: () => BLOCK_NUMBERS_END };
/** Deltas after which a bitmap is packed again: a few ms for ten million blocks. */
const PACK_EVERY = 256;

export class HeldBlocks {
  readonly #limits: HeldLimits;
  readonly #workers = new Map<string, Map<number, Held>>();
  readonly #listeners = new Set<HeldListener>();

  constructor(limits: HeldLimits = WITHOUT_LIMITS) {
    this.#limits = limits;
  }

  /**
   * @returns how many block numbers were refused, because the dataset never gave them out
   * @throws {LarderError} `INVALID_ARGUMENT` where a bitmap is not one
   */
  apply(workerId: string, report: HeldReport): number {
    const { datasetId, full, more } = report;
    const end = this.#limits.blocksOf(datasetId);
    const added = parseBitmap(report.added);
    const removed = parseBitmap(report.removed);
    try {
      if (end === undefined) {
        this.forget(workerId, datasetId);
        if (!added.isEmpty) this.#tell({ workerId, datasetId, full, unknown: true });
        return 0;
      }
      const refused = added.rangeCardinality(end);
      if (refused > 0) added.removeRange(end);
      const held = this.#held(workerId, datasetId);
      if (full) applyFull(held, added, report);
      else if (held.waits) return refused;
      else applyDelta(held, added, removed);
      held.bytes = report.heldBytes;
      if (!more) this.#tell({ workerId, datasetId, full });
      return refused;
    } finally {
      added.dispose();
      removed.dispose();
    }
  }

  /** A full report cannot be used; what was known stays, and is not changed before the next one. */
  await(workerId: string, datasetId: number): void {
    if (this.#limits.blocksOf(datasetId) === undefined) return;
    const held = this.#held(workerId, datasetId);
    held.parts?.dispose();
    held.parts = undefined;
    held.waits = true;
  }

  /** Whether a full report of any dataset has to come before what the worker holds is known. */
  isAwaited(workerId: string): boolean {
    return [...(this.#workers.get(workerId)?.values() ?? [])].some(({ waits }) => waits);
  }

  /** A new stream begins: what the one before did not finish is not of this one. */
  dropParts(workerId: string): void {
    for (const held of this.#workers.get(workerId)?.values() ?? []) {
      held.parts?.dispose();
      held.parts = undefined;
    }
  }

  /** Its process is another one, or it is no member any more. */
  forgetWorker(workerId: string): void {
    const datasets = this.#workers.get(workerId);
    this.#workers.delete(workerId);
    for (const [datasetId, held] of datasets ?? []) {
      dispose(held);
      this.#tell({ workerId, datasetId, full: false });
    }
  }

  /** What is held of a dataset by one worker. */
  forget(workerId: string, datasetId: number): void {
    const held = this.#workers.get(workerId)?.get(datasetId);
    if (held === undefined) return;
    this.#workers.get(workerId)?.delete(datasetId);
    dispose(held);
  }

  /** Datasets of which a worker holds anything. */
  datasetsOf(workerId: string): number[] {
    return [...(this.#workers.get(workerId) ?? [])]
      .filter(([, { blocks }]) => !blocks.isEmpty)
      .map(([datasetId]) => datasetId);
  }

  /** Belongs to this class: to be read at once, not kept. */
  blocks(workerId: string, datasetId: number): ReadonlyBitmap | undefined {
    return this.#workers.get(workerId)?.get(datasetId)?.blocks;
  }

  bytes(workerId: string, datasetId: number): number {
    return this.#workers.get(workerId)?.get(datasetId)?.bytes ?? 0;
  }

  /** What these workers hold together. Belongs to the caller, who disposes it. */
  union(workerIds: readonly string[], datasetId: number): RoaringBitmap32 {
    const union = new RoaringBitmap32();
    for (const workerId of workerIds) {
      const blocks = this.blocks(workerId, datasetId);
      if (blocks !== undefined) union.orInPlace(blocks);
    }
    return union;
  }

  /** Called after each change. Returns how to stop. */
  onChange(listener: HeldListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #held(workerId: string, datasetId: number): Held {
    const datasets = this.#workers.get(workerId) ?? new Map<number, Held>();
    this.#workers.set(workerId, datasets);
    let held = datasets.get(datasetId);
    if (held === undefined) {
      const blocks = new RoaringBitmap32();
      held = { blocks, bytes: 0, parts: undefined, waits: false, deltas: 0 };
      datasets.set(datasetId, held);
    }
    return held;
  }

  #tell(change: HeldChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}

function applyDelta(held: Held, added: RoaringBitmap32, removed: RoaringBitmap32): void {
  held.blocks.orInPlace(added).andNotInPlace(removed);
  held.deltas += 1;
  if (held.deltas % PACK_EVERY === 0) held.blocks.runOptimize();
}

function applyFull(held: Held, part: RoaringBitmap32, report: HeldReport): void {
  const parts = held.parts ?? new RoaringBitmap32();
  parts.orInPlace(part);
  held.parts = report.more ? parts : undefined;
  if (report.more) return;
  if (report.base !== undefined) parts.xorInPlace(report.base);
  parts.runOptimize();
  parts.shrinkToFit();
  held.blocks.dispose();
  held.blocks = parts;
  held.waits = false;
}

function dispose(held: Held): void {
  held.blocks.dispose();
  held.parts?.dispose();
}
