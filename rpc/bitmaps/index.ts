/**
 * Block numbers on the wire: 32-bit Roaring bitmaps in the portable format, in parts that fit into a
 * message whatever they hold.
 */
import { RoaringBitmap32 } from 'roaring-wasm';
import { LarderError } from '../../common/index.ts';
import { isWellFormed } from './well-formed.ts';

/** Only its reading methods. */
export type ReadonlyBitmap = Parameters<RoaringBitmap32['isEqual']>[0];

/** One past the largest block number that there can be. */
export const BLOCK_NUMBERS_END = 2 ** 32 - 1;
/** 128 containers of at most 8 KiB each: a part is never much above 1 MiB. */
export const PART_NUMBERS = 128 * 65_536;

export interface BitmapPart {
  readonly first: number;
  /** One past the last. */
  readonly end: number;
  readonly bytes: Buffer;
}

/**
 * Empty bytes are an empty bitmap. It belongs to the caller, who disposes it.
 *
 * @throws {LarderError} `INVALID_ARGUMENT`
 */
export function parseBitmap(bytes: Buffer): RoaringBitmap32 {
  if (bytes.length === 0) return new RoaringBitmap32();
  if (!isWellFormed(bytes)) {
    throw new LarderError('INVALID_ARGUMENT', { what: 'not a Roaring bitmap' });
  }
  try {
    return RoaringBitmap32.deserialize('portable', bytes);
  } catch (error) {
    throw new LarderError('INVALID_ARGUMENT', { what: 'not a Roaring bitmap' }, { cause: error });
  }
}

export function formatBitmap(bitmap: ReadonlyBitmap): Buffer {
  const bytes = bitmap.serialize('portable');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Parts that cover [0, end) without a gap, each small enough for a message; at least one. */
export function* bitmapParts(
  bitmap: ReadonlyBitmap,
  end: number = BLOCK_NUMBERS_END,
): Generator<BitmapPart, void, undefined> {
  let first = 0;
  do {
    // Stretches without any number cost one part together.
    let partEnd = Math.min(end, first + PART_NUMBERS);
    while (partEnd < end && !bitmap.intersectsWithRange(partEnd, partEnd + PART_NUMBERS)) {
      partEnd = Math.min(end, partEnd + PART_NUMBERS);
    }
    yield { first, end: partEnd, bytes: formatRange(bitmap, first, partEnd) };
    first = partEnd;
  } while (first < end);
}

/** The numbers in [first, end), packed. */
export function formatRange(bitmap: ReadonlyBitmap, first: number, end: number): Buffer {
  const part = RoaringBitmap32.fromRange(first, end);
  part.andInPlace(bitmap);
  part.runOptimize();
  const bytes = formatBitmap(part);
  part.dispose();
  return bytes;
}
