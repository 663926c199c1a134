/**
 * One plan on this worker, from when it was told until it ends: its files, its orders, and where the job is.
 *
 * Always true: until it is ready, and after it was dropped or is over, it explains no read, wants no file, and has no
 * orders in memory.
 */
import type { Plan } from '../../common/plans/index.ts';
import type { OpenedVersion } from '../versions.ts';
import { PlanCursor } from './plan-cursor.ts';
import type { PlanState } from './plan-cursor.ts';
import type { FoundFiles } from './plan-files.ts';
import { PlanOrders } from './plan-orders.ts';

export interface ToldPlan {
  readonly planId: number;
  readonly datasetId: number;
  readonly version: number;
  readonly plan: Plan;
}

export interface PlanStatus {
  readonly planId: number;
  readonly state: PlanState | 'preparing';
  /** Why it was dropped. */
  readonly reason: string;
  readonly epoch: number;
  readonly position: number;
  readonly samples: number;
  readonly followed: number;
  readonly strayed: number;
  readonly fetched: number;
}

interface Ready {
  readonly files: FoundFiles;
  readonly orders: PlanOrders;
  readonly cursor: PlanCursor;
}

export class JobPlan {
  readonly told: ToldPlan;
  opened: OpenedVersion | undefined;
  /** Files that were fetched because of it. */
  fetched = 0;
  #ready: Ready | undefined;
  /** When it ended. */
  #last: PlanStatus | undefined;
  #reason = '';

  constructor(told: ToldPlan) {
    this.told = told;
  }

  /** Its files are known. @param share of all reads that this worker sees: 0 … 1 */
  prepare(opened: OpenedVersion, files: FoundFiles, share: () => number): void {
    const orders = new PlanOrders(this.told.plan, files.ordinals);
    if (orders.length === 0) {
      this.drop('its sampler gives no samples');
      return;
    }
    this.opened = opened;
    this.#ready = { files, orders, cursor: new PlanCursor(orders.length, orders.total, share) };
  }

  drop(reason: string): void {
    this.#reason = reason;
    this.#ready = undefined;
  }

  /** Undefined unless it is to be followed now. */
  get live(): Ready | undefined {
    return this.#ready?.cursor.isLive === true ? this.#ready : undefined;
  }

  isOf({ dataset, version }: OpenedVersion): boolean {
    return this.told.datasetId === dataset.id && this.told.version === version;
  }

  /** A file was read. @returns whether the plan says so */
  read(ordinal: number): boolean {
    return this.live?.cursor.fits(this.#positionsOf(ordinal)) ?? false;
  }

  /** A file was read that no plan says. @returns whether that ended the plan: it is dropped, or over */
  stray(ordinal: number): boolean {
    const { live } = this;
    if (live === undefined) return false;
    live.cursor.stray(this.#positionsOf(ordinal));
    if (live.cursor.isLive) return false;
    if (live.cursor.state === 'dropped') this.#reason = 'the dataset is read in another order';
    this.#last = this.status;
    this.#ready = undefined;
    return true;
  }

  #positionsOf(ordinal: number): number[] {
    const { live } = this;
    if (live === undefined) return [];
    const { orders, cursor } = live;
    return [...cursor.epochs()].flatMap((epoch) => orders.positionOf(ordinal, epoch) ?? []);
  }

  get status(): PlanStatus {
    const { planId, plan } = this.told;
    const { fetched } = this;
    if (this.#last !== undefined) return this.#last;
    const zeros = { epoch: plan.firstEpoch, position: 0, samples: 0, followed: 0, strayed: 0 };
    if (this.#ready === undefined) {
      const state = this.#reason === '' ? 'preparing' : 'dropped';
      return { planId, state, reason: this.#reason, ...zeros, fetched };
    }
    const { cursor, orders } = this.#ready;
    const { state, position, followed, strayed } = cursor;
    return {
      ...{ planId, state, followed, strayed, fetched },
      reason: state === 'dropped' ? this.#reason : '',
      epoch: plan.firstEpoch + Math.floor(position / orders.length),
      position: position % orders.length,
      samples: orders.length,
    };
  }
}
