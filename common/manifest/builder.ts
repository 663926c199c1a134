/**
 * Builds a manifest from a listing in byte order: one pass, append only.
 *
 * Entries are stored level by level (the root, its children, their children, …), inside a level in
 * listing order. Two facts make one pass enough:
 *   - keys under `P/` are contiguous in the listing, so P's children are contiguous in their level;
 *   - between opening and closing P nothing else is added to P's own level, so P's index there is
 *     known when P opens: its children store it as their parent at once, and P is written when it
 *     closes, when the number of its children is known.
 *
 * Always true: memory is one open page per level plus the page index, whatever the number of keys or
 * the size of a directory; a key is checked whole before any directory is opened for it, so a key
 * that is skipped leaves no trace.
 *
 * Reads no listing and knows no file: the caller brings entries and a sink. Throwing away a
 * half-built file is the sink's owner's.
 */
import assert from 'node:assert';
import { blockCount } from '../block-math.ts';
import type { ListingEntry } from '../dataset.ts';
import { LarderError, printable } from '../errors.ts';
import { bandHash } from '../hash.ts';
import { BAND_BUCKETS, MANIFEST_MAX_BLOCKS, MANIFEST_MAX_ENTRIES } from '../limits.ts';
import type { SkipReason } from '../skip-reasons.ts';
import {
  KIND_DIRECTORY,
  KIND_FILE,
  KIND_SYMLINK,
  MARKED,
  TRAILER_BYTES,
  TWO_32,
} from './format.ts';
import { encodeFooter, encodeTrailer } from './footer.ts';
import { KeyOrder } from './key-order.ts';
import { IMPLIED, checkEntry, markerOwner } from './listing-checks.ts';
import { LevelWriters } from './level-writers.ts';
import { OpenDirectory } from './open-directory.ts';
import type { Candidate, Owner } from './open-directory.ts';
import type { Row } from './page-writer.ts';
import { SLASH, maxKeyBytes, scanSegments } from './keys.ts';
import type { SegmentEnds } from './keys.ts';
import type { ManifestSink, ManifestSummary } from './types.ts';
import { ValidatorCode } from './validators.ts';

export interface ManifestBuilderOptions {
  readonly sink: ManifestSink;
  readonly blockSizeBytes: number;
  /** The first block number of the dataset that is free; default 0. */
  readonly nextBlock?: number;
  /** The key belongs to the receiver. */
  readonly onSkip: (key: Buffer, reason: SkipReason) => void;
}

export type AddOutcome = 'added' | 'directory' | 'skipped';

/** log2 of 2^32 hashes per bucket. */
const BUCKET_SHIFT = 32 - Math.log2(BAND_BUCKETS);

