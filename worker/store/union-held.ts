/**
 * What is held on all disks together, and the stream of changes to it: a block that goes from one disk while
 * another has it too has not gone.
 */
import { RoaringBitmap32 } from 'roaring-wasm';
import type { HeldChange, HeldSource } from './held-totals.ts';

export class UnionHeld implements HeldSource {
  readonly #parts = new Map<HeldSource, () => void>();
  readonly #listeners = new Set<(change: HeldChange) => void>();

  /** Everything of this disk is held from now on. */
  add(part: HeldSource): void {
    const stop = part.onChange((change) => {
      this.#forward(part, change);
    });
    this.#parts.set(part, stop);
    this.#tellAll(part, true);
  }

  /** Nothing of this disk is held any more. */
  remove(part: HeldSource): void {
    this.#parts.get(part)?.();
    if (this.#parts.delete(part)) this.#tellAll(part, false);
  }

  datasetIds(): readonly number[] {
    return [...new Set([...this.#parts.keys()].flatMap((part) => part.datasetIds()))];
  }

  blocks(datasetId: number): RoaringBitmap32 {
    const all = new RoaringBitmap32();
    for (const part of this.#parts.keys()) {
      const blocks = part.blocks(datasetId);
      all.orInPlace(blocks);
      blocks.dispose();
    }
    return all;
  }

  bytes(datasetId: number): number {
    return [...this.#parts.keys()].reduce((sum, part) => sum + part.bytes(datasetId), 0);
  }

  has(datasetId: number, block: number): boolean {
    for (const part of this.#parts.keys()) if (part.has(datasetId, block)) return true;
    return false;
  }

  onChange(listener: (change: HeldChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #forward(part: HeldSource, change: HeldChange): void {
    this.#tell(change);
    if (change.held || this.#parts.size < 2) return;
    const { datasetId, firstBlock, count } = change;
    for (const other of this.#parts.keys()) {
      if (other === part) continue;
      for (let block = firstBlock; block < firstBlock + count; block += 1) {
        if (!other.has(datasetId, block)) continue;
        this.#tell({ datasetId, firstBlock: block, count: 1, held: true, bytes: 0 });
      }
    }
  }

  #tellAll(part: HeldSource, held: boolean): void {
    if (this.#listeners.size === 0) return;
    for (const datasetId of part.datasetIds()) {
      const blocks = part.blocks(datasetId);
      for (const { firstBlock, count } of runsOf(blocks)) {
        this.#forward(part, { datasetId, firstBlock, count, held, bytes: 0 });
      }
      blocks.dispose();
    }
  }

  #tell(change: HeldChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}

function* runsOf(blocks: Iterable<number>): Generator<{ firstBlock: number; count: number }> {
  let firstBlock = -1;
  let count = 0;
  for (const block of blocks) {
    if (count > 0 && block === firstBlock + count) {
      count += 1;
      continue;
    }
    if (count > 0) yield { firstBlock, count };
    firstBlock = block;
    count = 1;
  }
  if (count > 0) yield { firstBlock, count };
}
