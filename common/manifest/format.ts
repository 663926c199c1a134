/**
 * The layout of a manifest file, version 1; all numbers are little-endian.
 *
 *     file     page* footer trailer
 *     page     hash column (16 bytes per binary ETag, as it is) + zstd(body)
 *     body     header | u32 columns | totals | owners | u16 columns | u8 columns | names | extra
 *     totals   per directory of the page: files, blocks, bytes low, bytes high (u32 each)
 *     owners   the distinct (mode, uid, gid) of the page (u32 each); a column holds their index
 *     extra    in entry order: u16 length + symlink target, string ETag, or file identity
 *     footer   see footer.ts; trailer: 32 bytes that say where the footer is
 *
 * Hashes stand apart because they do not compress: zstd over them costs time and gains nothing.
 * Columns that are constant or nearly so (gap, owner, parts, high words) compress to almost nothing.
 * mtime is a signed 64-bit number of seconds (low u32, high i32), of which ±2^53 is used.
 *
 * Measured with bench/manifest.ts, 1 M keys in 1,000 directories or in one, 2 cores, pages of 4,096
 * entries: 0.9 M keys/s to build, 19.6 bytes per entry (16 of them ETag), 6 to 8 M entries/s to list
 * with attributes, decoding included.
 *
 * Whoever changes a byte of this bumps FORMAT_VERSION; the golden test watches.
 */
import assert from 'node:assert';
import { LarderError } from '../errors.ts';
import { MANIFEST_PAGE_ENTRIES, MAX_SEGMENT_BYTES, MAX_SYMLINK_BYTES } from '../limits.ts';
import type { EntryKind } from './types.ts';

export const FORMAT_VERSION = 1;
export const MAGIC = Buffer.from('LARDERMF');
export const TRAILER_BYTES = 32;
export const HASH_BYTES = 16;
/** Device, inode, ctime seconds (8 bytes each), ctime nanoseconds (4). */
export const IDENTITY_BYTES = 28;
export const MAX_ETAG_BYTES = 1024;
export const TOTALS_WORDS = 4;
export const OWNER_WORDS = 3;

/** Flags: two bits of kind, hidden, marked (a directory with its own key), two bits of validator. */
export const KIND_MASK = 0b11;
export const KIND_FILE = 0;
export const KIND_DIRECTORY = 1;
export const KIND_SYMLINK = 2;
export const HIDDEN = 0b100;
export const MARKED = 0b1000;
export const VALIDATOR_MASK = 0b11_0000;
export const VALIDATOR_MODIFIED = 0;
export const VALIDATOR_HASH = 0b01_0000;
export const VALIDATOR_TEXT = 0b10_0000;
export const VALIDATOR_IDENTITY = 0b11_0000;
export const UNUSED_FLAGS = 0b1100_0000;

export const KINDS: readonly EntryKind[] = ['file', 'directory', 'symlink'];

/** log2 of the entries of a page: an index in a level is page number and place in the page. */
export const PAGE_SHIFT = 12;
export const PAGE_MASK = MANIFEST_PAGE_ENTRIES - 1;
export const TWO_32 = 2 ** 32;
/** High words below this keep a number within 2^53. */
export const SAFE_HIGH = 2 ** 21;

/** Places of the numbers in a body's header (u32 each). */
export const HEADER = {
  entries: 0,
  level: 1,
  firstIndex: 2,
  firstBlock: 3,
  hashes: 4,
  directories: 5,
  owners: 6,
  nameBytes: 7,
  extraBytes: 8,
} as const;
export const HEADER_WORDS = 10;

export interface BodyCounts {
  readonly entries: number;
  readonly directories: number;
  readonly owners: number;
  readonly nameBytes: number;
  readonly extraBytes: number;
}

const WORD_COLUMNS = 7;
const HALF_COLUMNS = 2;
const BYTE_COLUMNS = 2;

