/** Work of a store that nobody waits for, until the store ends. */
import type { Logger } from '../../common/index.ts';

export class Background {
  readonly #logger: Logger;
  readonly #tasks = new Set<Promise<unknown>>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  run(task: Promise<unknown>): void {
    const running = task
      .catch((error: unknown) => {
        this.#logger.error({ error }, 'background work of the store failed');
      })
      .finally(() => this.#tasks.delete(running));
    this.#tasks.add(running);
  }

  async settled(): Promise<void> {
    await Promise.allSettled(this.#tasks);
  }
}
