/** Bitmaps that a hostile worker may send: taken only where they are what they say. */
import fc from 'fast-check';
import { RoaringBitmap32 } from 'roaring-wasm';
import { expect, test } from 'vitest';
import { formatBitmap, parseBitmap } from '../../../../rpc/bitmaps/index.ts';

const ranges = fc.array(fc.tuple(fc.nat(2 ** 22), fc.integer({ min: 1, max: 20_000 })), {
  maxLength: 10,
});
const numbers = fc.array(fc.oneof(fc.nat(100_000), fc.nat(2 ** 32 - 1)), { maxLength: 50 });

function bitmapOf(some: readonly number[], runs: readonly (readonly [number, number])[]) {
  const bitmap = new RoaringBitmap32(some);
  for (const [first, count] of runs) bitmap.addRange(first, first + count);
  return bitmap;
}

/** Whether a bitmap behaves: its numbers rise, and taking it from itself leaves nothing. */
function isSound(bitmap: RoaringBitmap32): boolean {
  const all = bitmap.toArray();
  const rising = all.every((number, i) => i === 0 || number > (all[i - 1] ?? 0));
  const copy = new RoaringBitmap32(all);
  return rising && all.length === bitmap.size && copy.isEqual(bitmap);
}

test('every bitmap is taken as it is, of any kind of containers, packed or not', () => {
  fc.assert(
    fc.property(numbers, ranges, fc.boolean(), (some, runs, packed) => {
      const bitmap = bitmapOf(some, runs);
      for (let at = 0; at < 30_000; at += 3) bitmap.add(10_000_000 + at);
      if (packed) bitmap.runOptimize();
      expect(parseBitmap(formatBitmap(bitmap)).isEqual(bitmap)).toBe(true);
    }),
    { numRuns: 200 },
  );
  const full = RoaringBitmap32.fromRange(0, 65_536);
  expect(parseBitmap(formatBitmap(full)).isEqual(full)).toBe(true);
});

test('with any bit flipped or any end cut it is refused, or it is another bitmap that is sound', () => {
  let refused = 0;
  fc.assert(
    fc.property(numbers, ranges, fc.boolean(), fc.nat(), (some, runs, packed, where) => {
      const bitmap = bitmapOf(some, runs);
      if (packed) bitmap.runOptimize();
      const bytes = formatBitmap(bitmap);
      const bit = where % (bytes.length * 8);
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      for (const wrong of [flipped, bytes.subarray(0, where % bytes.length)]) {
        if (wrong.length === 0) continue;
        try {
          expect(isSound(parseBitmap(wrong))).toBe(true);
        } catch (error) {
          if ((error as { code?: string }).code !== 'INVALID_ARGUMENT') throw error;
          refused += 1;
        }
      }
    }),
    { numRuns: 500 },
  );
  expect(refused).toBeGreaterThan(300);
});
