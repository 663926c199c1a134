/** Makes the block index of a version from its manifest, in slices between which other work gets its turn. */
import { blockCount } from '../block-math.ts';
import type { Clock } from '../clock.ts';
import type { DatasetInfo } from '../dataset.ts';
import { bandHash, ownerHash } from '../hash.ts';
import { STRIPE_BYTES } from '../limits.ts';
import type { ManifestReader } from '../manifest/index.ts';
import { BlockIndex, ROW_BYTES } from './block-index.ts';
import { Turns } from './turns.ts';

/** 64 MiB; a version with more objects is reported block by block, which its blocks outweigh by far. */
export const MAX_INDEX_ROWS = 4 * 1024 * 1024;
/** Between slices of 5 ms: a worker that makes an index has a fifth of its time for it, and readers the rest. */
const REST_MS = 20;

export interface BuildOptions {
  readonly clock: Clock;
  /** Default 20: nobody waits for the index. */
  readonly restMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * A million objects take 7 to 8 s of CPU time, most of it for the ids of objects.
 *
 * @returns undefined where there are more than `MAX_INDEX_ROWS`
 * @throws {PageMissing} where the manifest is not whole; what the clock's sleep throws when the signal fires
 */
export async function buildBlockIndex(
  reader: ManifestReader,
  dataset: DatasetInfo,
  { clock, restMs = REST_MS, signal }: BuildOptions,
): Promise<BlockIndex | undefined> {
  if (reader.summary.files > MAX_INDEX_ROWS) return undefined;
  const rows = new GrowingRows(reader.summary.files);
  const { blockSizeBytes } = reader.summary;
  const turns = new Turns(clock, restMs, signal);
  for (const ordinal of reader.files(0)) {
    // An entry takes some microseconds, most of them for the id of its object.
    if (turns.isOver(8)) await turns.rest();
    const { key, objectId, firstBlock, sizeBytes } = reader.objectRef(ordinal, dataset);
    const blocks = blockCount(sizeBytes, blockSizeBytes);
    if (blocks === 0) continue;
    const band = bandHash(key);
    const perStripe = sizeBytes > STRIPE_BYTES ? STRIPE_BYTES / blockSizeBytes : blocks;
    for (let stripe = 0; stripe * perStripe < blocks; stripe += 1) {
      const name = stripe === 0 ? objectId : `${objectId}/${String(stripe)}`;
      rows.push(
        firstBlock + stripe * perStripe,
        Math.min(perStripe, blocks - stripe * perStripe),
        band,
        ownerHash(Buffer.from(name)),
      );
    }
    if (rows.count > MAX_INDEX_ROWS) return undefined;
  }
  return new BlockIndex(rows.done());
}

class GrowingRows {
  count = 0;
  #all: Uint32Array;

  constructor(expected: number) {
    this.#all = new Uint32Array(Math.max(16, expected) * (ROW_BYTES / 4));
  }

  push(firstBlock: number, blocks: number, band: number, object: number): void {
    const at = this.count * 4;
    if (at === this.#all.length) {
      const larger = new Uint32Array(this.#all.length * 2);
      larger.set(this.#all);
      this.#all = larger;
    }
    this.#all[at] = firstBlock;
    this.#all[at + 1] = blocks;
    this.#all[at + 2] = band;
    this.#all[at + 3] = object;
    this.count += 1;
  }

  done() {
    const column = (offset: number) => {
      const numbers = new Uint32Array(this.count);
      for (let i = 0; i < this.count; i += 1) numbers[i] = this.#all[i * 4 + offset] ?? 0;
      return numbers;
    };
    return { firstBlock: column(0), blocks: column(1), band: column(2), object: column(3) };
  }
}
