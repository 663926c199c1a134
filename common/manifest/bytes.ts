/** Little-endian numbers out of and into bytes, every read checked against the end. */
import assert from 'node:assert';
import { SAFE_HIGH, TWO_32, corrupt } from './format.ts';
import type { Where } from './format.ts';

export class ByteWriter {
  #buffer = Buffer.alloc(4096);
  #length = 0;

  u16(value: number): void {
    this.#room(2);
    this.#length = this.#buffer.writeUInt16LE(value, this.#length);
  }

  u32(value: number): void {
    this.#room(4);
    this.#length = this.#buffer.writeUInt32LE(value, this.#length);
  }

  /** An integer from 0 to 2^53 − 1, in eight bytes. */
  u53(value: number): void {
    assert(Number.isSafeInteger(value) && value >= 0);
    this.u32(value % TWO_32);
    this.u32(Math.floor(value / TWO_32));
  }

  bytes(value: Buffer): void {
    this.#room(value.length);
    this.#length += value.copy(this.#buffer, this.#length);
  }

  /** A copy of what was written so far. */
  finish(): Buffer {
    return Buffer.from(this.#buffer.subarray(0, this.#length));
  }

  #room(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed > this.#buffer.length) this.#buffer = Buffer.concat([this.#buffer], 2 * needed);
  }
}

export class ByteReader {
  readonly #buffer: Buffer;
  readonly #where: Where;
  #at = 0;

  constructor(buffer: Buffer, where: Where) {
    this.#buffer = buffer;
    this.#where = where;
  }

  get left(): number {
    return this.#buffer.length - this.#at;
  }

  u16(): number {
    return this.#buffer.readUInt16LE(this.#take(2));
  }

  u32(): number {
    return this.#buffer.readUInt32LE(this.#take(4));
  }

  u53(): number {
    const low = this.u32();
    const high = this.u32();
    if (high >= SAFE_HIGH) throw corrupt(this.#where, 'a number in the footer is over 2^53');
    return low + high * TWO_32;
  }

  /** A number of records of at least `recordBytes` each: no more than there is room for. */
  count(recordBytes: number): number {
    const count = this.u32();
    if (count * recordBytes > this.left) throw corrupt(this.#where, 'the footer ends too early');
    return count;
  }

  bytes(length: number): Buffer {
    const start = this.#take(length);
    return this.#buffer.subarray(start, start + length);
  }

  #take(bytes: number): number {
    if (bytes > this.left) throw corrupt(this.#where, 'the footer ends too early');
    const start = this.#at;
    this.#at += bytes;
    return start;
  }
}
