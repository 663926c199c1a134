/**
 * What of a version decides where its blocks are to be: one row per object, or per stripe of a large one,
 * with its blocks and the two hashes of placement and of the band. Nothing in it depends on who is a member,
 * so it is made once per version, and kept as a file.
 *
 * Always true: rows are in the order of their first block, and none is without blocks. What does not decode is
 * a missing index, never a guess.
 *
 *     "LRDRBLKS" | version u32 | rows u32 | CRC32 of what follows u32
 *     first block u32 × rows | blocks u32 × rows | band hash u32 × rows | owner hash u32 × rows
 */
import assert from 'node:assert';
import { endianness } from 'node:os';
import { crc32 } from '@node-rs/crc32';

const MAGIC = 'LRDRBLKS';
const FORMAT_VERSION = 1;
const HEAD_BYTES = 20;
export const ROW_BYTES = 16;

export interface Rows {
  readonly firstBlock: Uint32Array;
  readonly blocks: Uint32Array;
  /** `bandHash` of the key. */
  readonly band: Uint32Array;
  /** `ownerHash` of the object id, with the stripe. */
  readonly object: Uint32Array;
}

export class BlockIndex implements Rows {
  readonly rows: number;
  readonly firstBlock: Uint32Array;
  readonly blocks: Uint32Array;
  readonly band: Uint32Array;
  readonly object: Uint32Array;

  /** @param rows in any order; they belong to the index from now on */
  constructor(rows: Rows) {
    const { firstBlock, blocks, band, object } = inOrder(rows);
    this.rows = firstBlock.length;
    this.firstBlock = firstBlock;
    this.blocks = blocks;
    this.band = band;
    this.object = object;
  }

  get sizeBytes(): number {
    return this.rows * ROW_BYTES;
  }

  encode(): Buffer {
    assert(endianness() === 'LE', 'columns are written as they are in memory');
    const columns = [this.firstBlock, this.blocks, this.band, this.object].map(
      ({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength),
    );
    const bytes = Buffer.concat([Buffer.alloc(HEAD_BYTES), ...columns]);
    bytes.write(MAGIC, 'latin1');
    bytes.writeUInt32LE(FORMAT_VERSION, 8);
    bytes.writeUInt32LE(this.rows, 12);
    bytes.writeUInt32LE(crc32(bytes.subarray(HEAD_BYTES)), 16);
    return bytes;
  }

  /** @returns undefined where it is damaged, or of another format */
  static decode(bytes: Buffer): BlockIndex | undefined {
    if (bytes.length < HEAD_BYTES || bytes.toString('latin1', 0, 8) !== MAGIC) return undefined;
    const rows = bytes.readUInt32LE(12);
    if (bytes.readUInt32LE(8) !== FORMAT_VERSION) return undefined;
    if (bytes.length !== HEAD_BYTES + rows * ROW_BYTES) return undefined;
    if (bytes.readUInt32LE(16) !== crc32(bytes.subarray(HEAD_BYTES))) return undefined;
    // A copy, because columns must be aligned.
    const all = new Uint32Array(rows * 4);
    bytes.copy(Buffer.from(all.buffer), 0, HEAD_BYTES);
    const column = (at: number) => all.subarray(at * rows, (at + 1) * rows);
    return new BlockIndex({
      firstBlock: column(0),
      blocks: column(1),
      band: column(2),
      object: column(3),
    });
  }
}

function inOrder(rows: Rows): Rows {
  const { firstBlock } = rows;
  if (isSorted(firstBlock)) return rows;
  const order = Uint32Array.from(firstBlock, (_, i) => i);
  order.sort((a, b) => (firstBlock[a] ?? 0) - (firstBlock[b] ?? 0));
  const pick = (column: Uint32Array) => Uint32Array.from(order, (i) => column[i] ?? 0);
  return {
    firstBlock: pick(firstBlock),
    blocks: pick(rows.blocks),
    band: pick(rows.band),
    object: pick(rows.object),
  };
}

function isSorted(numbers: Uint32Array): boolean {
  for (let i = 1; i < numbers.length; i += 1) {
    if ((numbers[i] ?? 0) < (numbers[i - 1] ?? 0)) return false;
  }
  return true;
}