export class ManifestBuilder {
  readonly blockSizeBytes: number;
  readonly #sink: ManifestSink;
  readonly #onSkip: ManifestBuilderOptions['onSkip'];
  readonly #levels: LevelWriters;
  readonly #order = new KeyOrder();
  readonly #validator = new ValidatorCode();
  readonly #segments: SegmentEnds = { count: 0, ends: [] };
  /** From the root to the directory of the last valid key. */
  readonly #open: OpenDirectory[] = [];
  /** Names of the open directories: a directory is written after the key that closes it has come. */
  readonly #path = Buffer.alloc(8192);
  readonly #bandBytes = new Float64Array(BAND_BUCKETS);
  readonly #sums = {
    files: 0,
    directories: 1,
    symlinks: 0,
    bytes: 0,
    blocks: 0,
    nextBlock: 0,
    hidden: 0,
    skipped: 0,
    strongValidators: 0,
    weakValidators: 0,
  };
  readonly #row: Row;
  #entries = 1;
  #finished = false;

  constructor(options: ManifestBuilderOptions) {
    const { sink, blockSizeBytes, nextBlock = 0, onSkip } = options;
    assert(Number.isSafeInteger(nextBlock) && nextBlock >= 0);
    this.blockSizeBytes = blockSizeBytes;
    this.#sink = sink;
    this.#onSkip = onSkip;
    this.#sums.nextBlock = nextBlock;
    this.#levels = new LevelWriters(sink, nextBlock);
    this.#row = emptyRow(this.#validator.hash);
    this.#open.push(new OpenDirectory(0, 0, 0, this.#sums));
  }

  /** The first block number of the dataset that is free now. */
  get nextBlock(): number {
    return this.#sums.nextBlock;
  }

  /**
   * Adds the next key of the listing.
   *
   * @param firstBlock the number that an unchanged object has already; a new one gets the next ones
   * @throws {LarderError} `LISTING_UNSORTED` where the key does not come after the one before;
   *   `LIMIT_EXCEEDED`; `INVALID_ARGUMENT` for a directory whose key does not end in `/`. The builder
   *   is of no use after it.
   */
  add(entry: ListingEntry, firstBlock?: number): AddOutcome {
    assert(!this.#finished);
    const { key } = entry;
    if (key.length > maxKeyBytes(entry)) return this.#skip(key, 'key-too-long');
    const shared = this.#order.advance(key);
    const isDirectory = key.at(-1) === SLASH;
    if (entry.kind === 'directory' && !isDirectory && key.length > 0) {
      throw new LarderError('INVALID_ARGUMENT', {
        key: printable(key.toString()),
        expected: 'a key that ends in "/" for a directory',
      });
    }
    let depth = this.#open.length - 1;
    while (this.#at(depth).childStart > shared) depth -= 1;
    const isRoot = key.length === 0 && entry.kind === 'directory';
    const reason =
      (isRoot
        ? undefined
        : scanSegments(key, key.length, this.#at(depth).childStart, this.#segments)) ??
      checkEntry(entry, this.#validator);
    if (reason !== undefined) return this.#skip(key, reason);

    while (this.#open.length - 1 > depth) this.#close();
    if (isRoot) this.#segments.count = 0;
    this.#openDirectories(key, shared);
    this.#order.accept();
    this.#last().sawModification(entry.mtimeS, entry.mtimeNs);
    if (isDirectory || isRoot) {
      this.#last().marker = markerOwner(entry);
      // A bucket can have bytes under a directory's name; a directory has none.
      if (entry.sizeBytes > 0) this.#skip(key, 'marker-content');
      return 'directory';
    }
    this.#addLeaf(entry, shared, firstBlock);
    return 'added';
  }

  /**
   * Closes what is open and writes the footer.
   *
   * @throws {LarderError} as `add`
   */
  finish(): ManifestSummary {
    assert(!this.#finished);
    this.#finished = true;
    while (this.#open.length > 0) this.#close();
    const { pages, levels, late, offsetBytes } = this.#levels.finish();
    const sums = { ...this.#sums, blockSizeBytes: this.blockSizeBytes };
    const footer = encodeFooter({ sums, levels, pages, late, bandBytes: this.#bandBytes });
    this.#sink.append(footer);
    this.#sink.append(encodeTrailer(footer, offsetBytes));
    const fileBytes = offsetBytes + footer.length + TRAILER_BYTES;
    return { ...sums, entries: this.#entries, fileBytes };
  }

  #openDirectories(key: Buffer, shared: number): void {
    for (let i = 0; i < this.#segments.count; i += 1) {
      const end = this.#segments.ends[i] ?? 0;
      const parent = this.#last();
      parent.forget(end - parent.childStart, shared);
      const shadowed = parent.take(end - parent.childStart);
      if (shadowed !== undefined) this.#hide(key, end, shadowed);
      key.copy(this.#path, parent.childStart, parent.childStart, end);
      this.#countEntry();
      this.#sums.directories += 1;
      const depth = this.#open.length;
      const index = this.#levels.entries(depth);
      const firstChild = this.#levels.entries(depth + 1);
      this.#open.push(new OpenDirectory(end + 1, index, firstChild, this.#sums));
    }
  }

  #addLeaf(entry: ListingEntry, shared: number, firstBlock: number | undefined): void {
    const { key } = entry;
    const parent = this.#last();
    const row = this.#row;
    parent.forget(key.length - parent.childStart, shared);
    row.bytes = key;
    row.nameStart = parent.childStart;
    row.nameEnd = key.length;
    row.parent = parent.index;
    setOwner(row, entry);
    row.totals = undefined;
    const level = this.#open.length;
    const candidate =
      entry.kind === 'symlink'
        ? this.#symlinkRow(entry, level)
        : this.#fileRow(entry, level, firstBlock);
    this.#countEntry();
    parent.remember(candidate);
    this.#levels.append(level, row);
  }

  #symlinkRow(entry: ListingEntry, level: number): Candidate {
    const row = this.#row;
    const target = entry.symlinkTarget ?? Buffer.alloc(0);
    row.flags = KIND_SYMLINK;
    row.extra = target;
    row.low = target.length;
    row.high = 0;
    row.parts = 0;
    row.blocks = 0;
    this.#sums.symlinks += 1;
    const nameBytes = row.nameEnd - row.nameStart;
    return { nameBytes, index: this.#levels.entries(level), sizeBytes: 0, kind: 'symlink' };
  }

  #fileRow(entry: ListingEntry, level: number, firstBlock: number | undefined): Candidate {
    const row = this.#row;
    const { sizeBytes } = entry;
    row.flags = KIND_FILE | this.#validator.flags;
    row.extra = this.#validator.extra;
    row.parts = this.#validator.parts;
    row.low = sizeBytes % TWO_32;
    row.high = Math.floor(sizeBytes / TWO_32);
    row.blocks = blockCount(sizeBytes, this.blockSizeBytes);
    row.firstBlock = this.#numberBlocks(row.blocks, firstBlock);
    const kind = entry.validator.kind === 'etag' ? 'strong' : 'weak';
    this.#countFile(entry.key, entry.key.length, { kind, sizeBytes }, 1);
    const nameBytes = row.nameEnd - row.nameStart;
    return { nameBytes, index: this.#levels.entries(level), sizeBytes, kind };
  }

  #numberBlocks(blocks: number, firstBlock: number | undefined): number {
    const first = firstBlock ?? this.#sums.nextBlock;
    if (firstBlock === undefined) {
      this.#sums.nextBlock += blocks;
      if (this.#sums.nextBlock > MANIFEST_MAX_BLOCKS) {
        throw new LarderError('LIMIT_EXCEEDED', { limit: 'blocks', max: MANIFEST_MAX_BLOCKS });
      }
    }
    assert(
      first >= 0 && first + blocks <= this.#sums.nextBlock,
      'a kept number was given out once',
    );
    return first;
  }

  /** A directory takes the name of a file or symlink that came before it. */
  #hide(key: Buffer, end: number, { index, ...candidate }: Candidate): void {
    this.#levels.hide(this.#open.length, index);
    this.#sums.hidden += 1;
    if (candidate.kind === 'symlink') this.#sums.symlinks -= 1;
    else this.#countFile(key, end, { ...candidate, kind: candidate.kind }, -1);
    this.#skip(Buffer.from(key.subarray(0, end)), 'shadowed-by-directory');
  }

  /** Counts a file that can be seen, or takes it out of the counts again. */
  #countFile(
    key: Buffer,
    keyBytes: number,
    file: { readonly kind: 'strong' | 'weak'; readonly sizeBytes: number },
    sign: 1 | -1,
  ): void {
    const bucket = bandHash(key, keyBytes) >>> BUCKET_SHIFT;
    this.#bandBytes[bucket] = (this.#bandBytes[bucket] ?? 0) + sign * file.sizeBytes;
    this.#sums.files += sign;
    this.#sums.bytes += sign * file.sizeBytes;
    this.#sums.blocks += sign * blockCount(file.sizeBytes, this.blockSizeBytes);
    if (file.kind === 'strong') this.#sums.strongValidators += sign;
    else this.#sums.weakValidators += sign;
    if (this.#sums.bytes > Number.MAX_SAFE_INTEGER) {
      throw new LarderError('LIMIT_EXCEEDED', { limit: 'bytes', max: Number.MAX_SAFE_INTEGER });
    }
  }

  #countEntry(): void {
    this.#entries += 1;
    if (this.#entries > MANIFEST_MAX_ENTRIES) {
      throw new LarderError('LIMIT_EXCEEDED', { limit: 'entries', max: MANIFEST_MAX_ENTRIES });
    }
  }

  /** Writes the deepest open directory, all of whose children have been written. */
  #close(): void {
    const directory = this.#last();
    this.#open.pop();
    const level = this.#open.length;
    const parent = this.#open.at(-1);
    parent?.sawModification(directory.newestS, directory.newestNs);
    const { before, marker, childStart } = directory;
    const row = this.#row;
    row.bytes = this.#path;
    row.nameStart = parent?.childStart ?? 0;
    row.nameEnd = Math.max(0, childStart - 1);
    row.flags = KIND_DIRECTORY | (marker === undefined ? 0 : MARKED);
    row.low = directory.firstChild;
    row.high = this.#levels.entries(level + 1) - directory.firstChild;
    const newest = Number.isFinite(directory.newestS) ? directory.newestS : 0;
    setOwner(row, marker ?? { ...IMPLIED, mtimeS: newest, mtimeNs: directory.newestNs });
    row.parent = parent?.index ?? 0;
    row.parts = 0;
    row.extra = undefined;
    const { files, bytes, blocks } = this.#sums;
    row.totals = {
      files: files - before.files,
      bytes: bytes - before.bytes,
      blocks: blocks - before.blocks,
    };
    row.blocks = row.totals.blocks;
    this.#levels.append(level, row);
  }

  #skip(key: Buffer, reason: SkipReason): 'skipped' {
    this.#sums.skipped += 1;
    this.#onSkip(key, reason);
    return 'skipped';
  }

  #last(): OpenDirectory {
    return this.#at(this.#open.length - 1);
  }

  #at(depth: number): OpenDirectory {
    const directory = this.#open[depth];
    assert(directory !== undefined);
    return directory;
  }
}

function setOwner(row: Row, owner: Owner): void {
  row.mtimeS = owner.mtimeS;
  row.mtimeNs = owner.mtimeNs;
  row.mode = owner.mode;
  row.uid = owner.uid;
  row.gid = owner.gid;
}

function emptyRow(hash: Buffer): Row {
  const numbers = { nameStart: 0, nameEnd: 0, flags: 0, low: 0, high: 0, parent: 0, parts: 0 };
  const owner = { mtimeS: 0, mtimeNs: 0, mode: 0, uid: 0, gid: 0, firstBlock: 0, blocks: 0 };
  return { ...numbers, ...owner, bytes: hash, hash, extra: undefined, totals: undefined };
}
