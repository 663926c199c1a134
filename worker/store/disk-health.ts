/**
 * What a cache disk did wrong, whether it is worth writing to at the moment, and when it is to be given up.
 *
 * After a failed write nothing is kept for a while: reads go through to the origin, and the disk is not
 * hammered. A disk that fails again and again, or that the kernel has made read-only, is bad. One that is
 * full is not: it has what it holds.
 */
import type { Clock } from '../../common/index.ts';
import { LarderError, systemCode } from '../../common/index.ts';

export interface DiskCounters {
  /** Reads and writes that the disk failed. */
  ioErrors: number;
  /** Writes that found the disk full. */
  full: number;
  /** Chunks that did not match their checksum; their objects were dropped. */
  damaged: number;
  /** Objects whose file was not there. */
  lost: number;
  /** Read by the scrub. */
  scrubbedBytes: number;
}

export const NO_COUNTS: Readonly<DiskCounters> = {
  ioErrors: 0,
  full: 0,
  damaged: 0,
  lost: 0,
  scrubbedBytes: 0,
};

export function addCounts(a: Readonly<DiskCounters>, b: Readonly<DiskCounters>): DiskCounters {
  return {
    ioErrors: a.ioErrors + b.ioErrors,
    full: a.full + b.full,
    damaged: a.damaged + b.damaged,
    lost: a.lost + b.lost,
    scrubbedBytes: a.scrubbedBytes + b.scrubbedBytes,
  };
}

export interface DiskHealthOptions {
  readonly clock: Clock;
  readonly pauseMs: number;
  /** So many failures within `ERROR_WINDOW_MS` are too many. */
  readonly errorLimit: number;
  /** Called once, with the last failure. */
  readonly onBad: (problem: string) => void;
}

/** A disk with a bad sector now and then is still worth its place. */
const ERROR_WINDOW_MS = 60_000;
const FULL_CODES = new Set<string | number>(['ENOSPC', 'EDQUOT', 28, 122]);
/** Of this process, not of the disk. */
const OTHER_CODES = new Set<string | number>(['EMFILE', 'ENFILE', 'ENOENT', 'ENOMEM']);
const READ_ONLY = new Set<string | number>(['EROFS', 30]);

export class DiskHealth {
  readonly counters: DiskCounters = { ...NO_COUNTS };
  readonly #options: DiskHealthOptions;
  readonly #recentMs: number[] = [];
  #pausedUntilMs = -Infinity;
  #bad = false;

  constructor(options: DiskHealthOptions) {
    this.#options = options;
  }

  get writable(): boolean {
    return this.#options.clock.monotonicMs() >= this.#pausedUntilMs;
  }

  pauseWrites(): void {
    this.#pausedUntilMs = this.#options.clock.monotonicMs() + this.#options.pauseMs;
  }

  count(error: unknown): void {
    if (isFull(error)) {
      this.counters.full += 1;
      return;
    }
    this.counters.ioErrors += 1;
    const code = codeOf(error);
    if (code === undefined || OTHER_CODES.has(code)) return;
    const { clock, errorLimit } = this.#options;
    const nowMs = clock.monotonicMs();
    this.#recentMs.push(nowMs);
    while ((this.#recentMs[0] ?? nowMs) < nowMs - ERROR_WINDOW_MS) this.#recentMs.shift();
    if (this.#recentMs.length >= errorLimit || READ_ONLY.has(code)) this.#giveUp(String(code));
  }

  #giveUp(problem: string): void {
    if (this.#bad) return;
    this.#bad = true;
    this.#options.onBad(problem);
  }
}

export function isFull(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && FULL_CODES.has(code);
}

/** lmdb gives the number of an error where Node gives its name. */
function codeOf(error: unknown): string | number | undefined {
  if (error instanceof LarderError) return codeOf(error.cause);
  const code = systemCode(error);
  if (code !== undefined) return code;
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'number' ? error.code : undefined;
}
