/**
 * The order of each epoch of a plan, as indices of its files: computed from its sampler when it is asked for, and kept
 * for the epochs that are read now and next.
 *
 * Always true: memory is 8 bytes per sample for each of `KEPT` epochs, and 4 per entry up to the last that is named.
 */
import { epochOrder } from '../../common/samplers/index.ts';
import type { Plan } from '../../common/plans/index.ts';

interface EpochOrder {
  readonly indices: Uint32Array;
  /** By index, where it comes first; `NEVER` where it does not. */
  readonly positions: Uint32Array;
}

/** The one before (its last reads may come late), this one and the next. */
const KEPT = 3;
const NEVER = 0xffffffff;

export class PlanOrders {
  readonly ordinals: Uint32Array;
  /** Samples of an epoch. */
  readonly length: number;
  readonly #plan: Plan;
  readonly #epochs = new Map<number, EpochOrder>();
  /** By ordinal. */
  readonly #indices: Uint32Array;

  constructor(plan: Plan, ordinals: Uint32Array) {
    this.#plan = plan;
    this.ordinals = ordinals;
    this.length = this.#of(plan.firstEpoch).indices.length;
    let last = 0;
    for (const ordinal of ordinals) last = Math.max(last, ordinal);
    this.#indices = new Uint32Array(last + 1).fill(NEVER);
    ordinals.forEach((ordinal, index) => {
      this.#indices[ordinal] = index;
    });
  }

  /** Of all epochs. */
  get total(): number {
    return this.length * this.#plan.epochs;
  }

  /** Indices in the order in which they are read. Epochs are counted from 0, from the plan's first one on. */
  epoch(epoch: number): Uint32Array {
    return this.#of(this.#plan.firstEpoch + epoch).indices;
  }

  /** What is read at a position of all epochs together. */
  ordinalAt(position: number): number | undefined {
    if (position >= this.total) return undefined;
    const epoch = Math.floor(position / this.length);
    const index = this.epoch(epoch)[position % this.length];
    return index === undefined ? undefined : this.ordinals[index];
  }

  /** Where a file is read in an epoch, counted over all epochs. */
  positionOf(ordinal: number, epoch: number): number | undefined {
    if (epoch < 0 || epoch >= this.#plan.epochs) return undefined;
    const index = this.#indices[ordinal] ?? NEVER;
    if (index === NEVER) return undefined;
    const position = this.#of(this.#plan.firstEpoch + epoch).positions[index] ?? NEVER;
    return position === NEVER ? undefined : epoch * this.length + position;
  }

  #of(epoch: number): EpochOrder {
    const known = this.#epochs.get(epoch);
    if (known !== undefined) return known;
    const count = this.ordinals.length;
    const indices = epochOrder(this.#plan, count, epoch);
    const positions = new Uint32Array(count).fill(NEVER);
    for (let position = indices.length - 1; position >= 0; position -= 1) {
      positions[indices[position] ?? 0] = position;
    }
    const order = { indices, positions };
    this.#epochs.set(epoch, order);
    for (const other of this.#epochs.keys()) {
      if (this.#epochs.size <= KEPT) break;
      // Jobs go forward: the oldest is the smallest.
      if (other === Math.min(...this.#epochs.keys())) this.#epochs.delete(other);
    }
    return order;
  }
}
