/** Several datasets in one cache: the real admission, a store without files. */
import { describe, expect, test } from 'vitest';
import { BAND_BUCKETS } from '../../../../common/index.ts';
import { Admission, FULL_BAND, withoutEmptyBuckets } from '../../../../worker/admission/index.ts';
import { bandOf, shuffled, SimulatedCache } from './simulated-cache.ts';

const BYTES = 100;
const FILES = 1000;
const KEPT_SHARE = 0.9;

interface Scene {
  /** Of one dataset. */
  readonly keptShareOfDataset: number;
  readonly datasets?: readonly number[];
}

function make({ keptShareOfDataset, datasets = [1, 2] }: Scene): SimulatedCache {
  const capacityBytes = Math.ceil((keptShareOfDataset * FILES * BYTES) / KEPT_SHARE);
  const admission = new Admission({ capacityBytes, capacityObjects: 1e9, keptShare: KEPT_SHARE });
  for (const datasetId of datasets) tell(admission, datasetId);
  return new SimulatedCache(admission);
}

function tell(admission: Admission, datasetId: number, limitBytes?: number): void {
  admission.setExpected(datasetId, { bandBytes: sums(datasetId), share: 1, limitBytes });
}

const sumsOf = new Map<string, Float64Array>();

function sums(datasetId: number, files: number = FILES): Float64Array {
  const name = `${String(datasetId)} ${String(files)}`;
  let found = sumsOf.get(name);
  if (found === undefined) {
    found = new Float64Array(BAND_BUCKETS);
    for (let file = 0; file < files; file += 1) {
      found[Math.floor((bandOf(datasetId, file) / FULL_BAND) * BAND_BUCKETS)]! += BYTES;
    }
    sumsOf.set(name, found);
  }
  return found;
}

/** Hits of one pass in the kept region in %, in an order that is new each time. */
function epoch(cache: SimulatedCache, datasetId: number, seed: number, files = FILES): number {
  let hits = 0;
  for (const file of shuffled(files, seed)) {
    const held = cache.held.get(`${String(datasetId)}/${String(file)}`);
    hits += Number(held?.region === 'kept');
    cache.read({ datasetId, file, bytes: BYTES });
  }
  return (hits / files) * 100;
}

describe('two datasets, one hot', () => {
  test('the hot one has all that it can use from its second epoch on, the other the rest', () => {
    const cache = make({ keptShareOfDataset: 1.2 });
    epoch(cache, 1, 3);
    cache.admission.setRates(new Map([[2, 50]]));
    epoch(cache, 2, 11);
    expect(epoch(cache, 2, 13)).toBeGreaterThan(97);
    expect(cache.keptBytes(1) / BYTES).toBeGreaterThan(170);
    expect(cache.keptBytes(1) / BYTES).toBeLessThan(230);
    expect(cache.evictions.map(({ object }) => object.datasetId)).not.toContain(2);
  });

  test('it hits its share of the region, and the cold one nothing, where it alone is too large', () => {
    const cache = make({ keptShareOfDataset: 0.5 });
    epoch(cache, 1, 3);
    cache.admission.setRates(new Map([[2, 50]]));
    epoch(cache, 2, 11);
    const hits = epoch(cache, 2, 13);
    expect(Math.abs(hits - 50)).toBeLessThan(3);
    expect(Math.abs(epoch(cache, 2, 17) - hits)).toBeLessThan(0.5);
    expect(cache.keptBytes(1)).toBe(0);
  });

  test('when the other becomes the hot one the quota follows, and comes back with it', () => {
    const cache = make({ keptShareOfDataset: 0.8 });
    for (const [hot, seed] of [
      [1, 3],
      [2, 11],
      [1, 17],
    ] as const) {
      cache.admission.setRates(new Map([[hot, 50]]));
      epoch(cache, hot, seed);
      expect(Math.abs(epoch(cache, hot, seed + 6) - 80)).toBeLessThan(3);
    }
  });

  test('nothing moves without need: what lies outside of the band goes when there is no room', () => {
    const cache = make({ keptShareOfDataset: 1.2 });
    epoch(cache, 1, 3);
    cache.admission.setRates(new Map([[2, 50]]));
    expect(cache.evictions).toEqual([]);
    for (let file = 0; file < 200; file += 1) cache.read({ datasetId: 2, file, bytes: BYTES });
    expect(cache.evictions).toEqual([]);
    for (let file = 200; file < 210; file += 1) cache.read({ datasetId: 2, file, bytes: BYTES });
    expect(cache.evictions.length).toBe(10);
    const highest = [...cache.evictions].sort((a, b) => b.object.band - a.object.band);
    expect(cache.evictions).toEqual(highest);
    expect(cache.evictions[0]?.reason).toBe('above threshold');
  });

  test('both cold: each keeps the same share of itself', () => {
    const cache = make({ keptShareOfDataset: 1 });
    for (const seed of [3, 11, 13]) {
      epoch(cache, 1, seed);
      epoch(cache, 2, seed + 2);
    }
    expect(Math.abs(cache.keptBytes(1) / BYTES - 500)).toBeLessThan(40);
    expect(Math.abs(cache.keptBytes(2) / BYTES - 500)).toBeLessThan(40);
    const kept = () => cache.evictions.filter(({ reason }) => reason !== 'transit').length;
    const before = kept();
    epoch(cache, 1, 17);
    epoch(cache, 2, 19);
    expect(kept() - before, 'thresholds rest').toBe(0);
  });
});

