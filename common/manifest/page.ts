/**
 * One decoded page: columns over its bytes, and what is rebuilt from them.
 *
 * Always true of a page that `decodePage` returns: every number in it is in range for the manifest
 * that it belongs to, every name is one that a directory may hold, and entries of one directory are
 * strictly in order. So whoever holds a `Page` need not check again. What one page cannot tell (that
 * a child's parent is the directory that names it) the reader checks when it crosses over.
 */
import type { Validator } from '../dataset.ts';
import type { PageRow } from './footer.ts';
import {
  HASH_BYTES,
  HEADER,
  HIDDEN,
  KINDS,
  KIND_DIRECTORY,
  KIND_MASK,
  OWNER_WORDS,
  TWO_32,
  VALIDATOR_HASH,
  VALIDATOR_IDENTITY,
  VALIDATOR_MASK,
  VALIDATOR_TEXT,
} from './format.ts';
import type { BodyColumns } from './format.ts';
import { SLASH } from './keys.ts';
import type { DirectoryTotals, EntryAttributes } from './types.ts';
import { formatHashEtag } from './validators.ts';

/** What a page's numbers are checked against. */
export interface PageBounds {
  /** Entries of the level above; 1 for the root's own. */
  readonly parents: number;
  /** Entries of the level below. */
  readonly children: number;
  readonly nextBlock: number;
  readonly blockSizeBytes: number;
}

export class Page {
  readonly firstIndex: number;
  readonly entries: number;
  readonly body: Buffer;
  readonly columns: BodyColumns;
  readonly hashes: Buffer;
  readonly extraStart: number;
  /** Where each name begins in `body`, and one more for the end of the last. */
  readonly nameStart: Uint32Array;
  readonly firstBlock: Uint32Array;
  /**
   * Where an entry's own part is: of a directory in `totals` (in words), of a binary ETag in
   * `hashes`, of one with extra bytes the offset of their length in the extra area.
   */
  readonly place: Uint32Array;

  constructor(row: PageRow, body: Buffer, columns: BodyColumns, hashes: Buffer, names: number) {
    const { header } = columns;
    this.firstIndex = row.firstIndex;
    this.entries = row.entries;
    this.body = body;
    this.columns = columns;
    this.hashes = hashes;
    this.extraStart = names + (header[HEADER.nameBytes] ?? 0);
    this.nameStart = new Uint32Array(row.entries + 1);
    this.firstBlock = new Uint32Array(row.entries);
    this.place = new Uint32Array(row.entries);
  }

  isDirectory(slot: number): boolean {
    return ((this.columns.flags[slot] ?? 0) & KIND_MASK) === KIND_DIRECTORY;
  }

  isHidden(slot: number): boolean {
    return ((this.columns.flags[slot] ?? 0) & HIDDEN) !== 0;
  }

  flags(slot: number): number {
    return this.columns.flags[slot] ?? 0;
  }

  nameEnd(slot: number): number {
    return this.nameStart[slot + 1] ?? 0;
  }

  /** A copy. */
  name(slot: number): Buffer {
    return Buffer.from(this.body.subarray(this.nameStart[slot], this.nameStart[slot + 1]));
  }

  sizeBytes(slot: number): number {
    const { low, high } = this.columns;
    return this.isDirectory(slot) ? 0 : (low[slot] ?? 0) + (high[slot] ?? 0) * TWO_32;
  }

  firstChild(slot: number): number {
    return this.columns.low[slot] ?? 0;
  }

  childCount(slot: number): number {
    return this.isDirectory(slot) ? (this.columns.high[slot] ?? 0) : 0;
  }

  parent(slot: number): number {
    return this.columns.parent[slot] ?? 0;
  }

  /** Everything but `parent` (an ordinal) and what the footer knows of `hidden`. */
  fill(slot: number, out: EntryAttributes): void {
    const c = this.columns;
    const flags = c.flags[slot] ?? 0;
    const owner = OWNER_WORDS * (c.owner[slot] ?? 0);
    out.kind = KINDS[flags & KIND_MASK] ?? 'file';
    out.mtimeS = (c.mtimeLow[slot] ?? 0) + (c.mtimeHigh[slot] ?? 0) * TWO_32;
    out.mtimeNs = c.mtimeNs[slot] ?? 0;
    out.mode = c.owners[owner] ?? 0;
    out.uid = c.owners[owner + 1] ?? 0;
    out.gid = c.owners[owner + 2] ?? 0;
    out.sizeBytes = this.sizeBytes(slot);
    out.firstBlock = this.firstBlock[slot] ?? 0;
    out.hidden = (flags & HIDDEN) !== 0;
  }

  totals(slot: number): DirectoryTotals {
    const { totals } = this.columns;
    const at = this.place[slot] ?? 0;
    return {
      files: totals[at] ?? 0,
      blocks: totals[at + 1] ?? 0,
      bytes: (totals[at + 2] ?? 0) + (totals[at + 3] ?? 0) * TWO_32,
    };
  }

  /** The page's own bytes of a symlink's target, a string ETag or a file identity. */
  extra(slot: number): Buffer {
    const at = this.extraStart + (this.place[slot] ?? 0);
    return this.body.subarray(at + 2, at + 2 + this.body.readUInt16LE(at));
  }

  /** The page's own 16 bytes of a binary ETag. */
  hash(slot: number): Buffer {
    const at = this.place[slot] ?? 0;
    return this.hashes.subarray(at, at + HASH_BYTES);
  }

  validator(slot: number): Validator {
    switch (this.flags(slot) & VALIDATOR_MASK) {
      case VALIDATOR_HASH:
        return {
          kind: 'etag',
          etag: formatHashEtag(this.hash(slot), this.columns.parts[slot] ?? 0),
        };
      case VALIDATOR_TEXT:
        return { kind: 'etag', etag: this.extra(slot).toString() };
      case VALIDATOR_IDENTITY:
        return { kind: 'file', identity: Buffer.from(this.extra(slot)) };
      default:
        return { kind: 'modified' };
    }
  }

  /** Below 0 where the entry's sort key (its name, and `/` after a directory's) is less than `key`. */
  compare(slot: number, key: Buffer): number {
    const { body } = this;
    const start = this.nameStart[slot] ?? 0;
    const length = (this.nameStart[slot + 1] ?? 0) - start;
    const most = length < key.length ? length : key.length;
    let i = 0;
    while (i < most && body[start + i] === key[i]) i += 1;
    if (i < most) return (body[start + i] ?? 0) - (key[i] ?? 0);
    if (i < length) return 1;
    if (!this.isDirectory(slot)) return length - key.length;
    return i < key.length ? SLASH - (key[i] ?? 0) || length + 1 - key.length : 1;
  }

  /** Whether the entry's name is, or begins with, `name`. */
  nameStartsWith(slot: number, name: Buffer): boolean {
    const start = this.nameStart[slot] ?? 0;
    if (this.nameEnd(slot) - start < name.length) return false;
    return this.body.compare(name, 0, name.length, start, start + name.length) === 0;
  }
}
