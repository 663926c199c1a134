/**
 * Decides when a server is replaced. No I/O: what was seen goes in, what is to be done comes out.
 *
 *     starting ── lives for stableMs ──▶ stable
 *        │ dies, or is silent for silenceMs ◀─┘  (until its first beat: for startMs)
 *        ▼
 *     waiting  (at first not at all, then backoffMs, doubled up to maxBackoffMs)
 *        │ the wait is over                 │ no stable server for giveUpMs
 *        ▼                                  ▼
 *     starting                           given up
 *
 * Always true: a server that lived for stableMs is replaced at once, however often that happens.
 */
import type { MountTimings } from './spec.ts';

export interface Observation {
  readonly nowMs: number;
  readonly alive: boolean;
  readonly heartbeat: number;
}

export type Decision = 'wait' | 'start' | 'kill' | 'give-up';

/** Short-lived servers in a row that are replaced at once: someone kills them, or a kernel is slow to settle. */
const FREE_RESTARTS = 8;

export type PolicyTimings = Pick<
  MountTimings,
  'silenceMs' | 'startMs' | 'stableMs' | 'backoffMs' | 'maxBackoffMs' | 'giveUpMs'
>;

export class RestartPolicy {
  readonly #timings: PolicyTimings;
  #startedMs: number;
  #beatMs: number;
  #heartbeat: number;
  #hasBeaten = false;
  #failures = 0;
  /** When the last stable server ended. */
  #unstableSinceMs: number | undefined;
  #startAtMs: number | undefined;

  /** @param heartbeat what the counter has before a server moves it */
  constructor(timings: PolicyTimings, nowMs: number, heartbeat: number) {
    this.#timings = timings;
    this.#heartbeat = heartbeat;
    this.#startedMs = nowMs;
    this.#beatMs = nowMs;
  }

  get failures(): number {
    return this.#failures;
  }

  started(nowMs: number): void {
    this.#startedMs = nowMs;
    this.#beatMs = nowMs;
    this.#hasBeaten = false;
    this.#startAtMs = undefined;
  }

  observe({ nowMs, alive, heartbeat }: Observation): Decision {
    const { silenceMs, startMs, stableMs, giveUpMs } = this.#timings;
    const isStable = nowMs - this.#startedMs >= stableMs;
    if (alive) {
      if (heartbeat !== this.#heartbeat) {
        this.#heartbeat = heartbeat;
        this.#beatMs = nowMs;
        this.#hasBeaten = true;
        if (isStable) this.#settle();
      }
      const limitMs = this.#hasBeaten ? silenceMs : startMs;
      return nowMs - this.#beatMs > limitMs ? 'kill' : 'wait';
    }
    if (this.#startAtMs === undefined) {
      this.#failures += 1;
      this.#unstableSinceMs ??= nowMs;
      this.#startAtMs = nowMs + this.#waitMs();
    }
    if (this.#unstableSinceMs !== undefined && nowMs - this.#unstableSinceMs > giveUpMs) {
      return 'give-up';
    }
    return nowMs >= this.#startAtMs ? 'start' : 'wait';
  }

  #settle(): void {
    this.#failures = 0;
    this.#unstableSinceMs = undefined;
  }

  #waitMs(): number {
    const { backoffMs, maxBackoffMs } = this.#timings;
    const over = this.#failures - FREE_RESTARTS;
    return over <= 0 ? 0 : Math.min(maxBackoffMs, backoffMs * 2 ** (over - 1));
  }
}
