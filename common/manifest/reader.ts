/**
 * Reads a manifest: by ordinal, by name, directory by directory.
 *
 * Always true: what it gives was checked (see page.ts), so a damaged or lying file is
 * `MANIFEST_CORRUPT` and nothing more is served from it; a part that has not arrived yet is
 * `PageMissing`, and the same call works once it is there. Memory is the page index and at most
 * `maxPages` decoded pages.
 *
 * Synchronous: it waits for nothing but the local file. Fetching missing parts is the caller's.
 */
import { crc32 } from '@node-rs/crc32';
import { objectId } from '../dataset.ts';
import type { DatasetInfo, ObjectRef, Validator } from '../dataset.ts';
import { LarderError } from '../errors.ts';
import { MANIFEST_PAGE_ENTRIES } from '../limits.ts';
import { decodeFooter, decodeTrailer } from './footer.ts';
import type { Footer, Trailer } from './footer.ts';
import {
  KIND_MASK,
  KIND_SYMLINK,
  PAGE_MASK,
  PageMissing,
  TRAILER_BYTES,
  corrupt,
} from './format.ts';
import { SLASH } from './keys.ts';
import type { Page } from './page.ts';
import { PageCache } from './page-cache.ts';
import { searchDirectory } from './search.ts';
import { TreeWalk } from './tree-walk.ts';
import type {
  DirectoryItem,
  DirectoryTotals,
  Entry,
  EntryAttributes,
  FileRange,
  ManifestSummary,
  PageSource,
} from './types.ts';

export interface ManifestReaderOptions {
  /**
   * Decoded pages kept; default 64, at least as many as the tree is deep. That is 262,144 entries in
   * 21 MiB (measured; zlib leaves up to 40 MiB of garbage beside them). A page that is kept gives a
   * path in about 1.5 µs, one that is not costs about 220 µs more.
   */
  readonly maxPages?: number;
  /** The file is complete: a checksum that does not match is damage, not a missing part. */
  readonly whole?: boolean;
}

const DEFAULT_MAX_PAGES = 64;

/** Where an entry is: its level, its page, its place in the page. */
interface Position {
  level: number;
  index: number;
  page: Page;
  slot: number;
}

export class ManifestReader {
  readonly summary: ManifestSummary;
  readonly entryCount: number;
  /** Bytes of files per bucket (`bandHash(key) >>> 20`). */
  readonly bandBytes: Float64Array;
  /** The file from its beginning up to the footer. */
  readonly pages: readonly FileRange[];
  readonly #pages: PageCache;
  /** Ordinal of the first entry of each level, and the number of all at the end. */
  readonly #base: readonly number[];
  readonly #late: ReadonlySet<number>;

  /** For `open`. */
  constructor(source: PageSource, footer: Footer, options: ManifestReaderOptions) {
    const base = [0];
    for (const [level, entries] of footer.levels.entries()) base.push((base[level] ?? 0) + entries);
    this.#base = base;
    this.entryCount = base.at(-1) ?? 0;
    this.#late = new Set(footer.late.map(({ level, index }) => (base[level] ?? 0) + index));
    const { maxPages = DEFAULT_MAX_PAGES, whole = false } = options;
    this.#pages = new PageCache(source, footer, { maxPages, whole });
    this.bandBytes = footer.bandBytes;
    this.pages = footer.pages;
    this.summary = { ...footer.sums, entries: this.entryCount, fileBytes: source.sizeBytes };
  }

  /**
   * Reads the footer.
   *
   * @throws {PageMissing} for the trailer or the footer, unless the file is whole
   * @throws {LarderError} `MANIFEST_CORRUPT`; `PROTOCOL_MISMATCH` for another format version
   */
  static open(source: PageSource, options: ManifestReaderOptions = {}): ManifestReader {
    const where = { file: source.name };
    const trailer = readTrailer(source, options.whole ?? false);
    const { offsetBytes, lengthBytes } = trailer.footer;
    const bytes = source.read(offsetBytes, lengthBytes);
    if (bytes.length !== lengthBytes || crc32(bytes) !== trailer.crc) {
      if (options.whole !== true) throw new PageMissing(trailer.footer);
      throw corrupt(where, 'the checksum of the footer does not match');
    }
    return new ManifestReader(source, decodeFooter(bytes, offsetBytes, where), options);
  }

  /** What a copier fetches first: it says where the footer is. */
  static trailerRange(fileBytes: number): FileRange {
    return { offsetBytes: Math.max(0, fileBytes - TRAILER_BYTES), lengthBytes: TRAILER_BYTES };
  }

