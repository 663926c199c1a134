/**
 * What a worker is expected to hold of a version: the blocks that it owns and whose band hash lies below a
 * threshold. A pure function of the block index, the members, the worker and the threshold, computed by worker and
 * master alike, so that a full report need only say what is otherwise.
 *
 * The threshold is the reporter's to choose and travels with the report: `bestThreshold` takes the one that
 * explains best what is held, so nothing hangs on what admission knows after a restart.
 *
 * Always true: a prediction has a checksum over its ranges in their order; two sides with the same one predicted
 * the same blocks.
 */
import { RoaringBitmap32 } from 'roaring-wasm';
import type { Clock } from '../clock.ts';
import { ownerHash, ownerMix, ownerScore, ownerSeed } from '../hash.ts';
import { BAND_BUCKETS } from '../limits.ts';
import type { PlacementMember } from '../placement.ts';
import type { BlockIndex } from './block-index.ts';
import { Turns } from './turns.ts';

/** Everything is below it. */
export const FULL_THRESHOLD = 2 ** 32;
const BUCKET_WIDTH = FULL_THRESHOLD / BAND_BUCKETS;
const NOBODY = 0xffff;
/**
 * Scores that owners are computed with at most: objects × members. 16 Mi take 0.6 s of CPU time, at the worker for
 * each report and at the master once per members and version. With more, what is held would be known too late after
 * a restart, and a report block by block costs the cluster less.
 */
const MAX_SCORES = 16 * 1024 * 1024;

type Weighted = Pick<PlacementMember, 'workerId' | 'weightBytes'>;

/** Who owns each row of an index under one placement. */
export interface Owners {
  readonly workerIds: readonly string[];
  /** Of each row the place of its owner in `workerIds`. */
  readonly of: Uint16Array;
}

export interface Prediction {
  /** Belongs to the caller, who disposes it. */
  readonly blocks: RoaringBitmap32;
  readonly count: number;
  readonly checksum: number;
}

/** Whether owners are computed at all: both sides decide alike. */
export function isPredictable(index: BlockIndex, members: readonly Weighted[]): boolean {
  return members.length < NOBODY && index.rows * members.length <= MAX_SCORES;
}

/** @param members those that may own: `Placement.candidates` of any object, in any order */
export async function ownersOf(
  index: BlockIndex,
  members: readonly Weighted[],
  clock: Clock,
): Promise<Owners> {
  const sorted = [...members].sort((a, b) => (a.workerId < b.workerId ? -1 : 1));
  const hashes = sorted.map(({ workerId }) => ownerHash(Buffer.from(workerId)));
  const seeds = hashes.map(ownerSeed);
  const of = new Uint16Array(index.rows).fill(NOBODY);
  const turns = new Turns(clock);
  for (let row = 0; row < index.rows; row += 1) {
    if (turns.isOver(sorted.length)) await turns.rest();
    const object = index.object[row] ?? 0;
    let best = -Infinity;
    for (let i = 0; i < sorted.length; i += 1) {
      // Of two with the same score the smaller id owns: it comes first.
      const mixed = ownerMix(object, hashes[i] ?? 0, seeds[i] ?? 0);
      const score = ownerScore(mixed, sorted[i]?.weightBytes ?? 0);
      if (score > best) {
        best = score;
        of[row] = i;
      }
    }
  }
  return { workerIds: sorted.map(({ workerId }) => workerId), of };
}

/** @param threshold 0 … 2^32 */
export async function predict(
  index: BlockIndex,
  owners: Owners,
  { workerId, threshold }: { readonly workerId: string; readonly threshold: number },
  clock: Clock,
): Promise<Prediction> {
  const me = owners.workerIds.indexOf(workerId);
  const ranges = new Ranges();
  const turns = new Turns(clock);
  for (let row = 0; row < index.rows; row += 1) {
    if (turns.isOver()) await turns.rest();
    if (owners.of[row] !== me || (index.band[row] ?? 0) >= threshold) continue;
    ranges.add(index.firstBlock[row] ?? 0, index.blocks[row] ?? 0);
  }
  return ranges.done();
}

/**
 * The threshold, at a whole bucket of the band hash, with which a prediction differs least from what is held.
 *
 * @param held only `rangeCardinality` is used
 */
export async function bestThreshold(
  index: BlockIndex,
  owners: Owners,
  { workerId, held }: { readonly workerId: string; readonly held: HeldCount },
  clock: Clock,
): Promise<number> {
  const me = owners.workerIds.indexOf(workerId);
  const has = new Float64Array(BAND_BUCKETS);
  const lacks = new Float64Array(BAND_BUCKETS);
  const turns = new Turns(clock);
  for (let row = 0; row < index.rows; row += 1) {
    if (turns.isOver()) await turns.rest();
    if (owners.of[row] !== me) continue;
    const first = index.firstBlock[row] ?? 0;
    const blocks = index.blocks[row] ?? 0;
    const count = held.rangeCardinality(first, first + blocks);
    const bucket = Math.floor((index.band[row] ?? 0) / BUCKET_WIDTH);
    has[bucket] = (has[bucket] ?? 0) + count;
    lacks[bucket] = (lacks[bucket] ?? 0) + blocks - count;
  }
  // From "nothing is predicted" upwards: what is held and above the threshold, lacked and below it.
  let difference = has.reduce((sum, blocks) => sum + blocks, 0);
  let best = { bucket: 0, difference };
  for (let bucket = 0; bucket < BAND_BUCKETS; bucket += 1) {
    difference += (lacks[bucket] ?? 0) - (has[bucket] ?? 0);
    if (difference <= best.difference) best = { bucket: bucket + 1, difference };
  }
  return best.bucket * BUCKET_WIDTH;
}

export interface HeldCount {
  rangeCardinality(first: number, end: number): number;
}

const BATCH = 16_384;
/** Shorter runs are added number by number, many in one call. */
const LONG_RUN = 64;

/** Ranges in ascending order as a bitmap, their number of blocks and their checksum. */
class Ranges {
  readonly #blocks = new RoaringBitmap32();
  readonly #batch = new Uint32Array(BATCH);
  #batched = 0;
  #first = 0;
  #end = 0;
  #count = 0;
  #checksum = 0;

  add(first: number, blocks: number): void {
    this.#count += blocks;
    this.#checksum = mix(mix(this.#checksum, first), blocks);
    if (first === this.#end) {
      this.#end += blocks;
      return;
    }
    this.#put();
    this.#first = first;
    this.#end = first + blocks;
  }

  done(): Prediction {
    this.#put();
    this.#flush();
    return { blocks: this.#blocks, count: this.#count, checksum: this.#checksum >>> 0 };
  }

  #put(): void {
    if (this.#end - this.#first >= LONG_RUN) {
      this.#blocks.addRange(this.#first, this.#end);
      return;
    }
    for (let block = this.#first; block < this.#end; block += 1) {
      if (this.#batched === BATCH) this.#flush();
      this.#batch[this.#batched] = block;
      this.#batched += 1;
    }
  }

  #flush(): void {
    this.#blocks.addMany(this.#batch.subarray(0, this.#batched));
    this.#batched = 0;
  }
}

function mix(hash: number, number: number): number {
  const h = Math.imul(hash ^ number, 0x9e3779b1);
  return (h ^ (h >>> 15)) | 0;
}
