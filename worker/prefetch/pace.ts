/**
 * The pace of this worker's reads of one dataset's origin: so many bytes a second, in the order in which they
 * are needed.
 *
 * Always true:
 *   - over any time, what is let through is at most the rate × that time, and one burst, and one piece;
 *   - of what waits, that goes first which somebody waits for most; what has waited `MAX_WAIT_MS` goes before
 *     everything, so that no connection stands still until the origin gives it up;
 *   - bytes that were received are counted whether or not they are still wanted.
 *
 * Paces only: how fast is decided by the master, and by `OriginBudgets` while that is away.
 */
import { MIB } from '../../common/index.ts';
import type { Clock } from '../../common/index.ts';

/** What a reader waits for is `WAITED_FOR`; larger is later. May change while it waits. */
export type Urgency = () => number;

export const WAITED_FOR = 0;
/** Before everything. */
const LATE = -1;

export interface Demand {
  /** Since it was asked for last. */
  readonly bytesPerSecond: number;
  /** Something had to wait for its turn since then, or does now. */
  readonly waits: boolean;
}

interface Waiter {
  readonly kind: 'begin' | 'piece';
  readonly bytes: number;
  readonly urgency: Urgency;
  readonly sinceMs: number;
  readonly go: () => void;
}

/**
 * What may be let through at once after a rest. Readers read in bursts: one that uses its part on average need not
 * wait, and so does not ask for more than it uses (100 ms: a reader of 1 MiB every 200 ms cost the others 9 %).
 */
const BURST_MS = 500;
/** A piece is as much as a socket has at once, at most. */
const PIECE_BYTES = MIB;
/** An origin, and we, give up a connection that stands still for 20 s. */
const MAX_WAIT_MS = 5_000;
/** In a shorter time than this a rate says nothing. */
const MIN_WINDOW_MS = 100;

export class Pace implements Disposable {
  readonly #clock: Clock;
  #perSecond = Infinity;
  /** Below 0 what was let through is more than there was. */
  #credit = 0;
  #creditAtMs: number;
  #waiting: Waiter[] = [];
  #running = 0;
  #cancelTimer: (() => void) | undefined;
  #windowAtMs: number;
  #windowBytes = 0;
  #waited = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#creditAtMs = clock.monotonicMs();
    this.#windowAtMs = this.#creditAtMs;
  }

  setRate(bytesPerSecond: number): void {
    if (bytesPerSecond === this.#perSecond) return;
    this.#earn();
    // What was owed at no limit at all is not to be paid back.
    if (this.#perSecond === Infinity) this.#credit = 0;
    this.#perSecond = bytesPerSecond;
    this.#pump();
  }

  /** Before a read is sent: undefined where it may go at once. Each is ended by `end`. */
  begin(urgency: Urgency): Promise<void> | undefined {
    return this.#pass('begin', 0, urgency);
  }

  end(): void {
    this.#running -= 1;
    this.#pump();
  }

  /** Bytes have been received: undefined where the next ones may follow at once. */
  piece(bytes: number, urgency: Urgency): Promise<void> | undefined {
    this.#windowBytes += bytes;
    return this.#pass('piece', bytes, urgency);
  }

  /** Begins the next window, unless this one is too short to say anything. */
  demand(): Demand {
    const nowMs = this.#clock.monotonicMs();
    const elapsedMs = Math.max(MIN_WINDOW_MS, nowMs - this.#windowAtMs);
    const bytesPerSecond = Math.round((this.#windowBytes * 1_000) / elapsedMs);
    const waits = this.#waited || this.#waiting.length > 0;
    if (nowMs - this.#windowAtMs >= MIN_WINDOW_MS) {
      this.#windowAtMs = nowMs;
      this.#windowBytes = 0;
      this.#waited = false;
    }
    return { bytesPerSecond, waits };
  }

  /** Whoever waits goes on. */
  [Symbol.dispose](): void {
    this.#perSecond = Infinity;
    this.#pump();
  }

  #pass(kind: Waiter['kind'], bytes: number, urgency: Urgency): Promise<void> | undefined {
    this.#earn();
    const isFree = this.#waiting.length === 0 && this.#mayPass(kind, urgency());
    if (isFree) {
      this.#let(kind, bytes);
      return undefined;
    }
    this.#waited = true;
    return new Promise((go) => {
      const sinceMs = this.#clock.monotonicMs();
      this.#waiting.push({ kind, bytes, urgency, sinceMs, go });
      this.#pump();
    });
  }

  #mayPass(kind: Waiter['kind'], urgency: number): boolean {
    if (this.#perSecond === Infinity) return true;
    if (this.#credit <= 0) return false;
    // As many as have each their turn in time; and some beside those that nobody waits for.
    const inTurn = (this.#perSecond * MAX_WAIT_MS) / 1_000 / PIECE_BYTES;
    const most = Math.max(1, Math.floor(urgency <= WAITED_FOR ? inTurn : inTurn / 2));
    return kind === 'piece' || this.#running < most;
  }

  #let(kind: Waiter['kind'], bytes: number): void {
    if (kind === 'begin') this.#running += 1;
    if (this.#perSecond !== Infinity) this.#credit -= bytes;
  }

  #earn(): void {
    const nowMs = this.#clock.monotonicMs();
    const elapsedMs = nowMs - this.#creditAtMs;
    this.#creditAtMs = nowMs;
    if (this.#perSecond === Infinity) return;
    const earned = (elapsedMs * this.#perSecond) / 1_000;
    this.#credit = Math.min(this.#credit + earned, (this.#perSecond * BURST_MS) / 1_000);
  }

  #pump(): void {
    this.#earn();
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      this.#let(next.kind, next.bytes);
      next.go();
    }
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#waiting.length === 0 || this.#credit > 0) return;
    // A millisecond more than it takes, so that there is something then.
    const untilMs = Math.ceil((-this.#credit * 1_000) / this.#perSecond) + 1;
    this.#cancelTimer = this.#clock.schedule(untilMs, () => {
      this.#pump();
    });
  }

  #next(): Waiter | undefined {
    const nowMs = this.#clock.monotonicMs();
    let next: Waiter | undefined;
    let best = Infinity;
    for (const waiter of this.#waiting) {
      const isLate = waiter.kind === 'piece' && nowMs - waiter.sinceMs >= MAX_WAIT_MS;
      const urgency = isLate ? LATE : waiter.urgency();
      if (urgency >= best || !this.#mayPass(waiter.kind, urgency)) continue;
      [next, best] = [waiter, urgency];
    }
    return next;
  }
}
