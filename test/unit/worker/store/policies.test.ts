/** What the store keeps of several datasets, with real files. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import * as lmdb from 'lmdb';
import { describe, expect, test } from 'vitest';
import { BAND_BUCKETS, bandHash, systemClock } from '../../../../common/index.ts';
import type { Clock, ObjectRef } from '../../../../common/index.ts';
import { LookAhead } from '../../../../worker/admission/index.ts';
import { Larder, temporaryDirectory } from '../fetching/larder.ts';
import { refOf } from '../fetching/memory-origin.ts';

const BYTES = 64 * 2 ** 10;
const FILES = 20;
/** Room for so many, of which as many as a dataset has are kept. */
const ROOM_BYTES = 1.25 * FILES * BYTES;

function files(datasetId: number): ObjectRef[] {
  return Array.from({ length: FILES }, (_, i) =>
    refOf(`d${String(datasetId)}-${String(i)}`, BYTES, { datasetId, firstBlock: i }),
  );
}

const ONE = files(1);
const TWO = files(2);

function sums(refs: readonly ObjectRef[]): Float64Array {
  const bandBytes = new Float64Array(BAND_BUCKETS);
  for (const { key, sizeBytes } of refs) {
    const bucket = Math.floor((bandHash(key) / 2 ** 32) * BAND_BUCKETS);
    bandBytes[bucket] = (bandBytes[bucket] ?? 0) + sizeBytes;
  }
  return bandBytes;
}

async function open(clock: Clock = systemClock): Promise<Larder> {
  const larder = await Larder.open({
    store: { capacityBytes: ROOM_BYTES, keptShare: 0.8, rateWindowMs: 1000, clock },
  });
  larder.store.policies.setExpected(1, { bandBytes: sums(ONE), share: 1 });
  larder.store.policies.setExpected(2, { bandBytes: sums(TWO), share: 1 });
  return larder;
}

async function readAll(larder: Larder, refs: readonly ObjectRef[]): Promise<void> {
  for (const ref of refs) expect(await larder.readsRight(ref)).toBe(true);
  await larder.quiet();
}

function kept(larder: Larder, refs: readonly ObjectRef[]): number {
  const regions = refs.map(({ objectId }) => larder.store.find(objectId)?.record.region);
  return regions.filter((region) => region === 'kept').length;
}

/** Real time, and as much more as is said. */
class LateClock implements Clock {
  laterMs = 0;
  monotonicMs(): number {
    return systemClock.monotonicMs() + this.laterMs;
  }
  wallMs = () => systemClock.wallMs();
  sleep = (ms: number, signal?: AbortSignal) => systemClock.sleep(ms, signal);
  schedule = (ms: number, task: () => void) => systemClock.schedule(ms, task);
}

