/**
 * The preloads of this master: numbers, watchers, and what is remembered of them.
 *
 * Always true: a number is never given again; a preload goes on after a restart of the master, under its
 * number; one that nobody watches for a while is cancelled; the last hundred that ended can still be
 * asked for.
 */
import { LarderError, untilAborted } from '../common/index.ts';
import type { Clock, Logger } from '../common/index.ts';
import type { PreloadProgress } from '../proto/generated/larder/v1/PreloadProgress.ts';
import { datasetInfo } from './catalog.ts';
import type { Catalog } from './catalog.ts';
import type { CatalogStore } from './catalog-store.ts';
import type { DataDirectory } from './data-directory.ts';
import { openManifest } from './manifests.ts';
import type { MasterTimes } from './options.ts';
import { PreloadJob } from './preload-job.ts';
import { resolvePaths } from './preload-target.ts';
import type { DatasetRecord, PreloadRecord } from './records.ts';
import type { Workers } from './workers.ts';

export interface PreloadsOptions {
  readonly catalog: Catalog;
  readonly store: CatalogStore;
  readonly directory: DataDirectory;
  readonly workers: Workers;
  readonly clock: Clock;
  readonly log: Logger;
  readonly times: MasterTimes;
}

export interface PreloadRequest {
  readonly dataset: string;
  /** 0: the latest. */
  readonly version: number;
  /** Files or directories below the root; none: everything. */
  readonly paths: readonly Buffer[];
}

interface Watched {
  readonly job: PreloadJob;
  readonly done: Promise<void>;
  watchers: number;
  /** Since when nobody watches. */
  unwatchedMs: number;
}

const REMEMBERED = 100;

export class Preloads {
  readonly #options: PreloadsOptions;
  readonly #jobs = new Map<number, Watched>();
  #closing = false;

  constructor(options: PreloadsOptions) {
    this.#options = options;
  }

  /** @throws {LarderError} `NOT_FOUND`, `INVALID_ARGUMENT` */
  async start(request: PreloadRequest): Promise<number> {
    const { catalog, store } = this.#options;
    const dataset = catalog.byName(request.dataset);
    const { number: version } = catalog.version(dataset, request.version);
    const id = await store.next('preload');
    const paths = request.paths.map((path) => path.toString('base64'));
    const record = { id, datasetId: dataset.id, version, paths };
    const job = this.#open(dataset, record);
    await store.putPreload(record);
    this.#run(id, job);
    return id;
  }

  /** Goes on with what was not at its end when the master stopped. */
  async resume(records: readonly PreloadRecord[]): Promise<void> {
    const { catalog, store, log } = this.#options;
    for (const record of records) {
      try {
        this.#run(record.id, this.#open(catalog.byId(record.datasetId), record));
      } catch (error) {
        log.warn({ err: error, preload: record.id }, 'a preload cannot go on');
        await store.deletePreload(record.id);
      }
    }
  }

  /** Progress now, after each change (at most every `progressMs`), and the final state. */
  async *watch(id: number, signal: AbortSignal): AsyncGenerator<PreloadProgress, void, undefined> {
    const watched = this.#job(id);
    const { clock, times } = this.#options;
    watched.watchers += 1;
    try {
      for (let told = ''; ;) {
        const changed = watched.job.changed.wait();
        const progress = watched.job.progress();
        const text = JSON.stringify({ ...progress, failures: [] });
        if (text !== told) yield progress;
        told = text;
        if (progress.state !== 'PENDING' && progress.state !== 'RUNNING') return;
        await clock.sleep(times.progressMs, signal);
        await untilAborted(changed, signal);
      }
    } finally {
      watched.watchers -= 1;
      watched.unwatchedMs = clock.monotonicMs();
    }
  }

  /** Of one that has ended: nothing to do. @throws {LarderError} `NOT_FOUND` */
  cancel(id: number): void {
    this.#job(id).job.cancel();
  }

  /** To be called now and then. */
  tick(): void {
    const { clock, times, log } = this.#options;
    const nowMs = clock.monotonicMs();
    for (const [id, { job, watchers, unwatchedMs }] of this.#jobs) {
      if (job.final || watchers > 0 || nowMs - unwatchedMs < times.watcherGraceMs) continue;
      log.info({ preload: id }, 'nobody watches this preload');
      job.cancel();
    }
  }

  /** Stops them where they are; the next start goes on. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const { job } of this.#jobs.values()) job.cancel();
    await Promise.all([...this.#jobs.values()].map(({ done }) => done));
  }

  #open(dataset: DatasetRecord, record: PreloadRecord): PreloadJob {
    const { catalog, directory, workers, clock, log, times } = this.#options;
    const version = catalog.version(dataset, record.version);
    const manifest = openManifest(directory.manifestPath(version));
    try {
      const paths = record.paths.map((path) => Buffer.from(path, 'base64'));
      return new PreloadJob({
        id: record.id,
        dataset: datasetInfo(dataset, version),
        version: version.number,
        roots: resolvePaths(manifest.reader, paths),
        manifest,
        workers,
        clock,
        log,
        times,
      });
    } catch (error) {
      manifest[Symbol.dispose]();
      throw error;
    }
  }

  #run(id: number, job: PreloadJob): void {
    const { clock, store, log } = this.#options;
    const run = async () => {
      await job.run();
      if (!this.#closing) await store.deletePreload(id);
    };
    const done = run().catch((error: unknown) => {
      log.error({ err: error, preload: id }, 'the end of a preload could not be kept');
    });
    this.#jobs.set(id, { job, done, watchers: 0, unwatchedMs: clock.monotonicMs() });
    this.#forgetOld();
  }

  #job(id: number): Watched {
    const watched = this.#jobs.get(id);
    if (watched === undefined) throw new LarderError('NOT_FOUND', { preload: id });
    return watched;
  }

  #forgetOld(): void {
    const ended = [...this.#jobs].filter(([, { job }]) => job.final);
    for (const [id] of ended.slice(0, Math.max(0, ended.length - REMEMBERED)))
      this.#jobs.delete(id);
  }
}