  /**
   * What a copier fetches next: the footer up to the end of the file. With it the manifest opens.
   *
   * @throws {PageMissing} for the trailer, unless the file is whole
   */
  static footerRange(source: PageSource, options: { readonly whole?: boolean } = {}): FileRange {
    const { footer } = readTrailer(source, options.whole ?? false);
    return { ...footer, lengthBytes: footer.lengthBytes + TRAILER_BYTES };
  }

  /** @throws {LarderError} `NOT_FOUND` where there is no such ordinal, here as in all that follow */
  entry(ordinal: number): Entry {
    const { page, slot } = this.#find(ordinal);
    return { ordinal, name: page.name(slot), ...this.attributes(ordinal, emptyAttributes()) };
  }

  /** Fills in and returns `out`: for callers that ask for a million entries. */
  attributes(ordinal: number, out: EntryAttributes): EntryAttributes {
    const { level, page, slot } = this.#find(ordinal);
    page.fill(slot, out);
    out.parent = level === 0 ? 0 : (this.#base[level - 1] ?? 0) + page.parent(slot);
    if (this.#late.has(ordinal)) out.hidden = true;
    return out;
  }

  /** @throws {LarderError} `INVALID_ARGUMENT` unless it is a file */
  validator(ordinal: number): Validator {
    const { page, slot } = this.#find(ordinal);
    if ((page.flags(slot) & KIND_MASK) !== 0) throw notA('file', ordinal);
    return page.validator(slot);
  }

  /** @throws {LarderError} `INVALID_ARGUMENT` unless it is a symlink */
  symlinkTarget(ordinal: number): Buffer {
    const { page, slot } = this.#find(ordinal);
    if ((page.flags(slot) & KIND_MASK) !== KIND_SYMLINK) throw notA('symlink', ordinal);
    return Buffer.from(page.extra(slot));
  }

  /** @throws {LarderError} `NOT_A_DIRECTORY` */
  totals(ordinal: number): DirectoryTotals {
    const { page, slot } = this.#directory(ordinal);
    return page.totals(slot);
  }

  /** @returns the ordinal of a name in a directory; −1 where there is none, or no directory */
  lookup(directory: number, name: Buffer): number {
    const { level, index, page, slot } = this.#find(directory);
    const children = page.childCount(slot);
    if (children === 0 || name.length === 0) return -1;
    const base = this.#base[level + 1] ?? 0;
    const start = page.firstChild(slot);
    const found = searchDirectory(this.#pages, name, {
      level: level + 1,
      start,
      end: start + children,
      checkParent: (child, of) => {
        if (of.parent(child & PAGE_MASK) !== index) this.#checkParent(level + 1, child, index);
      },
      isHidden: (child) => this.#late.has(base + child),
    });
    if (found < 0) return -1;
    this.#checkParent(level + 1, found, index);
    return base + found;
  }

  /**
   * Shows the entries of a directory in order (a file as `name`, a directory as `name/`), from the
   * place `fromIndex` on, until there are no more or `visit` returns false.
   *
   * @throws {LarderError} `NOT_A_DIRECTORY`
   */
  readdir(directory: number, fromIndex: number, visit: (item: DirectoryItem) => boolean): void {
    const { level, index, page: own, slot: ownSlot } = this.#directory(directory);
    const start = own.firstChild(ownSlot);
    const end = start + own.childCount(ownSlot);
    const base = this.#base[level + 1] ?? 0;
    const item = { bytes: own.body, nameStart: 0, nameEnd: 0, ordinal: 0, index: 0 };
    for (let child = start + fromIndex; child < end;) {
      const page = this.#pages.page(level + 1, child);
      const pageEnd = Math.min(end, page.firstIndex + MANIFEST_PAGE_ENTRIES);
      item.bytes = page.body;
      for (; child < pageEnd; child += 1) {
        const slot = child & PAGE_MASK;
        if (page.parent(slot) !== index) this.#checkParent(level + 1, child, index);
        if (page.isHidden(slot) || this.#late.has(base + child)) continue;
        item.nameStart = page.nameStart[slot] ?? 0;
        item.nameEnd = page.nameEnd(slot);
        item.ordinal = base + child;
        item.index = child - start;
        if (!visit(item)) return;
      }
    }
  }

  /** @returns the path below the root, without a slash at its end; empty for the root */
  key(ordinal: number): Buffer {
    const parts: Buffer[] = [];
    let { level, page, slot } = this.#find(ordinal);
    while (level > 0) {
      parts.push(page.name(slot), SLASH_BYTES);
      const parent = page.parent(slot);
      level -= 1;
      page = this.#pages.page(level, parent);
      slot = parent & PAGE_MASK;
    }
    return Buffer.concat(parts.slice(0, -1).reverse());
  }

  /** @returns the ordinal at a path below the root (empty: the root; only a directory's may end in `/`), or −1 */
  find(path: Buffer): number {
    let ordinal = 0;
    for (let start = 0; start < path.length;) {
      const slash = path.indexOf(SLASH, start);
      const end = slash < 0 ? path.length : slash;
      ordinal = this.lookup(ordinal, path.subarray(start, end));
      if (ordinal < 0 || (slash >= 0 && !this.#isDirectory(ordinal))) return -1;
      start = end + 1;
    }
    return ordinal;
  }

  /**
   * All that is needed to fetch and keep a file's bytes.
   *
   * @throws {LarderError} `IS_A_DIRECTORY`; `INVALID_ARGUMENT` for a symlink
   */
  objectRef(ordinal: number, dataset: DatasetInfo): ObjectRef {
    const { kind, sizeBytes, mtimeS, mtimeNs, firstBlock } = this.attributes(
      ordinal,
      emptyAttributes(),
    );
    const key = this.key(ordinal);
    if (kind === 'directory') throw new LarderError('IS_A_DIRECTORY', { path: key.toString() });
    const validator = this.validator(ordinal);
    const identity = { key, sizeBytes, mtimeS, mtimeNs, validator };
    return {
      ...identity,
      objectId: objectId(dataset, identity),
      blockSizeBytes: this.summary.blockSizeBytes,
      firstBlock,
      datasetId: dataset.id,
    };
  }

  /**
   * The files below a directory at any depth, in key order. `next` may be called again after it threw
   * `PageMissing`.
   *
   * @throws {LarderError} `NOT_A_DIRECTORY`
   */
  files(directory: number): IterableIterator<number> {
    const walk = this.walk(directory);
    const next = (): IteratorResult<number> => {
      while (walk.next()) {
        const isFile = (walk.page.flags(walk.slot) & KIND_MASK) === 0;
        if (isFile && !walk.hidden) return { done: false, value: walk.ordinal };
      }
      return { done: true, value: undefined };
    };
    return {
      next,
      [Symbol.iterator]() {
        return this;
      },
    };
  }

  /** Everything below a directory and itself, hidden entries too, in key order. For `ManifestCursor`. */
  walk(directory: number): TreeWalk {
    const { level, index } = this.#directory(directory);
    return new TreeWalk({
      level,
      index,
      base: this.#base,
      late: this.#late,
      page: (at, child) => this.#pages.page(at, child),
      checkParent: (at, child, parent) => {
        this.#checkParent(at, child, parent);
      },
    });
  }

  #find(ordinal: number): Position {
    if (!Number.isInteger(ordinal) || ordinal < 0 || ordinal >= this.entryCount) {
      throw new LarderError('NOT_FOUND', { ordinal, entries: this.entryCount });
    }
    let level = 0;
    while (ordinal >= (this.#base[level + 1] ?? 0)) level += 1;
    const index = ordinal - (this.#base[level] ?? 0);
    return { level, index, page: this.#pages.page(level, index), slot: index & PAGE_MASK };
  }

  #isDirectory(ordinal: number): boolean {
    const { page, slot } = this.#find(ordinal);
    return page.isDirectory(slot);
  }

  #directory(ordinal: number): Position {
    const position = this.#find(ordinal);
    if (!position.page.isDirectory(position.slot)) {
      throw new LarderError('NOT_A_DIRECTORY', { path: this.key(ordinal).toString() });
    }
    return position;
  }

  /** Two pages must agree: the child that a directory names has that directory as its parent. */
  #checkParent(level: number, child: number, parent: number): void {
    if (this.#pages.page(level, child).parent(child & PAGE_MASK) === parent) return;
    const row = this.#pages.row(level, child);
    throw this.#pages.damaged('its directory does not name it', row, child & PAGE_MASK);
  }
}

const SLASH_BYTES = Buffer.from('/');

export function emptyAttributes(): EntryAttributes {
  const time = { mtimeS: 0, mtimeNs: 0 };
  const owner = { mode: 0, uid: 0, gid: 0 };
  return { kind: 'file', parent: 0, ...time, ...owner, sizeBytes: 0, firstBlock: 0, hidden: false };
}

function readTrailer(source: PageSource, whole: boolean): Trailer {
  const where = { file: source.name };
  const range = ManifestReader.trailerRange(source.sizeBytes);
  if (source.sizeBytes < TRAILER_BYTES) throw corrupt(where, 'it is too short');
  const bytes = source.read(range.offsetBytes, range.lengthBytes);
  const trailer = decodeTrailer(bytes, source.sizeBytes, where);
  if (trailer !== undefined) return trailer;
  if (!whole) throw new PageMissing(range);
  throw corrupt(where, 'the last bytes are not those of a manifest');
}

function notA(expected: string, ordinal: number): LarderError {
  return new LarderError('INVALID_ARGUMENT', { ordinal, expected: `a ${expected}` });
}
