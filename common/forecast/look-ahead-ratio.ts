/**
 * The hit ratio of exact look-ahead (Belady) where several jobs read one dataset, each with its own shuffles: there
 * is no closed form, so a small dataset is read in this process, and the ratio is that of a large one.
 *
 * The jobs begin evenly spread over an epoch: their phases move the ratio by about a point. With one job it is the
 * cached share, by the closed form.
 */
import { MaxHeap } from './max-heap.ts';
import { SeededRandom } from './seeded-random.ts';

/** Gives the ratio of a million objects within a point, in some 10 ms for each job. */
const OBJECTS = 2_048;
const WARM_EPOCHS = 2;
const EPOCHS = 3;
/** After those that are counted, so that all next uses in them are known. */
const LATER_EPOCHS = 2;
const SEED = 1;

/**
 * @param cached kept region / dataset, 0 … 1
 * @returns 0 … 1
 */
export function lookAheadRatio(cached: number, jobs: number): number {
  if (jobs === 1 || cached <= 0 || cached >= 1) return Math.max(0, Math.min(1, cached));
  const reads = mergedReads(jobs);
  const nextUse = nextUses(reads);
  const capacity = Math.round(cached * OBJECTS);
  const isHeld = new Uint8Array(reads.length);
  /** Next uses of what is held; those that came are below all others, and are never asked for again. */
  const held = new MaxHeap();
  const countedFrom = WARM_EPOCHS * jobs * OBJECTS;
  const counted = EPOCHS * jobs * OBJECTS;
  let size = 0;
  let hits = 0;
  for (let at = 0; at < countedFrom + counted; at += 1) {
    const use = nextUse[at] ?? 0;
    if (isHeld[at] === 1) {
      size -= 1;
      if (at >= countedFrom) hits += 1;
    }
    if (size === capacity) {
      if (held.priority <= use) continue;
      isHeld[held.pop() ?? 0] = 0;
      size -= 1;
    }
    size += 1;
    isHeld[use] = 1;
    held.push(use, use);
  }
  return hits / counted;
}

/** Objects in the order in which all jobs together read them. */
function mergedReads(jobs: number): Uint32Array {
  const epochs = WARM_EPOCHS + EPOCHS + LATER_EPOCHS;
  const reads = new Uint32Array(epochs * jobs * OBJECTS);
  for (let job = 0; job < jobs; job += 1) {
    const startsAt = Math.floor((job * OBJECTS) / jobs);
    for (let epoch = 0; epoch <= epochs; epoch += 1) {
      const order = new SeededRandom(SEED, job, epoch).permutation(OBJECTS);
      for (const [position, object] of order.entries()) {
        const step = epoch * OBJECTS + position - startsAt;
        if (step >= 0 && step < epochs * OBJECTS) reads[step * jobs + job] = object;
      }
    }
  }
  return reads;
}

/** For each read, when its object is read again; beyond the end where it is not. */
function nextUses(reads: Uint32Array): Uint32Array {
  const next = new Uint32Array(reads.length);
  const seen = new Uint32Array(OBJECTS).fill(reads.length);
  for (let at = reads.length - 1; at >= 0; at -= 1) {
    const object = reads[at] ?? 0;
    next[at] = seen[object] ?? 0;
    seen[object] = at;
  }
  return next;
}
