/**
 * The footer: all of a manifest that a reader keeps in memory. It has the page index, the totals,
 * the bytes per bucket of the band hash, and the entries that were hidden after their page had left.
 *
 * Always true of a footer that `decodeFooter` returns: pages lie one after the other and fill the
 * file up to the footer, each level has exactly the pages that its entries need, and every sum that
 * can be checked without reading pages agrees.
 *
 * Not compressed: it is 0.05 % of a large manifest, and its size bounds what is allocated for it.
 */
import { crc32 } from '@node-rs/crc32';
import { LarderError } from '../errors.ts';
import {
  BAND_BUCKETS,
  MANIFEST_MAX_BLOCKS,
  MANIFEST_MAX_ENTRIES,
  MANIFEST_PAGE_ENTRIES,
  MAX_BLOCK_BYTES,
  MAX_SEGMENT_BYTES,
} from '../limits.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import {
  FORMAT_VERSION,
  HASH_BYTES,
  MAGIC,
  MAX_BODY_BYTES,
  TRAILER_BYTES,
  corrupt,
} from './format.ts';
import type { Where } from './format.ts';
import type { FileRange, ManifestSummary } from './types.ts';

export interface PageRow extends FileRange {
  /** Place in the file, from 0. */
  readonly number: number;
  readonly level: number;
  /** Index in the level of its first entry. */
  readonly firstIndex: number;
  readonly entries: number;
  readonly hashes: number;
  readonly bodyBytes: number;
  readonly crc: number;
  readonly firstBlock: number;
  readonly firstKey: Buffer;
}

export interface LateEntry {
  readonly level: number;
  readonly index: number;
}

export type FooterSums = Omit<ManifestSummary, 'entries' | 'fileBytes'>;

export interface Footer {
  readonly sums: FooterSums;
  /** Entries per level; level 0 is the root alone. */
  readonly levels: readonly number[];
  /** In the order in which they lie in the file. */
  readonly pages: readonly PageRow[];
  readonly late: readonly LateEntry[];
  readonly bandBytes: Float64Array;
}

const SUMS = [
  'files',
  'directories',
  'symlinks',
  'bytes',
  'blocks',
  'nextBlock',
  'hidden',
  'skipped',
  'strongValidators',
  'weakValidators',
  'blockSizeBytes',
] as const satisfies readonly (keyof FooterSums)[];

export function encodeFooter(footer: Footer): Buffer {
  const out = new ByteWriter();
  for (const name of SUMS) out.u53(footer.sums[name]);
  out.u32(footer.levels.length);
  for (const entries of footer.levels) out.u32(entries);
  out.u32(footer.pages.length);
  for (const page of footer.pages) {
    out.u16(page.level);
    out.u16(page.hashes);
    out.u32(page.lengthBytes);
    out.u32(page.bodyBytes);
    out.u32(page.crc);
    out.u32(page.firstBlock);
    out.u16(page.firstKey.length);
    out.bytes(page.firstKey);
  }
  out.u32(footer.late.length);
  for (const { level, index } of footer.late) {
    out.u16(level);
    out.u32(index);
  }
  const buckets = [...footer.bandBytes.entries()].filter(([, bytes]) => bytes > 0);
  out.u32(buckets.length);
  for (const [bucket, bytes] of buckets) {
    out.u16(bucket);
    out.u53(bytes);
  }
  return out.finish();
}

export function encodeTrailer(footer: Buffer, footerOffsetBytes: number): Buffer {
  const out = new ByteWriter();
  out.u53(footerOffsetBytes);
  out.u32(footer.length);
  out.u32(crc32(footer));
  out.u32(FORMAT_VERSION);
  out.u32(crc32(out.finish()));
  out.bytes(MAGIC);
  return out.finish();
}

export interface Trailer {
  /** The footer without the trailer. */
  readonly footer: FileRange;
  readonly crc: number;
}

/**
 * @returns undefined where the bytes are no trailer: damaged, or not here yet
 * @throws {LarderError} `PROTOCOL_MISMATCH` for another format version, `MANIFEST_CORRUPT`
 */
export function decodeTrailer(bytes: Buffer, fileBytes: number, where: Where): Trailer | undefined {
  if (bytes.length !== TRAILER_BYTES || !bytes.subarray(24).equals(MAGIC)) return undefined;
  if (crc32(bytes.subarray(0, 20)) !== bytes.readUInt32LE(20)) return undefined;
  const input = new ByteReader(bytes, where);
  const offsetBytes = input.u53();
  const lengthBytes = input.u32();
  const crc = input.u32();
  const version = input.u32();
  if (version !== FORMAT_VERSION) {
    throw new LarderError('PROTOCOL_MISMATCH', {
      file: where.file,
      manifestFormat: version,
      expected: FORMAT_VERSION,
    });
  }
  if (offsetBytes + lengthBytes + TRAILER_BYTES !== fileBytes) {
    throw corrupt(where, 'the footer does not lie before the trailer');
  }
  return { footer: { offsetBytes, lengthBytes }, crc };
}

