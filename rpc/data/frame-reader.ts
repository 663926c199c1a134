/**
 * Cuts a byte stream into frames. The payload of a DATA frame is copied straight to where its reader
 * wants it; every other body is small and gets a buffer of its own.
 *
 * Always true: at most one body is being received, and it was checked against the limits before
 * anything was allocated. After an error the stream is of no more use.
 */
import { FRAME_HEADER_BYTES, LarderError, MAX_FRAME_BODY_BYTES } from '../../common/index.ts';
import { DATA_PREFIX_BYTES, decodeDataPrefix, decodeHeader, FRAME } from '../frames/index.ts';
import type { DataPiece, FrameHeader } from '../frames/index.ts';

export interface FrameHandler {
  /** Where the payload goes: a buffer of just that length, or undefined to let it pass by. */
  destination(requestId: number, offsetBytes: number, lengthBytes: number): Buffer | undefined;
  data(requestId: number, piece: DataPiece): void;
  frame(header: FrameHeader, body: Buffer): void;
}

type Part = 'header' | 'prefix' | 'payload' | 'body';

export class FrameReader {
  readonly #handler: FrameHandler;
  readonly #maxBodyBytes: number;
  readonly #headerBytes = Buffer.alloc(FRAME_HEADER_BYTES);
  readonly #prefixBytes = Buffer.alloc(DATA_PREFIX_BYTES);
  #part: Part = 'header';
  #header: FrameHeader = { type: FRAME.END, requestId: 0, bodyBytes: 0 };
  #prefix = { offsetBytes: 0, crc: 0 };
  #target: Buffer | undefined = this.#headerBytes;
  #wanted = FRAME_HEADER_BYTES;
  #got = 0;
  #framesEnded = 0;

  /** @param maxBodyBytes of the frames that this side may be sent */
  constructor(handler: FrameHandler, maxBodyBytes = MAX_FRAME_BODY_BYTES) {
    this.#handler = handler;
    this.#maxBodyBytes = maxBodyBytes;
  }

  /** Those that were whole. */
  get framesEnded(): number {
    return this.#framesEnded;
  }

  /** A frame has begun, and is not whole. */
  get isWithin(): boolean {
    return this.#part !== 'header' || this.#got > 0;
  }

  /** @throws {LarderError} `FRAME_INVALID`, `PROTOCOL_MISMATCH`, and what the handler throws */
  push(bytes: Buffer): void {
    let at = 0;
    for (;;) {
      const take = Math.min(bytes.length - at, this.#wanted - this.#got);
      if (this.#target !== undefined) bytes.copy(this.#target, this.#got, at, at + take);
      this.#got += take;
      at += take;
      if (this.#got < this.#wanted) return;
      this.#complete();
    }
  }

  #complete(): void {
    switch (this.#part) {
      case 'header':
        this.#header = decodeHeader(this.#headerBytes);
        this.#checkLength();
        if (this.#header.type === FRAME.DATA) this.#beginPrefix();
        else
          this.#begin('body', Buffer.allocUnsafe(this.#header.bodyBytes), this.#header.bodyBytes);
        break;
      case 'prefix':
        this.#beginPayload();
        break;
      case 'payload':
        if (this.#target !== undefined) {
          this.#handler.data(this.#header.requestId, { ...this.#prefix, bytes: this.#target });
        }
        this.#beginHeader();
        break;
      case 'body': {
        const body = this.#target;
        this.#beginHeader();
        if (body !== undefined) this.#handler.frame(this.#header, body);
        break;
      }
    }
  }

  #checkLength(): void {
    const { type, bodyBytes } = this.#header;
    if (bodyBytes <= this.#maxBodyBytes) return;
    throw new LarderError('FRAME_INVALID', { what: 'body too long', type, bodyBytes });
  }

  #beginHeader(): void {
    this.#framesEnded += 1;
    this.#begin('header', this.#headerBytes, FRAME_HEADER_BYTES);
  }

  #beginPrefix(): void {
    if (this.#header.bodyBytes < DATA_PREFIX_BYTES) {
      throw new LarderError('FRAME_INVALID', { what: 'DATA without its prefix' });
    }
    this.#begin('prefix', this.#prefixBytes, DATA_PREFIX_BYTES);
  }

  #beginPayload(): void {
    this.#prefix = decodeDataPrefix(this.#prefixBytes);
    const lengthBytes = this.#header.bodyBytes - DATA_PREFIX_BYTES;
    const { requestId } = this.#header;
    this.#begin(
      'payload',
      this.#handler.destination(requestId, this.#prefix.offsetBytes, lengthBytes),
      lengthBytes,
    );
  }

  #begin(part: Part, target: Buffer | undefined, wanted: number): void {
    this.#part = part;
    this.#target = target;
    this.#wanted = wanted;
    this.#got = 0;
  }
}
