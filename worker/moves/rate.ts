/** Lets so much a second through, bytes or objects, in bursts of at most a second's worth. */
import type { Clock } from '../../common/index.ts';

export class Rate {
  readonly #clock: Clock;
  readonly #perSecond: number;
  /** When what was let through so far has gone through at the rate. */
  #paidUntilMs: number;

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#paidUntilMs = clock.monotonicMs();
  }

  /** Resolves when it may go. */
  async take(amount: number, signal: AbortSignal): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    const startMs = Math.max(this.#paidUntilMs, nowMs - BURST_MS);
    this.#paidUntilMs = startMs + (amount / this.#perSecond) * 1000;
    if (startMs > nowMs) await this.#clock.sleep(startMs - nowMs, signal);
  }
}

const BURST_MS = 1000;
