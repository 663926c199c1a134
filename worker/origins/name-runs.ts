/**
 * The names of one directory in byte order, however many there are.
 *
 * Names are sorted in runs, so that no sort holds the event loop for long, packed, so that ten
 * million of them take little more than their own bytes, and merged when they are asked for.
 */
import { Buffer } from 'node:buffer';

const RUN_NAMES = 16_384;
const LENGTH_BYTES = 2;

export class NameRuns {
  #open: Buffer[] = [];
  /** A heap by the next name, once the names are complete. */
  #heap: Run[] = [];

  /** @param sortKey a directory's ends in `/` */
  add(sortKey: Buffer): void {
    this.#open.push(sortKey);
    if (this.#open.length === RUN_NAMES) this.#closeRun();
  }

  /** No more names. Must be called once before `next`. */
  complete(): void {
    this.#closeRun();
    this.#heap.sort((a, b) => a.head.compare(b.head));
  }

  /** Undefined after the last. */
  next(): Buffer | undefined {
    const [first] = this.#heap;
    if (first === undefined) return undefined;
    const name = first.head;
    if (!first.advance()) {
      const last = this.#heap.pop();
      if (last !== undefined && last !== first) this.#heap[0] = last;
    }
    this.#sink();
    return name;
  }

  #closeRun(): void {
    if (this.#open.length === 0) return;
    this.#heap.push(new Run(this.#open.sort((a, b) => a.compare(b))));
    this.#open = [];
  }

  /** Restores the heap after its first run has changed. */
  #sink(): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      const run = heap[at];
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      if (run === undefined || left === undefined) return;
      const goRight = right !== undefined && right.head.compare(left.head) < 0;
      const child = goRight ? right : left;
      if (run.head.compare(child.head) <= 0) return;
      const below = 2 * at + (goRight ? 2 : 1);
      heap[at] = child;
      heap[below] = run;
      at = below;
    }
  }
}

/** Sorted names one after the other, each with its length before it. Never empty. */
class Run {
  readonly #packed: Buffer;
  #at = 0;
  head: Buffer;

  constructor(names: readonly Buffer[]) {
    const bytes = names.reduce((sum, name) => sum + LENGTH_BYTES + name.length, 0);
    this.#packed = Buffer.allocUnsafe(bytes);
    let at = 0;
    for (const name of names) {
      at = this.#packed.writeUInt16LE(name.length, at);
      at += name.copy(this.#packed, at);
    }
    this.head = this.#take();
  }

  /** False at the end. */
  advance(): boolean {
    if (this.#at === this.#packed.length) return false;
    this.head = this.#take();
    return true;
  }

  #take(): Buffer {
    const start = this.#at + LENGTH_BYTES;
    this.#at = start + this.#packed.readUInt16LE(this.#at);
    return this.#packed.subarray(start, this.#at);
  }
}
