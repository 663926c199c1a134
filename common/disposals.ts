/**
 * What was opened, to be closed in the other order: `AsyncDisposableStack`, which Node 22 does not have.
 */
export class Disposals implements AsyncDisposable {
  #closers: (() => PromiseLike<void> | void)[] = [];

  use<T extends AsyncDisposable | Disposable>(resource: T): T {
    this.#closers.push(() =>
      Symbol.asyncDispose in resource
        ? resource[Symbol.asyncDispose]()
        : resource[Symbol.dispose](),
    );
    return resource;
  }

  defer(close: () => PromiseLike<void> | void): void {
    this.#closers.push(close);
  }

  /** Hands everything to a new owner: this one closes nothing any more. */
  move(): Disposals {
    const moved = new Disposals();
    moved.#closers = this.#closers;
    this.#closers = [];
    return moved;
  }

  /** Closes everything, also when closing one thing fails. Throws the first failure. */
  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    for (let close = this.#closers.pop(); close !== undefined; close = this.#closers.pop()) {
      try {
        await close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
