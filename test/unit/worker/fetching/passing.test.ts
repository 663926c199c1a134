/** Objects that are not kept: they pass through memory, and nothing of them is written. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BAND_BUCKETS, bandHash } from '../../../../common/index.ts';
import type { ObjectRef } from '../../../../common/index.ts';
import { Larder } from './larder.ts';
import type { LarderOptions } from './larder.ts';
import { MemoryOrigin, refOf } from './memory-origin.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const FILE_BYTES = 256 * KIB;
const KEPT_FILES = 8;
const FILES = 32;
const NOTHING = { comingBytes: 0, comingObjects: 0, aheadBytes: 0, isKnown: false };

/** In the order of the band: the first of them are kept. */
const files = Array.from({ length: FILES }, (_, i) =>
  refOf(`f${String(i)}`, FILE_BYTES, { firstBlock: i }),
).sort((a, b) => bandHash(a.key) - bandHash(b.key));
const [passing, another] = [files[FILES - 1]!, files[FILES - 2]!];

function sums(): Float64Array {
  const bandBytes = new Float64Array(BAND_BUCKETS);
  for (const { key, sizeBytes } of files) {
    const bucket = Math.floor((bandHash(key) / 2 ** 32) * BAND_BUCKETS);
    bandBytes[bucket] = (bandBytes[bucket] ?? 0) + sizeBytes;
  }
  return bandBytes;
}

/** A cache for a quarter of the files is full of those that it keeps; as much again may pass. */
async function fullLarder(options: LarderOptions = {}): Promise<Larder> {
  const larder = await Larder.open({
    store: { capacityBytes: 2 * KEPT_FILES * FILE_BYTES, keptShare: 0.5 },
    transitBytes: 64 * MIB,
    ...options,
  });
  larder.store.policies.setExpected(1, { bandBytes: sums(), share: 1 });
  for (const ref of files.slice(0, KEPT_FILES)) expect(await larder.readsRight(ref)).toBe(true);
  await larder.quiet();
  expect(larder.store.writtenBytes).toBe(KEPT_FILES * FILE_BYTES);
  return larder;
}

function filesOnDisk(larder: Larder): number {
  const growing = fs.readdirSync(join(larder.directory, 'growing'));
  return growing.length + larder.store.objects;
}

/** Beyond what was written to fill it. */
function written(larder: Larder): number {
  return larder.store.writtenBytes - KEPT_FILES * FILE_BYTES;
}

function gets(larder: Larder, ref: ObjectRef): number {
  return larder.origin.reads.filter(({ key }) => key === ref.key.toString()).length;
}

