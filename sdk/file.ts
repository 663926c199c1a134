/** One file of a version, open for reading. */
import { Readable } from 'node:stream';
import { CHUNK_BYTES, clampLength, MIB } from '../common/index.ts';
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
/** Requests of one reader at a time: the next are under way while one is answered, so that none waits for a round trip. */
const IN_FLIGHT = 3;

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
    const { sizeBytes } = this.stat;
    const into = Buffer.allocUnsafeSlow(clampLength(offsetBytes, lengthBytes, sizeBytes));
    // One that fails ends the others.
    const failing = new AbortController();
    const stop = AbortSignal.any([
      ...[failing.signal, this.#closing.signal],
      ...(signal === undefined ? [] : [signal]),
    ]);
    const parts: Buffer[] = [];
    const places: Buffer[] = [];
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < into.length) {
        const at = next;
        const memory = into.subarray(at, at + STREAM_BYTES);
        next += memory.length;
        const { length } = memory;
        const ordinal = this.#ordinal;
        const got = await this.#reader.read(ordinal, offsetBytes + at, length, stop, memory);
        parts[at / STREAM_BYTES] = got;
        places[at / STREAM_BYTES] = memory;
      }
    };
    try {
      await Promise.all(Array.from({ length: IN_FLIGHT }, work));
    } catch (error) {
      failing.abort(error);
      throw error;
    }
    // A connection that was given up may still write to where bytes should have gone.
    return parts.every((part, i) => part === places[i]) ? into : Buffer.concat(parts);
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
    const ahead: Promise<Buffer>[] = [];
    for (let at = start; at < end || ahead.length > 0;) {
      while (at < end && ahead.length < IN_FLIGHT) {
        const lengthBytes = Math.min(STREAM_BYTES, end - at);
        const piece = this.read(at, lengthBytes, signal);
        // Whoever awaits it sees its failure.
        piece.catch(() => undefined);
        ahead.push(piece);
        at += lengthBytes;
      }
      const first = ahead.shift();
      if (first !== undefined) yield await first;
    }
  }
}
