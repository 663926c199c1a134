/**
 * Decides when a server is replaced. No I/O: what was seen goes in, what is to be done comes out.
 *
 *     starting ── lives for stableMs ──▶ stable
 *        │ dies, or is silent for silenceMs ◀─┘  (until its first beat: for startMs)
 *        ▼
 *     waiting  (at first not at all, then backoffMs, doubled up to maxBackoffMs)
 *        │ the wait is over
 *        ▼
 *     starting
 *
 * Without a stable server for giveUpMs it is hopeless: reads fail while it waits, and it tries on.
 *
 * Always true: a server that lived for stableMs is replaced at once, however often that happens.
 */
import type { MountTimings } from './spec.ts';

export interface Observation {
  readonly nowMs: number;
  readonly alive: boolean;
  readonly heartbeat: number;
}

export type Decision = 'wait' | 'start' | 'kill';

/** How it goes while no server has proved to be stable. */
export interface Outlook {
  /** Servers in a row that did not last. */
  readonly failures: number;
  /** 0 where the next one may start, or has. */
  readonly nextTryInMs: number;
  /** 0 or less: hopeless. */
  readonly hopelessInMs: number;
}

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

  /** Undefined where the last server was stable, or is. */
  outlook(nowMs: number): Outlook | undefined {
    if (this.#unstableSinceMs === undefined) return undefined;
    return {
      failures: this.#failures,
      nextTryInMs: Math.max(0, (this.#startAtMs ?? nowMs) - nowMs),
      hopelessInMs: this.#unstableSinceMs + this.#timings.giveUpMs - nowMs,
    };
  }

  started(nowMs: number): void {
    this.#startedMs = nowMs;
    this.#beatMs = nowMs;
    this.#hasBeaten = false;
    this.#startAtMs = undefined;
  }

  observe({ nowMs, alive, heartbeat }: Observation): Decision {
    const { silenceMs, startMs, stableMs } = this.#timings;
    if (alive) {
      if (heartbeat !== this.#heartbeat) {
        this.#heartbeat = heartbeat;
        this.#beatMs = nowMs;
        this.#hasBeaten = true;
        if (nowMs - this.#startedMs >= stableMs) this.#settle();
      }
      const limitMs = this.#hasBeaten ? silenceMs : startMs;
      if (nowMs - this.#beatMs <= limitMs) return 'wait';
      this.#failed(nowMs);
      return 'kill';
    }
    const startAtMs = this.#startAtMs ?? this.#failed(nowMs);
    return nowMs >= startAtMs ? 'start' : 'wait';
  }

  /** @returns when the next one may start */
  #failed(nowMs: number): number {
    this.#failures += 1;
    this.#unstableSinceMs ??= nowMs;
    this.#startAtMs = nowMs + this.#waitMs();
    return this.#startAtMs;
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
