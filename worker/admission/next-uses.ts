/**
 * The objects of one dataset that are kept, the one first that is used last: what Belady's rule evicts.
 *
 * A binary heap over rows. What it was told of a row may be out of date: a next use that has come nearer since (a new
 * plan) is seen when the row is at the top, and one that has gone further away (it was read) when the row is told
 * as `touched`. Of an object that is gone the row stays until it is at the top and whoever asked calls `remove`.
 *
 * What the version does not name (an earlier one did) is used never, and goes before all else.
 *
 * Always true: a plan that lies costs hits and never an answer; memory is 12 bytes per row of the version, whether
 * kept or not.
 */
import type { LookAhead } from './look-ahead.ts';
import type { Described } from './types.ts';

type Used = Pick<Described, 'firstBlock' | 'band'>;

export interface LastUsed extends Used {
  readonly nextUse: number;
}

export interface PlannedRows {
  readonly plan: Pick<LookAhead, 'nextUse' | 'changes'>;
  /** Of each row, in the order of their first block: as in `BlockIndex`. */
  readonly firstBlock: Uint32Array;
  readonly band: Uint32Array;
  /** Objects that are fetched ahead of where a job is, and the one that it reads; default 64. */
  readonly ahead?: number | undefined;
}

const DEFAULT_AHEAD = 64;

/** Rows that were read, and whose plan has not moved on yet: ranks tell so every 200 ms. */
const PENDING_ROWS = 4096;
/** Looked at for each that is added, so that the queue stays short. */
const PENDING_LOOKS = 2;
/**
 * Children of a place in the heap: their keys are beside each other, and it is half as deep as with two (1 M rows:
 * 10 levels), each of which writes the place of a row somewhere in memory.
 */
const CHILDREN = 4;
const NONE = -1;

export class NextUses {
  readonly #rows: PlannedRows;
  readonly #heap: Uint32Array;
  readonly #keys: Float32Array;
  /** Of each row its place in the heap. */
  readonly #places: Int32Array;
  readonly #pending = new RowQueue();
  /** Of those that wait, at the front: not looked at since the plan changed. */
  #unlooked = 0;
  #lookedChanges = NONE;
  /** The one that was asked about last. */
  #newcomer = { firstBlock: NONE, nextUse: Infinity };
  /** Of other versions: band hashes by first block. */
  readonly #unnamed = new Map<number, number>();
  #size = 0;

  constructor(rows: PlannedRows) {
    const count = rows.firstBlock.length;
    this.#rows = rows;
    this.#heap = new Uint32Array(count);
    this.#keys = new Float32Array(count);
    this.#places = new Int32Array(count).fill(NONE);
  }

  /**
   * Of a newcomer: after the use that it comes for. Infinity where no plan names it, or the version does not.
   */
  ofNewcomer(firstBlock: number): number {
    // Asked twice: where it belongs, and what goes for it.
    if (firstBlock !== this.#newcomer.firstBlock) {
      const row = this.#rowOf(firstBlock);
      const { ahead = DEFAULT_AHEAD } = this.#rows;
      const nextUse = row === NONE ? Infinity : this.#nextUse(row, ahead);
      this.#newcomer = { firstBlock, nextUse };
    }
    return this.#newcomer.nextUse;
  }

  /** It is kept from now on. */
  add({ firstBlock, band }: Used): void {
    this.#newcomer.firstBlock = NONE;
    const row = this.#rowOf(firstBlock);
    if (row === NONE) {
      this.#unnamed.set(firstBlock, band);
      return;
    }
    if (this.#places[row] === NONE) {
      this.#heap[this.#size] = row;
      // Unlike any other.
      this.#keys[this.#size] = NaN;
      this.#places[row] = this.#size;
      this.#size += 1;
    }
    this.#update(row);
    // It comes because it is read, or soon will be.
    this.#await(row);
  }

