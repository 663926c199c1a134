/**
 * The preloads of this master: numbers, watchers, and what is remembered of them.
 *
 * Always true: a number is never given again; a preload goes on after a restart of the master, under its
 * number; one that is not detached, and that nobody watches for a while, is cancelled; the last hundred that
 * ended can still be asked for, also after a restart; of two that are equal only one runs.
 */
import { LarderError, Placement, untilAborted } from '../common/index.ts';
import type { Clock, Logger } from '../common/index.ts';
import type { PreloadEstimate } from '../proto/generated/larder/v1/PreloadEstimate.ts';
import type { PreloadInfo } from '../proto/generated/larder/v1/PreloadInfo.ts';
import type { PreloadProgress } from '../proto/generated/larder/v1/PreloadProgress.ts';
import { datasetInfo } from './catalog.ts';
import type { Catalog } from './catalog.ts';
import type { CatalogStore } from './catalog-store.ts';
import type { DataDirectory } from './data-directory.ts';
import { openManifest } from './manifests.ts';
import type { OpenManifest } from './manifests.ts';
import { namedWorkers } from './named-workers.ts';
import type { MasterTimes } from './options.ts';
import { estimate } from './preload-estimate.ts';
import { isFinal, PreloadJob } from './preload-job.ts';
import { outcomeOf, progressFrom, retryPaths } from './preload-outcome.ts';
import { checkPaths } from './preload-paths.ts';
import { knownRate, limitOf } from './preload-rate.ts';
import {
  checkCopies,
  checkRequest,
  hasCopies,
  isSameWork,
  KEEP_FOREVER,
  pathsOf,
  recordOf,
} from './preload-spec.ts';
import type { PreloadRequest } from './preload-spec.ts';
import type { Protections } from './protections.ts';
import type { DatasetRecord, PreloadRecord } from './records.ts';
import type { Workers } from './workers.ts';

export interface PreloadsOptions {
  readonly catalog: Catalog;
  readonly store: CatalogStore;
  readonly directory: DataDirectory;
  readonly workers: Workers;
  readonly protections: Protections;
  readonly clock: Clock;
  readonly log: Logger;
  readonly times: MasterTimes;
}

export interface Started {
  readonly id: number;
  /** An equal one was running. */
  readonly joined: boolean;
}

interface Entry {
  record: PreloadRecord;
  /** Unset: it has ended. */
  job: PreloadJob | undefined;
  done: Promise<void>;
  watchers: number;
  /** Since when nobody watches. */
  unwatchedMs: number;
}

const REMEMBERED = 100;

export class Preloads {
  readonly #options: PreloadsOptions;
  /** By number, the oldest first. */
  readonly #entries = new Map<number, Entry>();
  #closing = false;

  constructor(options: PreloadsOptions) {
    this.#options = options;
  }

  /** @throws {LarderError} `NOT_FOUND`, `INVALID_ARGUMENT` */
  async start(request: PreloadRequest): Promise<Started> {
    const { store } = this.#options;
    const { dataset, facts } = this.#check(request);
    const wanted = recordOf(request, { ...facts, id: 0 });
    const same = () => this.#running().find(({ record }) => isSameWork(record, wanted));
    const id = same() === undefined ? await store.next('preload') : 0;
    // Another may have begun meanwhile; from here to where it is remembered nobody else runs.
    const other = same();
    if (other !== undefined) return await this.#join(other, request);
    const record = { ...wanted, id };
    const entry = this.#remember(record, this.#open(dataset, record, { isNew: true }));
    await this.#persist(entry);
    this.#run(entry);
    return { id, joined: false };
  }

  /** @throws {LarderError} `NOT_FOUND`, `INVALID_ARGUMENT` */
  async estimate(request: PreloadRequest): Promise<PreloadEstimate> {
    const { catalog, workers, clock } = this.#options;
    const { dataset, facts } = this.#check(request);
    const { version } = facts;
    using manifest = this.#manifest(dataset, version);
    checkPaths(manifest.reader, request);
    const records = [...this.#entries.values()].map(({ record }) => record);
    const rate = knownRate(dataset, request.bandwidthBytes, records);
    const info = datasetInfo(dataset, catalog.version(dataset, version));
    return await estimate({
      ...{ request, dataset: info, manifest, workers, clock, rate },
      copies: recordOf(request, { ...facts, id: 0 }),
      openVersion: (number) => this.#manifest(dataset, number),
    });
  }

  /** Goes on with what was not at its end when the master stopped. */
  async resume(records: readonly PreloadRecord[]): Promise<void> {
    const { catalog, store, log } = this.#options;
    for (const record of records) {
      if (record.outcome !== undefined) {
        this.#remember(record);
        continue;
      }
      try {
        const dataset = catalog.byId(record.datasetId);
        this.#run(this.#remember(record, this.#open(dataset, record, { isNew: false })));
      } catch (error) {
        log.warn({ err: error, preload: record.id }, 'a preload cannot go on');
        await store.deletePreload(record.id);
      }
    }
  }

  /** Progress now, after each change (at most every `progressMs`), and the final state. */
  async *watch(id: number, signal: AbortSignal): AsyncGenerator<PreloadProgress, void, undefined> {
    const entry = this.#entry(id);
    const { job } = entry;
    if (job === undefined) {
      yield progressOf(entry);
      return;
    }
    const { clock, times } = this.#options;
    entry.watchers += 1;
    try {
      for (let told = ''; ;) {
        const changed = job.changed.wait();
        const progress = job.progress();
        const text = JSON.stringify({ ...progress, failures: [] });
        if (text !== told) yield progress;
        told = text;
        if (isFinal(progress.state)) return;
        await clock.sleep(times.progressMs, signal);
        await untilAborted(changed, signal);
      }
    } finally {
      entry.watchers -= 1;
      entry.unwatchedMs = clock.monotonicMs();
    }
  }

  /** The newest first, without failures. */
  list(): PreloadInfo[] {
    return [...this.#entries.values()].reverse().map((entry) => {
      const info = this.#info(entry);
      return { ...info, progress: { ...info.progress, failures: [] } };
    });
  }

