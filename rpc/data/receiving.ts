/**
 * The bytes of one READ as they come: checked frame by frame, and given out only after their CRC, bound to
 * object, offset and length, was right.
 */
import { crc32 } from '@node-rs/crc32';
import { boundCrc } from '../frames/index.ts';
import type { DataPiece } from '../frames/index.ts';

/** Takes the next bytes, which are its own. What it returns holds the connection back until it settles. */
export type PieceSink = (bytes: Buffer) => Promise<void> | undefined;

export interface ReceivingOptions {
  readonly objectId: string;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** Where the bytes go: into one buffer, or to a sink, a frame at a time. */
  readonly to: Buffer | PieceSink;
}

export class Receiving {
  readonly objectId: string;
  readonly #options: ReceivingOptions;
  #receivedBytes = 0;

  constructor(options: ReceivingOptions) {
    this.objectId = options.objectId;
    this.#options = options;
  }

  /** Whether everything has come. */
  get isWhole(): boolean {
    return this.#receivedBytes === this.#options.lengthBytes;
  }

  /** Where a frame's bytes go; undefined where they are not those that come next. */
  destination(offsetBytes: number, lengthBytes: number): Buffer | undefined {
    const { to, ...range } = this.#options;
    const at = this.#receivedBytes;
    if (offsetBytes !== range.offsetBytes + at || at + lengthBytes > range.lengthBytes) {
      return undefined;
    }
    return Buffer.isBuffer(to)
      ? to.subarray(at, at + lengthBytes)
      : Buffer.allocUnsafe(lengthBytes);
  }

  isRight({ offsetBytes, bytes, crc }: DataPiece): boolean {
    return boundCrc(this.objectId, offsetBytes, bytes.length, crc32(bytes)) === crc;
  }

  /** A piece that is right; what is returned holds back the next ones. */
  take({ bytes }: DataPiece): Promise<void> | undefined {
    const { to } = this.#options;
    this.#receivedBytes += bytes.length;
    return Buffer.isBuffer(to) ? undefined : to(bytes);
  }
}
