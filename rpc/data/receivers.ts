/**
 * Where the DATA frames of an answer go: the bytes of one range, or of many files after each other.
 *
 * Always true: bytes count as received only after their CRC, bound to object, offset and length, was right;
 * what comes out of turn, or was not asked for, ends the connection.
 */
import { crc32 } from '@node-rs/crc32';
import { LarderError } from '../../common/index.ts';
import { boundCrc, decodeItem } from '../frames/index.ts';
import type { DataPiece } from '../frames/index.ts';

export interface Receiver {
  /** Undefined: let them pass by. @throws {LarderError} `FRAME_INVALID` */
  destination(offsetBytes: number, lengthBytes: number): Buffer | undefined;
  /** @throws {LarderError} `CHECKSUM_MISMATCH` where the answer is of no use */
  data(piece: DataPiece): void;
  /** One of many files has come to its end. */
  item?(body: Buffer): void;
}

/** One range of an object. */
export class RangeReceiver implements Receiver {
  readonly #objectId: string;
  readonly #offsetBytes: number;
  readonly into: Buffer;
  receivedBytes = 0;

  constructor(objectId: string, offsetBytes: number, into: Buffer) {
    this.#objectId = objectId;
    this.#offsetBytes = offsetBytes;
    this.into = into;
  }

  get whole(): boolean {
    return this.receivedBytes === this.into.length;
  }

  destination(offsetBytes: number, lengthBytes: number): Buffer {
    const at = this.receivedBytes;
    if (offsetBytes !== this.#offsetBytes + at || at + lengthBytes > this.into.length) {
      throw new LarderError('FRAME_INVALID', { what: 'bytes that were not asked for' });
    }
    return this.into.subarray(at, at + lengthBytes);
  }

  data(piece: DataPiece): void {
    assertRight(this.#objectId, piece);
    this.receivedBytes += piece.bytes.length;
  }
}

/** Takes the next bytes, which are its own. What it returns holds the connection back until it settles. */
export type PieceSink = (bytes: Buffer) => Promise<void> | undefined;

/** One range of an object, handed over a frame at a time. */
export class StreamReceiver implements Receiver {
  readonly #range: ReceivedRange;
  readonly #sink: (bytes: Buffer) => void;
  #receivedBytes = 0;

  constructor(range: ReceivedRange, sink: (bytes: Buffer) => void) {
    this.#range = range;
    this.#sink = sink;
  }

  get whole(): boolean {
    return this.#receivedBytes === this.#range.lengthBytes;
  }

  destination(offsetBytes: number, lengthBytes: number): Buffer {
    const at = this.#receivedBytes;
    const isNext = offsetBytes === this.#range.offsetBytes + at;
    if (!isNext || at + lengthBytes > this.#range.lengthBytes) {
      throw new LarderError('FRAME_INVALID', { what: 'bytes that were not asked for' });
    }
    return Buffer.allocUnsafe(lengthBytes);
  }

  data(piece: DataPiece): void {
    assertRight(this.#range.objectId, piece);
    this.#receivedBytes += piece.bytes.length;
    this.#sink(piece.bytes);
  }
}

interface ReceivedRange {
  readonly objectId: string;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

function assertRight(objectId: string, { offsetBytes, bytes, crc }: DataPiece): void {
  if (boundCrc(objectId, offsetBytes, bytes.length, crc32(bytes)) === crc) return;
  throw new LarderError('CHECKSUM_MISMATCH', { object: objectId, offsetBytes });
}

export interface ManyObject {
  readonly objectId: string;
  readonly sizeBytes: number;
}

/** Whole objects, in the order in which they were asked for. */
export class ManyReceiver implements Receiver {
  readonly #objects: readonly ManyObject[];
  readonly #results: (Buffer | LarderError)[] = [];
  #current: RangeReceiver | undefined;
  #failure: LarderError | undefined;

  constructor(objects: readonly ManyObject[]) {
    this.#objects = objects;
    this.#begin();
  }

  /** Each the bytes of a whole file, or why it was not had. @throws {LarderError} `FRAME_INVALID` */
  results(): readonly (Buffer | LarderError)[] {
    if (this.#results.length === this.#objects.length) return this.#results;
    throw new LarderError('FRAME_INVALID', { what: 'fewer files than asked' });
  }

  destination(offsetBytes: number, lengthBytes: number): Buffer | undefined {
    if (this.#failure !== undefined) return undefined;
    if (this.#current === undefined) {
      throw new LarderError('FRAME_INVALID', { what: 'more files than asked' });
    }
    return this.#current.destination(offsetBytes, lengthBytes);
  }

  data(piece: DataPiece): void {
    try {
      this.#current?.data(piece);
    } catch (error) {
      // The other files are well.
      if (!(error instanceof LarderError)) throw error;
      this.#failure = error;
    }
  }

  item(body: Buffer): void {
    const current = this.#current;
    if (current === undefined) return;
    const failure = this.#failure ?? decodeItem(body);
    if (failure === undefined && !current.whole) {
      throw new LarderError('FRAME_INVALID', { what: 'fewer bytes than a file has' });
    }
    this.#results.push(failure ?? current.into);
    this.#begin();
  }

  #begin(): void {
    const next = this.#objects[this.#results.length];
    this.#failure = undefined;
    this.#current =
      next && new RangeReceiver(next.objectId, 0, Buffer.allocUnsafeSlow(next.sizeBytes));
  }
}
