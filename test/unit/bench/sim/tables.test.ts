import { describe, expect, test } from 'vitest';
import { checkTables } from '../../../../bench/sim/check.ts';
import { CACHED_SHARES, COLUMNS, HIT_ROWS, PLACE_ROWS } from '../../../../bench/sim/tables.ts';

/** Seconds of CPU time, on a machine that may be busy. */
const LONG = 300_000;

describe('the tables of the policy', () => {
  test('come out of the simulator within a point', { timeout: LONG }, () => {
    const { hitRatios, places, times, off } = checkTables({ seed: 1, objects: 16_000 });
    const wrong = [...hitRatios, ...places, ...times].flatMap(({ title, cells }) =>
      cells.flatMap(({ isEqual, values }, at) =>
        isEqual ? [] : [{ title, column: COLUMNS[at]?.title, values }],
      ),
    );
    expect(wrong).toEqual([]);
    expect(off).toBe(0);
  });

  test('are those of closed forms, where there is one', () => {
    const lru = HIT_ROWS.find(({ policy }) => policy === 'lru')?.cells[0] ?? [];
    for (const [at, c] of CACHED_SHARES.entries()) {
      const ratio = 100 * (c + (1 - c) * Math.log(1 - c));
      expect(Math.abs((lru[at] ?? 0) - ratio)).toBeLessThanOrEqual(0.5);
    }
    for (const { expected } of PLACE_ROWS) {
      expect(expected.reduce((sum, share) => sum + share, 0)).toBeCloseTo(100, 9);
    }
    for (const { cells } of HIT_ROWS) expect(cells).toHaveLength(COLUMNS.length);
  });
});
