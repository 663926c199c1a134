/**
 * How often each node is open and in which mode, for every thread of a server and for its successor.
 *
 * A set-associative hash table in shared memory: 4,096 buckets with one lock and 8 entries each. An
 * entry is {node, outcome, backing id, count, last open, last release}.
 *
 * Always true:
 *   - a request is applied once: one that the kernel sends again is known by its number;
 *   - after a kill a count may be too high, never too low: OPEN counts first and notes the request
 *     then, RELEASE the other way round; an entry appears with its first open, whole;
 *   - a node keeps outcome and backing id from its first open to its last release;
 *   - no backing id is lost to a kill: ids are taken one at a time, so that at most one is in no entry,
 *     and it is the next after the last noted one; an entry without node or count has one to close;
 *   - where a bucket is full the open succeeds, counted only in its bucket's sum (its handle says so),
 *     and until that sum is 0 everything that is opened there anew is in daemon mode.
 *
 * Peeks (`count`, `outcome`) take no lock: what they say may be outdated.
 */
import { OPEN_OUTCOMES } from './open-modes.ts';
import type { OpenOutcome } from './open-modes.ts';

const BUCKETS = 4096;
const WAYS = 8;
const ENTRY_WORDS = 8;
const BUCKET_WORDS = WAYS * ENTRY_WORDS;
/** Words before the buckets: a few of the whole table, then per bucket its overflow and its lock. */
const CHANGES = 0;
const OVERFLOW = 1;
const LAST_ID = 2;
const IDS_LOCK = 3;
const LOCKS = 16;
const OVERFLOWS = LOCKS + BUCKETS;
const ENTRIES = OVERFLOWS + BUCKETS;

const ENTRY = {
  NODE: 0,
  OUTCOME: 1,
  BACKING: 2,
  COUNT: 3,
  /** Numbers of requests: low word, high word. */
  LAST_OPEN: 4,
  LAST_RELEASE: 6,
} as const;

/** The file handle that an OPEN is answered with. */
export const HANDLE = { overflow: 0, counted: 1 } as const;

const TWO_32 = 2 ** 32;
const MAX_BACKING_ID = 2 ** 31 - 1;
/**
 * After a kill so many ids after the last noted one are closed where no entry names them. One would do,
 * but for a successor that is killed before it has noted what it closed.
 */
const UNNOTED_IDS = 8;
/** Spins before a thread sleeps for a millisecond: the holder of the lock was descheduled. */
const SPINS = 1000;
const sleeper = new Int32Array(new SharedArrayBuffer(4));
const PASSTHROUGH = OPEN_OUTCOMES.indexOf('passthrough');
const OUT_OF_ENTRIES = OPEN_OUTCOMES.indexOf('overflow');
const INCOMPLETE = OPEN_OUTCOMES.indexOf('incomplete');
const KEPT = OPEN_OUTCOMES.indexOf('kept');

export interface OpenRequest {
  readonly node: number;
  /** Without the resend bit. */
  readonly unique: number;
  readonly isResent: boolean;
}

/** The kernel's table of files that it reads itself. Called under a lock: quick, and without waiting. */
export interface BackingFiles {
  /** @returns the id that the kernel gave, or why it gave none */
  open(fd: number): number | OpenOutcome;
  /** @returns false where there was none of that id */
  close(id: number): boolean;
}

/** How a node that is not open is to be opened. */
export type FirstOpen =
  { readonly fd: number; readonly backing: BackingFiles } | { readonly because: OpenOutcome };

/** What an OPEN is answered with; overwritten by the next open. */
export interface Opened {
  handle: number;
  outcome: OpenOutcome;
  /** 0 unless the outcome is `passthrough`. */
  backingId: number;
}

export class OpenTable {
  static readonly BYTES = (ENTRIES + BUCKETS * BUCKET_WORDS) * 4;
  readonly #words: Int32Array;
  readonly #opened: Opened = { handle: 0, outcome: 'asked', backingId: 0 };

  constructor(buffer: ArrayBuffer, offsetBytes: number) {
    this.#words = new Int32Array(buffer, offsetBytes, OpenTable.BYTES / 4);
  }

