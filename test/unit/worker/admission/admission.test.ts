import { describe, expect, test } from 'vitest';
import { BAND_BUCKETS } from '../../../../common/index.ts';
import { Admission, FULL_BAND, thresholdFor } from '../../../../worker/admission/index.ts';
import type { Newcomer, Shortage } from '../../../../worker/admission/index.ts';
import { bandOf, shuffled, SimulatedCache } from './simulated-cache.ts';

const KEPT_SHARE = 0.92;
const OBJECTS = 1500;
const BYTES = 100;

/** Hit ratio in % of the second and third epoch. */
function hitRatio(cache: SimulatedCache, order: (epoch: number) => number[]): number {
  let hits = 0;
  for (let epoch = 0; epoch < 3; epoch += 1) {
    for (const i of order(epoch)) {
      const hit = cache.read({ datasetId: 1, file: i, bytes: BYTES });
      if (hit && epoch > 0) hits += 1;
    }
  }
  return (hits / OBJECTS / 2) * 100;
}

function expectedSums(): Float64Array {
  const sums = new Float64Array(BAND_BUCKETS);
  for (let i = 0; i < OBJECTS; i += 1) {
    sums[Math.floor((bandOf(1, i) / FULL_BAND) * BAND_BUCKETS)]! += BYTES;
  }
  return sums;
}

describe.each([25, 50, 75])('a kept region of %i %% of the dataset', (percent) => {
  const capacityBytes = Math.ceil((OBJECTS * BYTES * percent) / 100 / KEPT_SHARE);
  const make = (sums?: Float64Array) => {
    const admission = new Admission({ capacityBytes, capacityObjects: 1e9, keptShare: KEPT_SHARE });
    if (sums !== undefined) admission.setExpected(1, { bandBytes: sums, share: 1 });
    return new SimulatedCache(admission);
  };
  const fresh = (epoch: number) => shuffled(OBJECTS, epoch + 1);
  const same = () => shuffled(OBJECTS, 1);

  test('a new order each epoch hits that share', () => {
    expect(Math.abs(hitRatio(make(expectedSums()), fresh) - percent)).toBeLessThan(2);
  });
  test('the same order each epoch does too', () => {
    expect(Math.abs(hitRatio(make(expectedSums()), same) - percent)).toBeLessThan(2);
  });
  test('without sums, or with wrong ones, it ends at the same place', () => {
    expect(Math.abs(hitRatio(make(), fresh) - percent)).toBeLessThan(2);
    for (const factor of [0.3, 3]) {
      const wrong = expectedSums().map((sum) => sum * factor);
      expect(Math.abs(hitRatio(make(wrong), same) - percent)).toBeLessThan(2);
    }
  });
  test('kept bytes stay within the kept region', () => {
    const cache = make();
    hitRatio(cache, fresh);
    expect(cache.keptBytes()).toBeLessThanOrEqual(capacityBytes * KEPT_SHARE);
    expect(cache.admission.usedBytes).toBeLessThanOrEqual(capacityBytes);
  });
});

test('everything is kept while everything fits', () => {
  const admission = new Admission({ capacityBytes: OBJECTS * BYTES * 1.1, capacityObjects: 1e9 });
  admission.setExpected(1, { bandBytes: expectedSums(), share: 1 });
  expect(admission.share(1).threshold).toBe(FULL_BAND);
  const cache = new SimulatedCache(admission);
  expect(hitRatio(cache, (epoch) => shuffled(OBJECTS, epoch))).toBe(100);
});

test('the threshold rises with the capacity and when a dataset goes', () => {
  const admission = new Admission({ capacityBytes: 10_000, capacityObjects: 1e9 });
  admission.setExpected(1, { bandBytes: expectedSums(), share: 1 });
  const small = admission.share(1).threshold;
  admission.setExpected(2, { bandBytes: expectedSums(), share: 1 });
  expect(admission.share(1).threshold).toBeLessThan(small);
  admission.setExpected(2, undefined);
  expect(admission.share(1).threshold).toBe(small);
  admission.setCapacity({ capacityBytes: 20_000, capacityObjects: 1e9 });
  expect(admission.share(1).threshold).toBeGreaterThan(small);
});

test('free inodes are a capacity too', () => {
  const admission = new Admission({ capacityBytes: 1e12, capacityObjects: 100 });
  const cache = new SimulatedCache(admission);
  for (let i = 0; i < 1000; i += 1) cache.read({ datasetId: 1, file: i, bytes: 10 });
  expect(admission.objects).toBe(100);
});