describe('an object that is not kept', () => {
  test('and is read once leaves nothing on disk', async () => {
    await using larder = await fullLarder();
    expect(await larder.readsRight(passing)).toBe(true);
    await larder.quiet();
    expect(filesOnDisk(larder)).toBe(KEPT_FILES);
    expect(written(larder)).toBe(0);
    expect(larder.store.find(passing.objectId)).toBeUndefined();
    const { transit } = larder.reader.counters;
    expect(transit).toMatchObject({ passedBytes: FILE_BYTES, spilledBytes: 0, keptBytes: 0 });
  });

  test('and is read by many, together and after each other, is one origin read', async () => {
    const origin = new MemoryOrigin({ pieceBytes: 10_000 });
    await using larder = await fullLarder({ origin });
    const together = Array.from({ length: 20 }, (_, i) => larder.readsRight(passing, i * 1_000));
    expect(await Promise.all(together)).toEqual(together.map(() => true));
    expect(await larder.readsRight(passing, 100_000, 50_000)).toBe(true);
    expect([gets(larder, passing), written(larder)]).toEqual([1, 0]);
  });

  test('is given to who comes in the middle as far as it is there', async () => {
    const origin = new MemoryOrigin({ pieceBytes: 32 * KIB });
    await using larder = await fullLarder({ origin });
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    let reached = () => {};
    const half = new Promise<void>((resolve) => (reached = resolve));
    origin.beforePiece = async (_read, sent) => {
      if (sent < FILE_BYTES / 2) return;
      reached();
      await held;
    };
    const first = larder.readsRight(passing);
    await half;
    expect(await larder.readsRight(passing, 1_000, 90_000)).toBe(true);
    const rest = larder.readsRight(passing, 1_000);
    release();
    expect(await Promise.all([first, rest])).toEqual([true, true]);
    expect([gets(larder, passing), written(larder)]).toEqual([1, 0]);
  });

  test('is not held by path: who wants a file is told to read it', async () => {
    await using larder = await fullLarder();
    const options = { mayFetch: true, signal: new AbortController().signal };
    await expect(larder.reader.hold(passing, 0, 1_000, options)).rejects.toMatchObject({
      code: 'NOT_KEPT',
    });
    expect(await larder.readsRight(passing, 0, 1_000)).toBe(true);
    expect([gets(larder, passing), written(larder)]).toEqual([1, 0]);
  });

  test('may be read without fetching while it is in memory', async () => {
    await using larder = await fullLarder();
    const without = { mayFetch: false };
    await expect(larder.read(passing, 0, 10, without)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await larder.read(passing);
    expect(await larder.read(passing, 0, 10, without)).toHaveLength(10);
  });

  test('and is fetched ahead waits in memory for who reads it', async () => {
    await using larder = await fullLarder();
    expect(larder.reader.roomAhead(passing, NOTHING)).toBe('room');
    await larder.reader.fetchAhead(passing);
    await larder.reader.fetchAhead(passing);
    expect(larder.reader.counters.requestedBytes).toBe(KEPT_FILES * FILE_BYTES);
    expect(await larder.readsRight(passing)).toBe(true);
    expect([gets(larder, passing), written(larder)]).toEqual([1, 0]);
    const much = { ...NOTHING, comingBytes: 32 * MIB };
    expect(larder.reader.roomAhead(another, much)).toBe('later');
  });

  test('is written from memory once it is kept', async () => {
    await using larder = await fullLarder();
    await larder.read(passing);
    await larder.store.setCapacities([64 * MIB]);
    expect(await larder.readsRight(passing)).toBe(true);
    await larder.quiet();
    expect(larder.reader.held(passing.objectId)).toEqual({ heldBytes: FILE_BYTES, complete: true });
    expect([gets(larder, passing), written(larder)]).toEqual([1, FILE_BYTES]);
    expect(larder.reader.counters.transit).toMatchObject({
      memoryBytes: 0,
      passedBytes: 0,
      keptBytes: FILE_BYTES,
    });
    expect(await larder.readsRight(passing)).toBe(true);
    expect(gets(larder, passing)).toBe(1);
  });

  test('goes through the disk where memory is full of what was not read yet', async () => {
    await using larder = await fullLarder({ transitBytes: 600 * KIB });
    const third = files[FILES - 3]!;
    await larder.reader.fetchAhead(passing);
    expect(await larder.readsRight(another, 0, 1_000)).toBe(true);
    expect(await larder.readsRight(third)).toBe(true);
    await larder.quiet();
    expect(written(larder)).toBe(FILE_BYTES);
    expect(larder.reader.counters.transit.spilledBytes).toBe(FILE_BYTES);
    expect(await larder.readsRight(passing)).toBe(true);
    expect(await larder.readsRight(another)).toBe(true);
    expect([passing, another, third].map((ref) => gets(larder, ref))).toEqual([1, 1, 1]);
  });

  test('is not fetched ahead into the half of memory that is for what readers wait for', async () => {
    await using larder = await fullLarder({ transitBytes: 600 * KIB });
    expect(larder.reader.roomAhead(passing, NOTHING)).toBe('room');
    await larder.reader.fetchAhead(passing);
    expect(larder.reader.roomAhead(another, NOTHING)).toBe('later');
    await expect(larder.reader.fetchAhead(another)).rejects.toMatchObject({ code: 'NOT_KEPT' });
    expect([gets(larder, another), written(larder)]).toEqual([0, 0]);
  });

  test('goes through the disk where memory is turned off', async () => {
    await using larder = await fullLarder({ transitBytes: 0 });
    expect(await larder.readsRight(passing)).toBe(true);
    await larder.quiet();
    expect(written(larder)).toBe(FILE_BYTES);
    expect(larder.store.find(passing.objectId)?.record.region).toBe('transit');
  });

  test('and fails half-way leaves no memory behind, and is read again', async () => {
    const origin = new MemoryOrigin();
    await using larder = await fullLarder({ origin });
    origin.beforePiece = (_read, sent) => {
      if (sent > 0) throw new Error('the line is cut');
    };
    await expect(larder.read(passing)).rejects.toThrow('the line is cut');
    await larder.quiet();
    expect(larder.reader.counters.transit.memoryBytes).toBe(0);
    origin.beforePiece = () => undefined;
    expect(await larder.readsRight(passing)).toBe(true);
  });
});

test('a file larger than memory, read from end to end, is read once and not written', async () => {
  await using larder = await fullLarder({ transitBytes: 24 * MIB, joinBytes: 2 * MIB });
  const large = refOf('large', 100 * MIB, { firstBlock: 1_000 });
  for (let at = 0; at < large.sizeBytes; at += MIB) {
    expect(await larder.readsRight(large, at, MIB)).toBe(true);
    expect(larder.reader.counters.transit.memoryBytes).toBeLessThanOrEqual(24 * MIB);
  }
  await larder.quiet();
  expect(written(larder)).toBe(0);
  expect(larder.origin.counters.bytes).toBe(KEPT_FILES * FILE_BYTES + large.sizeBytes);
});

test('an epoch with a cache for a quarter writes what it keeps, and the next one nothing', async () => {
  await using larder = await fullLarder({ transitBytes: MIB });
  const shuffled = [...files].sort((a, b) => a.objectId.localeCompare(b.objectId));
  for (let epoch = 0; epoch < 2; epoch += 1) {
    const before = larder.origin.counters.bytes;
    for (const ref of shuffled) expect(await larder.readsRight(ref)).toBe(true);
    await larder.quiet();
    const fromOrigin = larder.origin.counters.bytes - before;
    expect(fromOrigin).toBe((FILES - KEPT_FILES) * FILE_BYTES);
  }
  expect(written(larder)).toBe(0);
  expect(filesOnDisk(larder)).toBe(KEPT_FILES);
});
