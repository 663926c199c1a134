/** For loops over millions of rows: other work of the process gets its turn between slices of them. */
import type { Clock } from '../clock.ts';

const SLICE_MS = 5;
/** Rows between two looks at the clock: at most about 1 ms. */
const LOOK_EVERY = 512;

export class Turns {
  readonly #clock: Clock;
  readonly #restMs: number;
  readonly #signal: AbortSignal | undefined;
  #sinceMs: number;
  #rows = 0;

  /** @param restMs between two slices */
  constructor(clock: Clock, restMs = 0, signal?: AbortSignal) {
    this.#clock = clock;
    this.#restMs = restMs;
    this.#signal = signal;
    this.#sinceMs = clock.monotonicMs();
  }

  /** To be called for each row, with how much it weighs; `rest` is due where it returns true. */
  isOver(rows = 1): boolean {
    this.#rows += rows;
    if (this.#rows < LOOK_EVERY) return false;
    this.#rows = 0;
    return this.#clock.monotonicMs() - this.#sinceMs > SLICE_MS;
  }

  async rest(): Promise<void> {
    await this.#clock.sleep(this.#restMs, this.#signal);
    this.#sinceMs = this.#clock.monotonicMs();
  }
}
