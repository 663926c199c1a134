/**
 * Those who wait for room in the memory for what passes through, the first first: what others have read to its end makes
 * room soon, and a wait costs less than a detour over the disk, or a second read of the origin.
 *
 * Always true: who waits goes in, or on, in bounded time; nobody overtakes who came before.
 */
import type { Clock } from '../../common/index.ts';
import type { TransitMemory, TransitRef, TransitSpan } from './transit-memory.ts';

interface Waiter {
  readonly ref: TransitRef;
  readonly span: TransitSpan;
  readonly end: (isIn: boolean) => void;
}

/**
 * Nothing came, and nothing was read, for so long: those whose blocks fill the memory may wait for this one, as where one
 * reader reads many files in turns. Each wait that was for nothing halves it, each that was not doubles it.
 */
const PATIENCE_MS = { least: 25, most: 200 };
/** Readers have deadlines of their own, of 10 s and more. */
const MOST_PATIENCE_MS = 2_000;

export class TransitLine {
  readonly #transit: TransitMemory;
  readonly #clock: Clock;
  readonly #waiting = new Set<Waiter>();
  #patienceMs = PATIENCE_MS.most;

  constructor(transit: TransitMemory, clock: Clock) {
    this.#transit = transit;
    this.#clock = clock;
    transit.onRoom(() => {
      this.#move();
    });
  }

  /** Nobody waits: who comes may go in at once. */
  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  /** @returns whether room was reserved; false where nothing moves, and when the signal ends it */
  wait(ref: TransitRef, span: TransitSpan, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const clock = this.#clock;
      const mostAtMs = clock.monotonicMs() + MOST_PATIENCE_MS;
      let movedBytes = this.#transit.movedBytes;
      let stop: () => void = () => undefined;
      const end = (isIn: boolean) => {
        this.#waiting.delete(waiter);
        stop();
        signal.removeEventListener('abort', onAbort);
        resolve(isIn);
        // Behind a large one there may be one that fits.
        if (!isIn) this.#move();
      };
      const waiter: Waiter = { ref, span, end };
      const onAbort = () => {
        end(false);
      };
      const look = () => {
        const moved = this.#transit.movedBytes;
        if (moved === movedBytes)
          this.#patienceMs = Math.max(PATIENCE_MS.least, this.#patienceMs / 2);
        if (moved === movedBytes || clock.monotonicMs() >= mostAtMs) {
          end(false);
          return;
        }
        movedBytes = moved;
        stop = clock.schedule(this.#patienceMs, look);
      };
      this.#waiting.add(waiter);
      if (signal.aborted) {
        end(false);
        return;
      }
      signal.addEventListener('abort', onAbort, { once: true });
      stop = clock.schedule(this.#patienceMs, look);
      this.#move();
    });
  }

  #move(): void {
    for (const { ref, span, end } of this.#waiting) {
      if (!this.#transit.reserve(ref, span)) return;
      this.#patienceMs = Math.min(PATIENCE_MS.most, this.#patienceMs * 2);
      end(true);
    }
  }
}
