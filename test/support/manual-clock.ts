/** Time that moves only when told, and then runs what was to run until there, in its order. */
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../common/index.ts';

interface Task {
  readonly atMs: number;
  readonly run: () => void;
}

export class ManualClock implements Clock {
  #nowMs = 0;
  readonly #tasks = new Set<Task>();

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.schedule(ms, resolve);
      signal?.addEventListener('abort', () => {
        cancel();
        reject(signal.reason as Error);
      });
    });
  }

  schedule(ms: number, run: () => void): () => void {
    const task = { atMs: this.#nowMs + ms, run };
    this.#tasks.add(task);
    return () => this.#tasks.delete(task);
  }

  /** Promises that settle on the way go on before time does. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      await setImmediate();
      const next = [...this.#tasks].sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#tasks.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
    }
    this.#nowMs = untilMs;
    await setImmediate();
  }
}
