import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ChunkPool } from '../../../../worker/transit/chunk-pool.ts';
import { TransitMemory } from '../../../../worker/transit/index.ts';
import { contentOf, refOf } from '../fetching/memory-origin.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const COST_BYTES = 2 * KIB;

/** A file of one block. */
function fileOf(name: string, sizeBytes: number) {
  return refOf(name, sizeBytes, { blockSizeBytes: MIB });
}
type Ref = ReturnType<typeof fileOf>;

const WHOLE = { first: 0, end: 1 };

function bring(transit: TransitMemory, ref: Ref): boolean {
  if (!transit.reserve(ref, WHOLE)) return false;
  transit.append(ref, 0, contentOf(ref.key, 0, ref.sizeBytes));
  return true;
}

function read(transit: TransitMemory, ref: Ref): Buffer {
  const range = { fromBytes: 0, toBytes: ref.sizeBytes };
  return Buffer.concat(
    [...transit.pieces(ref, range)].map((piece) => {
      transit.wasRead(ref, piece);
      return piece.bytes;
    }),
  );
}

const files = (count: number, sizeBytes = 60 * KIB) =>
  Array.from({ length: count }, (_, i) => fileOf(`f${String(i)}`, sizeBytes));

describe('what goes first', () => {
  /** Room for three of 64 KiB. */
  const LIMIT = 3 * (64 * KIB + COST_BYTES);

  test('is what was read, the first read first, and not what waits for a reader', () => {
    const transit = new TransitMemory(LIMIT);
    const [a, b, c, d, e] = files(5) as [Ref, Ref, Ref, Ref, Ref];
    for (const ref of [a, b, c]) expect(bring(transit, ref)).toBe(true);
    expect(bring(transit, d)).toBe(false);
    read(transit, c);
    read(transit, b);
    expect(bring(transit, d)).toBe(true);
    expect([a, b, c, d].map((ref) => transit.has(ref, 0))).toEqual([true, true, false, true]);
    expect(bring(transit, e)).toBe(true);
    expect([a, b, d, e].map((ref) => transit.has(ref, 0))).toEqual([true, false, true, true]);
  });

  test('is not what a reader holds, and not what is still arriving', () => {
    const transit = new TransitMemory(LIMIT);
    const [a, b, c, d] = files(4) as [Ref, Ref, Ref, Ref];
    for (const ref of [a, b]) bring(transit, ref);
    expect(transit.reserve(c, WHOLE)).toBe(true);
    for (const ref of [a, b]) read(transit, ref);
    {
      using _one = transit.hold(a, WHOLE);
      using _other = transit.hold(b, WHOLE);
      expect(transit.reserve(d, WHOLE)).toBe(false);
    }
    expect(transit.reserve(d, WHOLE)).toBe(true);
    expect(transit.has(a, 0)).toBe(false);
  });

  test('is what nobody has read after twice as much as there is room for wanted to come', () => {
    const transit = new TransitMemory(LIMIT);
    const waiting = files(3);
    for (const ref of waiting) bring(transit, ref);
    const others = Array.from({ length: 8 }, (_, i) => fileOf(`o${String(i)}`, 60 * KIB));
    const cameIn = others.map((ref) => {
      if (bring(transit, ref)) return true;
      transit.spilled(ref.sizeBytes);
      return false;
    });
    expect(cameIn).toEqual([false, false, false, false, true, true, true, false]);
    expect(transit.counters.spilledBytes).toBe(5 * 60 * KIB);
  });
});

test('a block that is given up half-way leaves nothing behind', () => {
  const transit = new TransitMemory(MIB);
  const ref = fileOf('half', 300 * KIB);
  transit.reserve(ref, WHOLE);
  transit.append(ref, 0, contentOf(ref.key, 0, 280 * KIB));
  expect(transit.reaches(ref, 279 * KIB)).toBe(true);
  expect([transit.has(ref, 0), transit.reaches(ref, 280 * KIB)]).toEqual([false, false]);
  transit.giveUp(ref, WHOLE);
  expect(transit.counters.memoryBytes).toBe(0);
  expect(transit.reaches(ref, 0)).toBe(false);
});

