/** Orders of samplers, as real PyTorch and CPython gave them; `orders.json` is what `torch_orders.py` prints. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  epochOrder,
  pythonShuffle,
  rankOrder,
  torchPermutation,
} from '../../../common/samplers/index.ts';

interface Golden {
  readonly samplers: readonly {
    readonly count: number;
    readonly seed: number;
    readonly epoch: number;
    readonly world: number;
    readonly dropLast: boolean;
    readonly shuffle: boolean;
    readonly ranks: readonly (readonly number[])[];
  }[];
  readonly shuffles: readonly { count: number; seed: number; order: readonly number[] }[];
}

const SCRIPT = path.join(import.meta.dirname, 'torch_orders.py');
const golden = JSON.parse(
  fs.readFileSync(path.join(import.meta.dirname, 'orders.json'), 'utf8'),
) as Golden;

/** A Python that has torch, where this machine has one. */
function pythonWithTorch(): string | undefined {
  return ['python3', '/usr/bin/python3'].find((python) => {
    try {
      execFileSync(python, ['-c', 'import torch'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
}

describe('orders of samplers', () => {
  test.each([
    [0, [4, 1, 7, 5, 3, 9, 0, 8, 6, 2]],
    [1, [5, 6, 1, 2, 0, 8, 9, 3, 7, 4]],
    [42, [2, 6, 1, 8, 4, 5, 0, 9, 3, 7]],
  ])('torch.randperm(10) with seed %i', (seed, order) => {
    expect([...torchPermutation(10, seed)]).toEqual(order);
  });

  test('each rank reads what DistributedSampler gives it', () => {
    for (const { count, epoch, ranks, ...settings } of golden.samplers) {
      const order = epochOrder({ sampler: 'torch-distributed', ...settings }, count, epoch);
      const ours = ranks.map((_, rank) => [...rankOrder(order, rank, settings.world)]);
      expect(ours, JSON.stringify({ count, epoch, ...settings })).toEqual(ranks);
    }
  });

  test('shards come as random.Random(seed).shuffle leaves them, the same in each epoch', () => {
    for (const { count, seed, order } of golden.shuffles) {
      expect([...pythonShuffle(count, seed)]).toEqual(order);
      const settings = { seed, world: 2, shuffle: true, dropLast: false };
      const epochs = [0, 5].map((it) =>
        epochOrder({ sampler: 'webdataset', ...settings }, count, it),
      );
      for (const epoch of epochs) expect([...epoch]).toEqual(order);
    }
  });

  test('this machine’s Python shuffles so', () => {
    const { shuffles } = JSON.parse(
      execFileSync('python3', [SCRIPT, '--python-only']).toString(),
    ) as Golden;
    expect(shuffles).toEqual(golden.shuffles);
  });

  test('this machine’s PyTorch gives these orders', { timeout: 120_000 }, (context) => {
    const python = pythonWithTorch();
    if (python === undefined) {
      context.skip('no python3 here has torch: the golden file alone is compared');
      return;
    }
    expect(JSON.parse(execFileSync(python, [SCRIPT]).toString())).toEqual(golden);
  });
});
