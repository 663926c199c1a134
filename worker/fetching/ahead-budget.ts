/**
 * How many bytes of what nobody waits for may be under way from origins at a time: one budget per node, for windows
 * of sequential readers, siblings, replays and completions alike.
 *
 * What is under way delays whoever comes next: 22 reads of 8 MiB over 100 Mbit/s keep a reader waiting for 15 s. So
 * as much is under way as comes in `DEPTH_MS`, at least two reads. Where more reads at a time bring more (each
 * connection has a limit of its own), the budget grows by a read with each that does.
 *
 * Always true: something may always begin where nothing is under way; the budget is never below two reads.
 *
 * Decides only. `FetchQueue` asks it.
 */
import { MIB } from '../../common/index.ts';
import type { Clock } from '../../common/index.ts';

/** What a reader may wait for others' reads, about. */
const DEPTH_MS = 2_000;
/** A read of an origin, at most: see `joinBytes`. */
const READ_BYTES = 8 * MIB;
const LEAST_BYTES = 2 * READ_BYTES;
/** A rate is measured over so much, or so long. */
const WINDOW_BYTES = LEAST_BYTES;
const WINDOW_MS = 1_000;
/** One more of 20 reads at a time brings 5 % more, where each brings its part. */
const WORTH_MORE = 1.04;
/** What was the best is forgotten in about a minute: other nodes come and go. */
const FORGET = 0.98;

export class AheadBudget {
  readonly #clock: Clock;
  #runningBytes = 0;
  /** Something had to wait for it in this window. */
  #isShort = false;
  #windowAtMs = 0;
  #windowBytes = 0;
  #bytesPerSecond = 0;
  #bestBytesPerSecond = 0;
  #moreBytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get limitBytes(): number {
    return Math.max(LEAST_BYTES, (this.#bytesPerSecond * DEPTH_MS) / 1_000) + this.#moreBytes;
  }

  mayBegin(bytes: number): boolean {
    const may = this.#runningBytes === 0 || this.#runningBytes + bytes <= this.limitBytes;
    if (!may) this.#isShort = true;
    return may;
  }

  begin(bytes: number): void {
    if (this.#runningBytes === 0) this.#openWindow();
    this.#runningBytes += bytes;
  }

  end(bytes: number): void {
    this.#runningBytes -= bytes;
  }

  /** From any origin, for whomever. */
  received(bytes: number): void {
    if (this.#runningBytes === 0) return;
    this.#windowBytes += bytes;
    const elapsedMs = this.#clock.monotonicMs() - this.#windowAtMs;
    if (elapsedMs <= 0) return;
    if (this.#windowBytes < WINDOW_BYTES && elapsedMs < WINDOW_MS) return;
    this.#measured((this.#windowBytes * 1_000) / elapsedMs);
    this.#openWindow();
  }

  /** Where there was more to read than it let, the rate is what the origin gives; else it is only at least that. */
  #measured(bytesPerSecond: number): void {
    if (!this.#isShort) {
      this.#bytesPerSecond = Math.max(this.#bytesPerSecond, bytesPerSecond);
      return;
    }
    this.#bytesPerSecond = bytesPerSecond;
    const isMore = bytesPerSecond > this.#bestBytesPerSecond * WORTH_MORE;
    this.#moreBytes = Math.max(0, this.#moreBytes + (isMore ? READ_BYTES : -READ_BYTES));
    this.#bestBytesPerSecond = Math.max(bytesPerSecond, this.#bestBytesPerSecond * FORGET);
  }

  #openWindow(): void {
    this.#windowAtMs = this.#clock.monotonicMs();
    this.#windowBytes = 0;
    this.#isShort = false;
  }
}
