/** Lets so many bytes a second through, in bursts of at most a second's worth. */
import type { Clock } from '../../common/index.ts';

export class Rate {
  readonly #clock: Clock;
  readonly #bytesPerSecond: number;
  /** When what was let through so far has gone through at the rate. */
  #paidUntilMs: number;

  constructor(clock: Clock, bytesPerSecond: number) {
    this.#clock = clock;
    this.#bytesPerSecond = bytesPerSecond;
    this.#paidUntilMs = clock.monotonicMs();
  }

  /** Resolves when the bytes may go. */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    const startMs = Math.max(this.#paidUntilMs, nowMs - BURST_MS);
    this.#paidUntilMs = startMs + (bytes / this.#bytesPerSecond) * 1000;
    if (startMs > nowMs) await this.#clock.sleep(startMs - nowMs, signal);
  }
}

const BURST_MS = 1000;
