/**
 * What the cache disk did wrong, and whether it is worth writing to at the moment. After a failed write
 * nothing is kept for a while: reads go through to the origin, and the disk is not hammered.
 */
import type { Clock } from '../../common/index.ts';
import { systemCode } from '../../common/index.ts';

export interface DiskCounters {
  /** Reads and writes that the disk failed. */
  ioErrors: number;
  /** Writes that found the disk full. */
  full: number;
  /** Chunks that did not match their checksum; their objects were dropped. */
  damaged: number;
  /** Objects whose file was not there. */
  lost: number;
}

export class DiskHealth {
  readonly counters: DiskCounters = { ioErrors: 0, full: 0, damaged: 0, lost: 0 };
  readonly #clock: Clock;
  readonly #pauseMs: number;
  #pausedUntilMs = -Infinity;

  constructor(clock: Clock, pauseMs: number) {
    this.#clock = clock;
    this.#pauseMs = pauseMs;
  }

  get writable(): boolean {
    return this.#clock.monotonicMs() >= this.#pausedUntilMs;
  }

  pauseWrites(): void {
    this.#pausedUntilMs = this.#clock.monotonicMs() + this.#pauseMs;
  }

  count(error: unknown): void {
    if (isFull(error)) this.counters.full += 1;
    else this.counters.ioErrors += 1;
  }
}

export function isFull(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT';
}
