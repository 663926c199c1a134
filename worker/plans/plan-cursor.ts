/**
 * Where a job is in its plan, and whether it follows it at all: both concluded from what this worker sees it read.
 *
 * Positions are counted over all epochs. A read fits if it comes near to where the job is: ranks and the threads of
 * their loaders do not keep step. The cursor is the median of the last reads that fit, so that a single read of
 * somebody else moves it little. A worker sees the reads of what it owns, so that of 16 workers each sees every
 * sixteenth: what is counted in reads is scaled by its share, and the median is of few.
 *
 *     waiting ──a read fits──▶ followed ──the last one──▶ over
 *        └────────────┴──reads do not fit──▶ dropped
 *
 * Always true:
 *   - the cursor never goes back; it jumps ahead where `TOGETHER` of the last `AWAY` reads that did not fit are near to each
 *     other there, within a sixteenth of an epoch: in another order they are so once in some million reads;
 *   - a position counts once: where all that are near to a file were read already, it is the same read again, or the same
 *     file in pieces;
 *   - a plan that is read in another order is dropped: of reads in any other order at most a quarter fit, and where less
 *     than a third do, the balance of `STRAY` and `FIT` grows to its limit;
 *   - reads that another plan explains count against none, and lead none away: with neighbouring seeds the next epoch of
 *     one job is what the other reads now.
 */
import { SeenPositions } from './seen-positions.ts';

export type PlanState = 'waiting' | 'followed' | 'dropped' | 'over';

/** To each side of the cursor, of an epoch: together a quarter. */
const WINDOW_SHARE = 1 / 8;
const MIN_WINDOW = 2;
const STRAY = 1;
const FIT = -2;
/** The balance with which a plan is dropped: an eighth of what is seen of an epoch, and within these. */
const LIMIT_SHARE = 1 / 8;
const MIN_LIMIT = 24;
const MAX_LIMIT = 1_024;
/** So the cursor is two seen reads late: of 9 it was four, and where each was 4 samples from the next that was a window. */
const MEDIAN_OF = 5;
/**
 * Reads that this worker did not see may have been more than a window: of the last so many that did not fit half are near
 * to each other where the job is, though another job reads as much beside it.
 */
const AWAY = 24;
const TOGETHER = AWAY / 2;

export class PlanCursor {
  readonly #length: number;
  readonly #total: number;
  readonly #window: number;
  readonly #share: () => number;
  readonly #seen: SeenPositions;
  readonly #last: number[] = [];
  /** Where the last reads stand that did not fit. */
  readonly #away: number[] = [];
  #balance = 0;
  #reached = 0;
  #position = 0;
  #state: PlanState = 'waiting';
  followed = 0;
  strayed = 0;

  /**
   * @param length of an epoch
   * @param total of all epochs
   * @param share of all reads that are seen here: 0 … 1
   */
  constructor(length: number, total: number, share: () => number = () => 1) {
    this.#length = length;
    this.#total = total;
    this.#window = Math.max(MIN_WINDOW, Math.floor(length * WINDOW_SHARE));
    this.#share = share;
    this.#seen = new SeenPositions(this.#window);
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

  /** In the epoch that is under way, its neighbours included: where a file that is read may stand. */
  *epochs(): Generator<number> {
    const first = Math.max(0, this.#position - this.#window);
    const last = Math.min(this.#total - 1, this.#position + this.#length);
    const end = Math.floor(last / this.#length);
    for (let epoch = Math.floor(first / this.#length); epoch <= end; epoch += 1) yield epoch;
  }

  /** A file was read that stands at one of these positions. @returns whether that fits */
  fits(positions: readonly number[]): boolean {
    const near = positions.filter((it) => Math.abs(it - this.#position) <= this.#window);
    if (near.length === 0) return false;
    const read = near.find((it) => !this.#seen.has(it));
    if (read !== undefined) this.#read(read);
    return true;
  }

  #read(position: number): void {
    this.#seen.add(position);
    this.followed += 1;
    this.#state = 'followed';
    this.#balance = Math.max(0, this.#balance + FIT);
    this.#reached = Math.max(this.#reached, position + 1);
    this.#last.push(position + 1);
    if (this.#last.length > MEDIAN_OF) this.#last.shift();
    this.#moveTo(medianOf(this.#last));
  }

  #moveTo(position: number): void {
    this.#position = Math.max(this.#position, position);
    this.#seen.moveTo(this.#position);
  }

  /** A file was read that fits no plan. @param positions where it stands in this one */
  stray(positions: readonly number[]): void {
    if (this.#jumps(positions)) return;
    this.strayed += 1;
    this.#balance += STRAY;
    const seen = Math.floor(this.#length * LIMIT_SHARE * this.#share());
    if (this.#balance < Math.min(MAX_LIMIT, Math.max(MIN_LIMIT, seen))) return;
    this.#state = this.#reached + this.#window >= this.#total ? 'over' : 'dropped';
  }

  #jumps(positions: readonly number[]): boolean {
    const ahead = positions.find((it) => it > this.#position);
    if (ahead === undefined) return false;
    this.#away.push(ahead);
    if (this.#away.length > AWAY) this.#away.shift();
    const sorted = this.#away.toSorted((a, b) => a - b);
    for (let i = 0; i + TOGETHER <= sorted.length; i += 1) {
      const together = sorted.slice(i, i + TOGETHER);
      if ((together.at(-1) ?? 0) - (together[0] ?? 0) > this.#window / 2) continue;
      this.#away.length = 0;
      this.#last.length = 0;
      this.#moveTo(medianOf(together));
      return this.fits([ahead]);
    }
    return false;
  }
}

function medianOf(positions: readonly number[]): number {
  return positions.toSorted((a, b) => a - b)[positions.length >> 1] ?? 0;
}
