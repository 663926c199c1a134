import { RoaringBitmap32 } from 'roaring-wasm';
import { expect, test } from 'vitest';
import {
  bitmapParts,
  BLOCK_NUMBERS_END,
  formatBitmap,
  parseBitmap,
} from '../../../../rpc/bitmaps/index.ts';

test('bytes come back as they went; what is no bitmap is refused', () => {
  const bitmap = RoaringBitmap32.of(0, 7, 65_536, 4_294_967_294);
  expect(parseBitmap(formatBitmap(bitmap)).isEqual(bitmap)).toBe(true);
  expect(parseBitmap(Buffer.alloc(0)).isEmpty).toBe(true);
  for (const bytes of [Buffer.from('garbage'), Buffer.alloc(1000, 0xff)]) {
    expect(() => parseBitmap(bytes)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  }
});

test('parts cover the range without a gap, stay small, and add up', () => {
  const bitmap = new RoaringBitmap32();
  for (let at = 0; at < 2 ** 25; at += 1009) bitmap.addRange(at, at + 400);
  bitmap.add(4_294_967_294);
  const sum = new RoaringBitmap32();
  let first = 0;
  for (const part of bitmapParts(bitmap)) {
    expect(part.first).toBe(first);
    expect(part.bytes.length).toBeLessThan(1.2 * 1024 * 1024);
    sum.orInPlace(parseBitmap(part.bytes));
    first = part.end;
  }
  expect(first).toBe(BLOCK_NUMBERS_END);
  expect(sum.isEqual(bitmap)).toBe(true);
});

test('an empty bitmap is one part, also up to an end of 0', () => {
  const empty = new RoaringBitmap32();
  expect([...bitmapParts(empty)]).toMatchObject([{ first: 0, end: BLOCK_NUMBERS_END }]);
  expect([...bitmapParts(empty, 0)]).toMatchObject([{ first: 0, end: 0 }]);
});
