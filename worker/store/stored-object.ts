/**
 * One object as the store has it in memory: which blocks are held, and their checksums.
 *
 *     growing ──last block──▶ complete ──▶ dropped
 *        │                       ▲            ▲
 *        │       suspect ─checked┘            │
 *        └──────────┴─────────────────────────┘
 *
 * - `growing`: some blocks are missing; the file has its working name
 * - `complete`: all are there, checked; the file lies in `complete/`
 * - `suspect`: it was complete before the machine stopped uncleanly; not to be opened by path
 * - `dropped`: the file is unlinked; who still reads reads on from the open fd
 *
 * Always true: a block that `has` names is written, and its checksum is recorded.
 */
import assert from 'node:assert';
import { blockCount, blockLength, CHUNK_BYTES } from '../../common/index.ts';
import { SEGMENT_BLOCKS, segmentChunks } from './record.ts';
import type { ObjectRecord, Segment } from './record.ts';

export type ObjectState = 'growing' | 'complete' | 'suspect' | 'dropped';

export class StoredObject {
  readonly objectId: string;
  record: ObjectRecord;
  state: ObjectState;
  /** Whether the records name it. */
  recorded: boolean;
  /** Whether it counts as a file in the space. */
  hasFile: boolean;
  /** Settles when its working file exists; unset while nothing was written by this process. */
  made: Promise<void> | undefined;
  /** A check of its checksums that is under way. */
  checking: Promise<void> | undefined;
  /** Readers and writers in this process. */
  pins = 0;
  /** It was fetched ahead, and nobody has read of it. */
  isAwaited = false;
  /** Blocks that the records name: those that are announced, and some that soon will be. */
  recordedBlocks = 0;
  /** What it counts for in the space: held and reserved. */
  accountedBytes = 0;
  readonly blocks: number;
  /** Of all segments while growing; of those that were read while complete. */
  readonly segments = new Map<number, Segment>();
  readonly #held: Uint32Array;
  #heldBlocks = 0;
  #heldBytes = 0;

  constructor(objectId: string, record: ObjectRecord, recorded: boolean) {
    this.objectId = objectId;
    this.record = record;
    this.recorded = recorded;
    this.hasFile = recorded;
    this.state = 'growing';
    this.blocks = blockCount(record.sizeBytes, record.blockSizeBytes);
    this.#held = new Uint32Array(record.complete ? 0 : Math.ceil(this.blocks / 32));
  }

  /** Names one incarnation: of files that are open. */
  get fileKey(): string {
    return `${this.objectId}.${String(this.record.incarnation)}`;
  }

  /** All blocks are held, checked or not. */
  get whole(): boolean {
    return this.record.complete;
  }

  get heldBytes(): number {
    return this.whole ? this.record.sizeBytes : this.#heldBytes;
  }

  get heldBlocks(): number {
    return this.whole ? this.blocks : this.#heldBlocks;
  }

  has(block: number): boolean {
    if (this.state === 'dropped') return false;
    return this.whole || ((this.#held[block >> 5] ?? 0) & (1 << (block & 31))) !== 0;
  }

  announce(block: number): void {
    assert(!this.whole && !this.has(block), 'a block is announced once');
    this.#held[block >> 5] = (this.#held[block >> 5] ?? 0) | (1 << (block & 31));
    this.#heldBlocks += 1;
    this.#heldBytes += this.blockLength(block);
  }

  blockLength(block: number): number {
    return blockLength(block, this.record.sizeBytes, this.record.blockSizeBytes);
  }

  chunksIn(segment: number): number {
    return segmentChunks(this.record.sizeBytes, this.record.blockSizeBytes, segment);
  }

  chunksPerSegment(): number {
    return (this.record.blockSizeBytes / CHUNK_BYTES) * SEGMENT_BLOCKS;
  }

  /** Runs of adjacent held blocks. */
  *heldRuns(): Generator<{ readonly first: number; readonly count: number }> {
    if (this.whole) {
      if (this.blocks > 0) yield { first: 0, count: this.blocks };
      return;
    }
    let first = -1;
    for (let block = 0; block <= this.blocks; block += 1) {
      const held = block < this.blocks && (this.#held[block >> 5] ?? 0) & (1 << (block & 31));
      if (held && first < 0) first = block;
      if (!held && first >= 0) {
        yield { first, count: block - first };
        first = -1;
      }
    }
  }

  runBytes(run: { readonly first: number; readonly count: number }): number {
    const { sizeBytes, blockSizeBytes } = this.record;
    const start = run.first * blockSizeBytes;
    return Math.min(sizeBytes, start + run.count * blockSizeBytes) - start;
  }
}

/** Which blocks of a segment its record names. */
export function segmentHolds(segment: Segment, blockOfSegment: number): boolean {
  return ((segment.held[blockOfSegment >> 5] ?? 0) & (1 << (blockOfSegment & 31))) !== 0;
}

export function holdInSegment(segment: Segment, blockOfSegment: number): void {
  const word = blockOfSegment >> 5;
  segment.held[word] = (segment.held[word] ?? 0) | (1 << (blockOfSegment & 31));
}

/** It is not kept: it is on its way through. Asks anew, as `isDropped`: it may move while room is made for it. */
export function isPassing({ record }: StoredObject): boolean {
  return record.region === 'transit';
}

/** Asks anew: the compiler takes a state that was looked at before an `await` for lasting. */
export function isDropped(object: StoredObject): boolean {
  return object.state === 'dropped';
}
