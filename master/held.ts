/**
 * What workers were last reported to hold: one bitmap of block numbers per worker and dataset.
 *
 * Always true: reports of a worker are applied in the order in which they came; a full report in parts
 * takes effect with its last part, so nothing seems lost in between.
 */
import { RoaringBitmap32 } from 'roaring-wasm';
import { parseBitmap } from '../rpc/bitmaps/index.ts';
import type { ReadonlyBitmap } from '../rpc/bitmaps/index.ts';

export interface HeldReport {
  readonly datasetId: number;
  readonly full: boolean;
  readonly more: boolean;
  readonly added: Buffer;
  readonly removed: Buffer;
  readonly heldBytes: number;
}

export interface HeldChange {
  readonly workerId: string;
  readonly datasetId: number;
  /** It was a full report. */
  readonly full: boolean;
}
export type HeldListener = (change: HeldChange) => void;

interface Held {
  blocks: RoaringBitmap32;
  bytes: number;
  /** Of a full report whose last part has not come. */
  parts: RoaringBitmap32 | undefined;
}

export class HeldBlocks {
  readonly #workers = new Map<string, Map<number, Held>>();
  readonly #listeners = new Set<HeldListener>();

  /** @throws {LarderError} `INVALID_ARGUMENT` where a bitmap is not one */
  apply(workerId: string, report: HeldReport): void {
    const held = this.#held(workerId, report.datasetId);
    const added = parseBitmap(report.added);
    const removed = parseBitmap(report.removed);
    if (report.full) applyFull(held, added, report.more);
    else {
      held.blocks.orInPlace(added).andNotInPlace(removed);
    }
    added.dispose();
    removed.dispose();
    held.bytes = report.heldBytes;
    if (!report.more) this.#tell({ workerId, datasetId: report.datasetId, full: report.full });
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
      held = { blocks: new RoaringBitmap32(), bytes: 0, parts: undefined };
      datasets.set(datasetId, held);
    }
    return held;
  }

  #tell(change: HeldChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}

function applyFull(held: Held, part: RoaringBitmap32, more: boolean): void {
  const parts = held.parts ?? new RoaringBitmap32();
  parts.orInPlace(part);
  held.parts = more ? parts : undefined;
  if (more) return;
  held.blocks.dispose();
  held.blocks = parts;
}

function dispose(held: Held): void {
  held.blocks.dispose();
  held.parts?.dispose();
}
