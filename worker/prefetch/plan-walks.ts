/**
 * Fetches what comes next in the plans of jobs, ahead of where each of them is and across the end of its epoch: what
 * this worker owns of it. The first files of a plan come before its job has begun.
 *
 * Of several jobs the one that is least ahead has its turn first, and all of them together are as far ahead as there is
 * room for one.
 *
 * Leaves to others: where a job is (`worker/plans`), where a walk is (`OrderWalk`), what there is room for
 * (`AheadFetches`).
 */
import { MIB } from '../../common/index.ts';
import type { ObjectRef } from '../../common/index.ts';
import type { JobPlan, JobPlans } from '../plans/index.ts';
import type { OpenedVersion } from '../versions.ts';
import type { AheadFetches } from './ahead-fetches.ts';
import { OrderWalk } from './order-walk.ts';
import type { WalkedOrder } from './order-walk.ts';

export interface PlanWalksOptions {
  readonly fetches: AheadFetches;
  readonly plans: Pick<JobPlans, 'read' | 'liveOf' | 'onReady'>;
}

/** A larger object is read ahead of within itself. */
const MAX_OBJECT_BYTES = 64 * MIB;
/**
 * So many objects before its turn it is decided that there is no room for an object. A walk that passed over such
 * objects further away ran a whole epoch ahead while a cache filled: what it then fetched was gone before its turn (600
 * files, half of them kept: 0.64 of all bytes came from the origin in an epoch).
 */
const NEAR_OBJECTS = 64;

export class PlanWalks {
  readonly #options: PlanWalksOptions;
  readonly #walks = new WeakMap<JobPlan, OrderWalk>();
  readonly #filling = new WeakSet<OpenedVersion>();

  constructor(options: PlanWalksOptions) {
    this.#options = options;
    options.plans.onReady(({ opened }) => {
      if (opened !== undefined) this.#fill(opened);
    });
  }

  /** A file of a version was read. @returns whether a plan says what comes next */
  note(opened: OpenedVersion, ordinal: number): boolean {
    const { plans } = this.#options;
    plans.read(opened, ordinal);
    const live = plans.liveOf(opened);
    if (live.length === 0) return false;
    for (const plan of live) {
      const walk = this.#walkOf(plan);
      walk.follow(orderOf(plan));
      walk.read(ordinal);
    }
    this.#fill(opened);
    return true;
  }

  #walkOf(plan: JobPlan): OrderWalk {
    const walk = this.#walks.get(plan) ?? new OrderWalk();
    this.#walks.set(plan, walk);
    return walk;
  }

  #fill(opened: OpenedVersion): void {
    if (this.#filling.has(opened)) return;
    this.#filling.add(opened);
    this.#fetchNext(opened)
      .catch((error: unknown) => {
        this.#options.fetches.failed(error);
      })
      .finally(() => {
        this.#filling.delete(opened);
      });
  }

  async #fetchNext(opened: OpenedVersion): Promise<void> {
    const { fetches } = this.#options;
    while (fetches.hasPlace) {
      const next = await this.#next(opened);
      if (next === undefined) return;
      next.plan.fetched += 1;
      fetches.fetch(next.ref, () => {
        this.#fill(opened);
      });
    }
  }

  async #next(
    opened: OpenedVersion,
  ): Promise<{ readonly plan: JobPlan; readonly ref: ObjectRef } | undefined> {
    const { fetches, plans } = this.#options;
    const walks = plans.liveOf(opened).map((plan) => ({ plan, walk: this.#walkOf(plan) }));
    const aheadBytes = () => walks.reduce((sum, { walk }) => sum + walk.aheadBytes, 0);
    for (const { plan, walk } of walks.sort((a, b) => a.walk.aheadBytes - b.walk.aheadBytes)) {
      const limits = { maxBytes: MAX_OBJECT_BYTES, aheadBytes, isKnown: true };
      const ref = await fetches.next(opened, limits, (look) => {
        if (plan.live === undefined) return;
        walk.take(orderOf(plan), (ordinal, ahead) => look(ordinal, ahead > NEAR_OBJECTS));
      });
      if (ref !== undefined) return { plan, ref };
    }
    return undefined;
  }
}

/** Where its job is now. */
function orderOf({ live }: JobPlan): WalkedOrder {
  if (live === undefined) return { length: 0, cursor: 0, at: () => undefined };
  const { orders, cursor } = live;
  const { length } = orders;
  const pass = Math.floor(cursor.position / length);
  return {
    ...{ length, pass },
    cursor: cursor.position % length,
    at: (position) => orders.ordinalAt(pass * length + position),
  };
}
