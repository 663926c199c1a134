import { describe, expect, it } from 'vitest';
import { chanceUnevenness, evenness } from '../../../bench/policy-suite/judging.ts';
import { shuffled } from '../../../bench/policy-suite/orders.ts';
import type { EpochReport } from '../../../bench/policy-suite/scene.ts';

const EPOCHS = 2;
const FILES = [...Array<number>(2304).fill(64), ...Array<number>(192).fill(256)];

/** Half of the files are missed in each of the epochs, which are ten equal parts of a permutation. */
function simulated(sizes: readonly number[], seed: number): number {
  const tenths = Array<number>(10).fill(0);
  const missed = new Set(shuffled([...sizes.keys()], seed).slice(0, sizes.length / 2));
  for (let epoch = 0; epoch < EPOCHS; epoch += 1) {
    shuffled([...sizes.keys()], 1_000 * seed + epoch).forEach((file, at) => {
      const tenth = Math.floor((10 * at) / sizes.length);
      if (missed.has(file)) tenths[tenth] = (tenths[tenth] ?? 0) + (sizes[file] ?? 0);
    });
  }
  return Math.max(...tenths) / Math.min(...tenths);
}

function report(deciles: readonly number[]): EpochReport {
  return { originBytes: 0, deciles, reads: { bytes: 0, originBytes: 0, peerBytes: 0 } };
}

describe('misses by decile', () => {
  it('are uneven by chance as much as is computed', () => {
    const runs = Array.from({ length: 60 }, (_, i) => simulated(FILES, i + 1));
    const mean = runs.reduce((sum, ratio) => sum + ratio, 0) / runs.length;
    expect(Math.abs(chanceUnevenness(FILES, 0.5, EPOCHS) / mean - 1)).toBeLessThan(0.03);
    expect(Math.max(...runs)).toBeLessThan(1.5);
  });

  it('are judged only where files are so many that chance does not decide', () => {
    const files = FILES.map((sizeBytes) => ({ sizeBytes }));
    const even = report(Array(10).fill(10));
    const bursty = report([30, ...Array<number>(9).fill(10)]);
    expect(evenness('misses', [even, even], files).met).toBe(true);
    expect(evenness('misses', [bursty, even], files).met).toBe(false);
    expect(() => evenness('misses', [even, even], files.slice(-300))).toThrow(/larger --size/);
  });
});
