/**
 * How many readers, and writers to the disk, need a block to stay in memory, whether it is there or still comes.
 *
 * Always true: a hold counts each of its blocks once, and not at all once it was passed.
 */
export interface Hold extends Disposable {
  /** The blocks before this one are needed no more. */
  passed(block: number): void;
}

export const NO_HOLD: Hold = { passed: () => undefined, [Symbol.dispose]: () => undefined };

export class Holds {
  readonly #counts = new Map<string, number>();
  readonly #onRelease: () => void;

  constructor(onRelease: () => void) {
    this.#onRelease = onRelease;
  }

  has(key: string): boolean {
    return this.#counts.has(key);
  }

  /** @param keyOf of a block of the object that is held */
  hold(span: { first: number; end: number }, keyOf: (block: number) => string): Hold {
    let { first } = span;
    for (let block = first; block < span.end; block += 1) this.#change(keyOf(block), 1);
    const passed = (before: number) => {
      if (before <= first) return;
      for (; first < Math.min(before, span.end); first += 1) this.#change(keyOf(first), -1);
      this.#onRelease();
    };
    return {
      passed,
      [Symbol.dispose]: () => {
        passed(span.end);
      },
    };
  }

  #change(key: string, by: number): void {
    const count = (this.#counts.get(key) ?? 0) + by;
    if (count > 0) this.#counts.set(key, count);
    else this.#counts.delete(key);
  }
}
