import { describe, expect, test } from 'vitest';
import { BAND_BUCKETS, bandHash } from '../../../../common/index.ts';
import { Admission, FULL_BAND, thresholdFor } from '../../../../worker/admission/index.ts';
import type { Candidate, Newcomer, Region, Shortage } from '../../../../worker/admission/index.ts';

interface SimulatedObject {
  readonly objectId: string;
  readonly band: number;
  readonly bytes: number;
  region: Region;
}

/** What the store does around `Admission`, without files. */
class SimulatedCache {
  readonly admission: Admission;
  readonly #held = new Map<string, SimulatedObject>();

  constructor(admission: Admission) {
    this.admission = admission;
  }

  get keptBytes(): number {
    return [...this.#held.values()]
      .filter(({ region }) => region === 'kept')
      .reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** @returns whether it was a hit */
  read(objectId: string, bytes: number): boolean {
    if (this.#held.has(objectId)) return true;
    const band = bandHash(Buffer.from(objectId));
    const object = { objectId, band, bytes, region: this.admission.classify({ band, bytes }) };
    if (this.#makeRoom(object)) {
      this.admission.account(object.region, bytes, 1);
      this.#held.set(objectId, object);
    }
    return false;
  }

  #makeRoom(object: SimulatedObject): boolean {
    for (;;) {
      const newcomer: Newcomer = { ...object, objects: 1 };
      const shortage = this.admission.shortage(newcomer);
      if (shortage === undefined) return true;
      const [victim] = this.admission.victims(shortage, newcomer, this.#order());
      const held = victim && this.#held.get(victim.objectId);
      if (held !== undefined) {
        this.#held.delete(held.objectId);
        this.admission.account(held.region, -held.bytes, -1);
      } else if (shortage === 'kept') object.region = 'transit';
      else return false;
    }
  }

  #order() {
    const of = (region: string): Candidate[] =>
      [...this.#held.values()]
        .filter((object) => object.region === region)
        .map(({ objectId, band }) => ({ objectId, band, open: false }));
    return {
      transit: () => of('transit'),
      replica: () => of('replica').sort((a, b) => b.band - a.band),
      kept: () => of('kept').sort((a, b) => b.band - a.band),
    };
  }
}

const KEPT_SHARE = 0.92;
const OBJECTS = 1500;
const BYTES = 100;

function shuffled(count: number, seed: number): number[] {
  let state = seed;
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i -= 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = Math.floor((state / FULL_BAND) * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** Hit ratio in % of the second and third epoch. */
function hitRatio(cache: SimulatedCache, order: (epoch: number) => number[]): number {
  let hits = 0;
  for (let epoch = 0; epoch < 3; epoch += 1) {
    for (const i of order(epoch)) {
      const hit = cache.read(`train/${String(i)}.jpg`, BYTES);
      if (hit && epoch > 0) hits += 1;
    }
  }
  return (hits / OBJECTS / 2) * 100;
}

function expectedSums(): Float64Array {
  const sums = new Float64Array(BAND_BUCKETS);
  for (let i = 0; i < OBJECTS; i += 1) {
    const bucket = Math.floor(
      (bandHash(Buffer.from(`train/${String(i)}.jpg`)) / FULL_BAND) * BAND_BUCKETS,
    );
    sums[bucket]! += BYTES;
  }
  return sums;
}

describe.each([25, 50, 75])('a kept region of %i %% of the dataset', (percent) => {
  const capacityBytes = Math.ceil((OBJECTS * BYTES * percent) / 100 / KEPT_SHARE);
  const make = (sums?: Float64Array) => {
    const admission = new Admission({ capacityBytes, capacityObjects: 1e9, keptShare: KEPT_SHARE });
    if (sums !== undefined) admission.setExpected(1, sums);
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
    expect(cache.keptBytes).toBeLessThanOrEqual(capacityBytes * KEPT_SHARE);
    expect(cache.admission.usedBytes).toBeLessThanOrEqual(capacityBytes);
  });
});

test('everything is kept while everything fits', () => {
  const admission = new Admission({ capacityBytes: OBJECTS * BYTES * 1.1, capacityObjects: 1e9 });
  admission.setExpected(1, expectedSums());
  expect(admission.threshold).toBe(FULL_BAND);
  const cache = new SimulatedCache(admission);
  expect(hitRatio(cache, (epoch) => shuffled(OBJECTS, epoch))).toBe(100);
});

test('the threshold rises with the capacity and when a dataset goes', () => {
  const admission = new Admission({ capacityBytes: 10_000, capacityObjects: 1e9 });
  admission.setExpected(1, expectedSums());
  const small = admission.threshold;
  admission.setExpected(2, expectedSums());
  expect(admission.threshold).toBeLessThan(small);
  admission.setExpected(2, undefined);
  expect(admission.threshold).toBe(small);
  admission.setCapacity({ capacityBytes: 20_000, capacityObjects: 1e9 });
  expect(admission.threshold).toBeGreaterThan(small);
});

test('free inodes are a capacity too', () => {
  const admission = new Admission({ capacityBytes: 1e12, capacityObjects: 100 });
  const cache = new SimulatedCache(admission);
  for (let i = 0; i < 1000; i += 1) cache.read(`small/${String(i)}`, 10);
  expect(admission.objects).toBe(100);
});

test('what is open goes after what is not; nothing below both threshold and newcomer goes', () => {
  const admission = new Admission({ capacityBytes: 100, capacityObjects: 1e9, keptShare: 0.5 });
  const candidate = (objectId: string, band: number, open = false) => ({ objectId, band, open });
  const order = {
    transit: () => [candidate('old', 1, true), candidate('new', 2)],
    replica: () => [candidate('second', 50)],
    kept: () => [candidate('high', 900), candidate('middle', 500), candidate('low', 100)],
  };
  const names = (newcomer: Newcomer, shortage: Shortage) =>
    [...admission.victims(shortage, newcomer, order)].map(({ objectId }) => objectId);
  const passing: Newcomer = { region: 'transit', band: 300, bytes: 1, objects: 1 };
  expect(names(passing, 'total')).toEqual(['new', 'second', 'old']);
  expect(names({ ...passing, region: 'replica' }, 'total')).toEqual(['new', 'old']);
  expect(names({ ...passing, region: 'replica' }, 'spare')).toEqual([]);
  expect(names({ ...passing, region: 'kept' }, 'kept')).toEqual(['second', 'high', 'middle']);
  expect(admission.threshold).toBe(300);
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
  expect(admission.classify({ band: 1, bytes: 3 * stripe })).toBe('kept');
  admission.setCapacity({ capacityBytes: stripe, capacityObjects: 100 });
  expect(admission.classify({ band: 1, bytes: 3 * stripe })).toBe('transit');
});

describe('replicas', () => {
  const make = () => {
    const admission = new Admission({
      capacityBytes: 1000,
      capacityObjects: 1e9,
      keptShare: 0.9,
    });
    return admission;
  };
  const kept: Newcomer = { region: 'kept', band: 1, bytes: 100, objects: 1 };
  const replica: Newcomer = { ...kept, region: 'replica' };

  test('take what is to spare beside what is kept, and no more', () => {
    const admission = make();
    admission.account('kept', 700, 7);
    expect(admission.classifyReplica({ bytes: 100 })).toBe('replica');
    admission.account('replica', 200, 2);
    expect(admission.classifyReplica({ bytes: 1 })).toBe('transit');
    expect(admission.shortage(replica)).toBe('spare');
  });

  test('take nothing of what this worker is expected to keep, though it is not there yet', () => {
    const admission = make();
    const sums = new Float64Array(BAND_BUCKETS);
    sums[0] = 850;
    admission.setExpected(1, sums);
    expect(admission.classifyReplica({ bytes: 51 })).toBe('transit');
    expect(admission.classifyReplica({ bytes: 50 })).toBe('replica');
    sums[1] = 1000;
    admission.setExpected(1, sums);
    expect(admission.classifyReplica({ bytes: 1 })).toBe('transit');
  });

  test('give way to what is kept', () => {
    const admission = make();
    admission.account('kept', 600, 6);
    admission.account('replica', 300, 3);
    expect(admission.classify({ band: 2 ** 32 - 1, bytes: 100 })).toBe('kept');
    expect(admission.shortage(kept)).toBe('kept');
    admission.account('replica', -100, -1);
    expect(admission.shortage(kept)).toBeUndefined();
    expect(admission.usedBytes).toBe(800);
  });
});
