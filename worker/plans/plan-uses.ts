/**
 * Feeds look-ahead eviction with plans: where two jobs or more of a version have one. One alone hits no more with it,
 * and the hash band spreads its misses.
 *
 * The time line of `LookAhead` is in milliseconds: what a job took for a sample so far; of one that has not read yet
 * what the others take.
 *
 * Always true: look-ahead is on for a dataset only while two plans of one version of it are live, and their block index
 * is there. Files that are owned by stripes have several next uses: such a version keeps the hash band.
 */
import type { Clock, Logger } from '../../common/index.ts';
import type { BlockIndex } from '../../common/prediction/index.ts';
import { LookAhead } from '../admission/index.ts';
import type { PlannedRows } from '../admission/index.ts';
import type { OpenedVersion } from '../versions.ts';
import type { JobPlan } from './job-plan.ts';

export interface PlanUsesOptions {
  readonly setLookAhead: (datasetId: number, rows: PlannedRows | undefined) => void;
  /** Undefined where there is none. */
  readonly indexOf: (opened: OpenedVersion) => Promise<BlockIndex | undefined>;
  readonly log: Logger;
  readonly clock: Clock;
}

interface Pace {
  readonly sinceMs: number;
  readonly from: number;
}

interface Used {
  readonly version: number;
  readonly lookAhead: LookAhead;
  readonly firstBlock: Uint32Array;
  /** By plan, the last epoch that was told. */
  readonly told: Map<number, number>;
}

const MIN_PLANS = 2;
/** Before any job has read. */
const ANY_MS = 1;

export class PlanUses {
  readonly #options: PlanUsesOptions;
  readonly #used = new Map<number, Used>();
  readonly #paces = new Map<number, Pace>();
  /** What was asked for last, by dataset: an index may come when it is wanted no more. */
  readonly #wanted = new Map<number, readonly JobPlan[]>();

  constructor(options: PlanUsesOptions) {
    this.#options = options;
  }

  /** The live plans of a version are these now. */
  changed(datasetId: number, version: number, plans: readonly JobPlan[]): void {
    const ahead = plans.filter(({ live }) => live?.files.areStriped === false);
    if (ahead.length >= MIN_PLANS) {
      this.#wanted.set(datasetId, ahead);
      void this.#begin(datasetId, version, ahead);
      return;
    }
    const used = this.#used.get(datasetId);
    this.#wanted.delete(datasetId);
    if (used?.version !== version) return;
    this.#used.delete(datasetId);
    this.#options.setLookAhead(datasetId, undefined);
  }

  /** A job has gone on. */
  advanced(plan: JobPlan): void {
    const { planId, datasetId } = plan.told;
    const { live } = plan;
    if (live === undefined) return;
    const { position } = live.cursor;
    if (!this.#paces.has(planId)) {
      this.#paces.set(planId, { sinceMs: this.#options.clock.monotonicMs(), from: position });
    }
    const used = this.#used.get(datasetId);
    if (!used?.told.has(planId)) return;
    const { length } = live.orders;
    const epoch = Math.floor(position / length);
    used.lookAhead.advance(String(planId), epoch, position % length);
    if ((used.told.get(planId) ?? 0) <= epoch) this.#tell(used, plan);
  }

  async #begin(datasetId: number, version: number, plans: readonly JobPlan[]): Promise<void> {
    const { indexOf, setLookAhead, log } = this.#options;
    const opened = plans[0]?.opened;
    if (opened === undefined) return;
    const index = await indexOf(opened).catch((error: unknown) => {
      log.info({ err: error, datasetId, version }, 'no look-ahead without a block index');
      return undefined;
    });
    if (index === undefined || this.#wanted.get(datasetId) !== plans) return;
    const { firstBlock, band } = index;
    const used = { version, lookAhead: new LookAhead(), firstBlock, told: new Map() };
    this.#used.set(datasetId, used);
    for (const plan of plans) this.#tell(used, plan);
    setLookAhead(datasetId, { plan: used.lookAhead, firstBlock, band });
  }

  /** The epoch that a job reads, and the next. */
  #tell({ lookAhead, firstBlock, told }: Used, plan: JobPlan): void {
    const { live } = plan;
    if (live === undefined) return;
    const { orders, files, cursor } = live;
    const { planId } = plan.told;
    const { position } = cursor;
    const perObject = this.#perSampleMs(plan);
    const nowMs = this.#options.clock.monotonicMs();
    const epoch = Math.floor(position / orders.length);
    for (const it of [epoch, epoch + 1]) {
      const begins = it * orders.length;
      if (begins >= orders.total) continue;
      const startsAt = nowMs + (begins - position) * perObject;
      const rows = orders.epoch(it).map((i) => rowOf(firstBlock, files.firstBlocks[i] ?? 0));
      lookAhead.addEpoch(String(planId), it, rows, { startsAt, perObject });
    }
    lookAhead.advance(String(planId), epoch, position % orders.length);
    told.set(planId, epoch + 1);
  }

  #perSampleMs(plan: JobPlan): number {
    const own = this.#measuredMs(plan);
    if (own !== undefined) return own;
    const others = (this.#wanted.get(plan.told.datasetId) ?? []).flatMap(
      (other) => this.#measuredMs(other) ?? [],
    );
    return others.length === 0 ? ANY_MS : others.reduce((sum, ms) => sum + ms, 0) / others.length;
  }

  #measuredMs({ told, live }: JobPlan): number | undefined {
    const pace = this.#paces.get(told.planId);
    const samples = (live?.cursor.position ?? 0) - (pace?.from ?? 0);
    if (pace === undefined || samples <= 0) return undefined;
    return Math.max(0.001, (this.#options.clock.monotonicMs() - pace.sinceMs) / samples);
  }
}

/** The row that begins with a block; where there is none (an empty file) the one after the last. */
function rowOf(firstBlock: Uint32Array, block: number): number {
  let low = 0;
  let high = firstBlock.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((firstBlock[middle] ?? 0) < block) low = middle + 1;
    else high = middle;
  }
  return firstBlock[low] === block ? low : firstBlock.length;
}
