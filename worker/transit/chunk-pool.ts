/**
 * Memory for chunks, used again and again: what the collector is left to find is there long after it was given back.
 *
 * Sizes are powers of two, because most files of a data set of pictures are smaller than a chunk.
 *
 * Always true: what is in use and what is free together stay within the limit, as long as what is in use does.
 */
import { CHUNK_BYTES, KIB } from '../../common/index.ts';

const SMALLEST_BYTES = 4 * KIB;

export class ChunkPool {
  readonly #limitBytes: number;
  readonly #free = new Map<number, Buffer[]>();
  #usedBytes = 0;
  #freeBytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** In use, and free. */
  get allocatedBytes(): number {
    return this.#usedBytes + this.#freeBytes;
  }

  /** What is in it is what was in it before. */
  take(enoughBytes: number): Buffer {
    const sizeBytes = pooledBytes(enoughBytes);
    this.#usedBytes += sizeBytes;
    const found = this.#free.get(sizeBytes)?.pop();
    if (found !== undefined) {
      this.#freeBytes -= sizeBytes;
      return found;
    }
    this.#trim();
    return Buffer.allocUnsafeSlow(sizeBytes);
  }

  /** Nobody may use it after this. */
  giveBack(memory: Buffer): void {
    this.#usedBytes -= memory.length;
    this.#freeBytes += memory.length;
    const free = this.#free.get(memory.length);
    if (free === undefined) this.#free.set(memory.length, [memory]);
    else free.push(memory);
  }

  /** Free memory of other sizes makes room. */
  #trim(): void {
    for (const [sizeBytes, free] of this.#free) {
      while (this.allocatedBytes > this.#limitBytes && free.pop() !== undefined) {
        this.#freeBytes -= sizeBytes;
      }
    }
  }
}

/** What memory for so many bytes of a chunk takes. */
export function pooledBytes(enoughBytes: number): number {
  let sizeBytes = SMALLEST_BYTES;
  while (sizeBytes < enoughBytes) sizeBytes *= 2;
  return Math.min(sizeBytes, CHUNK_BYTES);
}
