/**
 * What jobs of a scheduler want to find in the cache: one record for each job and dataset, and the preload that gets it.
 *
 * Always true: asked twice for the same, a job has one stage of a dataset; a stage outlives restarts of the master; a
 * preload of a stage is joined by stages alone, and what it has loaded is released with the last job that has it.
 *
 * `Preloads` loads, `Protections` keeps.
 */
import { hasCode, LarderError } from '../common/index.ts';
import { Turns } from './async.ts';
import type { Catalog } from './catalog.ts';
import type { CatalogStore } from './catalog-store.ts';
import type { Preloads } from './preloads.ts';
import type { StageRecord } from './records.ts';

export interface StageRequest {
  /** Of the scheduler: unique among its jobs. */
  readonly job: string;
  readonly dataset: string;
  /** 0: the latest, when it is asked for first. */
  readonly version: number;
  /** How long it is protected from eviction after it is loaded, unless the job is released before. */
  readonly keepMs: number;
  /** From now on: what is missing then is not waited for; 0: none. */
  readonly deadlineMs: number;
}

/** `running` until everything has ended; `partial` where something of it could be had. */
export type StageState = 'running' | 'complete' | 'partial' | 'failed';

export interface StagedDataset {
  readonly dataset: string;
  readonly version: number;
  readonly preload: number;
  readonly state: StageState;
  readonly heldBytes: number;
  readonly targetBytes: number;
}

export interface StagedJob {
  readonly job: string;
  readonly state: StageState;
  readonly datasets: readonly StagedDataset[];
}

export interface StagesOptions {
  readonly records: readonly StageRecord[];
  readonly catalog: Pick<Catalog, 'byName' | 'version'>;
  readonly store: Pick<CatalogStore, 'putStage' | 'deleteStage'>;
  readonly preloads: Pick<Preloads, 'start' | 'show' | 'cancel' | 'release'>;
}

const JOB = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

export class Stages {
  readonly #options: StagesOptions;
  /** By job and dataset. */
  readonly #records = new Map<string, StageRecord>();
  /** Two equal ones that come together are one. */
  readonly #turns = new Turns();

  constructor(options: StagesOptions) {
    this.#options = options;
    for (const record of options.records) this.#records.set(keyOf(record), record);
  }

  /**
   * Starts to load a dataset for a job, or joins what was started for it.
   *
   * @throws {LarderError} `NOT_FOUND`, `INVALID_ARGUMENT`; `ALREADY_EXISTS` where the job has another version of it
   */
  async stage(request: StageRequest): Promise<StagedJob> {
    checkJob(request.job);
    if (!(request.keepMs > 0)) {
      throw new LarderError('INVALID_ARGUMENT', { keep: request.keepMs, expected: 'more than 0' });
    }
    return await this.#turns.take(async () => {
      await this.#forgetGone();
      const known = this.#records.get(keyOf(request));
      if (known === undefined || !(await this.#isGoingOn(known, request))) {
        await this.#begin(request);
      }
      return await this.#show(request.job);
    });
  }

  /** @throws {LarderError} `NOT_FOUND` where nothing is staged for it */
  async show(job: string): Promise<StagedJob> {
    checkJob(job);
    return await this.#show(job);
  }

  /** Ends what still loads for the job, and lets what was loaded be evicted. Of an unknown job: nothing to do. */
  async release(job: string): Promise<{ readonly released: number }> {
    checkJob(job);
    return await this.#turns.take(async () => {
      const own = this.#of(job);
      for (const record of own) await this.#end(record);
      return { released: own.length };
    });
  }

  async #begin({ job, dataset, version, keepMs, deadlineMs }: StageRequest): Promise<void> {
    const { catalog, preloads, store } = this.#options;
    const { number } = catalog.version(catalog.byName(dataset), version);
    const request = { dataset, version: number, keepMs, deadlineMs, paths: [], listed: [] };
    const limits = { budgetBytes: 0, bandwidthBytes: 0, priority: 0 };
    const copies = { replicas: 0, on: [], isVerified: false, changedSince: 0 };
    const how = { ...copies, isDetached: true, isStaged: true };
    const { id } = await preloads.start({ ...request, ...limits, ...how });
    const record = { job, dataset, version: number, preload: id };
    await store.putStage(record);
    this.#records.set(keyOf(record), record);
  }

  /** One that could get nothing is tried again. */
  async #isGoingOn(known: StageRecord, request: StageRequest): Promise<boolean> {
    const { dataset, version } = request;
    if (version !== 0 && version !== known.version) {
      const has = `${dataset}@v${String(known.version)}`;
      throw new LarderError('ALREADY_EXISTS', { job: request.job, has, asked: `v${version}` });
    }
    return (await this.#staged(known))?.state !== 'failed';
  }

  async #end(record: StageRecord): Promise<void> {
    const { preloads, store } = this.#options;
    const { preload } = record;
    const others = [...this.#records.values()].filter((it) => it.preload === preload);
    if (others.length === 1) {
      try {
        preloads.cancel(preload);
        await preloads.release(preload);
      } catch (error) {
        if (!hasCode(error, 'NOT_FOUND')) throw error;
      }
    }
    await store.deleteStage(record);
    this.#records.delete(keyOf(record));
  }

  /** Of preloads that are remembered no more: nothing is protected any more. */
  async #forgetGone(): Promise<void> {
    for (const record of [...this.#records.values()]) {
      if ((await this.#staged(record)) === undefined) await this.#end(record);
    }
  }

  async #show(job: string): Promise<StagedJob> {
    const datasets: StagedDataset[] = [];
    for (const record of this.#of(job)) {
      const staged = await this.#staged(record);
      if (staged !== undefined) datasets.push(staged);
    }
    if (datasets.length === 0) throw new LarderError('NOT_FOUND', { job });
    return { job, state: together(datasets.map(({ state }) => state)), datasets };
  }

  #of(job: string): StageRecord[] {
    return [...this.#records.values()].filter((record) => record.job === job);
  }

  async #staged({ dataset, version, preload }: StageRecord): Promise<StagedDataset | undefined> {
    try {
      const { progress } = await this.#options.preloads.show(preload);
      const heldBytes = Number(progress?.held_bytes ?? 0);
      const targetBytes = Number(progress?.target_bytes ?? 0);
      const state = stateOf(String(progress?.state ?? 'PENDING'));
      return { dataset, version, preload, state, heldBytes, targetBytes };
    } catch (error) {
      if (hasCode(error, 'NOT_FOUND')) return undefined;
      throw error;
    }
  }
}

function keyOf({ job, dataset }: Pick<StageRecord, 'job' | 'dataset'>): string {
  return `${job}/${dataset}`;
}

function checkJob(job: string): void {
  if (JOB.test(job)) return;
  const expected = 'letters, digits, ".", "_", ":" and "-" (128 at most)';
  throw new LarderError('INVALID_ARGUMENT', { job, expected });
}

function stateOf(state: string): StageState {
  switch (state) {
    case 'COMPLETE':
      return 'complete';
    case 'PARTIAL':
      return 'partial';
    case 'CANCELLED':
    case 'FAILED':
      return 'failed';
    default:
      return 'running';
  }
}

function together(states: readonly StageState[]): StageState {
  if (states.includes('running')) return 'running';
  const [first = 'failed'] = states;
  return states.every((state) => state === first) ? first : 'partial';
}
