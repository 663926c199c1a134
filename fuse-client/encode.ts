/**
 * Writes replies in the form the kernel reads them.
 *
 * A `Reply` is one buffer that is used again and again: 4 KiB for the header, which ends where the
 * page-aligned body begins, so that the bytes of a file are read straight into their place and a
 * reply is one `write`. Always true: a reply's length in its header is the length that is written.
 */
import assert from 'node:assert';
import { writeSync } from 'node:fs';
import { systemCode } from '../common/index.ts';
import {
  ATTR_OUT_BYTES,
  DIRENT_BYTES,
  DIRENT_TYPE,
  ENTRY_OUT_BYTES,
  FILE_TYPE,
  GETXATTR_OUT_BYTES,
  INIT_OUT_BYTES,
  KERNEL_MAJOR,
  LSEEK_OUT_BYTES,
  OPEN_OUT_BYTES,
  OUT_HEADER_BYTES,
  STATFS_OUT_BYTES,
  WRITE_OUT_BYTES,
} from './abi.ts';

const BODY_AT = 4096;
const BODY_WORD = BODY_AT / 4;
const HEADER_AT = BODY_AT - OUT_HEADER_BYTES;
const HEADER_WORD = HEADER_AT / 4;
const TWO_32 = 2 ** 32;
/** About 68 years: the kernel clamps what it cannot count in jiffies. */
const FOREVER_S = 0x7fff_ffff;

export type FileKind = 'file' | 'directory' | 'symlink';

/** What the kernel is told of a node. */
export interface Attributes {
  readonly node: number;
  readonly kind: FileKind;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly mtimeS: number;
  readonly mtimeNs: number;
}

export interface FileSystemTotals {
  readonly bytes: number;
  readonly entries: number;
}

export interface InitReply {
  readonly minor: number;
  readonly maxReadaheadBytes: number;
  readonly flags: number;
  readonly flags2: number;
  readonly maxBackground: number;
  readonly congestionThreshold: number;
  readonly maxWriteBytes: number;
  readonly maxPages: number;
  /** With passthrough 1: files below are on no stacked file system, and this one may be under one. */
  readonly maxStackDepth: number;
}

export class Reply {
  readonly capacityBytes: number;
  /** The place of the body, to read a file's bytes into. */
  readonly body: Buffer;
  readonly #buffer: Buffer;
  readonly #words: Uint32Array;

  constructor(capacityBytes: number) {
    this.capacityBytes = capacityBytes;
    this.#buffer = Buffer.from(new ArrayBuffer(BODY_AT + capacityBytes));
    this.#words = new Uint32Array(this.#buffer.buffer);
    this.body = this.#buffer.subarray(BODY_AT);
  }

