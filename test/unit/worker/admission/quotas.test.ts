import { expect, test } from 'vitest';
import { planQuotas } from '../../../../worker/admission/index.ts';
import type { QuotaClaim } from '../../../../worker/admission/index.ts';

const claim = (datasetId: number, rest: Partial<QuotaClaim> = {}): QuotaClaim => ({
  datasetId,
  sizeBytes: 100,
  limitBytes: Infinity,
  bytesPerSecond: 0,
  heldBytes: 0,
  ...rest,
});

function quotas(claims: readonly QuotaClaim[], regionBytes: number): Record<number, number> {
  const planned = planQuotas(claims, regionBytes);
  return Object.fromEntries(planned.map(({ datasetId, quotaBytes }) => [datasetId, quotaBytes]));
}

test('while everything fits, everything has a place', () => {
  expect(quotas([claim(1), claim(2, { bytesPerSecond: 9 })], 200)).toEqual({ 1: 100, 2: 100 });
});

test('the region goes to what is read most for its size; what nobody reads shares the rest', () => {
  const claims = [
    claim(1, { sizeBytes: 300 }),
    claim(2, { sizeBytes: 100 }),
    // Larger, and read as much: a byte of it is worth half.
    claim(3, { sizeBytes: 200, bytesPerSecond: 50 }),
    claim(4, { sizeBytes: 100, bytesPerSecond: 50 }),
  ];
  expect(quotas(claims, 150)).toEqual({ 1: 0, 2: 0, 3: 50, 4: 100 });
  expect(quotas(claims, 400)).toEqual({ 1: 75, 2: 25, 3: 200, 4: 100 });
  expect(planQuotas(claims, 400).map(({ datasetId, rank }) => [datasetId, rank])).toEqual([
    [4, 0],
    [3, 1],
    [1, 2],
    [2, 3],
  ]);
});

test('of datasets that are worth about the same the one that is there stays', () => {
  const hot = (bytesPerSecond: number, heldBytes: number) => ({ bytesPerSecond, heldBytes });
  expect(quotas([claim(1, hot(104, 10)), claim(2, hot(100, 90))], 100)).toEqual({ 1: 0, 2: 100 });
  expect(quotas([claim(1, hot(200, 10)), claim(2, hot(100, 90))], 100)).toEqual({ 1: 100, 2: 0 });
});

test('a limit is an upper bound; limits of more than the region are cut in the order of worth', () => {
  const limited = (bytesPerSecond: number, limitBytes: number) => ({ bytesPerSecond, limitBytes });
  const claims = [claim(1, limited(1, 80)), claim(2, limited(10, 70)), claim(3, limited(0, 60))];
  expect(quotas(claims, 1000)).toEqual({ 1: 80, 2: 70, 3: 60 });
  expect(quotas(claims, 100)).toEqual({ 1: 30, 2: 70, 3: 0 });
  expect(quotas([claim(1, { limitBytes: 500 })], 1000)).toEqual({ 1: 100 });
});

test('nothing to divide, and nobody to have it', () => {
  expect(quotas([claim(1), claim(2, { bytesPerSecond: 5 })], 0)).toEqual({ 1: 0, 2: 0 });
  expect(quotas([claim(1, { sizeBytes: 0, bytesPerSecond: 5 })], 10)).toEqual({ 1: 0 });
  expect(quotas([], 10)).toEqual({});
});
