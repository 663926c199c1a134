/**
 * The plans of the jobs that run: kept on disk, told to every worker, and ended when their time is over, when somebody
 * says that the job is, or when their version is gone.
 *
 * Always true: a job has one plan; a worker that joins is told all plans, and then which live, so that it forgets the
 * others; at most `MAX_PLANS` live.
 *
 * Leaves to others: the orders themselves, and whether a job follows its plan (workers compute and see both).
 */
import { LarderError } from '../common/index.ts';
import type { Clock, Logger } from '../common/index.ts';
import { MAX_PLANS, parsePlan } from '../common/plans/index.ts';
import type { MasterMessage } from '../proto/generated/larder/v1/MasterMessage.ts';
import type { PlanInfo } from '../proto/generated/larder/v1/PlanInfo.ts';
import type { Catalog } from './catalog.ts';
import type { CatalogStore } from './catalog-store.ts';
import type { PlanRecord } from './records.ts';
import type { WorkerSession } from './worker-session.ts';
import type { Workers } from './workers.ts';

export interface PlansOptions {
  readonly catalog: Pick<Catalog, 'byName' | 'find' | 'version'>;
  readonly store: Pick<CatalogStore, 'next' | 'putPlan' | 'deletePlan'>;
  readonly workers: Pick<Workers, 'sessions' | 'status' | 'changed'>;
  readonly clock: Clock;
  readonly log: Logger;
}

export class Plans implements AsyncDisposable {
  readonly #options: PlansOptions;
  readonly #plans = new Map<string, PlanRecord>();
  /** Sessions that were told all that lives. */
  readonly #told = new WeakSet<WorkerSession>();
  readonly #closing = new AbortController();
  readonly #telling: Promise<void>;

  /** @param records of before this process */
  constructor(options: PlansOptions, records: readonly PlanRecord[]) {
    this.#options = options;
    for (const record of records) this.#plans.set(record.job, record);
    this.#telling = this.#tellJoined();
  }

  /** @throws {LarderError} `INVALID_ARGUMENT`, `NOT_FOUND`, `BUSY` where there are too many */
  async start(text: string): Promise<PlanInfo> {
    const { catalog, store, clock, log } = this.#options;
    const plan = parsePlan(text);
    const dataset = catalog.byName(plan.dataset);
    const { number: version } = catalog.version(dataset, plan.version);
    if (!this.#plans.has(plan.job) && this.#plans.size >= MAX_PLANS) {
      throw new LarderError('BUSY', { what: 'plans', limit: MAX_PLANS });
    }
    const id = await store.next('plan');
    const endsAtMs = Math.round(clock.wallMs()) + plan.keepSeconds * 1_000;
    const record = { id, datasetId: dataset.id, version, job: plan.job, endsAtMs, plan: text };
    await store.putPlan(record);
    const before = this.#plans.get(plan.job);
    this.#plans.set(plan.job, record);
    if (before !== undefined) await this.#forget(before);
    log.info({ plan: id, job: plan.job, dataset: plan.dataset, version }, 'a job has a plan');
    this.#tell(planMessage(record), this.#live());
    return this.#info(record);
  }

  list(): PlanInfo[] {
    return [...this.#plans.values()].map((record) => this.#info(record));
  }

  /** @throws {LarderError} `NOT_FOUND` */
  async end(job: string): Promise<void> {
    const record = this.#plans.get(job);
    if (record === undefined) throw new LarderError('NOT_FOUND', { plan: job });
    await this.#end(record, 'somebody said so');
  }

  /** To be called now and then. */
  tick(): void {
    const { catalog, clock, log } = this.#options;
    for (const record of this.#plans.values()) {
      const isGone = !hasVersion(catalog, record);
      if (!isGone && clock.wallMs() < record.endsAtMs) continue;
      this.#end(record, isGone ? 'its version is gone' : 'its time is over').catch(
        (error: unknown) => {
          log.warn({ err: error, job: record.job }, 'the end of a plan could not be kept');
        },
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new LarderError('CANCELLED'));
    await this.#telling;
  }

  async #end(record: PlanRecord, why: string): Promise<void> {
    if (this.#plans.get(record.job) === record) this.#plans.delete(record.job);
    this.#options.log.info({ plan: record.id, job: record.job, why }, 'a plan has ended');
    this.#tell(this.#live());
    await this.#forget(record);
  }

  async #forget({ id }: PlanRecord): Promise<void> {
    await this.#options.store.deletePlan(id);
  }

  async #tellJoined(): Promise<void> {
    const { workers } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const changed = workers.changed.wait(signal);
      for (const session of workers.sessions()) {
        if (this.#told.has(session)) continue;
        this.#told.add(session);
        for (const record of this.#plans.values()) void session.send(planMessage(record));
        void session.send(this.#live());
      }
      await changed.catch(() => undefined);
    }
  }

  #tell(...messages: readonly MasterMessage[]): void {
    for (const session of this.#options.workers.sessions()) {
      // Whoever joins now is told everything.
      if (!this.#told.has(session)) continue;
      for (const message of messages) void session.send(message);
    }
  }

  #live(): MasterMessage {
    return { live_plans: { plan_ids: [...this.#plans.values()].map(({ id }) => id) } };
  }

  #info({ id, job, datasetId, version, endsAtMs, plan }: PlanRecord): PlanInfo {
    const { workers, catalog, clock } = this.#options;
    return {
      plan_id: id,
      ...{ job, version },
      dataset: catalog.find(datasetId)?.name ?? '',
      sampler: parsePlan(plan).sampler,
      keep_ms: Math.max(0, Math.round(endsAtMs - clock.wallMs())),
      workers: workers
        .status()
        .flatMap(({ member, alive, plans = [] }) =>
          alive === true
            ? plans
                .filter((it) => it.plan_id === id)
                .map((it) => ({ ...it, worker_id: member?.worker_id ?? '' }))
            : [],
        ),
    };
  }
}

function planMessage({ id, datasetId, version, plan }: PlanRecord): MasterMessage {
  return { job_plan: { plan_id: id, dataset_id: datasetId, version, plan } };
}

function hasVersion(catalog: PlansOptions['catalog'], record: PlanRecord): boolean {
  const dataset = catalog.find(record.datasetId);
  if (dataset === undefined) return false;
  try {
    catalog.version(dataset, record.version);
    return true;
  } catch {
    return false;
  }
}