test('a quota bounds a dataset though there is room, and holds when it is made smaller', () => {
  const cache = make({ keptShareOfDataset: 3, datasets: [] });
  const limit = (bytes: number) => {
    tell(cache.admission, 1, bytes);
  };
  limit(300 * BYTES);
  epoch(cache, 1, 3);
  expect(Math.abs(epoch(cache, 1, 11) - 30)).toBeLessThan(3);
  expect(cache.keptBytes(1)).toBeLessThanOrEqual(300 * BYTES);
  expect(cache.decision?.region).toBe('transit');
  expect(cache.admission.counts.places.get('over quota')).toBeGreaterThan(0);
  limit(600 * BYTES);
  epoch(cache, 1, 13);
  expect(cache.keptBytes(1)).toBeGreaterThan(550 * BYTES);
  limit(200 * BYTES);
  expect(cache.admission.share(1).threshold).toBeLessThan(0.25 * FULL_BAND);
});

test('a larger quota never lowers a threshold, and a smaller one never raises it', () => {
  const { admission } = make({ keptShareOfDataset: 1, datasets: [] });
  let before = 0;
  for (const percent of [5, 10, 30, 55, 80, 100]) {
    tell(admission, 1, (percent / 100) * FILES * BYTES);
    const { threshold } = admission.share(1);
    expect(threshold).toBeGreaterThan(before);
    before = threshold;
  }
  expect(before).toBe(FULL_BAND);
});

test('a dataset larger than all disks is kept as far as it fits', () => {
  const cache = make({ keptShareOfDataset: 0.01, datasets: [1] });
  for (const seed of [3, 11, 13]) epoch(cache, 1, seed);
  expect(Math.abs(epoch(cache, 1, 17) - 1)).toBeLessThan(0.5);
});

test('a cache smaller than one file keeps nothing, and names nothing', () => {
  const cache = make({ keptShareOfDataset: 0.0005, datasets: [1] });
  epoch(cache, 1, 3);
  expect(cache.held.size).toBe(0);
  expect(cache.evictions).toEqual([]);
  expect(cache.decision).toEqual({ region: 'transit', reason: 'too large' });
});

test('everything pinned: newcomers pass through, and the pinned ones stay', () => {
  const cache = make({ keptShareOfDataset: 0.5 });
  cache.admission.protect('weights', { datasetId: 1 });
  epoch(cache, 1, 3);
  const pinned = [...cache.held.values()].filter(({ region }) => region === 'kept');
  cache.admission.setRates(new Map([[2, 1000]]));
  epoch(cache, 2, 11);
  for (const object of pinned) expect(cache.held.get(object.objectId)).toBe(object);
  expect(cache.keptBytes(2)).toBe(0);
  cache.admission.unprotect('weights');
  epoch(cache, 2, 13);
  expect(cache.keptBytes(2)).toBeGreaterThan(0.45 * FILES * BYTES);
});