  /** Writes header and body to /dev/fuse. */
  send(deviceFd: number, unique: UniqueWords, bodyBytes: number, errno = 0): void {
    const lengthBytes = OUT_HEADER_BYTES + bodyBytes;
    this.#header(lengthBytes, -errno, unique);
    writeReply(() => writeSync(deviceFd, this.#buffer, HEADER_AT, lengthBytes));
  }

  /** What `send` would write: for tests. */
  image(unique: UniqueWords, bodyBytes: number, errno = 0): Buffer {
    this.#header(OUT_HEADER_BYTES + bodyBytes, -errno, unique);
    return Buffer.from(this.#buffer.subarray(HEADER_AT, BODY_AT + bodyBytes));
  }

  #header(lengthBytes: number, error: number, unique: UniqueWords): void {
    const words = this.#words;
    words[HEADER_WORD] = lengthBytes;
    words[HEADER_WORD + 1] = error;
    words[HEADER_WORD + 2] = unique.uniqueLow;
    words[HEADER_WORD + 3] = unique.uniqueHigh;
  }

  /** fuse_entry_out: the answer to LOOKUP. The node and all about it may be kept for ever. */
  entry(attributes: Attributes): number {
    this.#entryAt(BODY_WORD, attributes);
    return ENTRY_OUT_BYTES;
  }

  /** fuse_entry_out without a node: the name may be remembered as missing for ever. */
  missingEntry(): number {
    const words = this.#words;
    words.fill(0, BODY_WORD, BODY_WORD + ENTRY_OUT_BYTES / 4);
    words[BODY_WORD + 4] = FOREVER_S;
    return ENTRY_OUT_BYTES;
  }

  /** fuse_attr_out. */
  attributes(attributes: Attributes): number {
    const words = this.#words;
    words.fill(0, BODY_WORD, BODY_WORD + 4);
    words[BODY_WORD] = FOREVER_S;
    this.#attrAt(BODY_WORD + 4, attributes);
    return ATTR_OUT_BYTES;
  }

  /** fuse_open_out. */
  opened(handle: number, flags: number, backingId = 0): number {
    const words = this.#words;
    words[BODY_WORD] = handle;
    words[BODY_WORD + 1] = 0;
    words[BODY_WORD + 2] = flags;
    words[BODY_WORD + 3] = backingId;
    return OPEN_OUT_BYTES;
  }

  /** fuse_init_out. */
  init(init: InitReply): number {
    const words = this.#words;
    words.fill(0, BODY_WORD, BODY_WORD + INIT_OUT_BYTES / 4);
    words[BODY_WORD] = KERNEL_MAJOR;
    words[BODY_WORD + 1] = init.minor;
    words[BODY_WORD + 2] = init.maxReadaheadBytes;
    words[BODY_WORD + 3] = init.flags;
    words[BODY_WORD + 4] = init.maxBackground | (init.congestionThreshold << 16);
    words[BODY_WORD + 5] = init.maxWriteBytes;
    words[BODY_WORD + 6] = 1;
    words[BODY_WORD + 7] = init.maxPages;
    words[BODY_WORD + 8] = init.flags2;
    words[BODY_WORD + 9] = init.maxStackDepth;
    return INIT_OUT_BYTES;
  }

  /** fuse_kstatfs: nothing is free, because nothing can be written. */
  statfs(totals: FileSystemTotals): number {
    const words = this.#words;
    words.fill(0, BODY_WORD, BODY_WORD + STATFS_OUT_BYTES / 4);
    this.#put64(BODY_WORD, Math.ceil(totals.bytes / STATFS_BLOCK_BYTES));
    this.#put64(BODY_WORD + 6, totals.entries);
    words[BODY_WORD + 10] = STATFS_BLOCK_BYTES;
    words[BODY_WORD + 11] = 255;
    words[BODY_WORD + 12] = STATFS_BLOCK_BYTES;
    return STATFS_OUT_BYTES;
  }

  /** fuse_getxattr_out: the size that a value or list has. */
  xattrSize(sizeBytes: number): number {
    this.#words[BODY_WORD] = sizeBytes;
    this.#words[BODY_WORD + 1] = 0;
    return GETXATTR_OUT_BYTES;
  }

  /** fuse_write_out. */
  written(sizeBytes: number): number {
    this.#words[BODY_WORD] = sizeBytes;
    this.#words[BODY_WORD + 1] = 0;
    return WRITE_OUT_BYTES;
  }

  /** fuse_lseek_out. */
  seek(offsetBytes: number): number {
    this.#put64(BODY_WORD, offsetBytes);
    return LSEEK_OUT_BYTES;
  }

  /** Bytes as they are: a symlink's target, a value. */
  copy(bytes: Buffer): number {
    assert(bytes.length <= this.capacityBytes, 'a value fits the reply');
    bytes.copy(this.#buffer, BODY_AT);
    return bytes.length;
  }

  /**
   * Adds a fuse_dirent at `at` and returns where the next one goes, or -1 where it does not fit
   * `limitBytes`.
   */
  dirent(at: number, limitBytes: number, entry: DirectoryEntry): number {
    const end = at + padded(DIRENT_BYTES + entry.nameEnd - entry.nameStart);
    if (end > limitBytes) return -1;
    this.#direntAt(at, end, entry);
    return end;
  }

  /** The same with a fuse_entry_out before it; without a node for `.` and `..`, which the kernel has. */
  direntPlus(at: number, limitBytes: number, entry: DirectoryEntry): number {
    const end = at + padded(ENTRY_OUT_BYTES + DIRENT_BYTES + entry.nameEnd - entry.nameStart);
    if (end > limitBytes) return -1;
    const word = BODY_WORD + (at >>> 2);
    if (entry.isDot) this.#words.fill(0, word, word + ENTRY_OUT_BYTES / 4);
    else this.#entryAt(word, entry.attributes);
    this.#direntAt(at + ENTRY_OUT_BYTES, end, entry);
    return end;
  }

  #direntAt(at: number, end: number, entry: DirectoryEntry): void {
    const { attributes, bytes, nameStart, nameEnd } = entry;
    const word = BODY_WORD + (at >>> 2);
    const words = this.#words;
    words[word] = attributes.node;
    words[word + 1] = 0;
    this.#put64(word + 2, entry.cookie);
    words[word + 4] = nameEnd - nameStart;
    words[word + 5] = DIRENT_TYPE[attributes.kind];
    // The padding first: what an earlier reply left there is not the kernel's to see.
    const last = BODY_WORD + (end >>> 2) - 2;
    words[last] = 0;
    words[last + 1] = 0;
    const buffer = this.#buffer;
    let to = BODY_AT + at + DIRENT_BYTES;
    // A name is short: a loop is quicker than a call of `copy`.
    for (let from = nameStart; from < nameEnd; from++) buffer[to++] = bytes[from] ?? 0;
  }

  #entryAt(word: number, attributes: Attributes): void {
    const words = this.#words;
    words.fill(0, word, word + 10);
    words[word] = attributes.node;
    words[word + 4] = FOREVER_S;
    words[word + 6] = FOREVER_S;
    this.#attrAt(word + 10, attributes);
  }

  #attrAt(word: number, attributes: Attributes): void {
    const words = this.#words;
    const { sizeBytes, mtimeS, mtimeNs } = attributes;
    words[word] = attributes.node;
    words[word + 1] = 0;
    this.#put64(word + 2, sizeBytes);
    // With 0 blocks `tar --sparse` takes a file for a hole and archives no bytes.
    this.#put64(word + 4, Math.ceil(sizeBytes / 512));
    for (let field = 6; field <= 10; field += 2) this.#put64(word + field, mtimeS);
    words[word + 12] = mtimeNs;
    words[word + 13] = mtimeNs;
    words[word + 14] = mtimeNs;
    words[word + 15] = FILE_TYPE[attributes.kind] | attributes.mode;
    words[word + 16] = 1;
    words[word + 17] = attributes.uid;
    words[word + 18] = attributes.gid;
    words[word + 19] = 0;
    words[word + 20] = STAT_BLOCK_BYTES;
    words[word + 21] = 0;
  }

