/** A warning about what may happen thousands of times a second: said at most once in a second, with how often. */
import type { Clock } from './clock.ts';
import type { Logger } from './log.ts';

const SAY_EVERY_MS = 1_000;

export class SparseWarning {
  readonly #clock: Clock;
  readonly #log: Logger;
  #saidMs = -Infinity;
  #times = 0;

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  say(facts: object, what: string): void {
    this.#times += 1;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#saidMs < SAY_EVERY_MS) return;
    this.#log.warn({ ...facts, times: this.#times }, what);
    this.#saidMs = nowMs;
    this.#times = 0;
  }
}
