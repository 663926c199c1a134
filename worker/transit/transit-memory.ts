/**
 * Blocks of objects that are not kept, in memory until they were read or are pushed out: nothing of them is written.
 *
 *     reserve ──bytes arrive──▶ whole ──▶ read ──▶ pushed out
 *        │                        │
 *        └──given up──▶ gone      └──it is kept after all──▶ written, and gone
 *
 * Always true:
 *   - what is reserved, there and free together stay within the limit;
 *   - a block that is arriving, or that a reader holds, is not pushed out: its bytes leave the origin once;
 *   - what was read goes first, and what was not goes only after so much more has come that nobody may still want it;
 *   - bytes that are given out have the checksum that they had when they came.
 *
 * Where there is no room for a newcomer it goes to the disk: see `FetchRun`. Decides and holds bytes; no I/O, no clock.
 */
import { crc32 } from '@node-rs/crc32';
import { blockLength, CHUNK_BYTES, KIB } from '../../common/index.ts';
import type { ObjectRef } from '../../common/index.ts';
import { ChunkPool, pooledBytes } from './chunk-pool.ts';
import { GoneBy } from './gone-by.ts';
import { Holds, NO_HOLD } from './holds.ts';
import type { Hold } from './holds.ts';
import { ReadSpans } from './read-spans.ts';

export type TransitRef = Pick<ObjectRef, 'objectId' | 'sizeBytes' | 'blockSizeBytes'>;

export interface TransitSpan {
  readonly first: number;
  /** One past the last block. */
  readonly end: number;
}

/** Never across the boundary of a chunk; belongs to the receiver. */
export interface TransitPiece {
  readonly offsetBytes: number;
  readonly bytes: Buffer;
}

export interface TransitCounters {
  /** Reserved or there. */
  readonly memoryBytes: number;
  readonly limitBytes: number;
  /** Since the start: came, and were not written. */
  readonly passedBytes: number;
  /** Since the start: had to go through the disk, because there was no room here. */
  readonly spilledBytes: number;
  /** Since the start: straight from the origin to one reader, because there was no room anywhere. */
  readonly straightBytes: number;
  /** Since the start: written from here, because they had become worth keeping. */
  readonly keptBytes: number;
}

interface Passing {
  readonly key: string;
  readonly lengthBytes: number;
  readonly costBytes: number;
  /** What had come when somebody last read of it, or before it. */
  afterBytes: number;
  readonly chunks: Buffer[];
  readonly checksums: number[];
  arrivedBytes: number;
  read: ReadSpans;
}

/** What a block takes beside its bytes: 20,000 blocks whose bytes take 4 KiB each took 5.7 KiB each. */
const BLOCK_COST_BYTES = 2 * KIB;
/** So many times the whole memory has gone by since it came: whoever was to read it has gone. */
const TURNS = 2;

