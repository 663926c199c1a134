/**
 * Those that wait for bytes, the longest first. Whether there is room, its owner says.
 *
 * Always true: each that waits is either let through once, or leaves because its signal fired.
 */

interface Waiter {
  readonly bytes: number;
  readonly start: () => void;
}

export class ByteQueue {
  readonly #waiters = new Set<Waiter>();

  get length(): number {
    return this.#waiters.size;
  }

  /**
   * Resolves when it was let through.
   *
   * @param onLeave called when it leaves: what is behind it may have room
   * @throws the signal's reason
   */
  wait(bytes: number, signal: AbortSignal, onLeave: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiters.delete(waiter);
        reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
        onLeave();
      };
      const waiter: Waiter = {
        bytes,
        start: () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      this.#waiters.add(waiter);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /**
   * Lets the first through where `take` takes its bytes.
   *
   * @returns whether one was let through
   */
  serveNext(take: (bytes: number) => boolean): boolean {
    for (const waiter of this.#waiters) {
      if (!take(waiter.bytes)) return false;
      this.#waiters.delete(waiter);
      waiter.start();
      return true;
    }
    return false;
  }
}