  /** @throws {LarderError} `NOT_FOUND` */
  async show(id: number): Promise<PreloadInfo> {
    return this.#info(await this.#settled(id));
  }

  /** Of one that has ended: nothing to do. @throws {LarderError} `NOT_FOUND` */
  cancel(id: number): void {
    this.#entry(id).job?.cancel();
  }

  /**
   * A new one of what this one could not get.
   *
   * @throws {LarderError} `NOT_FOUND`; `INVALID_ARGUMENT` where it still runs, or nothing has failed
   */
  async retry(id: number, isDetached: boolean): Promise<Started> {
    const { record } = await this.#settled(id);
    const { outcome } = record;
    if (outcome === undefined) {
      throw new LarderError('INVALID_ARGUMENT', { preload: id, expected: 'one that has ended' });
    }
    const left = retryPaths(record, outcome);
    if (left === undefined) {
      const what = 'nothing of it has failed that could be had now';
      throw new LarderError('INVALID_ARGUMENT', { preload: id, what });
    }
    const { budgetBytes = 0, bandwidthBytes = 0, deadlineMs = 0, keepMs = 0 } = record;
    return await this.start({
      dataset: this.#options.catalog.byId(record.datasetId).name,
      version: record.version,
      ...pathsOf({ ...record, ...left }),
      ...{ budgetBytes, bandwidthBytes, deadlineMs, keepMs, isDetached },
      priority: record.priority ?? 0,
      replicas: record.replicas ?? 0,
      on: record.on ?? [],
      isVerified: record.verify === true,
      changedSince: record.changedSince ?? 0,
    });
  }

  /** What it has loaded, and what it still loads, may be evicted from now on. @throws {LarderError} `NOT_FOUND` */
  async release(id: number): Promise<void> {
    this.#entry(id);
    await this.#options.protections.release(id);
  }

  /** To be called now and then. */
  tick(): void {
    const { clock, times, log } = this.#options;
    const nowMs = clock.monotonicMs();
    for (const { record, job, watchers, unwatchedMs } of this.#running()) {
      if (record.isDetached === true || watchers > 0) continue;
      if (nowMs - unwatchedMs < times.watcherGraceMs) continue;
      log.info({ preload: record.id }, 'nobody watches this preload');
      job?.cancel();
    }
  }