export class TransitMemory {
  readonly #limitBytes: number;
  readonly #pool: ChunkPool;
  readonly #blocks = new Map<string, Passing>();
  /** Whole ones, the first read first; of the others the first there, or read of, first. */
  readonly #read = new Set<Passing>();
  readonly #unread = new Set<Passing>();
  readonly #holds = new Holds(() => {
    this.#onRoom();
  });
  readonly #goneBy = new GoneBy();
  #usedBytes = 0;
  /** Of them, what may be pushed out at once. */
  #readBytes = 0;
  /** All that was to pass, whichever way it went. */
  #comeBytes = 0;
  #passedBytes = 0;
  #spilledBytes = 0;
  #straightBytes = 0;
  #keptBytes = 0;
  #movedBytes = 0;
  #onRoom: () => void = () => undefined;

  /** @param limitBytes 0: nothing passes through memory */
  constructor(limitBytes: number, pool = new ChunkPool(limitBytes)) {
    this.#limitBytes = limitBytes;
    this.#pool = pool;
  }

  get isOn(): boolean {
    return this.#limitBytes > 0;
  }

  /** How far may be read ahead of a reader of a file now: the other half is for what readers wait for. */
  get aheadBytes(): number {
    return this.isOn ? Math.min(this.#limitBytes / 4, this.#freeAheadBytes) : Infinity;
  }

  /** For a file that nobody has asked for yet, in its bytes; undefined where nothing passes through memory. */
  aheadOf(ref: TransitRef): { readonly mostBytes: number; readonly freeBytes: number } | undefined {
    if (!this.isOn) return undefined;
    const tailBytes = ref.sizeBytes % CHUNK_BYTES;
    const blocks = Math.ceil(ref.sizeBytes / ref.blockSizeBytes);
    const besideBytes = costOf(tailBytes) - tailBytes + (blocks - 1) * BLOCK_COST_BYTES;
    return {
      mostBytes: Math.max(0, this.#limitBytes / 2 - besideBytes),
      freeBytes: Math.max(0, this.#freeAheadBytes - besideBytes),
    };
  }

  /** Came, or were read: where it does not grow nothing moves. */
  get movedBytes(): number {
    return this.#movedBytes;
  }

  /** Called when there may be room. */
  onRoom(listener: () => void): void {
    this.#onRoom = listener;
  }

  get counters(): TransitCounters {
    return {
      memoryBytes: this.#usedBytes,
      limitBytes: this.#limitBytes,
      passedBytes: this.#passedBytes,
      spilledBytes: this.#spilledBytes,
      straightBytes: this.#straightBytes,
      keptBytes: this.#keptBytes,
    };
  }

  /**
   * Room for the blocks of a span that are not here; what is not needed is given back with `giveUp`.
   *
   * @param isAhead nobody waits for them: half of the memory is for those that somebody does
   */
  reserve(ref: TransitRef, span: TransitSpan, isAhead = false): boolean {
    const missing: Passing[] = [];
    let costBytes = 0;
    let lengthBytes = 0;
    for (let block = span.first; block < span.end; block += 1) {
      const key = keyOf(ref, block);
      if (this.#blocks.has(key)) continue;
      const passing = this.#newcomer(key, ref, block);
      missing.push(passing);
      costBytes += passing.costBytes;
      lengthBytes += passing.lengthBytes;
    }
    if (isAhead && costBytes > this.#freeAheadBytes) return false;
    if (!this.#makeRoom(costBytes)) return false;
    this.#comeBytes += lengthBytes;
    for (const passing of missing) {
      passing.read = this.#goneBy.take(passing.key) ?? passing.read;
      this.#blocks.set(passing.key, passing);
    }
    this.#usedBytes += costBytes;
    return true;
  }

  /** Whether there may ever be room for a span. */
  mayHold(ref: TransitRef, { first, end }: TransitSpan): boolean {
    let costBytes = 0;
    for (let block = first; block < end; block += 1) {
      costBytes += costOf(blockLength(block, ref.sizeBytes, ref.blockSizeBytes));
    }
    return costBytes <= this.#limitBytes;
  }

  /** There was no room for so much, and it goes through the disk. */
  spilled(bytes: number): void {
    this.#spilledBytes += bytes;
    this.#comeBytes += bytes;
  }

  /** There was no room for it, and it goes straight to a reader: what else there is of its block will too. */
  goesBy(ref: TransitRef, { fromBytes, toBytes }: { fromBytes: number; toBytes: number }): void {
    this.#comeBytes += toBytes - fromBytes;
    this.#straightBytes += toBytes - fromBytes;
    if (!this.isOn) return;
    const block = Math.floor(fromBytes / ref.blockSizeBytes);
    const start = block * ref.blockSizeBytes;
    const lengthBytes = blockLength(block, ref.sizeBytes, ref.blockSizeBytes);
    const inBlock = {
      fromBytes: fromBytes - start,
      toBytes: Math.min(lengthBytes, toBytes - start),
    };
    this.#goneBy.add(keyOf(ref, block), lengthBytes, inBlock);
  }

  /** Whether other bytes of its block went straight to a reader, and not those: the block is not worth fetching whole. */
  wentBy(ref: TransitRef, offsetBytes: number): boolean {
    const key = keyOf(ref, Math.floor(offsetBytes / ref.blockSizeBytes));
    return this.#goneBy.goesOn(key, offsetBytes % ref.blockSizeBytes);
  }

  /** The next bytes of a block that room was reserved for; ignored where they are there. */
  append(ref: TransitRef, block: number, bytes: Buffer): void {
    const passing = this.#blocks.get(keyOf(ref, block));
    if (passing === undefined || isWhole(passing)) return;
    for (let at = 0; at < bytes.length;) {
      const index = Math.floor(passing.arrivedBytes / CHUNK_BYTES);
      const inChunk = passing.arrivedBytes % CHUNK_BYTES;
      const chunkBytes = chunkLength(passing, index);
      const chunk = (passing.chunks[index] ??= this.#pool.take(chunkBytes));
      const length = Math.min(bytes.length - at, chunkBytes - inChunk);
      bytes.copy(chunk, inChunk, at, at + length);
      passing.arrivedBytes += length;
      this.#movedBytes += length;
      at += length;
      if (inChunk + length < chunkBytes) continue;
      passing.checksums[index] = crc32(chunk.subarray(0, chunkBytes));
    }
    if (!isWhole(passing)) return;
    this.#passedBytes += passing.lengthBytes;
    this.#sort(passing);
  }

  /** Nothing more comes of a span: what is not whole goes. */
  giveUp(ref: TransitRef, span: TransitSpan): void {
    for (let block = span.first; block < span.end; block += 1) {
      const passing = this.#blocks.get(keyOf(ref, block));
      if (passing !== undefined && !isWhole(passing)) this.#remove(passing);
    }
    this.#onRoom();
  }

  /** Whether all of a block is here. */
  has(ref: TransitRef, block: number): boolean {
    if (this.#blocks.size === 0) return false;
    const passing = this.#blocks.get(keyOf(ref, block));
    return passing !== undefined && isWhole(passing);
  }

  /** Whether the byte at an offset is here, if only part of its block. */
  reaches(ref: TransitRef, offsetBytes: number): boolean {
    if (this.#blocks.size === 0) return false;
    const passing = this.#blocks.get(keyOf(ref, Math.floor(offsetBytes / ref.blockSizeBytes)));
    return passing !== undefined && passing.arrivedBytes > offsetBytes % ref.blockSizeBytes;
  }

  /**
   * Copies of what is here from the front of a range, as long as it goes on.
   *
   * What is damaged is dropped, and ends it: it is fetched again.
   */
  *pieces(ref: TransitRef, range: { fromBytes: number; toBytes: number }): Generator<TransitPiece> {
    let offsetBytes = range.fromBytes;
    while (offsetBytes < range.toBytes) {
      const bytes = this.#copy(ref, offsetBytes, range.toBytes);
      if (bytes === undefined) return;
      yield { offsetBytes, bytes };
      offsetBytes += bytes.length;
    }
  }

  /** A reader has got these bytes, from here or as they came. */
  wasRead(ref: TransitRef, { offsetBytes, bytes }: TransitPiece): void {
    if (this.#blocks.size === 0) return;
    const passing = this.#blocks.get(keyOf(ref, Math.floor(offsetBytes / ref.blockSizeBytes)));
    if (passing === undefined) return;
    const inBlock = offsetBytes % ref.blockSizeBytes;
    passing.read.add(inBlock, inBlock + bytes.length);
    passing.afterBytes = this.#comeBytes;
    this.#movedBytes += bytes.length;
    if (this.#unread.delete(passing)) this.#sort(passing);
  }

  /** These blocks are about to be read, or written: what is here of them, or comes, stays until that is disposed of. */
  hold(ref: TransitRef, span: TransitSpan): Hold {
    return this.isOn ? this.#holds.hold(span, (block) => keyOf(ref, block)) : NO_HOLD;
  }

  /** The block is on the disk now. */
  written(ref: TransitRef, block: number): void {
    const passing = this.#blocks.get(keyOf(ref, block));
    if (passing === undefined || !isWhole(passing)) return;
    this.#passedBytes -= passing.lengthBytes;
    this.#keptBytes += passing.lengthBytes;
    this.#remove(passing);
    this.#onRoom();
  }

  /** What was not read yet is ahead, or somebody waits for it: half of the memory is for the latter. */
  get #freeAheadBytes(): number {
    return Math.max(0, this.#limitBytes / 2 - (this.#usedBytes - this.#readBytes));
  }

  #newcomer(key: string, ref: TransitRef, block: number): Passing {
    const lengthBytes = blockLength(block, ref.sizeBytes, ref.blockSizeBytes);
    return {
      key,
      lengthBytes,
      costBytes: costOf(lengthBytes),
      afterBytes: this.#comeBytes,
      chunks: [],
      checksums: [],
      arrivedBytes: 0,
      read: new ReadSpans(),
    };
  }

  #makeRoom(costBytes: number): boolean {
    const mostUsedBytes = this.#limitBytes - costBytes;
    if (mostUsedBytes < 0) return false;
    if (this.#usedBytes <= mostUsedBytes) return true;
    this.#pushOut(this.#read, mostUsedBytes);
    this.#pushOut(this.#unread, mostUsedBytes, this.#comeBytes - TURNS * this.#limitBytes);
    return this.#usedBytes <= mostUsedBytes;
  }

  #pushOut(from: Iterable<Passing>, mostUsedBytes: number, beforeBytes = Infinity): void {
    for (const passing of from) {
      if (this.#usedBytes <= mostUsedBytes || passing.afterBytes > beforeBytes) return;
      if (!this.#holds.has(passing.key)) this.#remove(passing);
    }
  }

  #copy(ref: TransitRef, offsetBytes: number, toBytes: number): Buffer | undefined {
    const inBlock = offsetBytes % ref.blockSizeBytes;
    const passing = this.#blocks.get(keyOf(ref, Math.floor(offsetBytes / ref.blockSizeBytes)));
    if (passing === undefined || passing.arrivedBytes <= inBlock) return undefined;
    const index = Math.floor(inBlock / CHUNK_BYTES);
    const start = index * CHUNK_BYTES;
    const chunkBytes = chunkLength(passing, index);
    const endBytes = Math.min(
      start + chunkBytes,
      passing.arrivedBytes,
      inBlock + (toBytes - offsetBytes),
    );
    const chunk = passing.chunks[index];
    const checksum = passing.checksums[index];
    if (chunk === undefined) return undefined;
    if (checksum !== undefined && crc32(chunk.subarray(0, chunkBytes)) !== checksum) {
      if (isWhole(passing)) this.#remove(passing);
      return undefined;
    }
    const bytes = Buffer.allocUnsafeSlow(endBytes - inBlock);
    chunk.copy(bytes, 0, inBlock - start, endBytes - start);
    return bytes;
  }

  /** Among those that were read to the end, or those that were not. */
  #sort(passing: Passing): void {
    if (passing.read.bytes < passing.lengthBytes) {
      this.#unread.add(passing);
      return;
    }
    this.#read.add(passing);
    this.#readBytes += passing.costBytes;
    if (!this.#holds.has(passing.key)) this.#onRoom();
  }

  #remove(passing: Passing): void {
    this.#blocks.delete(passing.key);
    if (this.#read.delete(passing)) this.#readBytes -= passing.costBytes;
    this.#unread.delete(passing);
    this.#usedBytes -= passing.costBytes;
    for (const chunk of passing.chunks) this.#pool.giveBack(chunk);
  }
}

/** Of memory, for a block of so many bytes. */
function costOf(lengthBytes: number): number {
  const tailBytes = lengthBytes % CHUNK_BYTES;
  return lengthBytes - tailBytes + (tailBytes > 0 ? pooledBytes(tailBytes) : 0) + BLOCK_COST_BYTES;
}

function keyOf({ objectId }: TransitRef, block: number): string {
  return `${objectId}.${String(block)}`;
}

function isWhole({ arrivedBytes, lengthBytes }: Passing): boolean {
  return arrivedBytes === lengthBytes;
}

function chunkLength({ lengthBytes }: Passing, index: number): number {
  return Math.min(CHUNK_BYTES, lengthBytes - index * CHUNK_BYTES);
}
