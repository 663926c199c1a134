/**
 * What the worker said is in the files of growing objects, for the serving threads: one table in memory
 * that the event loop writes and all threads read.
 *
 * Always true:
 *   - an extent that was found was said by the worker, as a whole: a reader that meets a change half-way
 *     finds nothing;
 *   - bytes of an extent stay what they are as long as a file of its incarnation can be opened, so
 *     what is outdated here costs a failed open, never a wrong byte. Incarnations are unique in one
 *     cache directory: `clear` when the connection to its worker ends.
 *
 * The table forgets: what is not found, the worker is asked again.
 */
import type { FileRange } from './operations.ts';

/** sequence, ordinal, incarnation (2), from (2), to (2) */
const WORDS = 8;
/** Extents of the same set: so many places of one file can be read at once. */
const WAYS = 4;
const SETS = 64;
const TWO_32 = 2 ** 32;

interface Extent {
  readonly ordinal: number;
  /** 0: nothing is here. */
  readonly incarnation: number;
  readonly fromBytes: number;
  readonly toBytes: number;
}

const NOTHING: Extent = { ordinal: 0, incarnation: 0, fromBytes: 0, toBytes: 0 };

export class ExtentTable {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  #nextWay = 0;

  constructor(memory = new SharedArrayBuffer(SETS * WAYS * WORDS * 4)) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
  }

  /** The incarnation whose file has all of a range, or 0. */
  incarnationWith({ ordinal, offsetBytes, lengthBytes }: FileRange): number {
    for (const at of places(ordinal)) {
      const extent = this.#read(at);
      if (extent?.ordinal !== ordinal || extent.incarnation === 0) continue;
      const { incarnation, fromBytes, toBytes } = extent;
      if (fromBytes <= offsetBytes && offsetBytes + lengthBytes <= toBytes) return incarnation;
    }
    return 0;
  }

  /** By the event loop. */
  add(extent: Extent): void {
    const ways = places(extent.ordinal);
    let { fromBytes, toBytes } = extent;
    this.#nextWay = (this.#nextWay + 1) % WAYS;
    let place = ways[this.#nextWay] ?? 0;
    for (const way of ways) {
      const known = this.#read(way);
      if (known === undefined || known.incarnation === 0) {
        place = way;
      } else if (isOutdated(known, extent)) {
        this.#write(way, NOTHING);
        place = way;
      } else if (known.ordinal === extent.ordinal && touch(known, extent)) {
        place = way;
        fromBytes = Math.min(fromBytes, known.fromBytes);
        toBytes = Math.max(toBytes, known.toBytes);
        break;
      }
    }
    this.#write(place, { ...extent, fromBytes, toBytes });
  }

  /** By the event loop: nothing that was said holds any more. */
  clear(): void {
    for (let at = 0; at < this.#words.length; at += WORDS) this.#write(at, NOTHING);
  }

  /** Undefined where it is being written. */
  #read(at: number): Extent | undefined {
    const words = this.#words;
    const sequence = Atomics.load(words, at);
    const extent = {
      ordinal: Atomics.load(words, at + 1) >>> 0,
      incarnation: this.#number(at + 2),
      fromBytes: this.#number(at + 4),
      toBytes: this.#number(at + 6),
    };
    const whole = (sequence & 1) === 0 && Atomics.load(words, at) === sequence;
    return whole ? extent : undefined;
  }

  #write(at: number, extent: Extent): void {
    Atomics.add(this.#words, at, 1);
    Atomics.store(this.#words, at + 1, extent.ordinal | 0);
    this.#setNumber(at + 2, extent.incarnation);
    this.#setNumber(at + 4, extent.fromBytes);
    this.#setNumber(at + 6, extent.toBytes);
    Atomics.add(this.#words, at, 1);
  }

  #number(at: number): number {
    const low = Atomics.load(this.#words, at) >>> 0;
    return low + (Atomics.load(this.#words, at + 1) >>> 0) * TWO_32;
  }

  #setNumber(at: number, value: number): void {
    Atomics.store(this.#words, at, (value % TWO_32) | 0);
    Atomics.store(this.#words, at + 1, Math.floor(value / TWO_32) | 0);
  }
}

/** Where in the words the extents of a file may stand. */
function places(ordinal: number): number[] {
  const first = (ordinal % SETS) * WAYS * WORDS;
  return [first, first + WORDS, first + 2 * WORDS, first + 3 * WORDS];
}

/** It is of a file that is no more. */
function isOutdated(known: Extent, by: Extent): boolean {
  return known.ordinal === by.ordinal && known.incarnation !== by.incarnation;
}

function touch(one: Extent, other: Extent): boolean {
  return one.fromBytes <= other.toBytes && other.fromBytes <= one.toBytes;
}
