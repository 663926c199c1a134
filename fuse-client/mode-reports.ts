/** Tells how the files of a mount are opened, now and then while that changes. */
import type { Clock } from '../common/index.ts';
import type { MountEvent } from './mount-events.ts';
import type { SharedState } from './state.ts';

/** What is open changes all the time. */
const INTERVAL_MS = 1_000;

export class ModeReports {
  readonly #state: SharedState;
  readonly #clock: Clock;
  readonly #report: (event: MountEvent) => void;
  #reported = '';
  #reportedMs = -Infinity;

  constructor(state: SharedState, clock: Clock, report: (event: MountEvent) => void) {
    this.#state = state;
    this.#clock = clock;
    this.#report = report;
  }

  look(): void {
    const nowMs = this.#clock.monotonicMs();
    const { decision, openCounts: counts } = this.#state;
    if (decision === undefined || nowMs - this.#reportedMs < INTERVAL_MS) return;
    const text = JSON.stringify({ decision, counts });
    if (text === this.#reported) return;
    this.#reported = text;
    this.#reportedMs = nowMs;
    this.#report({ kind: 'opens', decision, counts });
  }
}
