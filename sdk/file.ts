/** One file of a version, open for reading. */
import { Readable } from 'node:stream';
import { CHUNK_BYTES, MIB } from '../common/index.ts';
import type { FileStat } from './types.ts';
import type { VersionReader } from './version-reader.ts';

export interface ReadStreamOptions {
  /** First byte. Default 0. */
  readonly start?: number;
  /** One past the last byte. Default: the end of the file. */
  readonly end?: number;
  readonly signal?: AbortSignal;
}

/** What a stream asks for at a time: large enough for throughput, small enough to start at once. */
const STREAM_BYTES = 4 * MIB;

export class DatasetFile implements AsyncDisposable {
  readonly stat: FileStat;
  readonly #reader: VersionReader;
  readonly #ordinal: number;
  readonly #closing = new AbortController();

  constructor(reader: VersionReader, ordinal: number, stat: FileStat) {
    this.#reader = reader;
    this.#ordinal = ordinal;
    this.stat = stat;
  }

  /**
   * Reads up to `lengthBytes` at `offsetBytes`.
   *
   * Shorter than asked only at the end of the file. Never mixes two versions. The bytes belong to the
   * caller; calls may overlap.
   *
   * @returns 0 … lengthBytes bytes; 0 means that `offsetBytes` is at or past the end
   * @throws {LarderError} `ORIGIN_CHANGED`, `DEADLINE_EXCEEDED` or what was last met when
   *   `readTimeoutMs` was over, `CANCELLED`
   */
  async read(offsetBytes: number, lengthBytes: number, signal?: AbortSignal): Promise<Buffer> {
    const stop =
      signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal]);
    const parts: Buffer[] = [];
    for (let done = 0; done < lengthBytes;) {
      const part = await this.#reader.read(
        this.#ordinal,
        offsetBytes + done,
        Math.min(lengthBytes - done, STREAM_BYTES),
        stop,
      );
      if (part.length === 0) break;
      parts.push(part);
      done += part.length;
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
  }

  /** The bytes of [start, end) as a stream. */
  stream(options: ReadStreamOptions = {}): Readable {
    const end = Math.min(options.end ?? this.stat.sizeBytes, this.stat.sizeBytes);
    const pieces = this.#pieces(options.start ?? 0, end, options.signal);
    return Readable.from(pieces, { objectMode: false, highWaterMark: CHUNK_BYTES });
  }

  /** Reads under way are cancelled. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
  }

  async *#pieces(
    start: number,
    end: number,
    signal?: AbortSignal,
  ): AsyncGenerator<Buffer, void, undefined> {
    for (let at = start; at < end;) {
      const piece = await this.read(at, Math.min(STREAM_BYTES, end - at), signal);
      yield piece;
      at += piece.length;
    }
  }
}
