/** What is remembered of one object's readers between reads: their pattern, and which blocks they touched. */
import { blockCount, blocksOf } from '../../common/index.ts';
import type { ObjectRef } from '../../common/index.ts';
import { ReadPattern } from './read-pattern.ts';
import type { ByteRange } from './read-pattern.ts';

/** Share of touched blocks from which the rest is worth fetching. */
const WORTH_COMPLETING = 0.25;

export class TouchMemory {
  readonly #ref: Pick<ObjectRef, 'sizeBytes' | 'blockSizeBytes'>;
  readonly #pattern: ReadPattern;
  readonly #touched: Uint32Array;
  readonly #blocks: number;
  #touchedBlocks = 0;

  constructor(
    ref: Pick<ObjectRef, 'sizeBytes' | 'blockSizeBytes'>,
    options: { readonly maxWindowBytes?: number | undefined } = {},
  ) {
    this.#ref = ref;
    this.#pattern = new ReadPattern({ ...options, blockSizeBytes: ref.blockSizeBytes });
    this.#blocks = blockCount(ref.sizeBytes, ref.blockSizeBytes);
    this.#touched = new Uint32Array(Math.ceil(this.#blocks / 32));
  }

  /** Read from one end to the other, or touched in many places. */
  get worthCompleting(): boolean {
    return this.#pattern.sequential || this.#touchedBlocks >= this.#blocks * WORTH_COMPLETING;
  }

  /** Takes note of a read; returns what is to be read ahead, if anything: at most so much. */
  note(range: ByteRange, mostBytes?: number): ByteRange | undefined {
    this.touch(range);
    return this.#pattern.note(range.fromBytes, range.toBytes - range.fromBytes, mostBytes);
  }

  /** A reader that has read up to `fromBytes` will not ask before `toBytes`. */
  promise(fromBytes: number, toBytes: number): void {
    this.#pattern.promise(fromBytes, toBytes);
  }

  /** Takes note of a read that was not asked for. */
  touch(range: ByteRange): void {
    const lengthBytes = range.toBytes - range.fromBytes;
    const { first, end } = blocksOf(range.fromBytes, lengthBytes, this.#ref.blockSizeBytes);
    for (let block = first; block < end; block += 1) {
      const bit = 1 << (block & 31);
      const word = this.#touched[block >> 5] ?? 0;
      if ((word & bit) === 0) this.#touchedBlocks += 1;
      this.#touched[block >> 5] = word | bit;
    }
  }
}
