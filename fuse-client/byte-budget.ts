/** Bounds the bytes that are under way at once; who comes first is served first. */
import { ByteQueue } from '../common/index.ts';

export class ByteBudget {
  readonly #limitBytes: number;
  readonly #queue = new ByteQueue();
  #usedBytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /**
   * Resolves with a function that gives the bytes back, which must be called once. One that asks for
   * more than the limit is served alone.
   *
   * @throws the signal's reason
   */
  async take(bytes: number, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#queue.length > 0 || !this.#start(bytes)) {
      await this.#queue.wait(bytes, signal, () => {
        this.#serve();
      });
    }
    return () => {
      this.#usedBytes -= bytes;
      this.#serve();
    };
  }

  #start(bytes: number): boolean {
    if (this.#usedBytes > 0 && this.#usedBytes + bytes > this.#limitBytes) return false;
    this.#usedBytes += bytes;
    return true;
  }

  #serve(): void {
    while (this.#queue.serveNext((bytes) => this.#start(bytes)));
  }
}
