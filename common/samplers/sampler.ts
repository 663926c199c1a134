/**
 * In which order a job reads its samples in an epoch, known from its sampler's settings alone.
 *
 * The order is that of all ranks together: rank r of R reads the positions r, r + R, r + 2R, … of it, which is how
 * these samplers deal samples out, and in which order ranks that keep step need them.
 *
 * Always true: what is given depends on the settings, the count and the epoch alone; every index is below the count.
 */
import { pythonShuffle, torchPermutation } from './permutations.ts';

export const SAMPLER_NAMES = ['torch-distributed', 'sequential', 'list', 'webdataset'] as const;
export type SamplerName = (typeof SAMPLER_NAMES)[number];

export interface SamplerSettings {
  readonly sampler: SamplerName;
  readonly seed: number;
  /** Ranks. */
  readonly world: number;
  readonly shuffle: boolean;
  readonly dropLast: boolean;
  /** Of `list`: indices, the same in each epoch. */
  readonly order?: readonly number[] | undefined;
}

/** The indices (0 … count − 1) of one epoch. */
export function epochOrder(
  settings: SamplerSettings,
  count: number,
  epoch: number,
): Uint32Array<ArrayBuffer> {
  const { sampler, seed, world, shuffle, dropLast, order } = settings;
  switch (sampler) {
    case 'torch-distributed': {
      const all = shuffle ? torchPermutation(count, seed + epoch) : inOrder(count);
      return dealt(all, world, dropLast);
    }
    case 'webdataset':
      // `SimpleShardList(urls, seed)`: shards are in the same order in every epoch; `split_by_node` deals them out.
      return new Uint32Array(shuffle ? pythonShuffle(count, seed) : inOrder(count));
    case 'list':
      return Uint32Array.from((order ?? []).filter((index) => index < count));
    case 'sequential':
      return inOrder(count);
  }
}

/** What rank r of R reads of an epoch. */
export function rankOrder(order: Uint32Array, rank: number, world: number): Uint32Array {
  const length = Math.max(0, Math.ceil((order.length - rank) / world));
  return Uint32Array.from({ length }, (_, i) => order[rank + i * world] ?? 0);
}

/** So many that each rank has as many: padded from the beginning, or with the last ones left out. */
function dealt(all: Uint32Array, world: number, dropLast: boolean): Uint32Array<ArrayBuffer> {
  const perRank = dropLast ? Math.floor(all.length / world) : Math.ceil(all.length / world);
  return Uint32Array.from({ length: perRank * world }, (_, i) => all[i % all.length] ?? 0);
}

function inOrder(count: number): Uint32Array<ArrayBuffer> {
  return Uint32Array.from({ length: count }, (_, i) => i);
}
