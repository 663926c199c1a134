/**
 * What is fetched before it is asked for, across the files of a version: what comes next in the plans of jobs, or in
 * an order that is repeated; where none is known, the siblings of what is read.
 */
import type { Clock, Logger, Placement } from '../../common/index.ts';
import type { RecordedOrder } from '../patterns/recorded-order.ts';
import { shareOf } from '../shares.ts';
import type { JobPlans } from '../plans/index.ts';
import type { OpenedVersion } from '../versions.ts';
import { AheadFetches } from './ahead-fetches.ts';
import type { AheadReads } from './ahead-fetches.ts';
import { OrderReplay } from './order-replay.ts';
import { PlanWalks } from './plan-walks.ts';
import { SiblingPrefetch } from './sibling-prefetch.ts';

export interface PrefetchOptions {
  readonly reads: AheadReads;
  readonly workerId: string;
  readonly placement: () => Placement | undefined;
  /** Whether objects of a dataset are kept where they are read first: their owner fetches none of them ahead. */
  readonly isScattered: (datasetId: number) => boolean;
  /** Undefined unless the dataset is read in an order that came before. */
  readonly orderOf: (datasetId: number) => RecordedOrder | undefined;
  readonly plans: Pick<JobPlans, 'read' | 'liveOf' | 'onReady'>;
  readonly clock: Clock;
  readonly log: Logger;
}

export class Prefetch implements Disposable {
  readonly #fetches: AheadFetches;
  readonly #plans: PlanWalks;
  readonly #replay: OrderReplay;
  readonly #siblings: SiblingPrefetch;

  constructor({ orderOf, plans, clock, ...options }: PrefetchOptions) {
    const { placement, workerId } = options;
    this.#fetches = new AheadFetches(options);
    this.#plans = new PlanWalks({ fetches: this.#fetches, plans });
    this.#replay = new OrderReplay({ fetches: this.#fetches, clock, orderOf });
    this.#siblings = new SiblingPrefetch({
      fetches: this.#fetches,
      share: () => shareOf(placement(), workerId),
    });
  }

  /** A file of a version was read. */
  note(opened: OpenedVersion, ordinal: number, sizeBytes: number): void {
    this.#fetches.noteRead();
    if (this.#plans.note(opened, ordinal)) return;
    if (!this.#replay.note(opened, ordinal)) this.#siblings.note(opened, ordinal, sizeBytes);
  }

  [Symbol.dispose](): void {
    this.#fetches[Symbol.dispose]();
  }
}
