/** Small tools for waiting. */
import { LarderError, untilAborted as waitFor } from '../common/index.ts';
import type { Clock } from '../common/index.ts';

export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

/** Its rejection may go unseen. */
export function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

/** Wakes everyone who waits, as often as it is called; nothing is queued. */
export class Signal {
  #next: Deferred<void> = deferred();

  notify(): void {
    const now = this.#next;
    this.#next = deferred();
    now.resolve();
  }

  /** The next call of `notify`, or the abort. */
  wait(signal?: AbortSignal): Promise<void> {
    return signal === undefined ? this.#next.promise : waitFor(this.#next.promise, signal);
  }
}

/** One action after the other, in the order in which they came; one that fails holds up none. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  async take<T>(action: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(action);
    this.#last = mine.catch(() => undefined);
    return await mine;
  }
}

/** Ends with the signal's reason as soon as it fires, also between two items. */
export async function* untilAborted<T>(
  items: AsyncIterable<T>,
  signal: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  const iterator = items[Symbol.asyncIterator]();
  try {
    for (;;) {
      const step = await waitFor(iterator.next(), signal);
      if (step.done === true) return;
      yield step.value;
    }
  } finally {
    // Not awaited: a generator that waits for its next item returns only after it.
    void iterator.return?.().catch(() => undefined);
  }
}

/** @throws {LarderError} `DEADLINE_EXCEEDED` */
export async function withDeadline<T>(
  promise: Promise<T>,
  timeoutMs: number,
  clock: Clock,
  what: string,
): Promise<T> {
  const timer = new AbortController();
  const late = clock.sleep(timeoutMs, timer.signal).then(() => {
    throw new LarderError('DEADLINE_EXCEEDED', { what, timeoutMs });
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}
