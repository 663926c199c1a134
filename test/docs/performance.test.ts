/** docs/PERFORMANCE.md against the rows of the benchmarks. */
import { describe, expect, it } from 'vitest';
import { targetText } from '../../bench/suite/results.ts';
import { ROWS } from '../../bench/suite/rows/index.ts';
import type { Suite } from '../../bench/suite/row.ts';
import { readText } from './repository.ts';

const page = readText('docs/PERFORMANCE.md');

/** The cells of the table between the markers of a suite. */
function cellsOf(suite: Suite): string[][] {
  const [, text = ''] = page.split(`<!-- bench:${suite} -->`);
  const [table = ''] = text.split(`<!-- /bench:${suite} -->`);
  return table
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim()));
}

describe.each(['own', 'peers'] as const)('the table of %s', (suite) => {
  const rows = ROWS.filter(({ contenders }) => contenders[suite] !== undefined);

  it('has exactly the rows of the benchmark, in their order, with what bounds them', () => {
    const expected = rows.map(({ name, title, reader, before, bound }) => {
      return { name: `\`${name}\``, what: `${title} (${reader})`, before, bound };
    });
    const found = cellsOf(suite).map(([, name, what, before, , , bound]) => {
      return { name, what, before, bound };
    });
    expect(found, 'npm run bench -- page FILE … writes it').toEqual(expected);
  });

  it('has the targets of each row that was measured', () => {
    const wrong = cellsOf(suite).filter(([, name, , , figures, verdicts = '']) => {
      const row = rows.find((one) => `\`${one.name}\`` === name);
      const targets = (row?.targets ?? [])
        .filter((target) => target.suite === suite)
        .map((target) => targetText(target, row?.unit ?? 'ms'));
      return figures !== 'not measured' && !targets.every((text) => verdicts.includes(text));
    });
    expect(wrong.map(([, name]) => name)).toEqual([]);
  });
});

it('names each target that Larder has set itself', () => {
  const targets = ROWS.flatMap(({ name, unit, targets }) =>
    targets.map((target) => `${name}: ${targetText(target, unit)}`),
  );
  expect(new Set(targets)).toEqual(
    new Set([
      'cold-files-16: larder ≥ 2.5 × rclone',
      'cold-files-walk: larder ≥ 4 × rclone',
      'cold-limited: larder ≥ 0.95 × 300 MB/s',
      'cold-sequential-1m-1: larder ≥ 0.9 × baseline',
      'cold-sequential-1m-1: larder ≥ 1.1 × the best of rclone, s3fs',
      'files-three-passes: larder ≥ 0.9 × the best of larder passthrough, larder none',
      'memory-1m-growth: larder ≤ 1.2 ×',
      'memory-1m: larder ≤ 300 MiB',
      'warm-files-hot-1: larder none ≥ 0.7 × native',
      'warm-files-hot-16: larder none ≥ 0.7 × native',
      'warm-files-remount-1: larder passthrough or larder none ≥ 0.35 × native',
      'warm-files-remount-1: larder passthrough or larder none ≥ 2 × rclone',
      'warm-files-remount-16: larder passthrough or larder none ≥ 0.35 × native',
      'warm-files-remount-16: larder passthrough or larder none ≥ 2 × rclone',
      'warm-mmap: larder passthrough ≥ 0.95 × native',
      'warm-random-4k-1: larder passthrough ≥ 0.9 × native',
      'warm-random-4k-16: larder passthrough ≥ 0.9 × native',
      'warm-sequential-1m-1: larder daemon ≥ 1.2 × the best of rclone, s3fs',
      'warm-sequential-1m-1: larder daemon ≥ 2.5 × fuse-native',
      'warm-sequential-1m-1: larder passthrough ≥ 0.95 × native',
      'warm-sequential-1m-4: larder passthrough ≥ 0.95 × native',
    ]),
  );
});
