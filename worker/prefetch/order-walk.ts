/**
 * Walks an order that is known, ahead of the readers that follow it, and across the end of their pass into the next:
 * one that came before and is repeated, or a plan, whose passes differ.
 *
 * Always true:
 *   - an object is given at most once in a pass, and only while its turn is still to come; not where a reader was
 *     quicker than the order says;
 *   - the walk is less than one pass ahead of the readers.
 *
 * Decides only. `OrderReplay` and `PlanWalks` look objects up and fetch them.
 */
import type { Found } from '../fetching/index.ts';
import { SKIP } from './ahead-fetches.ts';

export interface WalkedOrder {
  /** Objects of a pass. */
  readonly length: number;
  /** Where the readers are: so many objects of the pass that is under way were read. */
  readonly cursor: number;
  /** How many passes have ended, where that is known; otherwise one has when the cursor goes back. */
  readonly pass?: number | undefined;
  /** What is at a position, counted from the beginning of the pass that is under way; undefined after the end. */
  at(position: number): number | undefined;
}

interface Given {
  /** In all passes. */
  readonly at: number;
  readonly ordinal: number;
  readonly bytes: number;
}

/** Looks at a time, some 20 µs each: the next read goes on with them. */
const MAX_LOOKS = 256;
/** Readers are so far from the order that they repeat, and not more than a quarter of it. */
const MAX_RECENT = 4_096;
const RECENT_SHARE = 1 / 4;
/** So far behind the cursor an object may still be read: ranks, and the threads of their loaders, do not keep step. */
const MAX_LATE = 64;
const LATE_SHARE = 1 / 8;

export class OrderWalk {
  /** Passes that have ended, in objects. */
  #before = 0;
  #cursor = 0;
  /** Looked at so far, in all passes. */
  #looked = 0;
  #given: Given[] = [];
  #givenBytes = 0;
  /** Read not long ago, the last one at the end, and in which pass: in a plan the next one may have it soon again. */
  readonly #recent = new Map<number, number>();
  #pass = 0;

  /** Given, and still to be read. */
  get aheadBytes(): number {
    return this.#givenBytes;
  }

  /** Where the readers are now. */
  follow({ length, cursor, pass }: WalkedOrder): void {
    this.#pass = pass ?? 0;
    if (pass !== undefined) this.#before = pass * length;
    else if (cursor < this.#cursor) this.#before += length;
    this.#cursor = cursor;
    const now = this.#before + cursor;
    this.#looked = Math.max(this.#looked, now);
    const late = Math.min(MAX_LATE, length * LATE_SHARE);
    this.#drop(({ at }) => at < now - late);
    for (const ordinal of this.#recent.keys()) {
      if (this.#recent.size <= Math.min(MAX_RECENT, length * RECENT_SHARE)) break;
      this.#recent.delete(ordinal);
    }
  }

  /** It has been read. */
  read(ordinal: number): void {
    this.#recent.delete(ordinal);
    this.#recent.set(ordinal, this.#pass);
    this.#drop((given) => given.ordinal === ordinal);
  }

  /**
   * The next object to be fetched, if any. May be called again after `look` threw.
   *
   * @param look what is at an ordinal, and how many objects readers read before it
   */
  take(order: WalkedOrder, look: (ordinal: number, ahead: number) => Found): void {
    const now = this.#before + this.#cursor;
    const end = now + order.length;
    for (let looks = 0; looks < MAX_LOOKS && this.#looked < end; looks += 1) {
      const ordinal = order.at(this.#looked - this.#before);
      if (ordinal === undefined) return;
      const pass = order.pass === undefined ? 0 : Math.floor(this.#looked / order.length);
      const found = this.#recent.get(ordinal) === pass ? SKIP : look(ordinal, this.#looked - now);
      if (found.kind === 'stop') return;
      this.#looked += 1;
      if (found.kind === 'skip') continue;
      this.#given.push({ at: this.#looked - 1, ordinal, bytes: found.bytes });
      this.#givenBytes += found.bytes;
      return;
    }
  }

  #drop(isPast: (given: Given) => boolean): void {
    if (!this.#given.some(isPast)) return;
    for (const given of this.#given) if (isPast(given)) this.#givenBytes -= given.bytes;
    this.#given = this.#given.filter((given) => !isPast(given));
  }
}
