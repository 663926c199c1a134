import { describe, expect, it } from 'vitest';
import { renderSuite, splice } from '../../../bench/page/performance.ts';
import type { Results, RowResult } from '../../../bench/suite/results.ts';
import { renderRow, renderTargets } from '../../../bench/suite/table.ts';
import { aRow } from './rows.ts';

const result: RowResult = {
  name: 'a-row',
  date: '2026-03-04T05:06:07.000Z',
  unit: 'files/s',
  measured: [
    { contender: 'native', samples: [40_000, 50_000, 45_000] },
    { contender: 'larder none', samples: [9_000] },
    { contender: 'rclone', samples: [], unavailable: 'rclone is not installed' },
    { contender: 's3fs', samples: [], failed: 'it ended' },
  ],
  verdicts: [
    { target: 'larder none ≥ 0.7 × native', value: '0.20 ×', met: false },
    { target: 'larder none ≥ 2 × rclone' },
  ],
};

const results: Results = {
  suite: 'own',
  machine: {
    cores: 2,
    processor: 'AMD EPYC',
    memory: '23.5 GiB',
    loadAverage: 0.25,
    kernel: '6.18.0',
    node: 'v24.0.0',
    fileSystem: 'ext2/ext3',
    programs: ['fio-3.33'],
  },
  rounds: 3,
  bigBytes: 1024 ** 3,
  smallFiles: 4_000,
  rows: [result],
};

describe('the printed table', () => {
  it('has each contender with median, spread and ratio, then the targets', () => {
    expect(renderRow(aRow(), result).split('\n')).toEqual([
      'a-row: a row; nothing dropped',
      '               median     min     max           × native',
      '  native       45,000  40,000  50,000  files/s      1.00',
      '  larder none   9,000   9,000   9,000  files/s      0.20',
      '  rclone not available: rclone is not installed',
      '  s3fs FAILED: it ended',
      '  larder none ≥ 0.7 × native: 0.20 ×  MISSED',
      '  larder none ≥ 2 × rclone: not measured',
    ]);
  });

  it('ends with every target', () => {
    expect(renderTargets([result]).split('\n')).toEqual([
      'row    target                          measured',
      'a-row  larder none ≥ 0.7 × native        0.20 ×  MISSED',
      'a-row  larder none ≥ 2 × rclone    not measured',
    ]);
  });
});

describe('the page', () => {
  const rows = [
    aRow({ bound: 'The disk bounds it.' }),
    aRow({ name: 'other', contenders: { peers: ['larder'] } }),
    aRow({ name: 'later' }),
  ];

  it('has every row of the suite, measured or not, with machine, day and bound', () => {
    const lines = renderSuite(rows, 'own', [results]).split('\n');
    expect(lines[0]).toBe(
      'Measured on 2026-03-04, 3 rounds, a file of 1.0 GiB, 4000 of 100 KB: 2 cores (AMD EPYC), ' +
        '23.5 GiB of memory, load 0.3 before the run, Linux 6.18.0, ext2/ext3, Node v24.0.0; fio-3.33.',
    );
    expect(lines.slice(4)).toEqual([
      '| `a-row` | a row (fio) | nothing dropped | native 45,000 files/s (40,000–50,000); ' +
        'larder none 9,000 files/s (9,000–9,000), 0.20 × native; rclone not available; s3fs failed | ' +
        'larder none ≥ 0.7 × native: 0.20 ×, **missed**; larder none ≥ 2 × rclone: not measured | ' +
        'The disk bounds it. |',
      '| `later` | a row (fio) | nothing dropped | not measured |  |  |',
    ]);
  });

  it('takes of a row what was measured last, and leaves out the other suite', () => {
    const again = { ...result, measured: [{ contender: 'native', samples: [7] }] } as const;
    const text = renderSuite(rows, 'own', [
      results,
      { ...results, rows: [again] },
      { ...results, suite: 'peers', rows: [{ ...again, measured: [] }] },
    ]);
    expect(text).toContain('| native 7 files/s (7–7) |');
    expect(text).not.toContain('45,000');
  });

  it('is written between the markers of the suite, and nowhere else', () => {
    const page = 'before\n<!-- bench:own -->\nold\n<!-- /bench:own -->\nafter\n';
    expect(splice(page, 'own', 'new')).toBe(
      'before\n<!-- bench:own -->\n\nnew\n\n<!-- /bench:own -->\nafter\n',
    );
    expect(() => splice(page, 'peers', 'new')).toThrow('the page has no <!-- bench:peers -->');
  });
});
