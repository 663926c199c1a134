/**
 * Memory for bytes between the network and the disk, used again and again: a fresh buffer costs its first
 * touch of every page, and work for the collector.
 *
 * There are two sizes, because a write of one chunk must not keep the memory of four: with one size 22
 * readers that waited for their bytes had up to 222 MiB in buffers a quarter full. The last one given back is
 * taken first, because it is the likeliest to be in a core's cache.
 */
import { CHUNK_BYTES, MIB } from '../../common/index.ts';

/** Owns all of its `buffer`. */
export type WriteBuffer = Buffer<ArrayBuffer>;

/** Whole chunks: what is written at a time where nobody waits for it. */
const LONG_BYTES = 4 * CHUNK_BYTES;
/** What was needed beyond that for a moment the collector gets, late: 22 readers at once, 222 to 287 MiB. */
const MAX_FREE_BYTES = 64 * MIB;

export class WriteBuffers {
  readonly #free = new Map<number, ArrayBuffer[]>([
    [CHUNK_BYTES, []],
    [LONG_BYTES, []],
  ]);
  #freeBytes = 0;

  /** One chunk long where that is enough, else several. */
  take(enoughBytes: number): WriteBuffer {
    const sizeBytes = enoughBytes <= CHUNK_BYTES ? CHUNK_BYTES : LONG_BYTES;
    const memory = this.#free.get(sizeBytes)?.pop();
    if (memory === undefined) return Buffer.from(new ArrayBuffer(sizeBytes));
    this.#freeBytes -= sizeBytes;
    return Buffer.from(memory);
  }

  /** Nobody may use it after this. */
  giveBack(memory: ArrayBuffer): void {
    if (this.#freeBytes + memory.byteLength > MAX_FREE_BYTES) return;
    this.#freeBytes += memory.byteLength;
    this.#free.get(memory.byteLength)?.push(memory);
  }
}