  /** Also for a time before 1970: two's complement. */
  #put64(word: number, value: number): void {
    this.#words[word] = value % TWO_32;
    this.#words[word + 1] = Math.floor(value / TWO_32);
  }
}

const STATFS_BLOCK_BYTES = 4096;
/** st_blksize: what `cp` and `cat` read at a time. */
const STAT_BLOCK_BYTES = 1 << 20;

export interface UniqueWords {
  readonly uniqueLow: number;
  readonly uniqueHigh: number;
}

export interface DirectoryEntry {
  readonly attributes: Attributes;
  /** The name is bytes[nameStart, nameEnd). */
  readonly bytes: Buffer;
  readonly nameStart: number;
  readonly nameEnd: number;
  /** Where a listing goes on after this entry. */
  readonly cookie: number;
  readonly isDot: boolean;
}

/** The header of a reply whose body is written from other buffers. */
export function replyHeader(unique: UniqueWords, bodyBytes: number, errno = 0): Buffer {
  const header = Buffer.allocUnsafe(OUT_HEADER_BYTES);
  header.writeUInt32LE(OUT_HEADER_BYTES + bodyBytes, 0);
  header.writeInt32LE(-errno, 4);
  header.writeUInt32LE(unique.uniqueLow, 8);
  header.writeUInt32LE(unique.uniqueHigh, 12);
  return header;
}

/**
 * Runs one write to /dev/fuse. ENOENT means that nobody waits for the reply any more (the caller was
 * killed, or a predecessor of this server had answered), and a connection that has ended is noticed
 * by whoever reads.
 */
export function writeReply(write: () => unknown): void {
  try {
    write();
  } catch (error) {
    const code = systemCode(error);
    if (code !== 'ENOENT' && code !== 'ENODEV' && code !== 'ECONNABORTED') throw error;
  }
}

function padded(bytes: number): number {
  return (bytes + 7) & ~7;
}
