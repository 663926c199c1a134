/** Takes the bytes of adjacent blocks in order to memory: they only pass through, and nothing of them is written. */
import { LarderError } from '../../common/index.ts';
import type { ObjectRef } from '../../common/index.ts';
import type { TransitMemory } from '../transit/index.ts';
import { TOO_MANY_BYTES } from './filler.ts';
import type { Filler } from './filler.ts';

export interface TransitFillerOptions {
  readonly transit: TransitMemory;
  readonly ref: ObjectRef;
  readonly first: number;
  /** One past the last block; there is room for all of them. */
  readonly end: number;
  /** All bytes of the block were taken. */
  readonly onBlock: (block: number) => void;
}

export class TransitFiller implements Filler {
  readonly endBytes: number;
  /** Nothing of it is in the file. */
  readonly writtenBytes: number;
  readonly heldBytes = 0;
  readonly failed = false;
  readonly #options: TransitFillerOptions;
  #positionBytes: number;

  constructor(options: TransitFillerOptions) {
    const { ref, first, end } = options;
    this.#options = options;
    this.#positionBytes = first * ref.blockSizeBytes;
    this.writtenBytes = this.#positionBytes;
    this.endBytes = Math.min(ref.sizeBytes, end * ref.blockSizeBytes);
  }

  get positionBytes(): number {
    return this.#positionBytes;
  }

  checksum(): undefined {
    return undefined;
  }

  take(bytes: Buffer): undefined {
    if (this.#positionBytes + bytes.length > this.endBytes) {
      throw new LarderError('ORIGIN_BAD_RESPONSE', TOO_MANY_BYTES);
    }
    const { transit, ref, onBlock } = this.#options;
    for (let at = 0; at < bytes.length;) {
      const block = Math.floor(this.#positionBytes / ref.blockSizeBytes);
      const blockEnd = Math.min(this.endBytes, (block + 1) * ref.blockSizeBytes);
      const length = Math.min(bytes.length - at, blockEnd - this.#positionBytes);
      transit.append(ref, block, bytes.subarray(at, at + length));
      this.#positionBytes += length;
      at += length;
      if (this.#positionBytes === blockEnd) onBlock(block);
    }
  }

  async settled(): Promise<void> {
    const { transit, ref, first, end } = this.#options;
    transit.giveUp(ref, { first, end });
  }
}
