/**
 * Notices when readers of one version go through its small files in manifest order, and says which files
 * they will want next.
 *
 * A manifest's ordinals put the files of a directory next to each other, and those of the next directory
 * after them; so a pass over a directory, or over many, is numbers that grow. Several readers that share a
 * pass, or several workers that each see a share of it, make it irregular: a pass is believed when it
 * has been read `FIRST_FILES` times, and more than half of what it went over was read.
 *
 * Always true:
 *   - a pass is given as many files ahead as it has read, up to a bound of files and of bytes: what is
 *     fetched for nothing stays below what was read;
 *   - reads all over the version give nothing, and end a pass: one is closed when `MAX_PASSES` reads in
 *     other places have followed, or `FORGET_READS` in other passes;
 *   - a file is given at most once in a pass.
 *
 * Decides only. `SiblingPrefetch` looks the files up and fetches them.
 */
import { MIB } from '../../common/index.ts';

/** What there is at an ordinal. */
export type Found =
  | { readonly kind: 'fetch'; readonly bytes: number }
  /** It is held, another worker's, or nothing that is fetched ahead. */
  | { readonly kind: 'skip' }
  /** There is as much ahead as may be: nothing more is fetched now. */
  | { readonly kind: 'stop' };

export interface SiblingPassesOptions {
  readonly entries: number;
  /** Files ahead of one pass. Default 1,024. */
  readonly maxFiles?: number | undefined;
  /** Bytes ahead of one pass; of all passes four times that. Default 64 MiB. */
  readonly maxBytes?: number | undefined;
}

interface Ahead {
  readonly ordinal: number;
  readonly bytes: number;
}

interface Pass {
  /** One past the highest ordinal that was read. */
  next: number;
  /** Where what counts for the density begins. */
  from: number;
  /** Of the files from there on, those that were read. */
  reads: number;
  /** All files that were read. */
  files: number;
  /** Read, or given and passed over: not long ago. */
  readonly seen: Set<number>;
  /** Looked at so far. */
  cursor: number;
  /** Given, and not yet passed. */
  readonly ahead: Ahead[];
  aheadBytes: number;
  /** The number of the last read in it, of all reads. */
  lastRead: number;
}

/**
 * A mount tells five times a second what it has read from files by itself: at 2,000 files/s that is every
 * 400 files, and the next ones must be there meanwhile.
 */
const MAX_FILES = 1_024;
const MAX_BYTES = 64 * MIB;
/** Readers that go through different directories at once. */
const MAX_PASSES = 32;
/** Reads in other passes after which nobody is expected to go on with one. */
const FORGET_READS = 4_096;
/** Times the bytes of one pass. */
const ALL_PASSES = 4;
/** Files after which a pass is believed. */
const FIRST_FILES = 4;
/** Readers that share a pass are at most so far apart. */
const SLACK_FILES = 24;
/** Entries that a pass remembers, and after which what it has read before counts half. */
const MEMORY_FILES = 128;
/** Entries that are looked at beyond the last one read: directories and what is held are passed over. */
const MAX_LOOK_FILES = 4_096;
/** Looks at a time, some 20 µs each: the next read goes on with them. */
const MAX_LOOKS = 256;
const DENSE = 0.5;

export class SiblingPasses {
  readonly #entries: number;
  readonly #maxFiles: number;
  readonly #maxBytes: number;
  /** The one that was last read in at the end. */
  #passes: Pass[] = [];
  #reads = 0;

  constructor(options: SiblingPassesOptions) {
    this.#entries = options.entries;
    this.#maxFiles = options.maxFiles ?? MAX_FILES;
    this.#maxBytes = options.maxBytes ?? MAX_BYTES;
  }

  /** Given, and not yet passed by the reader. */
  get aheadBytes(): number {
    return this.#passes.reduce((sum, pass) => sum + pass.aheadBytes, 0);
  }

