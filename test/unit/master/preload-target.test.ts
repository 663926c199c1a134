import fc from 'fast-check';
import { RoaringBitmap32 } from 'roaring-wasm';
import { expect, test } from 'vitest';
import { PreloadTarget } from '../../../master/preload-target.ts';

const BLOCK = 10;

test('bytes and files are those of the blocks that are held', () => {
  const target = new PreloadTarget(BLOCK, {
    ordinals: [3, 1, 2],
    firstBlocks: [20, 0, 5],
    sizes: [25, 10, 0],
  });
  expect(target).toMatchObject({ files: 3, parts: 3, bytes: 35, blocks: 4 });
  const nothing = target.measure(new RoaringBitmap32());
  expect(nothing).toEqual({ heldBlocks: 0, heldBytes: 0, heldFiles: 1, heldParts: 1 });
  const some = target.measure(RoaringBitmap32.of(0, 22, 99));
  expect(some).toEqual({ heldBlocks: 2, heldBytes: 15, heldFiles: 2, heldParts: 2 });
  expect([0, 1, 2].map((file) => [target.ordinal(file), target.isMissing(file)])).toEqual([
    [1, false],
    [2, false],
    [3, true],
  ]);
});

test('a file above 1 GiB is as many parts as it has stripes, and held when all of them are', () => {
  const blockSize = 2 ** 28;
  const target = new PreloadTarget(blockSize, {
    ordinals: [7, 4, 9],
    firstBlocks: [13, 0, 8],
    sizes: [2 ** 30, 2 * 2 ** 30 - 1, 2 ** 30 + 1],
  });
  const parts = [0, 1, 2, 3, 4].map((part) => [target.ordinal(part), target.stripe(part)]);
  expect(parts).toEqual([
    [4, 0],
    [4, 1],
    [9, 0],
    [9, 1],
    [7, 0],
  ]);
  expect(target).toMatchObject({ files: 3, parts: 5, blocks: 8 + 5 + 4 });
  expect(target.blocksOf(1)).toEqual({ first: 4, end: 8 });
  expect(target.blocksOf(3)).toEqual({ first: 12, end: 13 });
  const all = new RoaringBitmap32();
  all.addRange(0, 17);
  all.remove(12);
  const bytes = 2 * 2 ** 30 - 1 + 2 ** 30 + 2 ** 30;
  expect(target.measure(all)).toEqual({
    heldBlocks: 16,
    heldBytes: bytes,
    heldFiles: 2,
    heldParts: 4,
  });
  expect([0, 1, 2, 3, 4].filter((part) => target.isMissing(part))).toEqual([3]);
  all.remove(8);
  expect(target.measure(all)).toMatchObject({ heldFiles: 2, heldParts: 3 });
});

test('against counting block by block', () => {
  const file = fc.record({
    size: fc.integer({ min: 0, max: 45 }),
    gap: fc.integer({ max: 3, min: 0 }),
  });
  fc.assert(
    fc.property(fc.array(file), fc.array(fc.integer({ min: 0, max: 60 })), (files, held) => {
      let next = 0;
      const firstBlocks = files.map(({ size, gap }) => {
        const first = next + gap;
        next = first + Math.ceil(size / BLOCK);
        return first;
      });
      const sizes = files.map(({ size }) => size);
      const ordinals = files.map((_file, i) => i);
      const target = new PreloadTarget(BLOCK, { ordinals, firstBlocks, sizes });
      const has = new Set(held);
      const expected = { heldBlocks: 0, heldBytes: 0, heldFiles: 0, heldParts: 0 };
      for (const [i, size] of sizes.entries()) {
        const blocks = Math.ceil(size / BLOCK);
        let missing = 0;
        for (let block = 0; block < blocks; block += 1) {
          if (!has.has((firstBlocks[i] ?? 0) + block)) missing += 1;
          else {
            expected.heldBlocks += 1;
            expected.heldBytes += Math.min(BLOCK, size - block * BLOCK);
          }
        }
        if (missing > 0) continue;
        expected.heldFiles += 1;
        expected.heldParts += 1;
      }
      expect(target.measure(RoaringBitmap32.from(held))).toEqual(expected);
    }),
  );
});
