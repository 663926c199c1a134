/**
 * The open page of one level: rows are appended to columns that grow, and leave as bytes.
 *
 * Always true: the columns have room for no more than twice what is in them (a key of 2,000
 * segments opens 2,000 levels), and an encoded page is exactly what `decodePage` accepts.
 */
import { constants, zstdCompressSync } from 'node:zlib';
import { crc32 } from '@node-rs/crc32';
import { MANIFEST_PAGE_ENTRIES } from '../limits.ts';
import {
  HASH_BYTES,
  HEADER,
  HIDDEN,
  KIND_DIRECTORY,
  KIND_FILE,
  KIND_MASK,
  OWNER_WORDS,
  TOTALS_WORDS,
  TWO_32,
  VALIDATOR_HASH,
  VALIDATOR_MASK,
  bodyColumns,
  bodyLayout,
} from './format.ts';
import type { BodyColumns } from './format.ts';
import { SLASH } from './keys.ts';
import type { DirectoryTotals } from './types.ts';

/** Level 3 gains nothing over level 1 here and takes twice the time (measured). */
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const FIRST_ROWS = 64;
const FIRST_NAME_BYTES = 1024;

/** What a row is made of; one object, reused for every entry. */
export interface Row {
  bytes: Buffer;
  nameStart: number;
  nameEnd: number;
  flags: number;
  low: number;
  high: number;
  mtimeS: number;
  mtimeNs: number;
  mode: number;
  uid: number;
  gid: number;
  parent: number;
  /** Of a file; the others have no number of their own. */
  firstBlock: number;
  /** How many numbers the entry takes: a file its blocks, a directory all those below it. */
  blocks: number;
  parts: number;
  hash: Buffer;
  extra: Buffer | undefined;
  totals: DirectoryTotals | undefined;
}

export interface EncodedPage {
  readonly stored: Buffer;
  readonly hashes: number;
  readonly bodyBytes: number;
  readonly crc: number;
  readonly firstBlock: number;
  /** Name of the first entry, with `/` after a directory's. */
  readonly firstKey: Buffer;
}

export class PageWriter {
  entries = 0;
  #capacity = FIRST_ROWS;
  #columns = emptyColumns(FIRST_ROWS);
  #names = Buffer.alloc(FIRST_NAME_BYTES);
  #nameBytes = 0;
  #hashes = Buffer.alloc(HASH_BYTES * FIRST_ROWS);
  #hashCount = 0;
  #totals: number[] = [];
  #extra: Buffer[] = [];
  #extraBytes = 0;
  #owners: number[] = [];
  readonly #ownerIndex = new Map<string, number>();
  #lastOwner = -1;
  #firstBlock: number;
  #nextBlock: number;

  constructor(nextBlock: number) {
    this.#firstBlock = nextBlock;
    this.#nextBlock = nextBlock;
  }

  get full(): boolean {
    return this.entries === MANIFEST_PAGE_ENTRIES;
  }

