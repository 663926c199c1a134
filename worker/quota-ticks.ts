/** Has the store look, a few times in each window of its measurements, whether the quotas of the datasets must change. */
import type { Clock } from '../common/index.ts';
import type { ObjectStore } from './store/index.ts';

export interface QuotaTicksOptions {
  readonly store: { readonly policies: Pick<ObjectStore['policies'], 'tick' | 'windowMs'> };
  readonly clock: Clock;
}

/** So that a window is a quarter too long at most. */
const LOOKS_PER_WINDOW = 4;

export class QuotaTicks implements Disposable {
  readonly #options: QuotaTicksOptions;
  #stop: () => void;

  constructor(options: QuotaTicksOptions) {
    this.#options = options;
    this.#stop = this.#schedule();
  }

  [Symbol.dispose](): void {
    this.#stop();
  }

  #schedule(): () => void {
    const { store, clock } = this.#options;
    return clock.schedule(store.policies.windowMs / LOOKS_PER_WINDOW, () => {
      store.policies.tick();
      this.#stop = this.#schedule();
    });
  }
}
