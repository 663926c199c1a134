import { describe, expect, test } from 'vitest';
import { LarderError } from '../../../../common/index.ts';
import type { ObjectRef } from '../../../../common/index.ts';
import { Larder } from './larder.ts';
import { refOf } from './memory-origin.ts';

const KIB = 1024;
const SIZE_BYTES = 100 * KIB;
const NOTHING = { comingBytes: 0, comingObjects: 0, aheadBytes: 0, isKnown: false };

function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return {
    opened,
    open: () => {
      open();
    },
  };
}

describe('a file that is fetched ahead', () => {
  test('is complete, one origin read, and requested only once it is read', async () => {
    await using larder = await Larder.open();
    const ref = refOf('ahead', SIZE_BYTES);
    await larder.reader.fetchAhead(ref);
    expect(larder.reader.held(ref.objectId).complete).toBe(true);
    expect(larder.reader.counters).toMatchObject({ uniqueBytes: SIZE_BYTES, requestedBytes: 0 });
    expect(await larder.readsRight(ref)).toBe(true);
    expect(larder.origin.counters.gets).toBe(1);
    expect(larder.reader.counters.requestedBytes).toBe(SIZE_BYTES);
    expect(larder.reader.counters.readOriginBytes).toBe(0);
  });

  test('and read meanwhile is one origin read', async () => {
    await using larder = await Larder.open();
    const ref = refOf('meanwhile', SIZE_BYTES);
    const ahead = larder.reader.fetchAhead(ref);
    expect(await larder.readsRight(ref)).toBe(true);
    await ahead;
    expect(larder.origin.counters.gets).toBe(1);
  });

  test('and evicted before it is read is read again, right', async () => {
    await using larder = await Larder.open();
    const ref = refOf('evicted', SIZE_BYTES);
    await larder.reader.fetchAhead(ref);
    await larder.store.drop(larder.store.find(ref.objectId)!, 'evicted');
    expect(await larder.readsRight(ref)).toBe(true);
    expect(larder.reader.counters).toMatchObject({
      bytes: 2 * SIZE_BYTES,
      uniqueBytes: SIZE_BYTES,
    });
  });

  test.each(['read', 'hold'] as const)(
    'fails for nobody: a %s that waits for it asks the origin itself',
    async (how) => {
      await using larder = await Larder.open();
      const ref = refOf('fails', SIZE_BYTES);
      const started = gate();
      const failing = gate();
      larder.origin.beforePiece = async (_, sentBytes) => {
        if (larder.origin.counters.gets > 1 || sentBytes === 0) return;
        started.open();
        await failing.opened;
        throw new LarderError('ORIGIN_UNREACHABLE', { reason: 'it is away' });
      };
      const ahead = larder.reader.fetchAhead(ref);
      await started.opened;
      const { signal } = new AbortController();
      const options = { mayFetch: true, signal };
      const reading =
        how === 'read' ? larder.readsRight(ref) : larder.reader.hold(ref, 0, SIZE_BYTES, options);
      failing.open();
      await expect(ahead).rejects.toMatchObject({ code: 'ORIGIN_UNREACHABLE' });
      const expected = how === 'read' ? true : { toBytes: SIZE_BYTES };
      expect(await reading).toEqual(how === 'read' ? expected : expect.objectContaining(expected));
      expect(larder.origin.counters.gets).toBe(2);
    },
  );

  test('an error that the origin still gives is the reader’s own', async () => {
    await using larder = await Larder.open();
    const ref = refOf('changed', SIZE_BYTES);
    larder.origin.change('changed');
    const ahead = larder.reader.fetchAhead(ref);
    const reading = larder.read(ref);
    await expect(ahead).rejects.toMatchObject({ code: 'ORIGIN_CHANGED' });
    await expect(reading).rejects.toMatchObject({ code: 'ORIGIN_CHANGED' });
  });
});

