/** What a preload is made of, without a master. */
import { describe, expect, test } from 'vitest';
import { Pace } from '../../../master/pace.ts';
import { outcomeOf, progressFrom, retryPaths } from '../../../master/preload-outcome.ts';
import { checkRequest, isSameWork, recordOf } from '../../../master/preload-spec.ts';
import type { PreloadRequest } from '../../../master/preload-spec.ts';
import { ProgressRate } from '../../../master/progress-rate.ts';

const REQUEST: PreloadRequest = {
  dataset: 'ds',
  version: 1,
  paths: [],
  listed: [],
  budgetBytes: 0,
  bandwidthBytes: 0,
  deadlineMs: 0,
  keepMs: 0,
  priority: 0,
  isDetached: false,
  replicas: 0,
  on: [],
  isVerified: false,
  changedSince: 0,
};
const FACTS = { id: 1, datasetId: 1, version: 1, on: [], nowMs: 1000 };

describe('a pace', () => {
  test('lets a batch go when those before it have taken their time', () => {
    const pace = new Pace(100);
    expect([pace.waitMs(0), pace.batchBytes]).toEqual([0, 100]);
    pace.handedOut(250, 0);
    expect([pace.waitMs(0), pace.waitMs(2000), pace.waitMs(2500)]).toEqual([2500, 500, 0]);
    // What was not used is not saved up.
    pace.handedOut(100, 10_000);
    expect(pace.waitMs(10_000)).toBe(1000);
  });

  test('without a limit nothing waits', () => {
    const pace = new Pace(0);
    pace.handedOut(1e15, 0);
    expect([pace.waitMs(0), pace.batchBytes]).toEqual([0, Infinity]);
  });
});

describe('a rate', () => {
  test('is that of the last ten seconds, and of all of it', () => {
    const rate = new ProgressRate();
    expect(rate.recent(0, 0)).toBe(0);
    for (let second = 0; second <= 20; second += 1) {
      rate.sample(second <= 10 ? 0 : (second - 10) * 500, second * 1000);
    }
    expect(rate.recent(5000, 20_000)).toBe(500);
    expect(rate.overall(5000, 20_000)).toBe(250);
  });

  test('is never below 0', () => {
    const rate = new ProgressRate();
    rate.sample(1000, 0);
    expect(rate.recent(0, 5000)).toBe(0);
  });
});

describe('a request', () => {
  test.each([
    { budgetBytes: -1 },
    { bandwidthBytes: 0.5 },
    { deadlineMs: Number.NaN },
    { keepMs: 2 ** 60 },
    { priority: 101 },
    { priority: 0.5 },
    { listed: [Buffer.alloc(4_000_000)] },
  ])('with %j is refused', (change) => {
    expect(() => {
      checkRequest({ ...REQUEST, ...change });
    }).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  test('is the same work as another one where all but the watching is the same', () => {
    const record = recordOf({ ...REQUEST, paths: [Buffer.from('a')] }, FACTS);
    const later = { ...FACTS, id: 2, nowMs: 5000 };
    const same = recordOf({ ...REQUEST, paths: [Buffer.from('a')], isDetached: true }, later);
    expect(isSameWork(record, same)).toBe(true);
    const changes = [
      { keepMs: 1 },
      { paths: [] },
      { listed: [Buffer.from('a')] },
      { replicas: 2 },
      { isVerified: true },
    ];
    for (const change of changes) {
      const other = recordOf({ ...REQUEST, paths: [Buffer.from('a')], ...change }, later);
      expect(isSameWork(record, other)).toBe(false);
    }
    expect(isSameWork(record, { ...record, version: 2 })).toBe(false);
  });
});

describe('an outcome', () => {
  const path = Buffer.of(0xff, 0x61);
  const denied = { path, code: 'ORIGIN_DENIED', message: 'no' };
  const missing = { path: Buffer.from('b'), code: 'NOT_FOUND', message: 'not there' };
  const progress = { preload_id: 7, held_bytes: 5, failed_files: 2, failures: [denied, missing] };

  test('comes back from JSON, names that are no text too', () => {
    const outcome = outcomeOf({ ...progress, state: 'PARTIAL' }, 99);
    const read = JSON.parse(JSON.stringify(outcome)) as typeof outcome;
    expect(progressFrom(7, read)).toEqual({ ...progress, state: 'PARTIAL' });
  });

  test('is retried with what failed and is there', () => {
    const partial = outcomeOf({ ...progress, state: 'PARTIAL' }, 99);
    const all = { paths: ['YQ=='], listed: [] };
    expect(retryPaths(all, partial)).toEqual({ paths: [], listed: [path.toString('base64')] });
    expect(retryPaths(all, { ...partial, counts: { failed_files: 5000 } })).toEqual(all);
    expect(retryPaths(all, { ...partial, state: 'CANCELLED' })).toEqual(all);
    expect(retryPaths(all, { ...partial, state: 'COMPLETE' })).toBeUndefined();
    const onlyMissing = outcomeOf(
      { ...progress, failed_files: 1, failures: [missing], state: 'PARTIAL' },
      99,
    );
    expect(retryPaths(all, onlyMissing)).toBeUndefined();
  });
});
