/**
 * What the store writes about an object, as bytes. Three kinds of records:
 *   - `ObjectRecord`: what the object is, one per object;
 *   - `Segment`: which of 64 adjacent blocks are held, and the CRC32 of each chunk of them. Kept apart,
 *     so that committing a block of a large object writes a few KiB, not all of its checksums;
 *   - `Summary`: one per reference from a dataset, in the order of eviction, with what a start needs.
 *
 * Little-endian; each begins with the format's version and the first two end with the CRC32 of what
 * stands before it. A record that does not decode is a missing one.
 */
import { crc32 } from '@node-rs/crc32';
import { blockCount, blockLength, CHUNK_BYTES } from '../../common/index.ts';
import type { Region } from '../admission/index.ts';

export const RECORD_VERSION = 1;
export const SEGMENT_BLOCKS = 64;

export interface DatasetReference {
  readonly datasetId: number;
  readonly firstBlock: number;
}

export interface ObjectRecord {
  readonly key: Buffer;
  readonly sizeBytes: number;
  readonly blockSizeBytes: number;
  readonly band: number;
  readonly incarnation: number;
  /** Counts unclean stops of the machine: what is of an earlier one must be checked before use. */
  readonly generation: number;
  readonly complete: boolean;
  readonly region: Region;
  /** At least one; the first decides the place in the order of eviction. */
  readonly references: readonly DatasetReference[];
}

export interface Segment {
  /** Bit i of word i >> 5: block i of the segment is held. */
  readonly held: Uint32Array;
  /** Of each chunk of the segment's blocks; meaningful where the block is held. */
  readonly checksums: Uint32Array;
}

export interface Summary extends DatasetReference {
  readonly sizeBytes: number;
  readonly blockSizeBytes: number;
  readonly band: number;
  readonly complete: boolean;
  readonly region: Region;
}

const HEAD_BYTES = 40;
const FLAG_COMPLETE = 1;
const FLAG_TRANSIT = 2;
const FLAG_REPLICA = 4;

export function encodeRecord(record: ObjectRecord): Buffer {
  const { key, references } = record;
  const bytes = Buffer.alloc(HEAD_BYTES + references.length * 8 + key.length + 4);
  bytes.writeUInt8(RECORD_VERSION, 0);
  bytes.writeUInt8(flagsOf(record), 1);
  bytes.writeUInt16LE(key.length, 2);
  bytes.writeUInt32LE(record.generation, 4);
  bytes.writeBigUInt64LE(BigInt(record.sizeBytes), 8);
  bytes.writeBigUInt64LE(BigInt(record.incarnation), 16);
  bytes.writeUInt32LE(record.blockSizeBytes, 24);
  bytes.writeUInt32LE(record.band, 28);
  bytes.writeUInt32LE(references.length, 32);
  references.forEach(({ datasetId, firstBlock }, i) => {
    bytes.writeUInt32LE(datasetId, HEAD_BYTES + i * 8);
    bytes.writeUInt32LE(firstBlock, HEAD_BYTES + i * 8 + 4);
  });
  key.copy(bytes, HEAD_BYTES + references.length * 8);
  return sealed(bytes);
}

export function decodeRecord(bytes: Buffer): ObjectRecord | undefined {
  if (!intact(bytes, HEAD_BYTES)) return undefined;
  const flags = bytes.readUInt8(1);
  const keyLength = bytes.readUInt16LE(2);
  const count = bytes.readUInt32LE(32);
  const keyAt = HEAD_BYTES + count * 8;
  if (bytes.length !== keyAt + keyLength + 4 || count === 0) return undefined;
  return {
    key: Buffer.from(bytes.subarray(keyAt, keyAt + keyLength)),
    generation: bytes.readUInt32LE(4),
    sizeBytes: Number(bytes.readBigUInt64LE(8)),
    incarnation: Number(bytes.readBigUInt64LE(16)),
    blockSizeBytes: bytes.readUInt32LE(24),
    band: bytes.readUInt32LE(28),
    complete: (flags & FLAG_COMPLETE) !== 0,
    region: regionOf(flags),
    references: Array.from({ length: count }, (_, i) => ({
      datasetId: bytes.readUInt32LE(HEAD_BYTES + i * 8),
      firstBlock: bytes.readUInt32LE(HEAD_BYTES + i * 8 + 4),
    })),
  };
}

