/**
 * How many connections there may be, over all threads of a process that accept them.
 *
 * Always true: what all have taken never exceeds the limit; what a thread had when it died can be given
 * back for it.
 */
const ALL = 0;

export class ConnectionSlots {
  readonly limit: number;
  /** Taken by all, and by each user. */
  readonly shared: SharedArrayBuffer;
  readonly #counts: Int32Array;
  readonly #user: number;

  /**
   * @param users of `shared`, each with a number of its own; where it is given, another made it
   * @param user 0 is whoever makes it
   */
  constructor(
    limit: number,
    options: { readonly users?: number; readonly user?: number; shared?: SharedArrayBuffer } = {},
  ) {
    const { users = 1, user = 0 } = options;
    this.limit = limit;
    this.#user = 1 + user;
    this.shared = options.shared ?? new SharedArrayBuffer(4 * (1 + users));
    this.#counts = new Int32Array(this.shared);
  }

  tryTake(): boolean {
    if (Atomics.add(this.#counts, ALL, 1) >= this.limit) {
      Atomics.sub(this.#counts, ALL, 1);
      return false;
    }
    Atomics.add(this.#counts, this.#user, 1);
    return true;
  }

  giveBack(): void {
    Atomics.sub(this.#counts, this.#user, 1);
    Atomics.sub(this.#counts, ALL, 1);
  }

  /** For a user that is no more. */
  giveBackAllOf(user: number): void {
    Atomics.sub(this.#counts, ALL, Atomics.exchange(this.#counts, 1 + user, 0));
  }
}