test('what is open goes after what is not; nothing below both threshold and newcomer goes', () => {
  const admission = new Admission({ capacityBytes: 100, capacityObjects: 1e9, keptShare: 0.5 });
  const candidate = (objectId: string, band: number, open = false) => {
    return { objectId, datasetId: 1, firstBlock: band, band, open };
  };
  const order = {
    transit: () => [candidate('old', 1, true), candidate('new', 2)],
    replica: () => [candidate('second', 50)],
    kept: () => [candidate('high', 900), candidate('middle', 500), candidate('low', 100)],
  };
  for (const { band, firstBlock } of order.kept()) {
    admission.account({ region: 'kept', datasetId: 1, band, firstBlock }, 1, 1);
  }
  for (const region of ['transit', 'transit', 'replica'] as const) {
    admission.account({ region, datasetId: 1, band: 1, firstBlock: 1 }, 1, 1);
  }
  const names = (newcomer: Newcomer, shortage: Shortage) =>
    [...admission.victims({ shortage, newcomer, nowMs: 0 }, order)].map(({ objectId }) => objectId);
  const passing: Newcomer = {
    ...{ region: 'transit', datasetId: 1, firstBlock: 300, band: 300 },
    ...{ bytes: 1, objects: 1 },
  };
  expect(names(passing, 'total')).toEqual(['new', 'second', 'old']);
  expect(names({ ...passing, region: 'replica' }, 'total')).toEqual(['new', 'old']);
  expect(names({ ...passing, region: 'replica' }, 'spare')).toEqual([]);
  expect(names({ ...passing, region: 'kept' }, 'kept')).toEqual(['second', 'high', 'middle']);
  expect(admission.share(1).threshold).toBe(300);
  admission.account({ region: 'kept', datasetId: 1, band: 900, firstBlock: 900 }, 1, 1);
  expect(names(passing, 'total')).toEqual(['new', 'second', 'high', 'middle', 'old']);
});

test('the threshold for sums: inside a bucket bytes are spread evenly', () => {
  const sums = new Float64Array(BAND_BUCKETS).fill(10);
  expect(thresholdFor(sums, 10 * BAND_BUCKETS)).toBe(FULL_BAND);
  expect(thresholdFor(sums, 5 * BAND_BUCKETS)).toBe(FULL_BAND / 2);
  expect(thresholdFor(sums, 15)).toBe(1.5 * (FULL_BAND / BAND_BUCKETS));
  expect(thresholdFor(sums, 0)).toBe(0);
});

test('of an object that is owned by stripe one stripe has to fit, not all of it', () => {
  const stripe = 2 ** 30;
  const admission = new Admission({ capacityBytes: 1.2 * stripe, capacityObjects: 100 });
  const large = { datasetId: 1, firstBlock: 0, band: 1, bytes: 3 * stripe };
  expect(admission.classify(large, 0)).toEqual({ region: 'kept', reason: 'below threshold' });
  admission.setCapacity({ capacityBytes: stripe, capacityObjects: 100 });
  expect(admission.classify(large, 0)).toEqual({ region: 'transit', reason: 'too large' });
});

describe('replicas', () => {
  const make = () => new Admission({ capacityBytes: 1000, capacityObjects: 1e9, keptShare: 0.9 });
  const kept: Newcomer = {
    ...{ region: 'kept', datasetId: 1, firstBlock: 0, band: 1 },
    ...{ bytes: 100, objects: 1 },
  };
  const replica: Newcomer = { ...kept, region: 'replica' };

  test('take what is to spare beside what is kept, and no more', () => {
    const admission = make();
    admission.account(kept, 700, 7);
    expect(admission.classifyReplica({ bytes: 100 }).region).toBe('replica');
    admission.account(replica, 200, 2);
    expect(admission.classifyReplica({ bytes: 1 })).toEqual({
      ...{ region: 'transit', reason: 'nothing to spare' },
    });
    expect(admission.shortage(replica)).toBe('spare');
  });

  test('take nothing of what this worker is expected to keep, though it is not there yet', () => {
    const admission = make();
    const sums = new Float64Array(BAND_BUCKETS);
    sums[0] = 850;
    admission.setExpected(1, { bandBytes: sums, share: 1 });
    expect(admission.classifyReplica({ bytes: 51 }).region).toBe('transit');
    expect(admission.classifyReplica({ bytes: 50 }).region).toBe('replica');
    const more = sums.slice();
    more[1] = 1000;
    admission.setExpected(1, { bandBytes: more, share: 1 });
    expect(admission.classifyReplica({ bytes: 1 }).region).toBe('transit');
  });

  test('give way to what is kept', () => {
    const admission = make();
    admission.account(kept, 600, 6);
    admission.account(replica, 300, 3);
    const newcomer = { ...kept, band: 2 ** 32 - 1 };
    expect(admission.classify(newcomer, 0).region).toBe('kept');
    expect(admission.shortage(kept)).toBe('kept');
    admission.account(replica, -100, -1);
    expect(admission.shortage(kept)).toBeUndefined();
    expect(admission.usedBytes).toBe(800);
  });
});
