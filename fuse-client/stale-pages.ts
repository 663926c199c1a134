/**
 * Takes pages out of the kernel's cache that nobody will look for there again.
 *
 * A file that was opened while it was growing is read through the server, and the kernel keeps what it read.
 * Its next opens are passed through: they look into the page cache of the object's file instead. So
 * what lies behind a sequential reader, and all of it once the file is closed, is memory that the job
 * misses, and that was likely never touched before: a cold read takes each page twice without this.
 *
 * Always true: only files whose next open is passed through lose pages, and only pages, not bytes: who reads
 * there again is answered again, from the page cache of the object's file.
 */
import { LRUCache } from 'lru-cache';
import { MIB } from '../common/index.ts';
import type { OpenTable } from './open-table.ts';
import type { Touched } from './touches.ts';

/** What the kernel reads ahead, and requests that overtake each other, lie within this. */
const BEHIND_BYTES = 8 * MIB;
/** A call takes the kernel some microseconds, and a message wakes a thread. */
const MIN_DROP_BYTES = 8 * MIB;
/** Files that are watched at once; the longest unread is forgotten. */
const MAX_FILES = 256;

/** To the end of the file where the length is 0. */
export interface PageRange {
  readonly node: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

export class StalePages {
  readonly #table: OpenTable;
  readonly #drop: (range: PageRange) => void;
  /** By node, up to where its pages were dropped. */
  readonly #droppedBytes = new LRUCache<number, number>({ max: MAX_FILES });

  /** @param drop may be called for pages that are not there */
  constructor(table: OpenTable, drop: (range: PageRange) => void) {
    this.#table = table;
    this.#drop = drop;
  }

  /** What was read in the last interval: of each file the lowest place first. */
  read(spans: readonly Touched[]): void {
    let lastOrdinal = -1;
    for (const span of spans) {
      // Readers of several places have the pages behind the lowest of them dropped.
      if (span.ordinal !== lastOrdinal) this.#passed(span);
      lastOrdinal = span.ordinal;
    }
  }

  /** Drops the rest of those that were closed. */
  sweep(): void {
    for (const [node, dropped] of [...this.#droppedBytes]) {
      if (this.#table.count(node) > 0) continue;
      this.#droppedBytes.delete(node);
      this.#drop({ node, offsetBytes: dropped, lengthBytes: 0 });
    }
  }

  #passed({ ordinal, offsetBytes, endBytes, bytes }: Touched): void {
    const node = ordinal + 1;
    const isSequential = bytes >= (endBytes - offsetBytes) / 2;
    if (!isSequential || this.#table.outcome(node) !== 'incomplete') return;
    const dropped = this.#droppedBytes.get(node) ?? 0;
    const toBytes = offsetBytes - BEHIND_BYTES;
    if (toBytes - dropped < MIN_DROP_BYTES) return;
    this.#drop({ node, offsetBytes: dropped, lengthBytes: toBytes - dropped });
    this.#droppedBytes.set(node, toBytes);
  }
}
