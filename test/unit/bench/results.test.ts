import { describe, expect, it } from 'vitest';
import {
  bestOf,
  formatRatio,
  formatValue,
  spreadOf,
  verdictsOf,
} from '../../../bench/suite/results.ts';
import type { Measured } from '../../../bench/suite/results.ts';
import { rotated } from '../../../bench/suite/rotate.ts';
import { samplesOf } from '../../../bench/suite/row.ts';
import { median } from '../../../bench/median.ts';
import { aRow } from './rows.ts';

const measured: readonly Measured[] = [
  { contender: 'native', samples: [10, 12, 8] },
  { contender: 'larder none', samples: [4, 7, 5] },
  { contender: 'larder passthrough', samples: [9, 6, 9.5] },
  { contender: 'rclone', samples: [], unavailable: 'rclone is not installed' },
];

describe('the figures of a row', () => {
  it('median, least and most; nothing of no samples', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(spreadOf([10, 12, 8])).toEqual({ median: 10, min: 8, max: 12 });
    expect(spreadOf([])).toBeUndefined();
  });

  it('the best of several is the fastest, or the one that takes least', () => {
    const names = ['larder none', 'larder passthrough'] as const;
    expect(bestOf(measured, names, 'files/s')).toBe(9);
    expect(bestOf(measured, names, 'ms')).toBe(5);
    expect(bestOf(measured, ['rclone'], 'files/s')).toBeUndefined();
  });

  it('numbers as people read them', () => {
    expect(formatValue(18.234, 'GB/s')).toBe('18.23');
    expect(formatValue(15_600.4, 'files/s')).toBe('15,600');
    expect(formatValue(0.271, 'ms')).toBe('0.27');
    expect(formatRatio(0.953)).toBe('0.95');
    expect(formatRatio(0.0013)).toBe('0.0013');
  });
});

describe('the verdict on a target', () => {
  const against = (atLeast: number) =>
    aRow({
      targets: [
        { suite: 'own', of: ['larder none', 'larder passthrough'], than: ['native'], atLeast },
      ],
    });

  it('is met from the ratio that it names, by the best of those it names', () => {
    const target = 'larder none or larder passthrough ≥ 0.9 × native';
    expect(verdictsOf(against(0.9), 'own', measured)).toEqual([
      { target, value: '0.90 ×', met: true },
    ]);
    expect(verdictsOf(against(0.91), 'own', measured)).toMatchObject([{ met: false }]);
  });

  it('is none where one side was not measured, or the target is of the other suite', () => {
    const row = aRow({
      targets: [{ suite: 'own', of: ['native'], than: ['rclone', 's3fs'], atLeast: 2 }],
    });
    const target = 'native ≥ 2 × the best of rclone, s3fs';
    expect(verdictsOf(row, 'own', measured)).toEqual([{ target }]);
    expect(verdictsOf(row, 'peers', measured)).toEqual([]);
  });

  it('of a limit: at least of a speed, at most of memory', () => {
    const targets = [{ suite: 'own', of: ['native'], limit: 9, text: '9' }] as const;
    const [speed] = verdictsOf(aRow({ unit: 'GB/s', targets }), 'own', measured);
    expect(speed).toEqual({ target: 'native ≥ 9', value: '10.00 GB/s', met: true });
    const [memory] = verdictsOf(aRow({ unit: 'MiB', targets }), 'own', measured);
    expect(memory).toEqual({ target: 'native ≤ 9', value: '10 MiB', met: false });
  });

  it('of a time: less is a higher ratio', () => {
    const row = aRow({
      unit: 'ms',
      targets: [{ suite: 'own', of: ['larder none'], than: ['native'], atLeast: 2 }],
    });
    expect(verdictsOf(row, 'own', measured)).toMatchObject([{ value: '2.00 ×', met: true }]);
  });
});

describe('a run', () => {
  it('begins each round with another contender', () => {
    expect([0, 1, 2, 3].map((round) => rotated(['a', 'b', 'c'], round).join(''))).toEqual([
      'abc',
      'bca',
      'cab',
      'abc',
    ]);
    expect(rotated([], 1)).toEqual([]);
  });

  it('measures short rows more often against native, and the longest once', () => {
    const counts = (suite: 'own' | 'peers') =>
      (['once', 'few', 'many'] as const).map((samples) => samplesOf(aRow({ samples }), suite, 3));
    expect(counts('own')).toEqual([1, 3, 6]);
    expect(counts('peers')).toEqual([1, 3, 3]);
  });
});
