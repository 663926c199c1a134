/**
 * The pace of all requests to one origin. Nothing is held back until the origin asks for fewer
 * requests; then the rate is halved, and grows again.
 *
 * Always true:
 *   - one storm of refusals halves the rate once: answers to requests that were sent before the last
 *     cut say nothing about the rate after it;
 *   - requests are let through in the order in which they asked;
 *   - after `FORGET_MS` without a refusal nothing is held back again.
 *
 * Paces only. Whether a request is tried again is decided in `retries.ts`.
 */
import type { Clock } from '../../common/index.ts';

/** The rate grows by the rate after the cut in this time, so the old rate is back after one. */
const GROW_MS = 10_000;
const FORGET_MS = 60_000;
const MIN_PER_SECOND = 10;
const WINDOW_MS = 1_000;

export class Throttle {
  readonly #clock: Clock;
  /** After the last cut; Infinity while there was none. */
  #cutPerSecond = Infinity;
  #cutAtMs = -Infinity;
  /** When the next request may go. */
  #nextAtMs = -Infinity;
  /** Requests let through in the current window, and per second in the one before. */
  #windowStartMs: number;
  #inWindow = 0;
  #measuredPerSecond = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#windowStartMs = clock.monotonicMs();
  }

  /** Infinity: unlimited. */
  get perSecond(): number {
    const sinceCutMs = this.#clock.monotonicMs() - this.#cutAtMs;
    return sinceCutMs > FORGET_MS ? Infinity : this.#cutPerSecond * (1 + sinceCutMs / GROW_MS);
  }

  /** Undefined where the request may go at once. */
  admit(signal: AbortSignal): Promise<void> | undefined {
    const nowMs = this.#clock.monotonicMs();
    const atMs = Math.max(nowMs, this.#nextAtMs);
    const { perSecond } = this;
    this.#nextAtMs = perSecond === Infinity ? this.#nextAtMs : atMs + 1_000 / perSecond;
    this.#count(nowMs);
    return atMs > nowMs ? this.#clock.sleep(atMs - nowMs, signal) : undefined;
  }

  /**
   * @param sentAtMs when the refused request was sent
   * @param pauseMs how long the origin wants to be left alone altogether
   * @returns whether the rate was cut
   */
  refused(sentAtMs: number, pauseMs: number): boolean {
    const nowMs = this.#clock.monotonicMs();
    this.#nextAtMs = Math.max(this.#nextAtMs, nowMs + pauseMs);
    if (sentAtMs < this.#cutAtMs) return false;
    const elapsedMs = Math.max(WINDOW_MS, nowMs - this.#windowStartMs);
    const seen = Math.max(this.#measuredPerSecond, (this.#inWindow * 1_000) / elapsedMs);
    this.#cutPerSecond = Math.max(MIN_PER_SECOND, Math.min(seen, this.perSecond) / 2);
    this.#cutAtMs = nowMs;
    return true;
  }

  #count(nowMs: number): void {
    const elapsedMs = nowMs - this.#windowStartMs;
    if (elapsedMs >= WINDOW_MS) {
      this.#measuredPerSecond = (this.#inWindow * 1_000) / elapsedMs;
      this.#windowStartMs = nowMs;
      this.#inWindow = 0;
    }
    this.#inWindow += 1;
  }
}
