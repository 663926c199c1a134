/**
 * Something that several may wait for, until it happens the next time.
 *
 * Always true: whoever waits is told. Who holds bytes back is often given more in spite of it, and waits twice: with a
 * place for one of them a connection was held back for ever.
 */
export class Occasion {
  #promise: Promise<void> | undefined;
  #resolve: () => void = () => undefined;

  /** Resolves when it happens. */
  next(): Promise<void> {
    this.#promise ??= new Promise((resolve) => {
      this.#resolve = resolve;
    });
    return this.#promise;
  }

  happens(): void {
    this.#promise = undefined;
    this.#resolve();
  }
}
