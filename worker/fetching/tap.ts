/**
 * Bytes on their way from one origin read to one reader, without a detour over the disk.
 *
 * Always true: pieces come in order and without gaps, and none crosses a chunk boundary; what waits
 * for a slow reader stays within a limit. A reader that falls behind loses its tap, and goes on from the disk.
 */
import { CHUNK_BYTES, LarderError } from '../../common/index.ts';
import type { ReadPiece } from '../object-reads.ts';
import { Occasion } from './occasion.ts';

export class Tap {
  readonly #toBytes: number;
  readonly #limitBytes: number;
  readonly #queue: ReadPiece[] = [];
  #queuedBytes = 0;
  #nextBytes: number;
  #over = false;
  #error: unknown;
  #wake: (() => void) | undefined;
  readonly #drained = new Occasion();

  /** @param limitBytes of what waits for the reader */
  constructor(range: { fromBytes: number; toBytes: number }, limitBytes: number) {
    this.#nextBytes = range.fromBytes;
    this.#toBytes = range.toBytes;
    this.#limitBytes = limitBytes;
  }

  get over(): boolean {
    return this.#over;
  }

  /** Takes a copy of the part that the reader waits for. Bytes come in order. */
  offer(offsetBytes: number, bytes: Buffer): void {
    const from = Math.max(0, this.#nextBytes - offsetBytes);
    const to = Math.min(bytes.length, this.#toBytes - offsetBytes);
    let at = from;
    while (at < to && !this.#over) {
      const offset = offsetBytes + at;
      const end = Math.min(to, at + CHUNK_BYTES - (offset % CHUNK_BYTES));
      this.#queue.push({ offsetBytes: offset, bytes: Buffer.from(bytes.subarray(at, end)) });
      this.#queuedBytes += end - at;
      at = end;
    }
    this.#nextBytes = Math.max(this.#nextBytes, offsetBytes + at);
    if (this.#nextBytes >= this.#toBytes) this.#over = true;
    this.#wakeUp();
  }

  /** Whether more waits than the reader should be given. */
  get full(): boolean {
    return this.#queuedBytes >= this.#limitBytes;
  }

  /** Resolves when the reader has taken what waits, or has left. */
  drained(): Promise<void> {
    return this.#drained.next();
  }

  /** Nothing more comes. What waits is still delivered; then the error, if there is one, is thrown. */
  end(error?: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#error = error;
    this.#wakeUp();
  }

  async *pieces(aborted: Promise<never>): AsyncGenerator<ReadPiece> {
    try {
      for (;;) {
        const piece = this.#queue.shift();
        if (piece !== undefined) {
          this.#queuedBytes -= piece.bytes.length;
          if (this.#queuedBytes === 0) this.#drained.happens();
          yield piece;
        } else if (this.#over) {
          if (this.#error !== undefined) throw asError(this.#error);
          return;
        } else {
          const woken = new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          await Promise.race([woken, aborted]);
        }
      }
    } finally {
      this.#over = true;
      this.#drained.happens();
    }
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new LarderError('INTERNAL', { what: String(error) });
}
