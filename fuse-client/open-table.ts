/**
 * How often each node is open, for every thread of a server and for its successor.
 *
 * A set-associative hash table in shared memory: 4,096 buckets with one lock and 8 entries each. An
 * entry is {node, mode, backing id, count, last request}; mode and backing id have their place here
 * for passthrough and are 0.
 *
 * Always true:
 *   - a request is applied once: one that the kernel sends again is known by its number;
 *   - after a kill a count may be too high, never too low: OPEN counts first and notes the request
 *     then, RELEASE the other way round;
 *   - where a bucket is full the open succeeds, counted only in a sum (its handle says so).
 */

const BUCKETS = 4096;
const WAYS = 8;
const ENTRY_WORDS = 8;
const BUCKET_WORDS = WAYS * ENTRY_WORDS;
/** Words before the buckets: changes, overflow, then one lock per bucket. */
const CHANGES = 0;
const OVERFLOW = 1;
const LOCKS = 16;
const ENTRIES = LOCKS + BUCKETS;

const ENTRY = {
  NODE: 0,
  MODE: 1,
  BACKING: 2,
  COUNT: 3,
  LAST_LOW: 4,
  LAST_HIGH: 5,
} as const;

/** The file handle that an OPEN is answered with. */
export const HANDLE = { overflow: 0, counted: 1 } as const;

const TWO_32 = 2 ** 32;
/** Spins before a thread sleeps for a millisecond: the holder of the lock was descheduled. */
const SPINS = 1000;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

export interface OpenRequest {
  readonly node: number;
  /** Without the resend bit. */
  readonly unique: number;
  readonly isResent: boolean;
}

export class OpenTable {
  static readonly BYTES = (ENTRIES + BUCKETS * BUCKET_WORDS) * 4;
  readonly #words: Int32Array;

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

  /** Counts an open and returns the handle to answer with. */
  open(request: OpenRequest): number {
    const bucket = bucketOf(request.node);
    this.#lock(bucket);
    try {
      const at = this.#find(bucket, request.node) ?? this.#find(bucket, 0);
      if (at === undefined) {
        Atomics.add(this.#words, OVERFLOW, 1);
        return HANDLE.overflow;
      }
      const isNew = this.#get(at + ENTRY.NODE) === 0;
      if (!isNew && request.isResent && this.#last(at) === request.unique) return HANDLE.counted;
      if (isNew) this.#words.fill(0, at, at + ENTRY_WORDS);
      this.#set(at + ENTRY.COUNT, this.#get(at + ENTRY.COUNT) + 1);
      this.#set(at + ENTRY.NODE, request.node | 0);
      this.#note(at, request.unique);
      Atomics.add(this.#words, CHANGES, 1);
      return HANDLE.counted;
    } finally {
      this.#unlock(bucket);
    }
  }

  /** Counts a release; `handle` is what the open was answered with. */
  release(request: OpenRequest, handle: number): void {
    if (handle === HANDLE.overflow) {
      // It may have been applied: rather too high than too low.
      if (request.isResent) return;
      Atomics.sub(this.#words, OVERFLOW, 1);
      return;
    }
    const bucket = bucketOf(request.node);
    this.#lock(bucket);
    try {
      const at = this.#find(bucket, request.node);
      // Sent again after its count had gone to 0: the entry went with it.
      if (at === undefined) return;
      // Of two releases that were applied and are sent again only the last is noted; what is not
      // later than it counts as applied. At worst a count stays too high.
      if (request.isResent && request.unique <= this.#last(at)) return;
      this.#note(at, request.unique);
      const count = this.#get(at + ENTRY.COUNT) - 1;
      this.#set(at + ENTRY.COUNT, Math.max(0, count));
      if (count <= 0) this.#set(at + ENTRY.NODE, 0);
      Atomics.add(this.#words, CHANGES, 1);
    } finally {
      this.#unlock(bucket);
    }
  }

  count(node: number): number {
    const at = this.#find(bucketOf(node), node);
    return at === undefined ? 0 : this.#get(at + ENTRY.COUNT);
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

  /** Called by a successor before it starts threads: whoever had a lock is dead. */
  resetLocks(): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++) this.#unlock(bucket);
  }

  #find(bucket: number, node: number): number | undefined {
    const start = ENTRIES + bucket * BUCKET_WORDS;
    for (let at = start; at < start + BUCKET_WORDS; at += ENTRY_WORDS) {
      if (this.#get(at + ENTRY.NODE) === (node | 0)) return at;
    }
    return undefined;
  }

  #last(at: number): number {
    return (
      (this.#get(at + ENTRY.LAST_LOW) >>> 0) + (this.#get(at + ENTRY.LAST_HIGH) >>> 0) * TWO_32
    );
  }

  #note(at: number, unique: number): void {
    this.#set(at + ENTRY.LAST_LOW, (unique % TWO_32) | 0);
    this.#set(at + ENTRY.LAST_HIGH, Math.floor(unique / TWO_32));
  }

  #lock(bucket: number): void {
    for (let spins = 1; ; spins++) {
      if (Atomics.compareExchange(this.#words, LOCKS + bucket, 0, 1) === 0) return;
      if (spins % SPINS === 0) Atomics.wait(sleeper, 0, 0, 1);
    }
  }

  #unlock(bucket: number): void {
    Atomics.store(this.#words, LOCKS + bucket, 0);
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