test('bytes that changed in memory are not given out: the block is dropped', () => {
  const taken: Buffer[] = [];
  class Watched extends ChunkPool {
    override take(enoughBytes: number): Buffer {
      const chunk = super.take(enoughBytes);
      taken.push(chunk);
      return chunk;
    }
  }
  const transit = new TransitMemory(MIB, new Watched(MIB));
  const ref = fileOf('damaged', 300 * KIB);
  bring(transit, ref);
  const [, second] = taken;
  second!.writeUInt8(second!.readUInt8(7) ^ 1, 7);
  const right = contentOf(ref.key, 0, 256 * KIB);
  expect(read(transit, ref).equals(right)).toBe(true);
  expect([transit.has(ref, 0), transit.counters.memoryBytes]).toEqual([false, 0]);
});

test('a larger block than there is memory for does not come in, and pushes nothing out', () => {
  const transit = new TransitMemory(256 * KIB);
  const [a] = files(1) as [Ref];
  bring(transit, a);
  read(transit, a);
  expect(transit.reserve(fileOf('large', 256 * KIB), WHOLE)).toBe(false);
  expect(transit.has(a, 0)).toBe(true);
});

test('whatever happens: within its limit, bytes right, and who holds a block keeps it', () => {
  const LIMIT = 2 * MIB;
  const refs = Array.from({ length: 12 }, (_, i) =>
    refOf(`m${String(i)}`, [3, 70_000, MIB, 2.5 * MIB][i % 4]!, { blockSizeBytes: MIB }),
  );
  const step = fc.record({
    what: fc.constantFrom('bring', 'half', 'read', 'hold', 'release', 'written'),
    file: fc.nat(refs.length - 1),
    block: fc.nat(2),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 60, maxLength: 200 }), (steps) => {
      const pool = new ChunkPool(LIMIT);
      const transit = new TransitMemory(LIMIT, pool);
      const held = new Map<string, { ref: Ref; block: number; end: Disposable }>();
      for (const { what, file, block: some } of steps) {
        const ref = refs[file]!;
        const block = some % Math.ceil(ref.sizeBytes / MIB);
        const [fromBytes, toBytes] = [block * MIB, Math.min(ref.sizeBytes, (block + 1) * MIB)];
        const span = { first: block, end: block + 1 };
        const key = `${String(file)}.${String(block)}`;
        const wereHeld = [...held.values()].filter((it) => transit.has(it.ref, it.block));
        const isHere = transit.has(ref, block);
        if ((what === 'bring' || what === 'half') && transit.reserve(ref, span) && !isHere) {
          const length = what === 'bring' ? toBytes - fromBytes : (toBytes - fromBytes) >> 1;
          transit.append(ref, block, contentOf(ref.key, fromBytes, length));
          transit.giveUp(ref, span);
          expect(transit.has(ref, block)).toBe(what === 'bring');
        } else if (what === 'read') {
          let at = fromBytes;
          for (const piece of transit.pieces(ref, { fromBytes, toBytes })) {
            expect(piece.offsetBytes).toBe(at);
            expect(piece.bytes.equals(contentOf(ref.key, at, piece.bytes.length))).toBe(true);
            at += piece.bytes.length;
            transit.wasRead(ref, piece);
          }
          expect(at).toBe(isHere ? toBytes : fromBytes);
        } else if (what === 'hold' && !held.has(key)) {
          held.set(key, { ref, block, end: transit.hold(ref, span) });
        } else if (what === 'release') {
          held.get(key)?.end[Symbol.dispose]();
          held.delete(key);
        } else if (what === 'written' && !held.has(key)) transit.written(ref, block);
        for (const it of wereHeld) expect(transit.has(it.ref, it.block)).toBe(true);
        expect(transit.counters.memoryBytes).toBeLessThanOrEqual(LIMIT);
        expect(pool.allocatedBytes).toBeLessThanOrEqual(transit.counters.limitBytes);
      }
    }),
    { numRuns: 60 },
  );
}, 60_000);