  /**
   * A file was read.
   *
   * @param share how many of the version's files come to this worker, 0 … 1
   */
  note(ordinal: number, share = 1): void {
    this.#reads += 1;
    const slack = SLACK_FILES / share;
    const at = this.#passes.findLastIndex(({ next, cursor, seen }) => {
      const isNear = ordinal >= next - slack && ordinal < Math.max(next, cursor) + slack;
      return isNear || seen.has(ordinal);
    });
    const [pass] = at < 0 ? [] : this.#passes.splice(at, 1);
    if (pass === undefined) {
      this.#open(ordinal);
      return;
    }
    pass.lastRead = this.#reads;
    this.#passes.push(pass);
    advance(pass, ordinal, share);
  }

  /**
   * The next file to be fetched ahead, if any. May be called again after `look` threw.
   *
   * @param look what is at an ordinal
   */
  take(look: (ordinal: number) => Found, share = 1): number | undefined {
    for (let looks = 0; looks < MAX_LOOKS; looks += 1) {
      const pass = this.#neediest(share);
      if (pass === undefined) return undefined;
      pass.cursor = Math.max(pass.cursor, pass.next);
      const ordinal = pass.cursor;
      const sibling = look(ordinal);
      if (sibling.kind === 'stop') return undefined;
      pass.cursor = ordinal + 1;
      if (sibling.kind === 'skip') continue;
      const { bytes } = sibling;
      pass.ahead.push({ ordinal, bytes });
      pass.aheadBytes += bytes;
      return ordinal;
    }
    return undefined;
  }

  /** The pass that has the least ahead of it, of those that may have more. */
  #neediest(share: number): Pass | undefined {
    let neediest: Pass | undefined;
    if (this.aheadBytes >= ALL_PASSES * this.#maxBytes) return undefined;
    for (const pass of this.#passes) {
      if (!this.#mayHaveMore(pass, share)) continue;
      if (neediest === undefined || pass.ahead.length < neediest.ahead.length) neediest = pass;
    }
    return neediest;
  }

  #mayHaveMore(pass: Pass, share: number): boolean {
    const { files, reads, from, next, ahead, aheadBytes, cursor } = pass;
    if (files < FIRST_FILES || reads < (next - from) * DENSE * share) return false;
    if (ahead.length >= Math.min(files, this.#maxFiles) || aheadBytes >= this.#maxBytes) {
      return false;
    }
    return cursor < Math.min(this.#entries, next + MAX_LOOK_FILES);
  }

  #open(ordinal: number): void {
    this.#passes = this.#passes.filter(({ lastRead }) => this.#reads - lastRead < FORGET_READS);
    if (this.#passes.length === MAX_PASSES) this.#passes.shift();
    this.#passes.push({
      ...{ next: ordinal + 1, from: ordinal, reads: 1, files: 1, cursor: ordinal + 1 },
      ...{ seen: new Set([ordinal]), ahead: [], aheadBytes: 0, lastRead: this.#reads },
    });
  }
}

function advance(pass: Pass, ordinal: number, share: number): void {
  if (pass.seen.has(ordinal)) return;
  see(pass, ordinal);
  if (ordinal < pass.next) return;
  pass.next = ordinal + 1;
  // Readers on this node read what was fetched ahead without asking, and tell later.
  while (pass.ahead[0] !== undefined && pass.ahead[0].ordinal <= ordinal) {
    const [passed] = pass.ahead.splice(0, 1);
    if (passed === undefined) break;
    pass.aheadBytes -= passed.bytes;
    if (!pass.seen.has(passed.ordinal)) see(pass, passed.ordinal);
  }
  const memory = MEMORY_FILES / share;
  if (pass.next - pass.from <= 2 * memory) return;
  pass.reads *= memory / (pass.next - pass.from);
  pass.from = pass.next - memory;
  for (const seen of pass.seen) if (seen < pass.next - MAX_FILES) pass.seen.delete(seen);
}

function see(pass: Pass, ordinal: number): void {
  pass.seen.add(ordinal);
  pass.from = Math.min(pass.from, ordinal);
  pass.reads += 1;
  pass.files += 1;
}
