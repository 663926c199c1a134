/**
 * What a cache disk was asked for and has not done: tells a disk that hangs from one that is slow, and lets
 * everybody go who waits for one that is given up.
 *
 * Reads hang when one of them is not done in time. Writes and commits stand in a line, and the last of a
 * long one may wait for longer: they hang when none was done in that time.
 *
 * Always true: nobody waits for a disk that was given up.
 */
import type { Clock } from '../../common/index.ts';

export type Lane = 'read' | 'chore' | 'write' | 'commit';

/** Bringing a file system to disk, or unlinking a large file, takes its time. */
const CHORE_FACTOR = 6;

export interface DiskWatchOptions {
  readonly clock: Clock;
  readonly hungAfterMs: number;
  /** Called once. */
  readonly onHung: (lane: Lane) => void;
}

interface Waiting {
  readonly lane: Lane;
  readonly reject: (error: Error) => void;
  /** Undefined while it waits for its turn. */
  startedMs: number | undefined;
}

export interface Watched<T> {
  readonly result: Promise<T>;
  /** From now on the disk has it to do. */
  start(): void;
}

export class DiskWatch {
  readonly #options: DiskWatchOptions;
  /** The longest waiting first. */
  readonly #waiting = new Set<Waiting>();
  readonly #lastDoneMs: Record<Lane, number> = { read: 0, chore: 0, write: 0, commit: 0 };
  #stopLooking: (() => void) | undefined;
  #givenUp: Error | undefined;

  constructor(options: DiskWatchOptions) {
    this.#options = options;
  }

  /** As the promise, but rejects when the disk is given up. */
  watch<T>(lane: Lane, work: Promise<T>): Promise<T> {
    const watched = this.enter(lane, work);
    watched.start();
    return watched.result;
  }

  /** For work that has to wait until the disk is asked for it. */
  enter<T>(lane: Lane, work: Promise<T>): Watched<T> {
    const givenUp = this.#givenUp;
    if (givenUp !== undefined) {
      work.catch(() => undefined);
      return { result: Promise.reject(givenUp), start: () => undefined };
    }
    let waiting: Waiting | undefined;
    const result = new Promise<T>((resolve, reject) => {
      const mine: Waiting = { lane, reject, startedMs: undefined };
      waiting = mine;
      this.#waiting.add(mine);
      const done = (): void => {
        this.#waiting.delete(mine);
        this.#lastDoneMs[lane] = this.#options.clock.monotonicMs();
      };
      work.then(
        (value) => {
          done();
          resolve(value);
        },
        (error: unknown) => {
          done();
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      );
    });
    return {
      result,
      start: () => {
        if (waiting !== undefined) waiting.startedMs = this.#options.clock.monotonicMs();
        this.#look();
      },
    };
  }

  get givenUp(): boolean {
    return this.#givenUp !== undefined;
  }

  /** Everybody who waits is let go, and who comes later. */
  giveUp(error: Error): void {
    if (this.#givenUp !== undefined) return;
    this.#givenUp = error;
    this.#stopLooking?.();
    for (const { reject } of this.#waiting) reject(error);
    this.#waiting.clear();
  }

  #look(): void {
    if (this.#stopLooking !== undefined || this.#givenUp !== undefined) return;
    const { clock, hungAfterMs } = this.#options;
    this.#stopLooking = clock.schedule(hungAfterMs / 4, () => {
      this.#stopLooking = undefined;
      const lane = this.#hungLane();
      if (lane !== undefined) this.#options.onHung(lane);
      else if (this.#waiting.size > 0) this.#look();
    });
  }

  #hungLane(): Lane | undefined {
    const { clock, hungAfterMs } = this.#options;
    const nowMs = clock.monotonicMs();
    for (const { lane, startedMs } of this.#waiting) {
      const limitMs = lane === 'chore' ? hungAfterMs * CHORE_FACTOR : hungAfterMs;
      if (startedMs === undefined || nowMs - startedMs < limitMs) continue;
      const isInLine = lane === 'write' || lane === 'commit';
      if (!isInLine || nowMs - this.#lastDoneMs[lane] >= limitMs) return lane;
    }
    return undefined;
  }
}
