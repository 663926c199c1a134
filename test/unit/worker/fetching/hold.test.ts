/** What a reader on the same node is told is in an object's file: it is there, and right. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { completePath, growingName } from '../../../../common/object-paths.ts';
import type { ObjectRef } from '../../../../common/index.ts';
import type { LocalExtent } from '../../../../worker/object-reads.ts';
import { Larder, temporaryDirectory } from './larder.ts';
import { contentOf, MemoryOrigin, refOf } from './memory-origin.ts';

const MIB = 1024 * 1024;
const mayFetch = (signal = new AbortController().signal) => ({ mayFetch: true, signal });

/** The bytes from an offset to the end of an extent, by path as a mount reads them. */
function bytesByPath(
  larder: Larder,
  ref: ObjectRef,
  offsetBytes: number,
  { incarnation, toBytes }: LocalExtent,
): Buffer {
  const growing = join(larder.directory, 'growing', growingName(ref.objectId, incarnation));
  const whole = completePath(larder.completeDirectory, ref.objectId);
  const fd = fs.openSync(fs.existsSync(growing) ? growing : whole, 'r');
  try {
    const bytes = Buffer.alloc(toBytes - offsetBytes);
    expect(fs.readSync(fd, bytes, 0, bytes.length, offsetBytes)).toBe(bytes.length);
    return bytes;
  } finally {
    fs.closeSync(fd);
  }
}

