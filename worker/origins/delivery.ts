/**
 * Between received bytes and a sink that may take its time.
 *
 * Always true:
 *   - the sink gets pieces in order, one at a time, each once, and none after `stop`;
 *   - what waits is what was given in spite of the promise that said to wait.
 */
import type { ByteSink } from './origin.ts';

export class Delivery {
  readonly #sink: ByteSink;
  #queue: Buffer[] = [];
  /** Settles when the sink has taken all that waits. */
  #draining: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #stopped = false;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /**
   * Takes the bytes in any case, and keeps none of the caller's memory.
   *
   * @returns undefined, or what is to settle before more is given
   * @throws what the sink threw, now or for an earlier piece
   */
  give(bytes: Buffer): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#stopped) return undefined;
    if (this.#draining !== undefined) {
      this.#queue.push(Buffer.from(bytes));
      return this.#draining;
    }
    const taken = this.#sink(bytes);
    if (taken !== undefined) this.#start(taken);
    return this.#draining;
  }

  /**
   * Undefined where nothing waits.
   *
   * @throws what the sink threw
   */
  drained(): Promise<void> | undefined {
    return this.#draining ?? (this.#failure === undefined ? undefined : this.#rethrow());
  }

  stop(): void {
    this.#stopped = true;
    this.#queue = [];
  }

  #start(taken: Promise<void>): void {
    this.#draining = this.#drain(taken);
    // Told by `give` or `drained`; here it must not go unheard if neither is called any more.
    this.#draining.catch(() => undefined);
  }

  async #drain(taken: Promise<void>): Promise<void> {
    try {
      await taken;
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        await this.#sink(next);
      }
    } catch (error) {
      this.#failure = { error };
    }
    this.#draining = undefined;
    await this.#rethrow();
  }

  async #rethrow(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
