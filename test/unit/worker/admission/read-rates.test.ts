import { describe, expect, test } from 'vitest';
import { ReadRates } from '../../../../worker/admission/index.ts';

const WINDOW_MS = 1000;

/** Each step is a window: what is read of the datasets 1 and 2 in it. */
function told(steps: readonly (readonly [number, number])[]): (number[][] | undefined)[] {
  const rates = new ReadRates({ windowMs: WINDOW_MS }, 5_000_000);
  return steps.map(([one, two], i) => {
    if (one > 0) rates.read(1, one);
    if (two > 0) rates.read(2, two);
    const changed = rates.tick(5_000_000 + (i + 1) * WINDOW_MS);
    return changed && [...changed].map(([id, rate]) => [id, Math.round(rate)]);
  });
}

describe('how much is read of a dataset', () => {
  test('is told when one begins to be read, and then no more while it goes on', () => {
    expect(
      told([
        [100, 0],
        [100, 0],
        [120, 0],
        [80, 0],
        [100, 50],
        [100, 50],
      ]),
    ).toEqual([
      [[1, 100]],
      undefined,
      undefined,
      undefined,
      [
        [1, 98],
        [2, 50],
      ],
      undefined,
    ]);
  });

  test('a pause is no end; four windows without a read are', () => {
    expect(
      told([
        [100, 9],
        [0, 9],
        [0, 9],
        [0, 9],
        [100, 9],
        [0, 9],
        [0, 9],
      ]),
    ).toEqual([
      [
        [1, 100],
        [2, 9],
      ],
      ...Array<undefined>(6).fill(undefined),
    ]);
    expect(
      told([
        [100, 9],
        [0, 9],
        [0, 9],
        [0, 9],
        [0, 9],
      ]).at(-1),
    ).toEqual([[2, 9]]);
  });

  test('twice as much, or half, is told too: a further job began, or one of several ended', () => {
    const more = [400, 0] as const;
    const less = [100, 0] as const;
    expect(told([less, more, more, more, less, less, less, less])).toEqual([
      [[1, 100]],
      [[1, 250]],
      ...Array<undefined>(5).fill(undefined),
      [[1, 116]],
    ]);
  });
});

test('what mounts open counts as read where they tell nothing else', () => {
  const rates = new ReadRates({ windowMs: WINDOW_MS }, 0);
  rates.opened(1, 700);
  rates.read(2, 500);
  rates.opened(2, 300);
  expect([...(rates.tick(WINDOW_MS) ?? [])]).toEqual([
    [1, 700],
    [2, 500],
  ]);
});

test('a dataset that is gone is told no more', () => {
  const rates = new ReadRates({ windowMs: WINDOW_MS }, 0);
  rates.read(1, 10);
  rates.read(2, 10);
  rates.tick(WINDOW_MS);
  rates.forget(1);
  rates.read(3, 10);
  expect([...(rates.tick(2 * WINDOW_MS)?.keys() ?? [])]).toEqual([2, 3]);
});

test('within a window nothing is told, however often it is asked', () => {
  const rates = new ReadRates({ windowMs: WINDOW_MS }, 0);
  rates.read(1, 10);
  for (let ms = 0; ms < WINDOW_MS; ms += 100) expect(rates.tick(ms)).toBeUndefined();
  expect(rates.tick(WINDOW_MS)?.get(1)).toBe(10);
});
