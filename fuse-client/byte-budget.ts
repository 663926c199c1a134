/** Bounds the bytes that are under way at once; who comes first is served first. */

interface Waiter {
  readonly bytes: number;
  readonly start: () => void;
}

export class ByteBudget {
  readonly #limitBytes: number;
  readonly #queue = new Set<Waiter>();
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
    if (this.#queue.size > 0 || !this.#fits(bytes)) await this.#wait(bytes, signal);
    else this.#usedBytes += bytes;
    return () => {
      this.#usedBytes -= bytes;
      this.#startNext();
    };
  }

  #fits(bytes: number): boolean {
    return this.#usedBytes === 0 || this.#usedBytes + bytes <= this.#limitBytes;
  }

  #wait(bytes: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#queue.delete(waiter);
        reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
        this.#startNext();
      };
      const waiter: Waiter = {
        bytes,
        start: () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      this.#queue.add(waiter);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  #startNext(): void {
    for (const waiter of this.#queue) {
      if (!this.#fits(waiter.bytes)) return;
      this.#queue.delete(waiter);
      this.#usedBytes += waiter.bytes;
      waiter.start();
    }
  }
}
