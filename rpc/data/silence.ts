/**
 * Tells a worker that is slow from one that hangs: while something is expected of it, it is asked now and
 * then whether it is there, and given up when nothing at all was heard for too long.
 *
 * Always true: while this process itself stood still, nobody is judged; nothing runs while nothing is
 * expected.
 */
import type { Clock } from '../../common/index.ts';

export interface SilenceActions {
  /** Whether the other side owes something, and we listen. */
  readonly isExpected: () => boolean;
  /** Asks for a sign of life. */
  readonly ask: () => void;
  /** Nothing was heard for the whole time. */
  readonly give: (silentMs: number) => void;
}

/** Looks per time of silence: enough that a question that was asked can be answered within it. */
const LOOKS = 4;

export class Silence implements Disposable {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #actions: SilenceActions;
  #heardMs = 0;
  #lookedMs = 0;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, limitMs: number, actions: SilenceActions) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#actions = actions;
  }

  /** Something is asked of the other side. */
  expect(): void {
    if (this.#cancel !== undefined) return;
    this.#heardMs = this.#clock.monotonicMs();
    this.#lookedMs = this.#heardMs;
    this.#wait();
  }

  heard(): void {
    this.#heardMs = this.#clock.monotonicMs();
  }

  [Symbol.dispose](): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #wait(): void {
    this.#cancel = this.#clock.schedule(this.#limitMs / LOOKS, () => {
      this.#cancel = undefined;
      this.#look();
    });
  }

  #look(): void {
    const nowMs = this.#clock.monotonicMs();
    const stoodStill = nowMs - this.#lookedMs > (2 * this.#limitMs) / LOOKS;
    this.#lookedMs = nowMs;
    if (stoodStill) this.#heardMs = nowMs;
    if (!this.#actions.isExpected()) {
      this.#heardMs = nowMs;
      return;
    }
    const silentMs = nowMs - this.#heardMs;
    if (silentMs >= this.#limitMs) {
      this.#actions.give(this.#limitMs);
      return;
    }
    if (silentMs >= this.#limitMs / LOOKS / 2) this.#actions.ask();
    this.#wait();
  }
}

/** Undefined where each request is waited for until its own deadline. */
export function watchSilence(
  { clock, silenceMs }: { readonly clock: Clock; readonly silenceMs?: number },
  actions: SilenceActions,
): Silence | undefined {
  return silenceMs === undefined ? undefined : new Silence(clock, silenceMs, actions);
}
