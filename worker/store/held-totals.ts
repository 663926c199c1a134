/**
 * What is held of each dataset, as a bitmap over its block numbers and as bytes, and the stream of
 * changes to it.
 */
import { RoaringBitmap32 } from 'roaring-wasm';
import type { DatasetReference } from './record.ts';

export interface HeldChange {
  readonly datasetId: number;
  /** Block numbers of the dataset: [firstBlock, firstBlock + count). */
  readonly firstBlock: number;
  readonly count: number;
  /** Came (true) or went. */
  readonly held: boolean;
  readonly bytes: number;
}

/** What is on this worker's disk. */
export interface HeldSource {
  /** Of which anything is held. */
  datasetIds(): readonly number[];
  /** Block numbers of the dataset. A copy: whoever asks disposes of it. */
  blocks(datasetId: number): RoaringBitmap32;
  bytes(datasetId: number): number;
  /** Whether a block of a dataset is held. */
  has(datasetId: number, block: number): boolean;
  /** Returns how to stop. */
  onChange(listener: (change: HeldChange) => void): () => void;
}

/** Adjacent blocks of an object. */
export interface BlockChange {
  readonly first: number;
  readonly count: number;
  readonly bytes: number;
  readonly held: boolean;
}

interface DatasetTotals {
  readonly blocks: RoaringBitmap32;
  bytes: number;
}

export class HeldTotals implements HeldSource, Disposable {
  readonly #datasets = new Map<number, DatasetTotals>();
  readonly #listeners = new Set<(change: HeldChange) => void>();

  onChange(listener: (change: HeldChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  bytes(datasetId: number): number {
    return this.#datasets.get(datasetId)?.bytes ?? 0;
  }

  has(datasetId: number, block: number): boolean {
    return this.#datasets.get(datasetId)?.blocks.has(block) ?? false;
  }

  /** A copy, to be disposed of by the caller. */
  blocks(datasetId: number): RoaringBitmap32 {
    const found = this.#datasets.get(datasetId);
    return found === undefined ? new RoaringBitmap32() : found.blocks.clone();
  }

  datasetIds(): number[] {
    return [...this.#datasets].filter(([, { bytes }]) => bytes > 0).map(([id]) => id);
  }

  change(reference: DatasetReference, change: BlockChange): void {
    const { datasetId } = reference;
    const { count, bytes, held } = change;
    const firstBlock = reference.firstBlock + change.first;
    const totals = this.#of(datasetId);
    totals.bytes += held ? bytes : -bytes;
    if (held) totals.blocks.addRange(firstBlock, firstBlock + count);
    else totals.blocks.removeRange(firstBlock, firstBlock + count);
    for (const listener of this.#listeners) {
      listener({ datasetId, firstBlock, count, held, bytes });
    }
  }

  /** Many blocks at once, in any order, without telling anybody: at a start. */
  load(datasetId: number, blocks: Uint32Array, bytes: number): void {
    const totals = this.#of(datasetId);
    totals.bytes += bytes;
    // In order a million insertions take 20 ms, at random 1,400 ms.
    totals.blocks.addMany(blocks.sort());
  }

  [Symbol.dispose](): void {
    for (const { blocks } of this.#datasets.values()) blocks.dispose();
    this.#datasets.clear();
  }

  #of(datasetId: number): DatasetTotals {
    let totals = this.#datasets.get(datasetId);
    if (totals === undefined) {
      totals = { blocks: new RoaringBitmap32(), bytes: 0 };
      this.#datasets.set(datasetId, totals);
    }
    return totals;
  }
}
