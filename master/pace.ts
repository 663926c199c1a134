/**
 * How fast a preload hands out bytes: after each batch it waits until its time has passed.
 *
 * Always true: over any time longer than one batch takes, the mean is at most the rate. A batch is at least one
 * file or stripe, whatever its size.
 */
export class Pace {
  /** 0: no limit. */
  readonly #bytesPerSecond: number;
  #nextMs = 0;

  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** The most that a batch is to have: what a second may take. */
  get batchBytes(): number {
    return this.#bytesPerSecond === 0 ? Infinity : this.#bytesPerSecond;
  }

  /** 0: the next batch may go now. */
  waitMs(nowMs: number): number {
    return Math.max(0, this.#nextMs - nowMs);
  }

  handedOut(bytes: number, nowMs: number): void {
    if (this.#bytesPerSecond === 0) return;
    this.#nextMs = Math.max(this.#nextMs, nowMs) + (bytes * 1000) / this.#bytesPerSecond;
  }
}