  /** It was read: its next use is another, once its job has told that it went on. */
  touched(firstBlock: number): void {
    const row = this.#rowOf(firstBlock);
    if (row !== NONE && this.#places[row] !== NONE) this.#await(row);
  }

  /** The one that is used last, of those that were added. */
  last(): LastUsed | undefined {
    if (this.#unnamed.size > 0) {
      for (const [firstBlock, band] of this.#unnamed) {
        return { firstBlock, band, nextUse: Infinity };
      }
    }
    for (;;) {
      const row = this.#heap[0];
      if (this.#size === 0 || row === undefined) return undefined;
      if (this.#update(row)) continue;
      const { firstBlock, band } = this.#rows;
      const nextUse = this.#keys[0] ?? Infinity;
      return { firstBlock: firstBlock[row] ?? 0, band: band[row] ?? 0, nextUse };
    }
  }

  remove(firstBlock: number): void {
    if (this.#unnamed.size > 0) this.#unnamed.delete(firstBlock);
    const row = this.#rowOf(firstBlock);
    const place = row === NONE ? NONE : (this.#places[row] ?? NONE);
    if (place === NONE) return;
    this.#places[row] = NONE;
    this.#size -= 1;
    if (place === this.#size) return;
    const moved = this.#heap[this.#size] ?? 0;
    this.#put(moved, this.#keys[this.#size] ?? 0, place);
    this.#sink(this.#rise(place));
  }

  #await(row: number): void {
    const { changes } = this.#rows.plan;
    if (changes !== this.#lookedChanges) this.#unlooked = this.#pending.length;
    this.#lookedChanges = changes;
    for (let look = Math.min(PENDING_LOOKS, this.#unlooked); look > 0; look -= 1) {
      this.#unlooked -= 1;
      const other = this.#pending.shift();
      const place = this.#places[other] ?? NONE;
      if (place !== NONE && !this.#update(other)) this.#pending.push(other);
    }
    this.#unlooked = Math.max(0, this.#unlooked - this.#pending.push(row));
  }

  #nextUse(row: number, ahead = 0): number {
    const nextUse = Math.fround(this.#rows.plan.nextUse(row, ahead));
    // Rates that are no numbers: nothing is known then.
    return Number.isNaN(nextUse) ? Infinity : nextUse;
  }

  /** @returns whether its next use is another than was known */
  #update(row: number): boolean {
    const place = this.#places[row] ?? 0;
    const nextUse = this.#nextUse(row);
    if (nextUse === this.#keys[place]) return false;
    this.#keys[place] = nextUse;
    this.#sink(this.#rise(place));
    return true;
  }

  #rise(start: number): number {
    const row = this.#heap[start] ?? 0;
    const key = this.#keys[start] ?? 0;
    let place = start;
    while (place > 0) {
      const parent = Math.floor((place - 1) / CHILDREN);
      const parentKey = this.#keys[parent] ?? 0;
      if (parentKey >= key) break;
      this.#put(this.#heap[parent] ?? 0, parentKey, place);
      place = parent;
    }
    this.#put(row, key, place);
    return place;
  }

  #sink(start: number): void {
    const row = this.#heap[start] ?? 0;
    const key = this.#keys[start] ?? 0;
    let place = start;
    for (;;) {
      const child = this.#largestChild(place);
      const childKey = this.#keys[child] ?? 0;
      if (child === NONE || childKey <= key) break;
      this.#put(this.#heap[child] ?? 0, childKey, place);
      place = child;
    }
    this.#put(row, key, place);
  }

  #largestChild(place: number): number {
    const first = CHILDREN * place + 1;
    if (first >= this.#size) return NONE;
    const end = Math.min(first + CHILDREN, this.#size);
    let largest = first;
    for (let child = first + 1; child < end; child += 1) {
      if ((this.#keys[child] ?? 0) > (this.#keys[largest] ?? 0)) largest = child;
    }
    return largest;
  }

  #put(row: number, key: number, place: number): void {
    this.#heap[place] = row;
    this.#keys[place] = key;
    this.#places[row] = place;
  }

  /** The row that begins with the block. */
  #rowOf(block: number): number {
    const { firstBlock } = this.#rows;
    // Where every object is one block.
    if (firstBlock[block] === block) return block;
    let low = 0;
    let high = firstBlock.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((firstBlock[middle] ?? 0) < block) low = middle + 1;
      else high = middle;
    }
    return firstBlock[low] === block ? low : NONE;
  }
}

/** The longest there first; when it is full that one is lost. */
class RowQueue {
  readonly #rows = new Uint32Array(PENDING_ROWS);
  #first = 0;
  length = 0;

  /** @returns how many were lost for it */
  push(row: number): number {
    const isFull = this.length === PENDING_ROWS;
    if (isFull) this.shift();
    this.#rows[(this.#first + this.length) % PENDING_ROWS] = row;
    this.length += 1;
    return isFull ? 1 : 0;
  }

  shift(): number {
    const row = this.#rows[this.#first] ?? 0;
    this.#first = (this.#first + 1) % PENDING_ROWS;
    this.length -= 1;
    return row;
  }
}