test('a pinned newcomer comes before everything that is not', () => {
  const cache = make({ keptShareOfDataset: 0.5 });
  cache.admission.setRates(new Map([[1, 1000]]));
  epoch(cache, 1, 3);
  cache.admission.protect('few', { datasetId: 2, covers: ({ firstBlock }) => firstBlock < 100 });
  epoch(cache, 2, 11);
  const kept = [...cache.held.values()].filter((it) => it.datasetId === 2 && it.region === 'kept');
  expect(kept.map(({ firstBlock }) => firstBlock).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 100 }, (_, i) => i),
  );
  expect(cache.admission.counts.places.get('pinned')).toBeGreaterThanOrEqual(100);
});

test('what is to be kept until a time goes after it, whatever the wall clock does', () => {
  const cache = make({ keptShareOfDataset: 0.5 });
  cache.admission.protect('evaluation', { datasetId: 1, untilMs: 1000 });
  epoch(cache, 1, 3);
  const keptBytes = cache.keptBytes(1);
  cache.admission.setRates(new Map([[2, 1000]]));
  cache.nowMs = 999;
  epoch(cache, 2, 11);
  expect(cache.keptBytes(1)).toBe(keptBytes);
  // A clock that was set back would say so: this one does not, and is asked alone.
  cache.nowMs = 1000;
  epoch(cache, 2, 13);
  expect(cache.keptBytes(1)).toBe(0);
});

test('capacity lowered while full: what is over goes in the order of worth, once', () => {
  const cache = make({ keptShareOfDataset: 2 });
  epoch(cache, 1, 3);
  epoch(cache, 2, 11);
  cache.admission.setRates(new Map([[2, 1000]]));
  const { admission } = cache;
  admission.setCapacity({ capacityBytes: FILES * BYTES, capacityObjects: 1e9 });
  cache.shrink();
  expect(admission.excess().bytes).toBe(0);
  expect(cache.keptBytes(2)).toBe(FILES * BYTES);
  expect(cache.keptBytes(1)).toBe(0);
});

test('a dataset that goes while it is read leaves nothing behind', () => {
  const cache = make({ keptShareOfDataset: 0.5 });
  epoch(cache, 1, 3);
  cache.admission.setExpected(1, undefined);
  for (const object of [...cache.held.values()].slice(0, 250)) cache.drop(object);
  epoch(cache, 1, 11);
  for (const object of [...cache.held.values()]) cache.drop(object);
  expect(cache.admission.usedBytes).toBe(0);
  cache.admission.setRates(new Map([[2, 10]]));
  expect(cache.admission.share(2).quotaBytes).toBe(0.5 * FILES * BYTES);
  expect(Math.abs(epoch(cache, 2, 13) + epoch(cache, 2, 17) - 50)).toBeLessThan(3);
});

test('thousands of small datasets: for a decision a few of them are looked at, not all', () => {
  const datasets = 5000;
  const files = 4;
  const capacityBytes = (datasets * files * BYTES) / 2 / KEPT_SHARE;
  const admission = new Admission({ capacityBytes, capacityObjects: 1e9, keptShare: KEPT_SHARE });
  const cache = new SimulatedCache(admission);
  for (let datasetId = 1; datasetId <= datasets; datasetId += 1) {
    const bandBytes = withoutEmptyBuckets(sums(datasetId, files));
    sumsOf.clear();
    expect(bandBytes.length).toBeLessThanOrEqual(16);
    admission.setExpected(datasetId, { bandBytes, share: 1 });
  }
  for (let datasetId = 1; datasetId <= datasets; datasetId += 1) {
    for (let file = 0; file < files; file += 1) cache.read({ datasetId, file, bytes: BYTES });
  }
  expect(cache.keptBytes()).toBeLessThanOrEqual(capacityBytes * KEPT_SHARE);
  expect(cache.keptBytes()).toBeGreaterThan(0.98 * capacityBytes * KEPT_SHARE);
  // A look at every dataset for each decision would be 100 million.
  expect(cache.walks).toBeLessThan(8 * datasets * files);
});

test('of a dataset that fills few buckets the same sums are kept in fewer', () => {
  const all = sums(1, 5);
  const few = withoutEmptyBuckets(all);
  expect(few.length).toBe(16);
  expect(few.reduce((a, b) => a + b, 0)).toBe(500);
  expect(withoutEmptyBuckets(sums(1, 5000)).length).toBe(BAND_BUCKETS);
});
