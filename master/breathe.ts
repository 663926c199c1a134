/** For loops over millions of entries: other work gets its turn between slices of them. */
import type { Clock } from '../common/index.ts';

const SLICE_MS = 10;

/** Waits only where the last wait was a while ago, so it may be called often. */
export class Breather {
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;
  #sinceMs: number;

  constructor(clock: Clock, signal?: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
    this.#sinceMs = clock.monotonicMs();
  }

  async breathe(): Promise<void> {
    if (this.#clock.monotonicMs() - this.#sinceMs < SLICE_MS) return;
    await this.#clock.sleep(0, this.#signal);
    this.#sinceMs = this.#clock.monotonicMs();
  }
}
