/**
 * In which order a job reads, and which node reads what: the ways in which training jobs do it.
 *
 * - `shuffled`: a new permutation each epoch, dealt to the nodes in turn (PyTorch's DistributedSampler);
 * - `repeated`: one permutation, the same each epoch;
 * - `partitioned`: each node has the same part of the dataset in every epoch, newly shuffled;
 * - `skewed`: with replacement, object of rank k with a probability of 1/k (Zipf).
 */
import { SeededRandom } from '../../common/forecast/index.ts';

export const SAMPLERS = ['shuffled', 'repeated', 'partitioned', 'skewed'] as const;
export type SamplerName = (typeof SAMPLERS)[number];

export interface Sampler {
  /** The objects of one epoch in the order of reading. */
  readonly order: (epoch: number) => Uint32Array;
  readonly node: (position: number, object: number) => number;
}

export interface SamplerOptions {
  readonly name: SamplerName;
  readonly objects: number;
  readonly nodes: number;
  readonly seed: number;
  /** Jobs of one number read the same orders. */
  readonly stream: number;
}

export function samplerOf(options: SamplerOptions): Sampler {
  const { name, objects, nodes, seed, stream } = options;
  const inTurn = (position: number) => position % nodes;
  const shuffled = (epoch: number) => new SeededRandom(seed, 2, stream, epoch).permutation(objects);
  switch (name) {
    case 'shuffled':
      return { order: shuffled, node: inTurn };
    case 'repeated':
      return { order: () => shuffled(0), node: inTurn };
    case 'partitioned':
      return { order: shuffled, node: (_, object) => object % nodes };
    case 'skewed': {
      const zipf = new Zipf(objects, new SeededRandom(seed, 3).permutation(objects));
      return {
        order: (epoch) => zipf.sample(new SeededRandom(seed, 4, stream, epoch)),
        node: inTurn,
      };
    }
  }
}

class Zipf {
  readonly #objects: Uint32Array;
  readonly #sums: Float64Array;

  /** @param objects by rank, the most wanted first */
  constructor(count: number, objects: Uint32Array) {
    this.#objects = objects;
    let sum = 0;
    this.#sums = Float64Array.from({ length: count }, (_, rank) => (sum += 1 / (rank + 1)));
  }

  sample(random: SeededRandom): Uint32Array {
    const total = this.#sums.at(-1) ?? 0;
    return this.#objects.map(() => this.#objects[this.#rankOf(random.unit() * total)] ?? 0);
  }

  #rankOf(sum: number): number {
    let low = 0;
    let high = this.#sums.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sums[middle] ?? 0) > sum) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