  /** Stops them where they are; the next start goes on. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const { job } of this.#entries.values()) job?.cancel();
    await Promise.all([...this.#entries.values()].map(({ done }) => done));
  }

  /** @throws {LarderError} `NOT_FOUND`, `INVALID_ARGUMENT` */
  #check(request: PreloadRequest) {
    checkRequest(request);
    const { catalog, workers, clock } = this.#options;
    const { changedSince } = request;
    const dataset = catalog.byName(request.dataset);
    const { number: version } = catalog.version(dataset, request.version);
    if (changedSince > 0) catalog.version(dataset, changedSince);
    if (changedSince >= version) {
      throw new LarderError('INVALID_ARGUMENT', { changedSince, expected: 'an older version' });
    }
    const on = namedWorkers(workers.placement, request.on);
    const { number, members } = workers.placement;
    // Those that are leaving get no copies.
    checkCopies(request, on.length > 0 ? on.length : new Placement(number, members).members.length);
    return { dataset, facts: { datasetId: dataset.id, version, on, nowMs: clock.wallMs() } };
  }

  #running(): Entry[] {
    return [...this.#entries.values()].filter(({ job }) => job?.final === false);
  }

  async #join(entry: Entry, { isDetached }: PreloadRequest): Promise<Started> {
    const { store, clock } = this.#options;
    const { id } = entry.record;
    entry.unwatchedMs = clock.monotonicMs();
    if (isDetached && entry.record.isDetached !== true) {
      entry.record = { ...entry.record, isDetached };
      await store.putPreload(entry.record);
    }
    return { id, joined: true };
  }

  #manifest(dataset: DatasetRecord, version: number): OpenManifest {
    const { catalog, directory } = this.#options;
    return openManifest(directory.manifestPath(catalog.version(dataset, version)));
  }

  #open(dataset: DatasetRecord, record: PreloadRecord, { isNew }: { isNew: boolean }): PreloadJob {
    const { catalog, workers, protections, clock, log, times } = this.#options;
    const manifest = this.#manifest(dataset, record.version);
    try {
      checkPaths(manifest.reader, pathsOf(record));
      return new PreloadJob({
        ...{ record, manifest, workers, clock, log, times },
        openVersion: (version) => this.#manifest(dataset, version),
        dataset: datasetInfo(dataset, catalog.version(dataset, record.version)),
        isFirstAt: (workerId) => this.#isFirstAt(record, workerId),
        onTarget: async (blocks) => {
          const isEvictable = (record.keepMs ?? 0) === 0;
          if (isEvictable && !hasCopies(record)) return;
          const { id: preload, replicas = 0, on = [] } = record;
          const copies = hasCopies(record) ? { replicas, on, isEvictable } : {};
          await protections.protect({ preload, datasetId: dataset.id, ...copies }, blocks);
        },
        fastest: isNew
          ? () => limitOf(dataset, record.bandwidthBytes ?? 0)?.bytesPerSecond ?? 0
          : undefined,
      });
    } catch (error) {
      manifest[Symbol.dispose]();
      throw error;
    }
  }

  /** What cannot be written down does not begin. */
  async #persist({ record, job }: Entry): Promise<void> {
    try {
      await this.#options.store.putPreload(record);
    } catch (error) {
      this.#entries.delete(record.id);
      job?.cancel();
      await job?.run();
      throw error;
    }
  }

  #run(entry: Entry): void {
    const { log } = this.#options;
    const { job, record } = entry;
    if (job === undefined) return;
    entry.done = job
      .run()
      .then(() => (this.#closing ? undefined : this.#ended(entry, job)))
      .catch((error: unknown) => {
        log.error({ err: error, preload: record.id }, 'the end of a preload could not be kept');
      });
  }

  #remember(record: PreloadRecord, job?: PreloadJob): Entry {
    const unwatchedMs = this.#options.clock.monotonicMs();
    const entry = { record, job, done: Promise.resolve(), watchers: 0, unwatchedMs };
    this.#entries.set(record.id, entry);
    return entry;
  }

  async #ended(entry: Entry, job: PreloadJob): Promise<void> {
    const { store, clock, protections } = this.#options;
    const { id, keepMs = 0 } = entry.record;
    const outcome = outcomeOf(job.progress(), clock.wallMs());
    const isLoaded = outcome.state === 'COMPLETE' || outcome.state === 'PARTIAL';
    try {
      if (!isLoaded) await protections.release(id);
      else if (keepMs > 0 && keepMs !== KEEP_FOREVER) await protections.keepFor(id, keepMs);
      await store.putPreload({ ...entry.record, outcome });
    } finally {
      entry.record = { ...entry.record, outcome };
      entry.job = undefined;
    }
    await this.#forgetOld();
  }

  /** What is to be kept can be released, so it is remembered. */
  async #forgetOld(): Promise<void> {
    const { store, protections } = this.#options;
    const ended = [...this.#entries.values()].filter(
      ({ job, record }) => job === undefined && protections.of(record.id) === undefined,
    );
    for (const { record } of ended.slice(0, Math.max(0, ended.length - REMEMBERED))) {
      this.#entries.delete(record.id);
      await protections.release(record.id);
      await store.deletePreload(record.id);
    }
  }

  #entry(id: number): Entry {
    const entry = this.#entries.get(id);
    if (entry === undefined) throw new LarderError('NOT_FOUND', { preload: id });
    return entry;
  }

  /** Of one whose end was told, when that is written down. */
  async #settled(id: number): Promise<Entry> {
    const entry = this.#entry(id);
    if (entry.job?.final === true) await entry.done;
    return entry;
  }

  #isFirstAt({ id, priority = 0 }: PreloadRecord, workerId: string): boolean {
    return this.#running().every(({ record, job }) => {
      const goesFirst = record.id !== id && (record.priority ?? 0) > priority;
      return !goesFirst || job?.hasQueued(workerId) !== true;
    });
  }

  #info(entry: Entry): PreloadInfo & { readonly progress: PreloadProgress } {
    const { catalog, protections } = this.#options;
    const { id, datasetId, version, outcome, ...record } = entry.record;
    const kept = protections.of(id);
    return {
      progress: progressOf(entry),
      dataset: catalog.find(datasetId)?.name ?? '',
      version,
      started_at_ms: record.startedAtMs ?? 0,
      ended_at_ms: outcome?.endedAtMs ?? 0,
      kept: kept !== undefined,
      kept_until_ms: Math.round(kept?.untilMs ?? 0),
      priority: record.priority ?? 0,
      detached: record.isDetached === true,
    };
  }
}

function progressOf({ record, job }: Entry): PreloadProgress {
  if (job !== undefined) return job.progress();
  const { id, outcome } = record;
  if (outcome === undefined) return { preload_id: id };
  return { ...progressFrom(id, outcome), counts_copies: hasCopies(record) };
}