export function encodeSegment(segment: Segment): Buffer {
  const { held, checksums } = segment;
  const bytes = Buffer.alloc(16 + checksums.length * 4 + 4);
  bytes.writeUInt8(RECORD_VERSION, 0);
  bytes.writeUInt32LE(checksums.length, 4);
  bytes.writeUInt32LE(held[0] ?? 0, 8);
  bytes.writeUInt32LE(held[1] ?? 0, 12);
  for (let i = 0; i < checksums.length; i += 1) {
    bytes.writeUInt32LE(checksums[i] ?? 0, 16 + i * 4);
  }
  return sealed(bytes);
}

/** @param chunks how many the segment has, by the object's size */
export function decodeSegment(bytes: Buffer, chunks: number): Segment | undefined {
  if (!intact(bytes, 16) || bytes.readUInt32LE(4) !== chunks) return undefined;
  if (bytes.length !== 16 + chunks * 4 + 4) return undefined;
  const checksums = new Uint32Array(chunks);
  for (let i = 0; i < chunks; i += 1) checksums[i] = bytes.readUInt32LE(16 + i * 4);
  return { held: Uint32Array.of(bytes.readUInt32LE(8), bytes.readUInt32LE(12)), checksums };
}

export function emptySegment(chunks: number): Segment {
  return { held: new Uint32Array(2), checksums: new Uint32Array(chunks) };
}

export function encodeSummary(summary: Summary): Buffer {
  const bytes = Buffer.alloc(28);
  bytes.writeUInt8(RECORD_VERSION, 0);
  bytes.writeUInt8(flagsOf(summary), 1);
  bytes.writeUInt32LE(summary.datasetId, 4);
  bytes.writeUInt32LE(summary.firstBlock, 8);
  bytes.writeUInt32LE(summary.band, 12);
  bytes.writeUInt32LE(summary.blockSizeBytes, 16);
  bytes.writeUInt32LE(summary.sizeBytes % 2 ** 32, 20);
  bytes.writeUInt32LE(Math.floor(summary.sizeBytes / 2 ** 32), 24);
  return bytes;
}

export function decodeSummary(bytes: Buffer): Summary | undefined {
  if (bytes.length !== 28 || bytes[0] !== RECORD_VERSION) return undefined;
  const flags = bytes.readUInt8(1);
  return {
    datasetId: bytes.readUInt32LE(4),
    firstBlock: bytes.readUInt32LE(8),
    band: bytes.readUInt32LE(12),
    blockSizeBytes: bytes.readUInt32LE(16),
    sizeBytes: bytes.readUInt32LE(20) + bytes.readUInt32LE(24) * 2 ** 32,
    complete: (flags & FLAG_COMPLETE) !== 0,
    region: regionOf(flags),
  };
}

/** Chunks of one segment: fewer in an object's last. */
export function segmentChunks(sizeBytes: number, blockSizeBytes: number, segment: number): number {
  return Math.ceil(blockLength(segment, sizeBytes, blockSizeBytes * SEGMENT_BLOCKS) / CHUNK_BYTES);
}

export function segmentCount(sizeBytes: number, blockSizeBytes: number): number {
  return blockCount(sizeBytes, blockSizeBytes * SEGMENT_BLOCKS);
}

function flagsOf(record: { readonly complete: boolean; readonly region: Region }): number {
  const region = { kept: 0, transit: FLAG_TRANSIT, replica: FLAG_REPLICA }[record.region];
  return (record.complete ? FLAG_COMPLETE : 0) | region;
}

function regionOf(flags: number): Region {
  if ((flags & FLAG_TRANSIT) !== 0) return 'transit';
  return (flags & FLAG_REPLICA) !== 0 ? 'replica' : 'kept';
}

function sealed(bytes: Buffer): Buffer {
  bytes.writeUInt32LE(crc32(bytes.subarray(0, -4)), bytes.length - 4);
  return bytes;
}

function intact(bytes: Buffer, minBytes: number): boolean {
  if (bytes.length < minBytes + 4 || bytes[0] !== RECORD_VERSION) return false;
  return crc32(bytes.subarray(0, -4)) === bytes.readUInt32LE(bytes.length - 4);
}
