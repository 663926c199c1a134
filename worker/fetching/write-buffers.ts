/**
 * Memory for bytes between the network and the disk, used again and again: a fresh buffer costs its first
 * touch of every page, and work for the collector.
 *
 * The last one given back is taken first, because it is the likeliest to be in a core's cache.
 */
import { CHUNK_BYTES } from '../../common/index.ts';

/** Owns all of its `buffer`. */
export type WriteBuffer = Buffer<ArrayBuffer>;

/** Whole chunks: what is written at a time. */
export const WRITE_BYTES = 4 * CHUNK_BYTES;
/**
 * 64 MiB. What was needed beyond that for a moment the collector gets, late: with 8 MiB a worker that 22 readers
 * kept busy had 390 to 415 MiB of its own afterwards, with 64 MiB 263 to 285 MiB.
 */
const MAX_FREE = 256;

export class WriteBuffers {
  readonly #free: ArrayBuffer[] = [];

  take(): WriteBuffer {
    return Buffer.from(this.#free.pop() ?? new ArrayBuffer(WRITE_BYTES));
  }

  /** Nobody may use it after this. */
  giveBack(memory: ArrayBuffer): void {
    if (this.#free.length < MAX_FREE) this.#free.push(memory);
  }
}
