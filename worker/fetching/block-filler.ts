/**
 * Takes the bytes of adjacent blocks in order, writes them a piece at a time, and commits each block as soon
 * as it is whole.
 *
 * Always true:
 *   - all bytes before `writtenBytes` are in the file, whatever the order in which writes end;
 *   - what was taken and is not yet written stays within a limit, by holding back who gives;
 *   - what was written is not looked at again: its memory belongs to the disk's writer meanwhile.
 */
import { blockLength, CHUNK_BYTES, LarderError, MIB } from '../../common/index.ts';
import type { ObjectRef } from '../../common/index.ts';
import type { ObjectStore, StoredObject } from '../store/index.ts';
import { TOO_MANY_BYTES } from './filler.ts';
import type { Filler } from './filler.ts';
import { Occasion } from './occasion.ts';
import type { WriteBuffer, WriteBuffers } from './write-buffers.ts';

export interface BlockFillerOptions {
  readonly store: ObjectStore;
  readonly stored: StoredObject;
  readonly ref: ObjectRef;
  readonly first: number;
  /** One past the last block. */
  readonly end: number;
  readonly buffers: WriteBuffers;
  /** Whether somebody waits for bytes to be in the file: they are written a chunk at a time then. */
  readonly isAwaited: () => boolean;
  /** All bytes of the block were taken. */
  readonly onBlock: (block: number) => void;
  /** `writtenBytes` has grown. */
  readonly onWritten: () => void;
  /** The block is held. */
  readonly onHeld: (block: number) => void;
  /** The disk failed; nothing more is written. Called once. */
  readonly onFailed: () => void;
}

/** Taken and not yet written: with 32 reads of origins at once 128 MiB. */
const MAX_UNWRITTEN_BYTES = 4 * MIB;

export class BlockFiller implements Filler {
  readonly #options: BlockFillerOptions;
  readonly #endBytes: number;
  readonly #commits: Promise<void>[] = [];
  #positionBytes: number;
  #writtenBytes: number;
  #heldBytes = 0;
  #checksums: Uint32Array;
  /** Of blocks that are not held yet. */
  readonly #unheld = new Map<number, Uint32Array>();
  /** Of the current piece; undefined between two. */
  #buffer: WriteBuffer | undefined;
  #filledBytes = 0;
  #unwrittenBytes = 0;
  #writes: Promise<void> = Promise.resolve();
  #failed = false;
  readonly #room = new Occasion();

  constructor(options: BlockFillerOptions) {
    const { ref, first, end } = options;
    this.#options = options;
    this.#positionBytes = first * ref.blockSizeBytes;
    this.#writtenBytes = this.#positionBytes;
    this.#endBytes = Math.min(ref.sizeBytes, end * ref.blockSizeBytes);
    this.#checksums = this.#newChecksums(first);
  }

  get positionBytes(): number {
    return this.#positionBytes;
  }

  get endBytes(): number {
    return this.#endBytes;
  }

  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  checksum(chunk: number): number | undefined {
    const perBlock = this.#options.ref.blockSizeBytes / CHUNK_BYTES;
    return this.#unheld.get(Math.floor(chunk / perBlock))?.[chunk % perBlock];
  }

  get failed(): boolean {
    return this.#failed;
  }