describe('holding a range for a reader on the node', () => {
  test('what is said to be in the file is the origin’s, up to where it is said', async () => {
    await using larder = await Larder.open();
    const ref = refOf('file', 40 * MIB + 5, { blockSizeBytes: 4 * MIB });
    let position = 0;
    let asked = 0;
    while (position < ref.sizeBytes) {
      const length = Math.min(MIB, ref.sizeBytes - position);
      const extent = await larder.reader.hold(ref, position, length, mayFetch());
      expect(extent.toBytes).toBeGreaterThanOrEqual(position + length);
      const bytes = bytesByPath(larder, ref, position, extent);
      expect(bytes.equals(contentOf(ref.key, position, bytes.length))).toBe(true);
      larder.reader.touched(ref, position, bytes.length, { bytes: bytes.length, isLocal: true });
      position = extent.toBytes;
      asked += 1;
    }
    await larder.quiet();
    expect(asked).toBeLessThan(41);
    const { sizeBytes } = ref;
    expect(larder.reader.counters).toMatchObject({
      bytes: sizeBytes,
      uniqueBytes: sizeBytes,
      requestedBytes: sizeBytes,
      readBytes: sizeBytes,
    });
  });

  test('it is told before the block is whole, and not before it is written', async () => {
    const origin = new MemoryOrigin({ pieceBytes: MIB });
    await using larder = await Larder.open({ origin });
    const ref = refOf('early', 4 * MIB, { blockSizeBytes: 4 * MIB });
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    origin.beforePiece = async (_request, sent) => {
      if (sent === 2 * MIB) await held;
    };
    const extent = await larder.reader.hold(ref, 0, MIB, mayFetch());
    expect(larder.reader.held(ref.objectId).heldBytes).toBe(0);
    expect(extent.toBytes).toBeLessThanOrEqual(2 * MIB);
    const bytes = bytesByPath(larder, ref, 0, extent);
    expect(bytes.equals(contentOf(ref.key, 0, bytes.length))).toBe(true);
    const later = larder.reader.hold(ref, 3 * MIB, MIB, mayFetch());
    await expect(
      Promise.race([later, new Promise((r) => setTimeout(r, 50, 'waits'))]),
    ).resolves.toBe('waits');
    release();
    expect((await later).toBytes).toBe(4 * MIB);
  });

  test('who waits is told of each chunk, not only of what is written at a time otherwise', async () => {
    const origin = new MemoryOrigin({ pieceBytes: 128 * 1024 });
    await using larder = await Larder.open({ origin });
    const ref = refOf('slow', 4 * MIB, { blockSizeBytes: 4 * MIB });
    let release = () => {};
    const stuck = new Promise<void>((resolve) => (release = resolve));
    origin.beforePiece = async (_request, sent) => {
      if (sent === MIB / 2) await stuck;
    };
    const extent = await larder.reader.hold(ref, 1_000, 100, mayFetch());
    release();
    expect(extent.toBytes).toBeLessThanOrEqual(MIB / 2);
    const bytes = bytesByPath(larder, ref, 1_000, extent);
    expect(bytes.equals(contentOf(ref.key, 1_000, bytes.length))).toBe(true);
  });

  test('a working file of an older boot is not handed out, but read and checked', async () => {
    const directory = temporaryDirectory();
    const ref = refOf('old', 40 * MIB, { blockSizeBytes: 4 * MIB });
    try {
      const options = { directory, smallObjectBytes: 0 };
      const before = await Larder.open({ ...options, store: { bootId: 'first' } });
      await before.readsRight(ref, 0, 100);
      await before.quiet();
      fs.cpSync(directory, `${directory}-killed`, { recursive: true });
      await before[Symbol.asyncDispose]();
      await using after = await Larder.open({
        ...options,
        directory: `${directory}-killed`,
        store: { bootId: 'second' },
      });
      expect(after.store.find(ref.objectId)).toMatchObject({ state: 'growing', heldBlocks: 1 });
      await expect(after.reader.hold(ref, 0, 100, mayFetch())).rejects.toMatchObject({
        code: 'NOT_KEPT',
      });
      expect(await after.readsRight(ref, 0, 100)).toBe(true);
    } finally {
      fs.rmSync(directory, { recursive: true, force: true });
      fs.rmSync(`${directory}-killed`, { recursive: true, force: true });
    }
  });

  test('what the origin says is thrown; what may not be fetched is NOT_FOUND', async () => {
    await using larder = await Larder.open();
    const ref = refOf('changes', 8 * MIB);
    const hold = (fetch: boolean) =>
      larder.reader.hold(ref, 0, 10, { ...mayFetch(), mayFetch: fetch });
    await expect(hold(false)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    larder.origin.change('changes');
    await expect(hold(true)).rejects.toMatchObject({ code: 'ORIGIN_CHANGED' });
  });

  test('where there is no room it is NOT_KEPT, and the bytes can be read all the same', async () => {
    await using larder = await Larder.open({ store: { capacityBytes: 2 * MIB } });
    const ref = refOf('large', 8 * MIB, { blockSizeBytes: 4 * MIB });
    await expect(larder.reader.hold(ref, 0, 10, mayFetch())).rejects.toMatchObject({
      code: 'NOT_KEPT',
    });
    expect(await larder.readsRight(ref, 0, 10)).toBe(true);
  });

  test('whatever is dropped and fetched again meanwhile, a file that can be opened has the bytes', async () => {
    await using larder = await Larder.open({ smallObjectBytes: 0 });
    const ref = refOf('dropped', 6 * MIB + 17, { blockSizeBytes: MIB });
    const incarnations = new Set<number>();
    let state = 12345;
    const random = (below: number) => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return state % below;
    };
    let looked = 0;
    for (let round = 0; round < 60; round += 1) {
      const from = random(ref.sizeBytes - 1);
      const length = 1 + random(Math.min(MIB, ref.sizeBytes - from));
      const holding = larder.reader.hold(ref, from, length, mayFetch());
      const stored = larder.store.find(ref.objectId);
      const dropping = round % 3 === 0 && stored !== undefined && larder.store.drop(stored, 'test');
      const extent = await holding.catch(() => undefined);
      await dropping;
      if (extent === undefined) continue;
      incarnations.add(extent.incarnation);
      const growing = join(
        larder.directory,
        'growing',
        growingName(ref.objectId, extent.incarnation),
      );
      if (!fs.existsSync(growing)) continue;
      const bytes = bytesByPath(larder, ref, from, extent);
      expect(bytes.equals(contentOf(ref.key, from, bytes.length))).toBe(true);
      looked += 1;
    }
    await larder.quiet();
    // And again with each drop between two holds, where nothing depends on who is faster.
    for (let round = 0; round < 8; round += 1) {
      const extent = await larder.reader.hold(ref, round * 1_000, 1_000, mayFetch());
      incarnations.add(extent.incarnation);
      await larder.quiet();
      const bytes = bytesByPath(larder, ref, round * 1_000, extent);
      expect(bytes.equals(contentOf(ref.key, round * 1_000, bytes.length))).toBe(true);
      looked += 1;
      const stored = larder.store.find(ref.objectId);
      if (stored !== undefined) await larder.store.drop(stored, 'test');
    }
    expect(looked).toBeGreaterThan(5);
    expect(incarnations.size).toBeGreaterThan(5);
  });
});