describe('room for it', () => {
  const full = { capacityBytes: 1_000 * KIB, keptShare: 0.6 };

  test('is what is free, less what is under way', async () => {
    await using larder = await Larder.open({ store: full });
    const ref = refOf('a', SIZE_BYTES);
    expect(larder.reader.roomAhead(ref, NOTHING)).toBe('room');
    expect(larder.reader.roomAhead(ref, { ...NOTHING, comingBytes: 550 * KIB })).toBe('none');
  });

  test('what came ahead and passes through stays until it is read: what was read goes before it', async () => {
    await using larder = await Larder.open({
      store: { capacityBytes: 1_000 * KIB, keptShare: 0.05 },
    });
    const isHeld = (ref: ObjectRef) => larder.store.find(ref.objectId)?.whole === true;
    const first = refOf('first', SIZE_BYTES);
    await larder.reader.fetchAhead(first);
    const others = async (name: string) => {
      for (let i = 0; i < 20; i += 1) {
        await larder.read(refOf(`${name}${String(i)}`, SIZE_BYTES));
        await larder.quiet();
      }
    };
    await others('a');
    expect([isHeld(refOf('a0', SIZE_BYTES)), isHeld(first)]).toEqual([false, true]);
    expect(await larder.readsRight(first)).toBe(true);
    await others('b');
    expect(isHeld(first)).toBe(false);
    // Where nothing else can go, it goes as well.
    const ahead = Array.from({ length: 20 }, (_, i) => refOf(`c${String(i)}`, SIZE_BYTES));
    for (const ref of ahead) await larder.reader.fetchAhead(ref);
    expect(ahead.filter(isHeld).map(({ key }) => key.toString())).toContain('c19');
    expect(isHeld(refOf('c0', SIZE_BYTES))).toBe(false);
  });

  test('nothing that is kept goes for it; of what passes through half may, a quarter where it is guessed', async () => {
    await using larder = await Larder.open({ store: full });
    for (let i = 0; i < 30; i += 1) await larder.read(refOf(`f${String(i)}`, SIZE_BYTES));
    await larder.quiet();
    const kept = [...Array(30).keys()]
      .map((i) => refOf(`f${String(i)}`, SIZE_BYTES).objectId)
      .filter((id) => larder.store.find(id)?.record.region === 'kept');
    expect(kept.length).toBeGreaterThan(0);
    for (let i = 0; i < 60; i += 1) {
      const ref = refOf(`g${String(i)}`, 20 * KIB);
      const room = larder.reader.roomAhead(ref, NOTHING);
      if (room === 'room') await larder.reader.fetchAhead(ref);
      const much = {
        comingBytes: 500 * KIB,
        comingObjects: 1,
        aheadBytes: 500 * KIB,
        isKnown: false,
      };
      expect(larder.reader.roomAhead(ref, much)).not.toBe('room');
    }
    expect(larder.store.usedBytes).toBeLessThanOrEqual(full.capacityBytes);
    for (const id of kept) expect(larder.store.find(id)?.record.region).toBe('kept');
    const counted = larder.store.decisions;
    const isRoom = (aheadBytes: number, isKnown: boolean) =>
      larder.reader.roomAhead(refOf('g60', KIB), { ...NOTHING, aheadBytes, isKnown }) === 'room';
    const passingBytes = larder.store.usedBytes - kept.length * SIZE_BYTES;
    expect(isRoom(passingBytes * 0.24, false)).toBe(true);
    expect(isRoom(passingBytes * 0.3, false)).toBe(false);
    expect(isRoom(passingBytes * 0.45, true)).toBe(true);
    expect(isRoom(passingBytes * 0.55, true)).toBe(false);
    const placed = counted.filter(({ decision }) => decision !== 'evicted');
    // Each object once, when it came; who only asks whether there is room decides nothing.
    const came = placed.reduce((sum, { count }) => sum + count, 0);
    expect(came).toBeGreaterThanOrEqual(30);
    expect(came).toBeLessThanOrEqual(90);
    expect(placed.map(({ decision }) => decision)).toContain('transit');
    expect(larder.store.decisions).toEqual(counted);
  });
});
