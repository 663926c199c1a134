/**
 * When each object of a dataset is used next, over the union of the known plans: what Belady's rule needs to
 * know.
 *
 * Of a plan only the inverse is kept: at which position each row is read. So moving a job on is one
 * comparison, and a question costs one look per plan that is not over. Memory: 4 bytes per row, job and epoch, and 8
 * for each further time that an order names the same row (padding of a sampler, sampling with replacement).
 *
 * Always true:
 *   - a position that is past never comes back while its job is known: one that starts again is removed first;
 *   - what is said depends on the plans and positions alone, not on the order in which they were told;
 *   - a plan that names rows which do not exist costs memory, and no answer is wrong because of it.
 *
 * Whether plans are true is for the caller to see: one that lies gives next uses that do not come.
 */
export interface PlanRate {
  /** Of the first object of the epoch, on a time line that all plans share. */
  readonly startsAt: number;
  /** From one object of the order to the next, in the units of `startsAt`. */
  readonly perObject: number;
}

export class LookAhead {
  readonly #jobs = new Map<string, Map<number, EpochPlan>>();
  /** All that are not over, the one that begins first in front: a question leaves out what begins too late. */
  #plans: EpochPlan[] = [];
  #changes = 0;

  /** Another than before, once anything was told: what was answered until then may be out of date. */
  get changes(): number {
    return this.#changes;
  }

  /**
   * A plan of one job and epoch: `order[i]` is the row (0 … objects − 1) of the i-th object that it reads.
   * Told again, it takes the place of the one before, at the position that was reached. The array is not kept.
   */
  addEpoch(jobId: string, epoch: number, order: Uint32Array, rate: PlanRate): void {
    const epochs = this.#jobs.get(jobId) ?? new Map<number, EpochPlan>();
    const plan = new EpochPlan(order, rate);
    plan.advance(epochs.get(epoch)?.position ?? 0);
    epochs.set(epoch, plan);
    this.#jobs.set(jobId, epochs);
    this.#listPlans();
  }

  /**
   * The job has read so far: positions before are past, and its epochs before as well. A position before one
   * that was told already changes nothing: ranks tell theirs in any order.
   */
  advance(jobId: string, epoch: number, position: number): void {
    const epochs = this.#jobs.get(jobId);
    if (epochs === undefined) return;
    this.#changes += 1;
    epochs.get(epoch)?.advance(position);
    let isAnyOver = false;
    for (const [other, plan] of epochs) {
      if (other >= epoch && !plan.isOver) continue;
      epochs.delete(other);
      isAnyOver = true;
    }
    if (isAnyOver) this.#listPlans();
  }

  remove(jobId: string): void {
    if (this.#jobs.delete(jobId)) this.#listPlans();
  }

  /**
   * On the plans' common time line (units of `startsAt`); Infinity where no plan names it.
   *
   * @param ahead so many objects that each job reads now are taken for read: whether something is worth keeping
   *   depends on when it is used after that
   */
  nextUse(row: number, ahead = 0): number {
    let next = Infinity;
    for (const plan of this.#plans) {
      if (plan.notBefore < next) next = Math.min(next, plan.nextUse(row, ahead));
    }
    return next;
  }

  #listPlans(): void {
    this.#changes += 1;
    this.#plans = [...this.#jobs.values()].flatMap((epochs) => [...epochs.values()]);
    this.#plans.sort((a, b) =>
      a.notBefore < b.notBefore ? -1 : Number(a.notBefore > b.notBefore),
    );
  }
}

const NEVER = 0xffffffff;

class EpochPlan {
  readonly #rate: PlanRate;
  readonly #length: number;
  /** Of each row the first position that names it. */
  readonly #first: Uint32Array;
  /** Of what is named more than once all further positions: ascending by row, then by position. */
  readonly #again: { readonly rows: Uint32Array; readonly positions: Uint32Array };
  /** None of its uses is sooner. */
  readonly notBefore: number;
  /** Those before are past. */
  position = 0;

  constructor(order: Uint32Array, rate: PlanRate) {
    this.#rate = rate;
    this.#length = order.length;
    const { startsAt, perObject } = rate;
    // Rates that are no numbers, or lead back, say nothing of that.
    this.notBefore = startsAt >= -Infinity && perObject >= 0 ? startsAt : -Infinity;
    const again: number[] = [];
    this.#first = invert(order, again);
    again.sort((a, b) => (order[a] ?? 0) - (order[b] ?? 0) || a - b);
    this.#again = {
      rows: Uint32Array.from(again, (position) => order[position] ?? 0),
      positions: Uint32Array.from(again),
    };
  }

  get isOver(): boolean {
    return this.position >= this.#length;
  }

  advance(position: number): void {
    this.position = Math.max(this.position, position);
  }

  nextUse(row: number, ahead: number): number {
    const first = this.#first[row] ?? NEVER;
    if (first === NEVER) return Infinity;
    // Of an epoch that has not begun nothing is read now.
    const from = this.position === 0 ? 0 : this.position + ahead;
    const position = first >= from ? first : this.#nextAgain(row, from);
    return position === NEVER ? Infinity : this.#rate.startsAt + position * this.#rate.perObject;
  }

  /** The first further position of a row that is not before `from`. */
  #nextAgain(row: number, from: number): number {
    const { rows, positions } = this.#again;
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = rows[middle] ?? 0;
      const isBefore = other < row || (other === row && (positions[middle] ?? 0) < from);
      if (isBefore) low = middle + 1;
      else high = middle;
    }
    return rows[low] === row ? (positions[low] ?? NEVER) : NEVER;
  }
}

/** @param again gets the positions of what an earlier one has named */
function invert(order: Uint32Array, again: number[]): Uint32Array {
  let highest = 0;
  for (const row of order) highest = Math.max(highest, row);
  const first = new Uint32Array(highest + 1).fill(NEVER);
  order.forEach((row, position) => {
    if (first[row] === NEVER) first[row] = position;
    else again.push(position);
  });
  return first;
}