  take(bytes: Buffer): Promise<void> | undefined {
    if (this.#positionBytes + bytes.length > this.#endBytes) {
      throw new LarderError('ORIGIN_BAD_RESPONSE', TOO_MANY_BYTES);
    }
    for (let at = 0; at < bytes.length;) {
      const isAwaited = this.#options.isAwaited();
      const enoughBytes = isAwaited ? CHUNK_BYTES : this.#endBytes - this.#positionBytes;
      const buffer = (this.#buffer ??= this.#options.buffers.take(enoughBytes));
      const pieceEnd = this.#pieceEnd(buffer, isAwaited);
      const length = Math.min(bytes.length - at, pieceEnd - this.#positionBytes);
      bytes.copy(buffer, this.#filledBytes, at, at + length);
      this.#filledBytes += length;
      this.#unwrittenBytes += length;
      this.#positionBytes += length;
      at += length;
      if (this.#positionBytes === pieceEnd) this.#endPiece(buffer);
    }
    return this.#unwrittenBytes > MAX_UNWRITTEN_BYTES ? this.#room.next() : undefined;
  }

  /** A part of a piece is not written. */
  async settled(): Promise<void> {
    await this.#writes;
    await Promise.all(this.#commits);
    if (this.#buffer !== undefined) this.#options.buffers.giveBack(this.#buffer.buffer);
    this.#buffer = undefined;
  }

  /** A write is as long as its buffer, unless somebody waits for it, and stays within one block. */
  #pieceEnd(buffer: WriteBuffer, isAwaited: boolean): number {
    const { blockSizeBytes } = this.#options.ref;
    const position = this.#positionBytes;
    const full = position - this.#filledBytes + buffer.length;
    const pieceEnd = isAwaited ? Math.min(full, nextMultiple(position, CHUNK_BYTES)) : full;
    return Math.min(pieceEnd, nextMultiple(position, blockSizeBytes), this.#endBytes);
  }

  #endPiece(buffer: WriteBuffer): void {
    const { blockSizeBytes, sizeBytes } = this.#options.ref;
    const end = this.#positionBytes;
    this.#write(buffer);
    if (end === sizeBytes || end % blockSizeBytes === 0) {
      this.#endBlock(Math.floor((end - 1) / blockSizeBytes));
    }
  }

  #endBlock(block: number): void {
    const checksums = this.#checksums;
    this.#options.onBlock(block);
    this.#commits.push(this.#writes.then(() => this.#commit(block, checksums)));
    this.#checksums = this.#newChecksums(block + 1);
  }

  async #commit(block: number, checksums: Uint32Array): Promise<void> {
    if (this.#failed) return;
    try {
      const { store, stored, onHeld } = this.#options;
      const isNew = await store.commitBlock(stored, block, checksums);
      if (isNew) this.#heldBytes += stored.blockLength(block);
      this.#unheld.delete(block);
      onHeld(block);
    } catch {
      this.#fail();
    }
  }

  #write(buffer: WriteBuffer): void {
    const { store, stored, ref, buffers, onWritten } = this.#options;
    const lengthBytes = this.#filledBytes;
    const offsetBytes = this.#positionBytes - lengthBytes;
    const firstChunk = (offsetBytes % ref.blockSizeBytes) / CHUNK_BYTES;
    const blockChecksums = this.#checksums;
    this.#buffer = undefined;
    this.#filledBytes = 0;
    const memory = buffer.buffer;
    const writing = this.#failed
      ? undefined
      : store.write(stored, { memory, lengthBytes, offsetBytes });
    writing?.catch(() => undefined);
    this.#writes = this.#writes.then(async () => {
      try {
        const written = await writing;
        if (written === undefined) return;
        buffers.giveBack(written.memory);
        if (this.#failed) return;
        blockChecksums.set(written.checksums, firstChunk);
        this.#writtenBytes = offsetBytes + lengthBytes;
        onWritten();
      } catch {
        this.#fail();
      } finally {
        this.#unwrittenBytes -= lengthBytes;
        if (this.#unwrittenBytes <= MAX_UNWRITTEN_BYTES / 2) this.#room.happens();
      }
    });
  }

  #fail(): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#options.onFailed();
  }

  #newChecksums(block: number): Uint32Array {
    const { sizeBytes, blockSizeBytes } = this.#options.ref;
    const chunks = Math.ceil(blockLength(block, sizeBytes, blockSizeBytes) / CHUNK_BYTES);
    const checksums = new Uint32Array(chunks);
    this.#unheld.set(block, checksums);
    return checksums;
  }
}

/** The first multiple above a position. */
function nextMultiple(position: number, of: number): number {
  return position - (position % of) + of;
}
