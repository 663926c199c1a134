import { expect, test } from 'vitest';
import { Leases } from '../../../master/leases.ts';

const lease = { datasetId: 1, version: 2, holder: 'h', what: 'w', ttlMs: 100 };

test('a lease lasts its time from the last renewal', () => {
  const leases = new Leases([], 0);
  expect(leases.take(lease, 0)).toBe(true);
  expect(leases.take(lease, 80)).toBe(false);
  expect(leases.live(179)).toEqual([lease]);
  expect(leases.live(180)).toEqual([]);
  expect(leases.expire(180)).toEqual([lease]);
  expect(leases.expire(180)).toEqual([]);
});

test('a renewal with another time or text is worth keeping', () => {
  const leases = new Leases([], 0);
  leases.take(lease, 0);
  expect(leases.take({ ...lease, ttlMs: 200 }, 1)).toBe(true);
  expect(leases.take({ ...lease, ttlMs: 200, what: 'x' }, 1)).toBe(true);
  expect(leases.take({ ...lease, holder: 'other' }, 1)).toBe(true);
});

test('after a restart each has its time once more', () => {
  const leases = new Leases([lease], 5000);
  expect(leases.liveOf(1, 2, 5099)).toEqual([lease]);
  expect(leases.liveOf(1, undefined, 5099)).toEqual([lease]);
  expect(leases.liveOf(1, 3, 5099)).toEqual([]);
  expect(leases.liveOf(1, 2, 5100)).toEqual([]);
});

test('released, and forgotten with its dataset', () => {
  const leases = new Leases([lease, { ...lease, datasetId: 3 }], 0);
  expect(leases.release(lease)).toBe(true);
  expect(leases.release(lease)).toBe(false);
  leases.forgetDataset(3);
  expect(leases.live(0)).toEqual([]);
});
