/**
 * Where a job is in its plan, and whether it follows it at all: both concluded from what this worker sees it read.
 *
 * Positions are counted over all epochs. A read fits if it comes near to where the job is: ranks and the threads of
 * their loaders do not keep step. The cursor is the median of the last reads that fit, so that a single read of
 * somebody else moves it little.
 *
 *     waiting ──a read fits──▶ followed ──the last one──▶ over
 *        └────────────┴──reads do not fit──▶ dropped
 *
 * Always true:
 *   - the cursor never goes back;
 *   - a plan that is read in another order is dropped: of reads in any other order at most a quarter fit, and where less
 *     than a third do, the balance of `STRAY` and `FIT` grows to its limit;
 *   - reads that another plan explains count against none.
 */
export type PlanState = 'waiting' | 'followed' | 'dropped' | 'over';

/** To each side of the cursor, of an epoch: together a quarter. */
const WINDOW_SHARE = 1 / 8;
const MIN_WINDOW = 2;
const STRAY = 1;
const FIT = -2;
/** The balance with which a plan is dropped: an eighth of an epoch, and within these. */
const LIMIT_SHARE = 1 / 8;
const MIN_LIMIT = 24;
const MAX_LIMIT = 1_024;
const MEDIAN_OF = 9;

export class PlanCursor {
  readonly #length: number;
  readonly #total: number;
  readonly #window: number;
  readonly #limit: number;
  readonly #last: number[] = [];
  #balance = 0;
  #reached = 0;
  #position = 0;
  #state: PlanState = 'waiting';
  followed = 0;
  strayed = 0;

  /**
   * @param length of an epoch
   * @param total of all epochs
   */
  constructor(length: number, total: number) {
    this.#length = length;
    this.#total = total;
    this.#window = Math.max(MIN_WINDOW, Math.floor(length * WINDOW_SHARE));
    this.#limit = Math.min(MAX_LIMIT, Math.max(MIN_LIMIT, Math.floor(length * LIMIT_SHARE)));
  }

  /** So many were read, over all epochs. */
  get position(): number {
    return this.#position;
  }

  get state(): PlanState {
    return this.#state;
  }

  get isLive(): boolean {
    return this.#state === 'waiting' || this.#state === 'followed';
  }

  /** In the epoch that is under way and its neighbours: where a file that is read may stand. */
  *epochs(): Generator<number> {
    const first = Math.max(0, this.#position - this.#window);
    const last = Math.min(this.#total - 1, this.#position + this.#window);
    const end = Math.floor(last / this.#length);
    for (let epoch = Math.floor(first / this.#length); epoch <= end; epoch += 1) yield epoch;
  }

  /** A file was read that stands at one of these positions. @returns whether that fits */
  fits(positions: readonly number[]): boolean {
    const near = positions.find((it) => Math.abs(it - this.#position) <= this.#window);
    if (near === undefined) return false;
    this.followed += 1;
    this.#state = 'followed';
    this.#balance = Math.max(0, this.#balance + FIT);
    this.#reached = Math.max(this.#reached, near + 1);
    this.#last.push(near + 1);
    if (this.#last.length > MEDIAN_OF) this.#last.shift();
    const sorted = this.#last.toSorted((a, b) => a - b);
    this.#position = Math.max(this.#position, sorted[sorted.length >> 1] ?? 0);
    return true;
  }

  /** A file of its dataset was read that fits no plan. */
  stray(): void {
    this.strayed += 1;
    this.#balance += STRAY;
    if (this.#balance < this.#limit) return;
    this.#state = this.#reached + this.#window >= this.#total ? 'over' : 'dropped';
  }
}
