import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { completePath } from '../../../../common/object-paths.ts';
import { Larder } from './larder.ts';
import { contentOf, MemoryOrigin, refOf } from './memory-origin.ts';

const MIB = 1024 * 1024;

describe('reading', () => {
  test('bytes are the origin’s, first from it and then from the disk', async () => {
    await using larder = await Larder.open();
    const ref = refOf('a', 3 * MIB + 12_345);
    expect(await larder.readsRight(ref)).toBe(true);
    await larder.quiet();
    expect(larder.reader.held(ref.objectId)).toEqual({ heldBytes: ref.sizeBytes, complete: true });
    expect(await larder.readsRight(ref)).toBe(true);
    expect(await larder.readsRight(ref, 1_000_000, 77)).toBe(true);
    expect(larder.origin.counters).toMatchObject({ gets: 1, bytes: ref.sizeBytes });
    const file = fs.readFileSync(completePath(larder.completeDirectory, ref.objectId));
    expect(file.equals(contentOf(ref.key, 0, ref.sizeBytes))).toBe(true);
  });

  test('50 readers at once are one origin read', async () => {
    await using larder = await Larder.open();
    const ref = refOf('many', 2 * MIB);
    const reads = Array.from({ length: 50 }, (_, i) => larder.readsRight(ref, i * 100));
    expect(await Promise.all(reads)).toEqual(Array.from({ length: 50 }, () => true));
    expect(larder.origin.counters.gets).toBe(1);
    expect(larder.reader.counters).toMatchObject({
      bytes: ref.sizeBytes,
      uniqueBytes: ref.sizeBytes,
      requestedBytes: ref.sizeBytes,
    });
  });

  test('an empty object has no pieces and no file', async () => {
    await using larder = await Larder.open();
    const ref = refOf('empty', 0);
    expect(await larder.read(ref)).toHaveLength(0);
    await larder.reader.fetchWhole(ref, new AbortController().signal);
    expect(larder.origin.counters.gets).toBe(0);
    expect(larder.store.objects).toBe(0);
  });

  test('what is missing is NOT_FOUND where it may not be fetched', async () => {
    await using larder = await Larder.open({ smallObjectBytes: 0 });
    const ref = refOf('partly', 8 * MIB);
    await larder.readsRight(ref, 0, 100);
    await larder.quiet();
    expect(await larder.read(ref, 0, MIB, { mayFetch: false })).toHaveLength(MIB);
    await expect(larder.read(ref, MIB - 10, 20, { mayFetch: false })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  test('pieces never cross a chunk, and arrive before their block is whole', async () => {
    await using larder = await Larder.open({ origin: new MemoryOrigin({ pieceBytes: 100_000 }) });
    const ref = refOf('early', 4 * MIB, { blockSizeBytes: 4 * MIB });
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    larder.origin.beforePiece = (_read, sent) => (sent >= 2 * MIB ? held : undefined);
    let got = 0;
    for await (const piece of larder.reader.read(ref, 0, 4 * MIB, {
      mayFetch: true,
      signal: new AbortController().signal,
    })) {
      const last = piece.offsetBytes + piece.bytes.length - 1;
      expect(Math.floor(piece.offsetBytes / 262_144)).toBe(Math.floor(last / 262_144));
      got += piece.bytes.length;
      if (got >= 2 * MIB) release();
    }
    expect(got).toBe(4 * MIB);
  });
});

describe('a block that is arriving', () => {
  /** Of a block of 4 MiB the origin sends 2 MiB + 100 KiB, and the rest after `release`. */
  async function halfWay() {
    const origin = new MemoryOrigin({ pieceBytes: 50 * 1024 });
    const larder = await Larder.open({ origin, smallObjectBytes: 0 });
    const ref = refOf('arriving', 4 * MIB, { blockSizeBytes: 4 * MIB });
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    let reached = () => {};
    const half = new Promise<void>((resolve) => (reached = resolve));
    origin.beforePiece = async (_read, sent) => {
      if (sent < 2 * MIB + 100 * 1024 || origin.counters.gets > 1) return;
      reached();
      await held;
    };
    const first = larder.readsRight(ref, 0, 4 * MIB);
    await half;
    return { larder, ref, release, first };
  }

  test('is given to a reader that comes in the middle as far as it is there, checked', async () => {
    const { larder, ref, release, first } = await halfWay();
    await using _ = larder;
    expect(await larder.readsRight(ref, 0, 128 * 1024)).toBe(true);
    expect(await larder.readsRight(ref, 1_000_000, 1_000_000)).toBe(true);
    const later = larder.readsRight(ref, MIB, 3 * MIB);
    expect(larder.reader.held(ref.objectId).heldBytes).toBe(0);
    release();
    expect(await Promise.all([first, later])).toEqual([true, true]);
    expect(larder.origin.counters).toMatchObject({ gets: 1, bytes: 4 * MIB });
  });

  test('and is damaged on disk meanwhile: that is noticed, and it is fetched again', async () => {
    const { larder, ref, release, first } = await halfWay();
    await using _ = larder;
    const growing = join(larder.directory, 'growing');
    const file = () => join(growing, fs.readdirSync(growing)[0] ?? '');
    await expect
      .poll(() => fs.statSync(file()).size, { timeout: 10_000 })
      .toBeGreaterThanOrEqual(2 * MIB);
    const fd = fs.openSync(file(), 'r+');
    fs.writeSync(fd, Buffer.alloc(4096), 0, 4096, 300_000);
    fs.closeSync(fd);
    const second = larder.readsRight(ref, 0, MIB);
    await expect.poll(() => larder.store.diskCounters.damaged, { timeout: 10_000 }).toBe(1);
    release();
    expect(await Promise.all([first, second])).toEqual([true, true]);
    expect(larder.origin.counters.gets).toBe(2);
  });
});

describe('readers that leave', () => {
  test('the last one ends the fetch; a block that others want goes on', async () => {
    await using larder = await Larder.open({ smallObjectBytes: 0 });
    const ref = refOf('left', 8 * MIB, { blockSizeBytes: 4 * MIB });
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    larder.origin.beforePiece = (_read, sent) => (sent >= MIB ? held : undefined);
    const one = new AbortController();
    const two = new AbortController();
    const reads = [one, two].map(({ signal }) =>
      larder.read(ref, 0, 4 * MIB, { signal }).then(
        (bytes) => bytes.length,
        () => 'left',
      ),
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
    one.abort(new Error('gone'));
    expect(await reads[0]).toBe('left');
    await new Promise((resolve) => setTimeout(resolve, 20));
    release();
    expect(await reads[1]).toBe(4 * MIB);
    expect(larder.origin.counters.gets).toBe(1);
    expect(larder.origin.aborted).toBe(0);
  });

  test('a fetch that nobody waits for is cancelled', async () => {
    await using larder = await Larder.open({ smallObjectBytes: 0 });
    const ref = refOf('alone', 64 * MIB, { blockSizeBytes: 4 * MIB });
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    larder.origin.beforePiece = (_read, sent) => (sent >= MIB ? held : undefined);
    const leaving = new AbortController();
    const read = larder.read(ref, 0, 4 * MIB, { signal: leaving.signal });
    await new Promise((resolve) => setTimeout(resolve, 20));
    leaving.abort(new Error('gone'));
    await expect(read).rejects.toThrow('gone');
    release();
    await larder.quiet();
    expect(larder.origin.aborted).toBe(1);
    expect(larder.reader.held(ref.objectId)).toEqual({ heldBytes: 0, complete: false });
    await expect.poll(() => fs.readdirSync(join(larder.directory, 'growing'))).toEqual([]);
    expect(larder.store.usedBytes).toBe(0);
    expect(await larder.readsRight(ref, 0, 8 * MIB)).toBe(true);
  });
});

describe('what the origin does', () => {
  test('a change in the middle is ORIGIN_CHANGED for missing blocks; held ones stay readable', async () => {
    await using larder = await Larder.open({ smallObjectBytes: 0, joinBytes: MIB });
    const ref = refOf('changing', 8 * MIB);
    await larder.readsRight(ref, 0, MIB);
    larder.origin.change('changing');
    await expect(larder.read(ref, 0, 8 * MIB)).rejects.toMatchObject({ code: 'ORIGIN_CHANGED' });
    expect(await larder.readsRight(ref, 0, MIB)).toBe(true);
    await expect(larder.reader.fetchWhole(ref, new AbortController().signal)).rejects.toMatchObject(
      { code: 'ORIGIN_CHANGED' },
    );
  });

  test('all who wait get its error, and the next read tries again', async () => {
    await using larder = await Larder.open();
    const ref = refOf('failing', MIB);
    larder.origin.beforePiece = (_read, sent) => {
      if (sent > 300_000) throw new Error('connection reset');
    };
    const reads = Array.from({ length: 5 }, () => larder.read(ref));
    const results = await Promise.allSettled(reads);
    expect(results.map(({ status }) => status)).toEqual(
      Array.from({ length: 5 }, () => 'rejected'),
    );
    expect(larder.origin.counters.gets).toBe(1);
    larder.origin.beforePiece = () => undefined;
    expect(await larder.readsRight(ref)).toBe(true);
  });
});

describe('fetching besides', () => {
  test('of what is mapped the rest is fetched, each byte once, and before other background', async () => {
    await using larder = await Larder.open({ maxOriginReads: 2, maxUnwaitedReads: 1 });
    const ref = refOf('mapped', 64 * MIB, { blockSizeBytes: 4 * MIB });
    const other = refOf('preloaded', 64 * MIB, { blockSizeBytes: 4 * MIB, firstBlock: 100 });
    const preloaded = larder.reader.fetchWhole(other, new AbortController().signal);
    expect(await larder.readsRight(ref, 40 * MIB, 4096)).toBe(true);
    larder.reader.mapped(ref, 40 * MIB);
    larder.reader.mapped(ref, 50 * MIB);
    await larder.quiet();
    await preloaded;
    expect(larder.reader.held(ref.objectId).complete).toBe(true);
    expect(larder.reader.counters).toMatchObject({ bytes: 128 * MIB, uniqueBytes: 128 * MIB });
    // The other object's reads that had not begun wait for it.
    const keys = larder.origin.reads.map(({ key }) => key);
    expect(keys.lastIndexOf('mapped')).toBeLessThan(keys.lastIndexOf('preloaded'));
    expect(keys.slice(keys.indexOf('mapped') + 1, keys.lastIndexOf('mapped'))).not.toContain(
      'preloaded',
    );
  });

  test('what is mapped and has no room is not fetched', async () => {
    await using larder = await Larder.open({ store: { capacityBytes: 2 * MIB } });
    const ref = refOf('mapped', 64 * MIB);
    larder.reader.mapped(ref, 0);
    larder.reader.mapped(ref, 64 * MIB);
    await larder.quiet();
    expect(larder.origin.counters.gets).toBe(0);
  });

  test('of a larger one than a stripe, the stripe', async () => {
    await using larder = await Larder.open();
    const ref = refOf('mapped', 1024 * MIB + 30 * MIB, { blockSizeBytes: 4 * MIB });
    larder.reader.mapped(ref, 1024 * MIB + 5);
    await larder.quiet();
    expect(larder.reader.held(ref.objectId).heldBytes).toBe(30 * MIB);
  });

  test('adjacent blocks are joined, and many reads run at once', async () => {
    await using larder = await Larder.open({ joinBytes: 8 * MIB });
    const ref = refOf('large', 64 * MIB);
    larder.origin.beforePiece = (_read, sent) =>
      sent === 0 ? new Promise((resolve) => setTimeout(resolve, 20)) : undefined;
    await larder.reader.fetchWhole(ref, new AbortController().signal);
    expect(larder.origin.reads.map(({ lengthBytes }) => lengthBytes)).toEqual(
      Array.from({ length: 8 }, () => 8 * MIB),
    );
    expect(larder.origin.maxRunning).toBeGreaterThanOrEqual(4);
    expect(larder.reader.held(ref.objectId).complete).toBe(true);
    expect(larder.reader.counters.requestedBytes).toBe(64 * MIB);
  });

  test('16 objects are fetched at once', async () => {
    await using larder = await Larder.open();
    larder.origin.beforePiece = (_read, sent) =>
      sent === 0 ? new Promise((resolve) => setTimeout(resolve, 50)) : undefined;
    const refs = Array.from({ length: 40 }, (_, i) => refOf(`o${String(i)}`, 10_000));
    await Promise.all(refs.map((ref) => larder.readsRight(ref)));
    expect(larder.origin.maxRunning).toBeGreaterThanOrEqual(16);
  });

  test('a sequential reader is read ahead of; a 4 KiB read of a large object shows in the counters', async () => {
    await using larder = await Larder.open();
    const ref = refOf('random', 64 * MIB, { blockSizeBytes: 4 * MIB });
    await larder.readsRight(ref, 40 * MIB, 4096);
    await larder.quiet();
    expect(larder.reader.counters).toMatchObject({ uniqueBytes: 4 * MIB, requestedBytes: 4096 });
    const other = refOf('sequential', 256 * MIB, { firstBlock: 1000 });
    for (let at = 0; at < 8 * MIB; at += MIB) await larder.readsRight(other, at, MIB);
    await larder.quiet();
    expect(larder.reader.held(other.objectId).heldBytes).toBeGreaterThan(16 * MIB);
  });
});