/** @throws {LarderError} `MANIFEST_CORRUPT` where anything in it disagrees with anything else */
export function decodeFooter(bytes: Buffer, offsetBytes: number, where: Where): Footer {
  const input = new ByteReader(bytes, where);
  const sums = readSums(input);
  const levels = Array.from({ length: input.count(4) }, () => input.u32());
  const pages = readPages(input, levels, where);
  const late = Array.from({ length: input.count(6) }, () => ({
    level: input.u16(),
    index: input.u32(),
  }));
  const bandBytes = new Float64Array(BAND_BUCKETS);
  for (let left = input.count(10); left > 0; left -= 1) {
    const bucket = input.u16();
    if (bucket >= BAND_BUCKETS) throw corrupt(where, 'a bucket of the band hash does not exist');
    bandBytes[bucket] = input.u53();
  }
  if (input.left !== 0) throw corrupt(where, 'the footer is longer than what is in it');
  const last = pages.at(-1);
  if (last === undefined || last.offsetBytes + last.lengthBytes !== offsetBytes) {
    throw corrupt(where, 'the pages do not end where the footer begins');
  }
  const footer = { sums, levels, pages, late, bandBytes };
  checkSums(footer, where);
  return footer;
}

function readSums(input: ByteReader): FooterSums {
  const sums: Record<string, number> = {};
  for (const name of SUMS) sums[name] = input.u53();
  return sums as Record<(typeof SUMS)[number], number>;
}

function readPages(input: ByteReader, levels: readonly number[], where: Where): PageRow[] {
  const done = levels.map(() => 0);
  const pages: PageRow[] = [];
  let offsetBytes = 0;
  for (let left = input.count(22); left > 0; left -= 1) {
    const level = input.u16();
    const hashes = input.u16();
    const lengthBytes = input.u32();
    const bodyBytes = input.u32();
    const crc = input.u32();
    const firstBlock = input.u32();
    const firstKey = input.bytes(input.u16());
    const firstIndex = done[level] ?? 0;
    const entries = Math.min(MANIFEST_PAGE_ENTRIES, (levels[level] ?? 0) - firstIndex);
    const bad =
      entries < 1 ||
      hashes > entries ||
      HASH_BYTES * hashes >= lengthBytes ||
      bodyBytes > MAX_BODY_BYTES ||
      firstKey.length > MAX_SEGMENT_BYTES + 1;
    const number = pages.length;
    if (bad) throw corrupt({ ...where, page: number }, 'its row in the footer is impossible');
    const place = { number, level, firstIndex, entries, offsetBytes, lengthBytes };
    pages.push({ ...place, hashes, bodyBytes, crc, firstBlock, firstKey });
    done[level] = firstIndex + entries;
    offsetBytes += lengthBytes;
  }
  if (done.some((entries, level) => entries !== levels[level])) {
    throw corrupt(where, 'a level has too few pages');
  }
  return pages;
}

function checkSums({ sums, levels, late, bandBytes }: Footer, where: Where): void {
  const entries = levels.reduce((sum, count) => sum + count, 0);
  const blockBits = Math.log2(sums.blockSizeBytes);
  const problem =
    (levels[0] !== 1 && 'level 0 is not the root alone') ||
    (levels.includes(0) && 'a level is empty') ||
    (entries > MANIFEST_MAX_ENTRIES && 'too many entries') ||
    (sums.nextBlock > MANIFEST_MAX_BLOCKS && 'too many blocks') ||
    (sums.blocks > sums.nextBlock && 'more blocks than numbers') ||
    ((!Number.isInteger(blockBits) || sums.blockSizeBytes > MAX_BLOCK_BYTES) &&
      'the block size is not a power of two that is allowed') ||
    (sums.files + sums.directories + sums.symlinks + sums.hidden !== entries &&
      'the kinds do not add up to the entries') ||
    (sums.strongValidators + sums.weakValidators !== sums.files &&
      'the validators do not add up to the files') ||
    (bandBytes.reduce((sum, bytes) => sum + bytes, 0) !== sums.bytes &&
      'the buckets do not add up to the bytes') ||
    (late.some(({ level, index }) => level === 0 || index >= (levels[level] ?? 0)) &&
      'a hidden entry does not exist') ||
    (late.length > sums.hidden && 'more late entries than hidden ones');
  if (problem !== false) throw corrupt(where, problem);
}