test('a cache directory of an earlier release opens: its order is that of each dataset by then', async () => {
  const directory = temporaryDirectory();
  try {
    const store = { capacityBytes: ROOM_BYTES, keptShare: 0.8 };
    {
      await using larder = await Larder.open({ directory, store });
      await readAll(larder, ONE);
    }
    await bringBackEarlierOrder(join(directory, 'records'));
    await using larder = await Larder.open({ directory, store });
    expect(kept(larder, ONE)).toBe(FILES);
    expect(larder.store.usedBytes).toBe(FILES * BYTES);
    // Nobody knows of the first any more: it is found, and makes room.
    larder.store.policies.setExpected(2, { bandBytes: sums(TWO), share: 1 });
    await readAll(larder, TWO);
    await readAll(larder, TWO);
    expect(kept(larder, TWO)).toBeGreaterThan(0.35 * FILES);
    expect(larder.store.usedBytes).toBeLessThanOrEqual(ROOM_BYTES);
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
});

/** 0x22 | dataset | inverted band | id becomes 0x20 | inverted band | 4 zero bytes | id. */
async function bringBackEarlierOrder(records: string): Promise<void> {
  const root = lmdb.open({ path: records, maxDbs: 4, separateFlushed: true, noSubdir: false });
  const order = root.openDB<Buffer, Buffer>({
    ...{ name: 'order', keyEncoding: 'binary', encoding: 'binary' },
  });
  const range = { start: Buffer.of(0x22), end: Buffer.of(0x23) };
  const all = [...order.getRange(range)];
  expect(all.length).toBe(FILES);
  for (const { key, value } of all) {
    const earlier = Buffer.concat([
      Buffer.of(0x20),
      key.subarray(5, 9),
      Buffer.alloc(4),
      key.subarray(9),
    ]);
    void order.remove(key);
    void order.put(earlier, value);
  }
  await root.flushed;
  await root.close();
}

describe('two datasets in one store', () => {
  test('the cache follows the one that is read, over a window, and not at once', async () => {
    const clock = new LateClock();
    await using larder = await open(clock);
    await readAll(larder, ONE);
    await readAll(larder, TWO);
    const before = kept(larder, ONE);
    expect(before).toBeGreaterThan(0.35 * FILES);
    larder.store.policies.tick();
    expect(kept(larder, ONE)).toBe(before);
    // The window in which both were read, then those in which one is.
    for (let window = 0; window < 6; window += 1) {
      clock.laterMs += 1000;
      larder.store.policies.tick();
      await readAll(larder, TWO.slice(0, 5));
    }
    await readAll(larder, TWO);
    await readAll(larder, TWO);
    expect(kept(larder, TWO)).toBeGreaterThanOrEqual(FILES - 1);
    expect(kept(larder, ONE)).toBeLessThanOrEqual(1);
  });

  test('what a mount opens counts as read', async () => {
    const clock = new LateClock();
    await using larder = await open(clock);
    await readAll(larder, ONE);
    for (let window = 0; window < 6; window += 1) {
      clock.laterMs += 1000;
      larder.store.policies.tick();
      for (const { objectId } of ONE) {
        larder.store.setOpen(objectId, 1);
        larder.store.setOpen(objectId, -1);
      }
    }
    await readAll(larder, TWO);
    expect(kept(larder, ONE)).toBeGreaterThanOrEqual(FILES - 1);
  });

  test('what is pinned stays, and newcomers pass through', async () => {
    await using larder = await open();
    await readAll(larder, ONE);
    larder.store.policies.protect('weights', { datasetId: 1 });
    const gets = larder.origin.counters.gets;
    await readAll(larder, TWO);
    await readAll(larder, ONE);
    expect(larder.origin.counters.gets - gets).toBe(FILES);
    expect(kept(larder, ONE)).toBe(FILES);
  });

  test('a quota bounds what is kept, though there is room', async () => {
    await using larder = await open();
    const limitBytes = 8 * BYTES;
    larder.store.policies.setExpected(1, { bandBytes: sums(ONE), share: 1, limitBytes });
    await readAll(larder, ONE);
    await readAll(larder, ONE);
    expect(kept(larder, ONE)).toBeLessThanOrEqual(8);
    expect(kept(larder, ONE)).toBeGreaterThan(2);
  });

  test('one that is deleted while it is read leaves nothing that the other lacks', async () => {
    await using larder = await open();
    await readAll(larder, ONE);
    const reading = readAll(larder, ONE);
    larder.store.policies.forget(1);
    const gone = { datasetId: 1, firstBlock: 0, endBlock: 0xffffffff, live: { has: () => false } };
    await larder.store.collect(gone);
    await reading;
    await larder.store.collect(gone);
    expect(larder.store.usedBytes).toBe(0);
    await readAll(larder, TWO);
    expect(kept(larder, TWO)).toBe(FILES);
  });

  test('an object of both is counted by the other when its first dataset goes', async () => {
    await using larder = await open();
    const shared = ONE.map((ref) => ({ ...ref, datasetId: 3, firstBlock: ref.firstBlock + 100 }));
    await readAll(larder, ONE);
    await readAll(larder, shared);
    const gone = { datasetId: 1, firstBlock: 0, endBlock: 0xffffffff, live: { has: () => false } };
    larder.store.policies.forget(1);
    await larder.store.collect(gone);
    expect(kept(larder, ONE)).toBe(FILES);
    // Nobody reads either: both keep the same share of themselves.
    await readAll(larder, TWO);
    await readAll(larder, TWO);
    expect(kept(larder, TWO)).toBeGreaterThan(0.35 * FILES);
    expect(kept(larder, ONE)).toBeGreaterThan(0.35 * FILES);
    const held = [...ONE, ...TWO].filter(({ objectId }) => larder.store.find(objectId));
    expect(larder.store.usedBytes).toBe(held.length * BYTES);
  });

  test('plans take the place of the threshold: what is used last goes', async () => {
    await using larder = await open();
    await readAll(larder, ONE);
    const plan = new LookAhead();
    const order = Uint32Array.from(ONE, (_, i) => i);
    plan.addEpoch('a', 0, order, { startsAt: 0, perObject: 1 });
    larder.store.policies.setLookAhead(1, {
      ...{ plan, ahead: 1 },
      firstBlock: order,
      band: Uint32Array.from(ONE, ({ key }) => bandHash(key)),
    });
    await larder.store.setCapacities([0.6 * FILES * BYTES]);
    const left = ONE.filter(({ objectId }) => larder.store.find(objectId) !== undefined);
    expect(left.map(({ firstBlock }) => firstBlock)).toEqual(left.map((_, i) => i));
    expect(left.length).toBe(0.6 * FILES);
  });
});
