/**
 * Which positions near to a job's were read already: a file that is read in pieces, or by two ranks, is told with each.
 *
 * Always true: what is asked for lies within `window` of the position that was told last; a bit for each position of
 * twice the window, used again as the job goes on.
 */
export class SeenPositions {
  readonly #window: number;
  readonly #places: number;
  readonly #bits: Uint8Array;
  /** What lies before it is forgotten. */
  #from = 0;

  /** @param window to each side */
  constructor(window: number) {
    this.#window = window;
    this.#places = 2 * window + 1;
    this.#bits = new Uint8Array((this.#places + 7) >> 3);
  }

  has(position: number): boolean {
    const place = position % this.#places;
    return ((this.#bits[place >> 3] ?? 0) & (1 << (place & 7))) !== 0;
  }

  add(position: number): void {
    const place = position % this.#places;
    this.#bits[place >> 3] = (this.#bits[place >> 3] ?? 0) | (1 << (place & 7));
  }

  /** The job is there now. */
  moveTo(position: number): void {
    const from = Math.max(0, position - this.#window);
    if (from - this.#from >= this.#places) this.#bits.fill(0);
    else for (let past = this.#from; past < from; past += 1) this.#remove(past);
    this.#from = from;
  }

  #remove(position: number): void {
    const place = position % this.#places;
    this.#bits[place >> 3] = (this.#bits[place >> 3] ?? 0) & ~(1 << (place & 7));
  }
}
