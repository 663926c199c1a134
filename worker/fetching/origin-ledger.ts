/**
 * What was fetched from the origin against what was asked for, block by block: shows a 4 KiB read that
 * pulls 4 MiB, and a block that was fetched twice.
 *
 *   - `uniqueBytes`: bytes of distinct blocks fetched by this process;
 *   - `requestedBytes`: of those blocks, the span from the first to the last byte that readers asked
 *     for or a preload targeted. What was only completed in the background is not requested.
 *
 * Memory: 8 bytes and 1 bit per touched block, in pages; bounded. When the bound is reached the oldest page
 * is forgotten, and a block of it that comes again counts again.
 */
import type { ObjectRef } from '../../common/index.ts';
import { blocksIn } from './ranges.ts';
import type { ByteRange } from './read-pattern.ts';

/** Counts since the start of the process. */
export interface LedgerCounters {
  uniqueBytes: number;
  requestedBytes: number;
}

interface Page {
  /** First and one past the last byte asked for, in the block; both 0 where nothing was. */
  readonly spans: Uint32Array;
  readonly fetched: Uint32Array;
}

const PAGE_BLOCKS = 1024;

export class OriginLedger {
  readonly counters: LedgerCounters = { uniqueBytes: 0, requestedBytes: 0 };
  readonly #maxPages: number;
  /** By dataset and page number; in the order of first use. */
  readonly #pages = new Map<string, Page>();

  /** @param maxPages of 1,024 blocks, 8 KiB each; 8,192 of them are 64 MiB and 32 TiB at 4 MiB */
  constructor(maxPages = 8192) {
    this.#maxPages = maxPages;
  }

  /** A whole block came from the origin. */
  fetched(datasetId: number, block: number, bytes: number): void {
    const { spans, fetched } = this.#page(datasetId, block);
    const at = block % PAGE_BLOCKS;
    const bit = 1 << (at & 31);
    if (((fetched[at >> 5] ?? 0) & bit) !== 0) return;
    fetched[at >> 5] = (fetched[at >> 5] ?? 0) | bit;
    this.counters.uniqueBytes += bytes;
    this.counters.requestedBytes += (spans[at * 2 + 1] ?? 0) - (spans[at * 2] ?? 0);
  }

  /** Bytes [from, to) of a block were asked for. */
  asked(datasetId: number, block: number, from: number, to: number): void {
    const { spans, fetched } = this.#page(datasetId, block);
    const at = block % PAGE_BLOCKS;
    const oldFrom = spans[at * 2] ?? 0;
    const oldTo = spans[at * 2 + 1] ?? 0;
    const newFrom = oldTo === 0 ? from : Math.min(oldFrom, from);
    const newTo = Math.max(oldTo, to);
    spans[at * 2] = newFrom;
    spans[at * 2 + 1] = newTo;
    if (((fetched[at >> 5] ?? 0) & (1 << (at & 31))) === 0) return;
    this.counters.requestedBytes += newTo - newFrom - (oldTo - oldFrom);
  }

  /** A range of an object was asked for. */
  askedOf(ref: ObjectRef, range: ByteRange): void {
    const { blockSizeBytes, firstBlock, datasetId } = ref;
    const { first, end } = blocksIn(range, ref);
    for (let block = first; block < end; block += 1) {
      const start = block * blockSizeBytes;
      const from = Math.max(0, range.fromBytes - start);
      const to = Math.min(blockSizeBytes, range.toBytes - start);
      this.asked(datasetId, firstBlock + block, from, to);
    }
  }

  #page(datasetId: number, block: number): Page {
    const key = `${datasetId}.${Math.floor(block / PAGE_BLOCKS)}`;
    const found = this.#pages.get(key);
    if (found !== undefined) return found;
    if (this.#pages.size >= this.#maxPages) {
      const [oldest] = this.#pages.keys();
      if (oldest !== undefined) this.#pages.delete(oldest);
    }
    const page = {
      spans: new Uint32Array(PAGE_BLOCKS * 2),
      fetched: new Uint32Array(PAGE_BLOCKS / 32),
    };
    this.#pages.set(key, page);
    return page;
  }
}