/** Where each part of a body begins, in bytes. */
export function bodyLayout(counts: BodyCounts) {
  const words = 4 * HEADER_WORDS;
  const totals = words + 4 * WORD_COLUMNS * counts.entries;
  const owners = totals + 4 * TOTALS_WORDS * counts.directories;
  const halves = owners + 4 * OWNER_WORDS * counts.owners;
  const octets = halves + 2 * HALF_COLUMNS * counts.entries;
  const names = octets + BYTE_COLUMNS * counts.entries;
  const extra = names + counts.nameBytes;
  return { words, totals, owners, halves, octets, names, extra, end: extra + counts.extraBytes };
}

/** No honest body is longer: a reader allocates no more than this, whatever the footer says. */
export const MAX_BODY_BYTES = bodyLayout({
  entries: MANIFEST_PAGE_ENTRIES,
  directories: MANIFEST_PAGE_ENTRIES,
  owners: MANIFEST_PAGE_ENTRIES,
  nameBytes: MANIFEST_PAGE_ENTRIES * MAX_SEGMENT_BYTES,
  extraBytes: MANIFEST_PAGE_ENTRIES * (2 + MAX_SYMLINK_BYTES),
}).end;

/** The columns of a body as views, in the order in which they lie in it. */
export function bodyColumns(body: Buffer, counts: BodyCounts) {
  const n = counts.entries;
  const at = bodyLayout(counts);
  const { buffer, byteOffset } = body;
  const word = (k: number) => new Uint32Array(buffer, byteOffset + at.words + 4 * n * k, n);
  const half = (k: number) => new Uint16Array(buffer, byteOffset + at.halves + 2 * n * k, n);
  const octet = (k: number) => new Uint8Array(buffer, byteOffset + at.octets + n * k, n);
  return {
    header: new Uint32Array(buffer, byteOffset, HEADER_WORDS),
    /** Of a file its size; of a directory the index of its first child in the next level. */
    low: word(0),
    /** Of a file the high word of its size; of a directory the number of its children. */
    high: word(1),
    mtimeLow: word(2),
    mtimeHigh: new Int32Array(buffer, byteOffset + at.words + 4 * n * 3, n),
    mtimeNs: word(4),
    /** Index of the directory in the level above. */
    parent: word(5),
    /** First block minus the end of the previous entry's blocks, modulo 2^32. */
    gap: word(6),
    totals: new Uint32Array(buffer, byteOffset + at.totals, TOTALS_WORDS * counts.directories),
    owners: new Uint32Array(buffer, byteOffset + at.owners, OWNER_WORDS * counts.owners),
    /** Of a binary ETag: the number of parts after the dash, or 0. */
    parts: half(0),
    owner: half(1),
    nameLength: octet(0),
    flags: octet(1),
  };
}

export type BodyColumns = ReturnType<typeof bodyColumns>;

/** Which file and page an error is about. */
export interface Where {
  readonly file: string | undefined;
  readonly page?: number;
}

/** @returns the error for bytes that cannot be what the builder wrote */
export function corrupt(where: Where, what: string, entry?: number): LarderError {
  return new LarderError('MANIFEST_CORRUPT', {
    file: where.file,
    page: where.page,
    entry,
    what,
  });
}

/** A part of the file has not arrived yet: fetch this range, then ask again. */
export class PageMissing extends Error {
  override readonly name = 'PageMissing';
  readonly offsetBytes: number;
  readonly lengthBytes: number;

  constructor(range: { readonly offsetBytes: number; readonly lengthBytes: number }) {
    super(`manifest bytes ${String(range.offsetBytes)}+${String(range.lengthBytes)} are not here`);
    this.offsetBytes = range.offsetBytes;
    this.lengthBytes = range.lengthBytes;
  }
}

assert(2 ** PAGE_SHIFT === MANIFEST_PAGE_ENTRIES, 'a page is a power of two');
assert(
  new Uint8Array(new Uint32Array([1]).buffer)[0] === 1,
  'columns are typed arrays over the bytes of the file, so this needs a little-endian machine',
);
