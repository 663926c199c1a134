/**
 * In which order the objects of one version are touched, pass after pass, and by whom.
 *
 * A pass is over when objects come again that were touched long before in it: a few of them, because one object may
 * be read all the time (an index, a file that takes a pass to read). What is read of an object in many pieces is one
 * touch: it comes again while few others went by.
 *
 *     first touch ──▶ current        comes again, long after ──▶ next
 *     next has enough: current becomes previous, next becomes current
 *
 * Always true: 14 bytes per entry, whatever is touched; two passes are compared only over objects that both of
 * them saw.
 *
 * Two jobs that read the same dataset at their own pace look like one with passes in pieces: what follows from
 * that is `unknown`. No clock and no I/O.
 */

/** Of one entry: three positions and a toucher. */
export const BYTES_PER_ENTRY = 14;

export interface PassEvidence {
  /** That are over. */
  readonly passes: number;
  /** In the last of them. */
  readonly seenObjects: number;
  /** Of the order of first touches in the last two; undefined where they have too little in common. */
  readonly correlation: number | undefined;
  /** Objects that came again, with a known toucher of the pass before: the newer ones weigh more. */
  readonly cameAgain: number;
  /** Of them, those that the same node touched again. */
  readonly cameToSame: number;
  /** Nodes that were seen. */
  readonly touchers: number;
}

/** The share of a pass's objects that must have gone by since an object's touch for it to come again. */
const LONG_BEFORE = 1 / 2;
/** So many of a pass's objects come again, and the pass is over. */
const COMING_SHARE = 0.03;
const LEAST_COMING = 3;
/** Fewer objects have no order to speak of. */
export const LEAST_OBJECTS = 8;
/** Of two passes' objects, those in common. */
const COMMON_SHARE = 1 / 2;

export class Passes {
  /** Of each entry: the place of its first touch, from 1; 0 is untouched. */
  #previous: Uint32Array;
  #current: Uint32Array;
  #next: Uint32Array;
  /** Who touched it first in its last pass; 0 is not known. */
  readonly #touchers: Uint16Array;
  readonly #seenTouchers = new Set<number>();
  #previousCount = 0;
  #currentCount = 0;
  #nextCount = 0;
  #passes = 0;
  #correlation: number | undefined;
  #cameAgain = 0;
  #cameToSame = 0;

  /** @param entries of the version */
  constructor(entries: number) {
    this.#previous = new Uint32Array(entries);
    this.#current = new Uint32Array(entries);
    this.#next = new Uint32Array(entries);
    this.#touchers = new Uint16Array(entries);
  }

  get evidence(): PassEvidence {
    return {
      passes: this.#passes,
      seenObjects: this.#previousCount,
      correlation: this.#correlation,
      cameAgain: this.#cameAgain,
      cameToSame: this.#cameToSame,
      touchers: this.#seenTouchers.size,
    };
  }

  /** Objects that were touched in the pass that is under way. */
  get cursor(): number {
    return this.#currentCount;
  }

  /** @param toucher 1 … 65,535; 0 where it is not known who it is */
  touch(ordinal: number, toucher: number): void {
    if (ordinal >= this.#current.length) return;
    const place = this.#current[ordinal] ?? 0;
    if (place === 0) {
      this.#currentCount += 1;
      this.#current[ordinal] = this.#currentCount;
      this.#touchedBy(ordinal, toucher);
    } else if (
      this.#currentCount - place >= this.#currentCount * LONG_BEFORE &&
      this.#next[ordinal] === 0
    ) {
      this.#nextCount += 1;
      this.#next[ordinal] = this.#nextCount;
      this.#touchedBy(ordinal, toucher);
      if (this.#nextCount >= this.#enough()) this.#turn();
    }
  }

  /** Who is known to have touched it first: not who is seen here next. */
  keptBy(ordinal: number, toucher: number): void {
    if (ordinal < this.#touchers.length) this.#touchers[ordinal] = toucher;
  }

  /** Whoever touches an object next is its first toucher. */
  forgetTouchers(): void {
    this.#touchers.fill(0);
    this.#seenTouchers.clear();
    this.#cameAgain = 0;
    this.#cameToSame = 0;
  }

  /** The ordinals in the order of the last pass that is over. */
  order(): Uint32Array {
    const order = new Uint32Array(this.#previousCount);
    this.#previous.forEach((place, ordinal) => {
      if (place > 0) order[place - 1] = ordinal;
    });
    return order;
  }

  #enough(): number {
    return Math.max(LEAST_COMING, Math.ceil(this.#currentCount * COMING_SHARE));
  }

  #touchedBy(ordinal: number, toucher: number): void {
    if (toucher === 0) return;
    const before = this.#touchers[ordinal] ?? 0;
    this.#touchers[ordinal] = toucher;
    this.#seenTouchers.add(toucher);
    if (before === 0) return;
    // As a pass goes on, half of what was counted before is forgotten now and then.
    if (this.#cameAgain >= Math.max(LEAST_OBJECTS, this.#previousCount, this.#currentCount)) {
      this.#cameAgain /= 2;
      this.#cameToSame /= 2;
    }
    this.#cameAgain += 1;
    if (before === toucher) this.#cameToSame += 1;
  }

  #turn(): void {
    this.#passes += 1;
    this.#correlation = this.#compare();
    const free = this.#previous.fill(0);
    this.#previous = this.#current;
    this.#previousCount = this.#currentCount;
    this.#current = this.#next;
    this.#currentCount = this.#nextCount;
    this.#next = free;
    this.#nextCount = 0;
  }

  /**
   * Pearson's correlation of the places in the last two passes. With nearly all objects in both of them places
   * are ranks, and it is Spearman's.
   */
  #compare(): number | undefined {
    let common = 0;
    let [sumA, sumB, sumAA, sumBB, sumAB] = [0, 0, 0, 0, 0];
    for (let i = 0; i < this.#current.length; i += 1) {
      const a = this.#previous[i] ?? 0;
      const b = this.#current[i] ?? 0;
      if (a === 0 || b === 0) continue;
      common += 1;
      sumA += a;
      sumB += b;
      sumAA += a * a;
      sumBB += b * b;
      sumAB += a * b;
    }
    const most = Math.max(this.#previousCount, this.#currentCount);
    if (common < LEAST_OBJECTS || common < most * COMMON_SHARE) return undefined;
    const spread = (common * sumAA - sumA * sumA) * (common * sumBB - sumB * sumB);
    return spread <= 0 ? undefined : (common * sumAB - sumA * sumB) / Math.sqrt(spread);
  }
}
