/** Blocks that are held, and reports of them as they are sent and taken over. */
import { RoaringBitmap32 } from 'roaring-wasm';
import type { HeldBlocks } from '../../master/held.ts';
import { bitmapParts, formatBitmap } from '../../rpc/bitmaps/index.ts';

export function scattered(end: number, share: number, seed: number): RoaringBitmap32 {
  const next = random(seed);
  const blocks = new RoaringBitmap32();
  const batch = new Uint32Array(65_536);
  let filled = 0;
  for (let block = 0; block < end; block += 1) {
    if (next() >= share) continue;
    batch[filled] = block;
    filled += 1;
    if (filled < batch.length) continue;
    blocks.addMany(batch);
    filled = 0;
  }
  blocks.addMany(batch.subarray(0, filled));
  return blocks;
}

export function pack(blocks: RoaringBitmap32): Buffer[] {
  return [...bitmapParts(blocks, blocks.maximum() + 1)].map(({ bytes }) => bytes);
}

export function apply(
  held: HeldBlocks,
  parts: readonly Buffer[],
  base?: RoaringBitmap32,
  worker = 'w',
): void {
  const removed = formatBitmap(new RoaringBitmap32());
  for (const [i, added] of parts.entries()) {
    const more = i < parts.length - 1;
    held.apply(worker, { datasetId: 1, full: true, more, added, removed, heldBytes: 0, base });
  }
}

export function bytesOf(parts: readonly Buffer[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

/** The same numbers each time, 0 … 1. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
