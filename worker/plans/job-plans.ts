/**
 * The plans of the jobs that run, on this worker: told by the master, made ready in the background, followed as files
 * are read, and dropped where reads do not follow them.
 *
 * Always true: a plan costs performance at most. One that cannot be made ready, or is not followed, explains nothing,
 * fetches nothing and decides no eviction from then on; its reason is in the status and the log.
 *
 * Memory: at most `MAX_FILES` of all plans together, some 50 bytes each.
 *
 * Leaves to others: fetching ahead (`worker/prefetch`), what look-ahead evicts (`worker/admission`).
 */
import { asLarderError, untilAborted } from '../../common/index.ts';
import type { Clock, Logger } from '../../common/index.ts';
import type { OpenedVersion, Versions } from '../versions.ts';
import { JobPlan } from './job-plan.ts';
import type { PlanStatus, ToldPlan } from './job-plan.ts';
import { findFiles } from './plan-files.ts';
import type { PlanUses } from './plan-uses.ts';

export interface JobPlansOptions {
  readonly versions: Pick<Versions, 'get'>;
  readonly uses: Pick<PlanUses, 'changed' | 'advanced'>;
  /** Of all reads, how many this worker sees: 0 … 1. */
  readonly share: () => number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** 400 MB; a plan that would exceed it is dropped. */
const MAX_FILES = 8 * 1024 * 1024;
/**
 * A file that is read in pieces is touched by each: so many files ago, or so many of those that are seen here, it strays
 * no second time.
 */
const MAX_RECENT = 256;
const RECENT_SHARE = 1 / 16;

export class JobPlans implements AsyncDisposable {
  readonly #options: JobPlansOptions;
  readonly #plans = new Map<number, JobPlan>();
  readonly #recent = new Map<string, Set<number>>();
  readonly #closing = new AbortController();
  readonly #listeners: ((plan: JobPlan) => void)[] = [];
  #preparing: Promise<void> = Promise.resolve();

  constructor(options: JobPlansOptions) {
    this.#options = options;
  }

  /** Called with each plan that is ready. */
  onReady(listener: (plan: JobPlan) => void): void {
    this.#listeners.push(listener);
  }

  /** Told again: nothing new. */
  tell(told: ToldPlan): void {
    if (this.#plans.has(told.planId)) return;
    const plan = new JobPlan(told);
    this.#plans.set(told.planId, plan);
    // One after the other: nobody waits for them.
    this.#preparing = this.#preparing.then(() => this.#prepare(plan));
  }

  /** All others have ended. */
  keep(planIds: ReadonlySet<number>): void {
    for (const [planId, plan] of this.#plans) {
      if (planIds.has(planId)) continue;
      this.#plans.delete(planId);
      plan.drop('it has ended');
      this.#changed(plan);
    }
    if (this.#plans.size === 0) this.#recent.clear();
  }

  /** Of a version, those that are to be followed now. */
  liveOf(opened: OpenedVersion): JobPlan[] {
    return [...this.#plans.values()].filter((plan) => plan.live !== undefined && plan.isOf(opened));
  }

  /** A file of a version was read. */
  read(opened: OpenedVersion, ordinal: number): void {
    const plans = this.liveOf(opened);
    if (plans.length === 0) return;
    const isSameRead = this.#isSameRead(opened, ordinal, plans);
    const followed = plans.filter((plan) => plan.read(ordinal));
    for (const plan of followed) {
      plan.opened = opened;
      this.#options.uses.advanced(plan);
    }
    if (followed.length > 0 || isSameRead) return;
    for (const plan of plans) if (plan.stray(ordinal)) this.#ended(plan);
  }

  list(): PlanStatus[] {
    return [...this.#plans.values()].map(({ status }) => status);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#preparing;
  }

  async #prepare(plan: JobPlan): Promise<void> {
    const { versions, clock, log } = this.#options;
    const { planId, datasetId, version, plan: said } = plan.told;
    const { signal } = this.#closing;
    try {
      if (signal.aborted || !this.#plans.has(planId)) return;
      const opened = await versions.get(datasetId, version, signal);
      await untilAborted(opened.replica.copied, signal);
      const files = await findFiles(opened.replica.reader, said.files, { clock, signal });
      if (!this.#plans.has(planId)) return;
      const planned = this.#files();
      if (planned + files.ordinals.length > MAX_FILES) plan.drop('too many files are planned here');
      else plan.prepare(opened, files, this.#options.share);
    } catch (error) {
      if (signal.aborted) return;
      plan.drop(asLarderError(error).message);
    }
    const { state, samples, reason } = plan.status;
    if (state === 'dropped') {
      log.warn({ plan: planId, job: said.job, reason }, 'a plan was dropped');
      return;
    }
    log.info({ plan: planId, job: said.job, samples }, 'a plan is ready');
    this.#changed(plan);
    for (const listener of this.#listeners) listener(plan);
  }

  /** Of all plans that are ready. */
  #files(): number {
    let files = 0;
    for (const { live } of this.#plans.values()) files += live?.files.ordinals.length ?? 0;
    return files;
  }

  #ended(plan: JobPlan): void {
    const { log } = this.#options;
    const { planId, plan: said } = plan.told;
    const { state, reason, strayed, followed } = plan.status;
    const facts = { plan: planId, job: said.job, reason, followed, strayed };
    if (state === 'dropped') log.warn(facts, 'a plan was dropped');
    else log.info(facts, 'a plan is over');
    this.#changed(plan);
  }

  #changed({ told: { datasetId, version } }: JobPlan): void {
    const plans = [...this.#plans.values()].filter(
      ({ told, live }) =>
        live !== undefined && told.datasetId === datasetId && told.version === version,
    );
    this.#options.uses.changed(datasetId, version, plans);
  }

  #isSameRead({ dataset, version }: OpenedVersion, ordinal: number, plans: JobPlan[]): boolean {
    const key = `${String(dataset.id)}/${String(version)}`;
    const recent = this.#recent.get(key) ?? new Set();
    this.#recent.set(key, recent);
    if (recent.has(ordinal)) return true;
    recent.add(ordinal);
    const samples = Math.min(...plans.map(({ live }) => live?.orders.length ?? 0));
    const most = Math.min(MAX_RECENT, samples * this.#options.share() * RECENT_SHARE);
    for (const first of recent) {
      if (recent.size <= most) break;
      recent.delete(first);
    }
    return false;
  }
}
