/**
 * Reads the requests of the kernel out of the buffer they arrived in.
 *
 * A `RequestView` is a window on memory that is used again for the next request: nothing it returns
 * as a Buffer may be kept. It checks nothing: the kernel wrote it.
 */
import assert from 'node:assert';
import {
  GETXATTR_IN,
  IN,
  IN_BODY,
  IN_HEADER_BYTES,
  INTERRUPT_IN,
  LSEEK_IN,
  OPCODE,
  READ_IN,
  RELEASE_IN,
  UNIQUE_RESEND_HIGH,
  WRITE_IN,
} from './abi.ts';

const TWO_32 = 2 ** 32;

export class RequestView {
  readonly words: Uint32Array;
  readonly bytes: Buffer;

  /** `memory` begins at a multiple of 4 within its ArrayBuffer. */
  constructor(memory: Buffer) {
    assert(memory.byteOffset % 4 === 0, 'a request lies on a word boundary');
    this.bytes = memory;
    this.words = new Uint32Array(memory.buffer, memory.byteOffset, memory.length >>> 2);
  }

  get lengthBytes(): number {
    return this.#word(IN.LEN);
  }

  get opcode(): number {
    return this.#word(IN.OPCODE);
  }

  get uniqueLow(): number {
    return this.#word(IN.UNIQUE_LOW);
  }

  /** With the bit that says that the request was sent again: what the reply must repeat. */
  get uniqueHigh(): number {
    return this.#word(IN.UNIQUE_HIGH);
  }

  /** The request's number, the same each time that it is sent. */
  get unique(): number {
    return uniqueNumber(this.uniqueLow, this.uniqueHigh);
  }

  get isResent(): boolean {
    return this.uniqueHigh >= UNIQUE_RESEND_HIGH;
  }

  /** Node ids are below 2^32: ordinal + 1. Anything else is not ours and gives 0. */
  get node(): number {
    return this.#word(IN.NODE_HIGH) === 0 ? this.#word(IN.NODE_LOW) : 0;
  }

  get callerPid(): number {
    return this.#word(IN.PID);
  }

  /** A word of the body. */
  body(index: number): number {
    return this.#word(IN_BODY + index);
  }

  /** A 64-bit field of the body that starts at word `index`; exact below 2^53. */
  body64(index: number): number {
    return this.body(index) + this.body(index + 1) * TWO_32;
  }

  get readOffset(): number {
    return this.body64(READ_IN.OFFSET);
  }

  get readSize(): number {
    return this.body(READ_IN.SIZE);
  }

  get handle(): number {
    return this.body(this.opcode === OPCODE.RELEASE ? RELEASE_IN.HANDLE : READ_IN.HANDLE);
  }

  get writeOffset(): number {
    return this.body64(WRITE_IN.OFFSET);
  }

  /** What is to be written. */
  get writtenBytes(): Buffer {
    const start = IN_HEADER_BYTES + WRITE_IN.WORDS * 4;
    return this.bytes.subarray(start, start + this.body(WRITE_IN.SIZE));
  }

  get seekOffset(): number {
    return this.body64(LSEEK_IN.OFFSET);
  }

  /** Of an INTERRUPT: the request that is meant. */
  get interrupted(): number {
    return uniqueNumber(this.body(INTERRUPT_IN.UNIQUE_LOW), this.body(INTERRUPT_IN.UNIQUE_HIGH));
  }

  /** The name that a body consists of (LOOKUP), without its NUL. */
  get name(): Buffer {
    return this.#nameFrom(IN_HEADER_BYTES);
  }

  /** The name that follows fuse_getxattr_in. */
  get xattrName(): string {
    return this.#nameFrom(IN_HEADER_BYTES + GETXATTR_IN.WORDS * 4).toString('utf8');
  }

  #nameFrom(start: number): Buffer {
    const end = this.bytes.indexOf(0, start);
    const limit = this.lengthBytes;
    return this.bytes.subarray(start, end === -1 || end > limit ? limit : end);
  }

  #word(index: number): number {
    // Always there: the index is a constant of abi.ts, within the 8 KiB of every request buffer.
    return this.words[index] ?? 0;
  }
}

function uniqueNumber(low: number, high: number): number {
  return low + (high & ~UNIQUE_RESEND_HIGH) * TWO_32;
}
