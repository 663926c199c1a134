/** Permutations as the libraries of training jobs make them from a seed. */
import assert from 'node:assert';
import { Mt19937 } from './mt19937.ts';

/** From here on PyTorch takes 64 bits for each number: floor((2^32 − 1) / 20). */
const TORCH_SMALL_END = 214_748_364;

/** `torch.randperm(count, generator=g)` on the CPU, after `g.manual_seed(seed)`. */
export function torchPermutation(count: number, seed: number): Uint32Array {
  assert(count < TORCH_SMALL_END, 'larger ones are made in another way');
  const random = Mt19937.torch(seed);
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = 0; i < count - 1; i += 1) swap(order, i, i + (random.uint32() % (count - i)));
  return order;
}

/** `random.Random(seed).shuffle` of 0 … count − 1, as CPython does it. */
export function pythonShuffle(count: number, seed: number): Uint32Array {
  const random = Mt19937.python(seed);
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i -= 1) swap(order, i, below(random, i + 1));
  return order;
}

/** `_randbelow`: so many bits until they are a number that is small enough. */
function below(random: Mt19937, end: number): number {
  const shift = Math.clz32(end);
  for (;;) {
    const number = random.uint32() >>> shift;
    if (number < end) return number;
  }
}

function swap(order: Uint32Array, a: number, b: number): void {
  const kept = order[a] ?? 0;
  order[a] = order[b] ?? 0;
  order[b] = kept;
}