  append(row: Row): void {
    if (this.entries === this.#capacity) this.#grow();
    const i = this.entries;
    const c = this.#columns;
    c.low[i] = row.low;
    c.high[i] = row.high;
    c.mtimeLow[i] = row.mtimeS;
    c.mtimeHigh[i] = Math.floor(row.mtimeS / TWO_32);
    c.mtimeNs[i] = row.mtimeNs;
    c.parent[i] = row.parent;
    const firstBlock = (row.flags & KIND_MASK) === KIND_FILE ? row.firstBlock : this.#nextBlock;
    c.gap[i] = firstBlock - this.#nextBlock;
    this.#nextBlock = (firstBlock + row.blocks) % TWO_32;
    c.parts[i] = row.parts;
    c.owner[i] = this.#owner(row.mode, row.uid, row.gid);
    c.nameLength[i] = row.nameEnd - row.nameStart;
    c.flags[i] = row.flags;
    this.#appendName(row);
    if ((row.flags & VALIDATOR_MASK) === VALIDATOR_HASH) {
      row.hash.copy(this.#hashes, HASH_BYTES * this.#hashCount);
      this.#hashCount += 1;
    } else if (row.extra !== undefined) {
      this.#appendExtra(row.extra);
    } else if (row.totals !== undefined) {
      const { files, blocks, bytes } = row.totals;
      this.#totals.push(files, blocks, bytes % TWO_32, Math.floor(bytes / TWO_32));
    }
    this.entries = i + 1;
  }

  /** Marks an entry that is still in this page as hidden. */
  hide(slot: number): void {
    const { flags } = this.#columns;
    flags[slot] = (flags[slot] ?? 0) | HIDDEN;
  }

  /** @param firstIndex the index in the level of the page's first entry */
  encode(level: number, firstIndex: number): EncodedPage {
    const counts = {
      entries: this.entries,
      directories: this.#totals.length / TOTALS_WORDS,
      owners: this.#owners.length / OWNER_WORDS,
      nameBytes: this.#nameBytes,
      extraBytes: this.#extraBytes,
    };
    const at = bodyLayout(counts);
    const body = Buffer.from(new ArrayBuffer(at.end));
    const out = bodyColumns(body, counts);
    out.header[HEADER.entries] = this.entries;
    out.header[HEADER.level] = level;
    out.header[HEADER.firstIndex] = firstIndex;
    out.header[HEADER.firstBlock] = this.#firstBlock;
    out.header[HEADER.hashes] = this.#hashCount;
    out.header[HEADER.directories] = counts.directories;
    out.header[HEADER.owners] = counts.owners;
    out.header[HEADER.nameBytes] = this.#nameBytes;
    out.header[HEADER.extraBytes] = this.#extraBytes;
    copyColumns(this.#columns, out, this.entries);
    out.totals.set(this.#totals);
    out.owners.set(this.#owners);
    this.#names.copy(body, at.names, 0, this.#nameBytes);
    Buffer.concat(this.#extra, this.#extraBytes).copy(body, at.extra);
    const hashes = this.#hashes.subarray(0, HASH_BYTES * this.#hashCount);
    const stored = Buffer.concat([hashes, zstdCompressSync(body, ZSTD)]);
    return {
      stored,
      hashes: this.#hashCount,
      bodyBytes: at.end,
      crc: crc32(stored),
      firstBlock: this.#firstBlock,
      firstKey: this.#firstKey(),
    };
  }

  /** Begins the next page of the level. */
  clear(): void {
    this.entries = 0;
    this.#nameBytes = 0;
    this.#hashCount = 0;
    this.#totals = [];
    this.#extra = [];
    this.#extraBytes = 0;
    this.#owners = [];
    this.#ownerIndex.clear();
    this.#lastOwner = -1;
    this.#firstBlock = this.#nextBlock;
  }

  /** Kept for as long as the builder lives, so not in the pool: it would keep 64 KiB of it alive. */
  #firstKey(): Buffer {
    const nameBytes = this.#columns.nameLength[0] ?? 0;
    const isDirectory = ((this.#columns.flags[0] ?? 0) & KIND_MASK) === KIND_DIRECTORY;
    const key = Buffer.alloc(isDirectory ? nameBytes + 1 : nameBytes, SLASH);
    this.#names.copy(key, 0, 0, nameBytes);
    return key;
  }

  #appendName(row: Row): void {
    const end = this.#nameBytes + row.nameEnd - row.nameStart;
    if (end > this.#names.length) {
      this.#names = Buffer.concat([this.#names], 2 * Math.max(this.#names.length, end));
    }
    row.bytes.copy(this.#names, this.#nameBytes, row.nameStart, row.nameEnd);
    this.#nameBytes = end;
  }

  #appendExtra(bytes: Buffer): void {
    const record = Buffer.alloc(2 + bytes.length);
    record.writeUInt16LE(bytes.length);
    bytes.copy(record, 2);
    this.#extra.push(record);
    this.#extraBytes += record.length;
  }

  /** Nearly all entries have the owner of the one before: only the others pay for the look-up. */
  #owner(mode: number, uid: number, gid: number): number {
    const owners = this.#owners;
    const at = OWNER_WORDS * this.#lastOwner;
    if (at >= 0 && owners[at] === mode && owners[at + 1] === uid && owners[at + 2] === gid) {
      return this.#lastOwner;
    }
    const key = `${String(mode)} ${String(uid)} ${String(gid)}`;
    let index = this.#ownerIndex.get(key);
    if (index === undefined) {
      index = owners.length / OWNER_WORDS;
      this.#ownerIndex.set(key, index);
      owners.push(mode, uid, gid);
    }
    this.#lastOwner = index;
    return index;
  }

  #grow(): void {
    this.#capacity = Math.min(MANIFEST_PAGE_ENTRIES, 4 * this.#capacity);
    const columns = emptyColumns(this.#capacity);
    copyColumns(this.#columns, columns, this.entries);
    this.#columns = columns;
    this.#hashes = Buffer.concat([this.#hashes], HASH_BYTES * this.#capacity);
  }
}

function emptyColumns(entries: number): BodyColumns {
  const counts = { entries, directories: 0, owners: 0, nameBytes: 0, extraBytes: 0 };
  return bodyColumns(Buffer.from(new ArrayBuffer(bodyLayout(counts).end)), counts);
}

function copyColumns(from: BodyColumns, to: BodyColumns, entries: number): void {
  to.low.set(from.low.subarray(0, entries));
  to.high.set(from.high.subarray(0, entries));
  to.mtimeLow.set(from.mtimeLow.subarray(0, entries));
  to.mtimeHigh.set(from.mtimeHigh.subarray(0, entries));
  to.mtimeNs.set(from.mtimeNs.subarray(0, entries));
  to.parent.set(from.parent.subarray(0, entries));
  to.gap.set(from.gap.subarray(0, entries));
  to.parts.set(from.parts.subarray(0, entries));
  to.owner.set(from.owner.subarray(0, entries));
  to.nameLength.set(from.nameLength.subarray(0, entries));
  to.flags.set(from.flags.subarray(0, entries));
}