  /** Grows with each change: tells whether a look at the whole table is due. */
  get changes(): number {
    return Atomics.load(this.#words, CHANGES);
  }

  /** Opens that found their bucket full. */
  get overflow(): number {
    return Atomics.load(this.#words, OVERFLOW);
  }

  /** The last backing id that was noted. */
  get lastBackingId(): number {
    return Atomics.load(this.#words, LAST_ID);
  }

  /**
   * Counts an open.
   *
   * @param first undefined where the node was open a moment ago
   * @returns undefined where the node is not open and `first` is missing; nothing was changed then
   */
  open(request: OpenRequest, first?: FirstOpen): Readonly<Opened> | undefined {
    const bucket = bucketOf(request.node);
    this.#lock(LOCKS + bucket);
    try {
      const known = this.#find(bucket, request.node);
      if (known !== undefined) return this.#countOpen(known, request);
      if (first === undefined) return undefined;
      const free = this.#find(bucket, 0);
      if (free !== undefined) return this.#openFirst({ bucket, at: free, request, first });
      Atomics.add(this.#words, OVERFLOWS + bucket, 1);
      Atomics.add(this.#words, OVERFLOW, 1);
      return this.#answer(HANDLE.overflow, OUT_OF_ENTRIES, 0);
    } finally {
      this.#unlock(LOCKS + bucket);
    }
  }

  /** Counts a release; `handle` is what the open was answered with. */
  release(request: OpenRequest, handle: number, backing: BackingFiles): void {
    const bucket = bucketOf(request.node);
    if (handle === HANDLE.overflow) {
      // It may have been applied: rather too high than too low.
      if (request.isResent) return;
      Atomics.sub(this.#words, OVERFLOWS + bucket, 1);
      Atomics.sub(this.#words, OVERFLOW, 1);
      return;
    }
    this.#lock(LOCKS + bucket);
    try {
      const at = this.#find(bucket, request.node);
      // Sent again after its count had gone to 0: the entry went with it.
      if (at === undefined) return;
      // Of two releases that were applied and are sent again only the last is noted; what is not
      // later than it counts as applied. At worst a count stays too high.
      if (request.isResent && request.unique <= this.#noted(at + ENTRY.LAST_RELEASE)) return;
      this.#note(at + ENTRY.LAST_RELEASE, request.unique);
      const count = this.#get(at + ENTRY.COUNT) - 1;
      this.#set(at + ENTRY.COUNT, Math.max(0, count));
      if (count <= 0) this.#end(at, backing);
      Atomics.add(this.#words, CHANGES, 1);
    } finally {
      this.#unlock(LOCKS + bucket);
    }
  }

  count(node: number): number {
    const at = this.#find(bucketOf(node), node);
    return at === undefined ? 0 : this.#get(at + ENTRY.COUNT);
  }

  /** How a node is open, or would be in a bucket that overflows; else undefined. */
  outcome(node: number): OpenOutcome | undefined {
    const bucket = bucketOf(node);
    const at = this.#find(bucket, node);
    if (at !== undefined) return outcomeOf(this.#get(at + ENTRY.OUTCOME));
    return this.#get(OVERFLOWS + bucket) > 0 ? 'overflow' : undefined;
  }

  /** Every node that is open. */
  nodes(): Set<number> {
    const nodes = new Set<number>();
    for (let at = ENTRIES; at < this.#words.length; at += ENTRY_WORDS) {
      const node = this.#get(at + ENTRY.NODE);
      if (node !== 0) nodes.add(node >>> 0);
    }
    return nodes;
  }

  /**
   * Called by a successor before it starts threads: whoever had a lock is dead, and what it was about to
   * open or close is closed.
   */
  takeOver(backing?: BackingFiles): void {
    for (let word = 0; word < BUCKETS; word++) this.#unlock(LOCKS + word);
    this.#unlock(IDS_LOCK);
    const named = new Set<number>();
    for (let at = ENTRIES; at < this.#words.length; at += ENTRY_WORDS) {
      const id = this.#get(at + ENTRY.BACKING);
      const node = this.#get(at + ENTRY.NODE);
      if (node !== 0 && this.#get(at + ENTRY.COUNT) > 0) named.add(id);
      else if (node !== 0 || id !== 0) this.#end(at, backing);
    }
    if (backing === undefined) return;
    let id = this.lastBackingId;
    for (let tried = 0; tried < UNNOTED_IDS; tried++) {
      do id = nextId(id);
      while (named.has(id));
      if (backing.close(id)) this.#set(LAST_ID, id);
    }
  }

  #countOpen(at: number, request: OpenRequest): Opened {
    const outcome = this.#get(at + ENTRY.OUTCOME);
    const isApplied = request.isResent && this.#noted(at + ENTRY.LAST_OPEN) === request.unique;
    if (!isApplied) {
      this.#set(at + ENTRY.COUNT, this.#get(at + ENTRY.COUNT) + 1);
      this.#note(at + ENTRY.LAST_OPEN, request.unique);
      Atomics.add(this.#words, CHANGES, 1);
    }
    const told = outcome === INCOMPLETE ? KEPT : outcome;
    return this.#answer(HANDLE.counted, told, this.#get(at + ENTRY.BACKING));
  }

  /** The node last: until it is there, nothing is open. */
  #openFirst(open: {
    readonly bucket: number;
    readonly at: number;
    readonly request: OpenRequest;
    readonly first: FirstOpen;
  }): Opened {
    const { bucket, at, request, first } = open;
    this.#words.fill(0, at, at + ENTRY_WORDS);
    let outcome: number;
    if ('because' in first) outcome = OPEN_OUTCOMES.indexOf(first.because);
    else if (this.#get(OVERFLOWS + bucket) > 0) outcome = OUT_OF_ENTRIES;
    else outcome = this.#register(at, first);
    this.#set(at + ENTRY.OUTCOME, outcome);
    this.#set(at + ENTRY.COUNT, 1);
    this.#note(at + ENTRY.LAST_OPEN, request.unique);
    // Without an entry all that was open before is released.
    this.#note(at + ENTRY.LAST_RELEASE, request.unique);
    this.#set(at + ENTRY.NODE, request.node | 0);
    Atomics.add(this.#words, CHANGES, 1);
    return this.#answer(HANDLE.counted, outcome, this.#get(at + ENTRY.BACKING));
  }

  /** One id at a time: the kernel counts up, so what a kill leaves unnoted is the next one. */
  #register(at: number, { fd, backing }: Extract<FirstOpen, { fd: number }>): number {
    this.#lock(IDS_LOCK);
    try {
      const id = backing.open(fd);
      if (typeof id !== 'number') return OPEN_OUTCOMES.indexOf(id);
      this.#set(at + ENTRY.BACKING, id);
      this.#set(LAST_ID, id);
      return PASSTHROUGH;
    } finally {
      this.#unlock(IDS_LOCK);
    }
  }

  /** Of an entry without opens; what it names of the kernel is closed first, once more after a kill. */
  #end(at: number, backing: BackingFiles | undefined): void {
    const id = this.#get(at + ENTRY.BACKING);
    if (id !== 0) backing?.close(id);
    this.#set(at + ENTRY.BACKING, 0);
    this.#set(at + ENTRY.NODE, 0);
  }

  #answer(handle: number, outcome: number, backingId: number): Opened {
    const opened = this.#opened;
    opened.handle = handle;
    opened.outcome = outcomeOf(outcome);
    opened.backingId = backingId;
    return opened;
  }

  #find(bucket: number, node: number): number | undefined {
    const start = ENTRIES + bucket * BUCKET_WORDS;
    for (let at = start; at < start + BUCKET_WORDS; at += ENTRY_WORDS) {
      if (this.#get(at + ENTRY.NODE) === (node | 0)) return at;
    }
    return undefined;
  }

  #noted(word: number): number {
    return (this.#get(word) >>> 0) + (this.#get(word + 1) >>> 0) * TWO_32;
  }

  #note(word: number, unique: number): void {
    this.#set(word, (unique % TWO_32) | 0);
    this.#set(word + 1, Math.floor(unique / TWO_32));
  }

  #lock(word: number): void {
    for (let spins = 1; ; spins++) {
      if (Atomics.compareExchange(this.#words, word, 0, 1) === 0) return;
      if (spins % SPINS === 0) Atomics.wait(sleeper, 0, 0, 1);
    }
  }

  #unlock(word: number): void {
    Atomics.store(this.#words, word, 0);
  }

  #get(word: number): number {
    return Atomics.load(this.#words, word);
  }

  #set(word: number, value: number): void {
    Atomics.store(this.#words, word, value);
  }
}

/** Consecutive nodes lie in different buckets; huge strides (directories of equal size) do not collide. */
function bucketOf(node: number): number {
  return (Math.imul(node, 0x9e37_79b1) >>> 20) & (BUCKETS - 1);
}

/** In the order in which the kernel gives them out; after the greatest it begins again. */
function nextId(id: number): number {
  return id >= MAX_BACKING_ID ? 1 : id + 1;
}

function outcomeOf(index: number): OpenOutcome {
  return OPEN_OUTCOMES[index] ?? 'refused';
}
