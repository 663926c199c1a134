/**
 * Creates datasets and refreshes them: finds a worker that can list the origin, and publishes what the
 * listing became.
 *
 * Always true: one build per dataset at a time, a second one waits; a build that does not succeed leaves
 * nothing behind; when no worker can list, the error says why for each, with the origin's own code where
 * they agree.
 */
import {
  DEFAULT_SETTINGS,
  LarderError,
  asLarderError,
  withSetting,
  untilAborted,
} from '../common/index.ts';
import type { Clock, DatasetInfo, ErrorCode, Logger } from '../common/index.ts';
import type { ListingBatch__Output } from '../proto/generated/larder/v1/ListingBatch.ts';
import type { Catalog } from './catalog.ts';
import { dataDirectoryError } from './data-directory.ts';
import type { DataDirectory } from './data-directory.ts';
import type { Listings } from './listing.ts';
import { checkOrigin } from './origin-url.ts';
import type { DatasetRecord, VersionRecord } from './records.ts';
import { buildVersion } from './version-build.ts';
import type { BuiltVersion } from './version-build.ts';
import type { WorkerSession } from './worker-session.ts';
import type { Workers } from './workers.ts';

export interface BuildsOptions {
  readonly catalog: Catalog;
  readonly directory: DataDirectory;
  readonly workers: Workers;
  readonly listings: Listings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly workerWaitMs: number;
}

export interface BuildRequest {
  /** Aborted when whoever asked has gone away. */
  readonly signal: AbortSignal;
  onProgress(keysListed: number, worker: string): void;
}

export interface BuildOutcome {
  readonly dataset: DatasetRecord;
  readonly version: VersionRecord;
  readonly changes: BuiltVersion['changes'];
  readonly newVersion: boolean;
}

/** A failure of the worker or its origin, as opposed to one of the build. */
class WorkerFailed extends Error {
  override readonly name = 'WorkerFailed';
}

/** What a worker may fail with that says something about the request, not about the worker. */
const TELLING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ORIGIN_NOT_FOUND',
  'ORIGIN_DENIED',
  'ORIGIN_CREDENTIALS',
  'ORIGIN_UNREACHABLE',
  'ORIGIN_THROTTLED',
  'ORIGIN_BAD_RESPONSE',
  'LISTING_UNSORTED',
  'INVALID_ARGUMENT',
  'NOT_YET_AVAILABLE',
]);

export class Builds {
  readonly #options: BuildsOptions;
  /** The last build of each dataset that is being refreshed. */
  readonly #turns = new Map<number, Promise<unknown>>();
  readonly #running = new Set<Promise<unknown>>();

  constructor(options: BuildsOptions) {
    this.#options = options;
  }

  /**
   * @param settings keys as on the command line
   * @throws {LarderError} `INVALID_ARGUMENT`, `ALREADY_EXISTS`, `NO_WORKER`, `LISTING_FAILED`, origin
   *   errors, `LIMIT_EXCEEDED`, `CANCELLED`
   */
  async create(
    { name, origin, settings }: { name: string; origin: string; settings: Record<string, string> },
    request: BuildRequest,
  ): Promise<BuildOutcome> {
    const { catalog, clock } = this.#options;
    using _name = catalog.reserveName(name);
    checkOrigin(origin);
    let checked = DEFAULT_SETTINGS;
    for (const [key, value] of Object.entries(settings)) checked = withSetting(checked, key, value);
    const id = await catalog.nextDatasetId();
    const dataset: DatasetRecord = {
      id,
      name,
      origin,
      settings: checked,
      createdAtMs: Math.floor(clock.wallMs()),
      latestVersion: 0,
      nextBlock: 0,
      deletions: 0,
    };
    return await this.#build(dataset, undefined, request);
  }

  /** @throws {LarderError} as `create`; `NOT_FOUND` */
  async refresh(name: string, request: BuildRequest): Promise<BuildOutcome> {
    const { catalog } = this.#options;
    const { id } = catalog.byName(name);
    const turn = (this.#turns.get(id) ?? Promise.resolve()).catch(() => undefined);
    const build = untilAborted(turn, request.signal).then(() => {
      const dataset = catalog.byId(id);
      return this.#build(dataset, catalog.version(dataset, 0), request);
    });
    // Who is asked to wait next waits for the turn before as well: an aborted wait ends early.
    const done = Promise.allSettled([turn, build]);
    this.#turns.set(id, done);
    try {
      return await build;
    } finally {
      if (this.#turns.get(id) === done) this.#turns.delete(id);
    }
  }

  /** Resolves when no build runs any more; their requests were aborted before. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  async #build(
    dataset: DatasetRecord,
    previous: VersionRecord | undefined,
    request: BuildRequest,
  ): Promise<BuildOutcome> {
    const build = this.#buildAndPublish(dataset, previous, request);
    this.#running.add(build);
    try {
      return await build;
    } finally {
      this.#running.delete(build);
    }
  }

  async #buildAndPublish(
    dataset: DatasetRecord,
    previous: VersionRecord | undefined,
    request: BuildRequest,
  ): Promise<BuildOutcome> {
    const { catalog, directory } = this.#options;
    const id = { datasetId: dataset.id, number: dataset.latestVersion + 1 };
    try {
      const { version, changes, nextBlock } = await this.#tryWorkers(dataset, previous, request);
      if (version === undefined && previous !== undefined) {
        await directory.removeManifest(id);
        return { dataset, version: previous, changes, newVersion: false };
      }
      if (version === undefined) throw new Error('a first version is always new');
      const next = { ...dataset, latestVersion: version.number, nextBlock };
      await catalog.publish(next, version);
      return { dataset: catalog.byId(dataset.id), version, changes, newVersion: true };
    } catch (error) {
      await directory.removeManifest(id);
      throw dataDirectoryError(directory.path, error);
    }
  }

  async #tryWorkers(
    dataset: DatasetRecord,
    previous: VersionRecord | undefined,
    request: BuildRequest,
  ): Promise<BuiltVersion> {
    const failures = new Map<string, LarderError>();
    for (;;) {
      const session = await this.#nextWorker(failures, request.signal);
      if (session === undefined) throw combined(dataset, failures);
      try {
        return await this.#buildThrough(session, dataset, previous, request);
      } catch (error) {
        request.signal.throwIfAborted();
        if (!(error instanceof WorkerFailed)) throw error;
        const cause = asLarderError(error.cause);
        failures.set(session.workerId, cause);
        const facts = { worker: session.workerId, dataset: dataset.name, code: cause.code };
        this.#options.log.warn(facts, 'a worker could not list');
      }
    }
  }

  #buildThrough(
    session: WorkerSession,
    dataset: DatasetInfo & Pick<DatasetRecord, 'latestVersion' | 'nextBlock'>,
    previous: VersionRecord | undefined,
    request: BuildRequest,
  ): Promise<BuiltVersion> {
    const { catalog, directory, clock, listings } = this.#options;
    return buildVersion({
      catalog,
      directory,
      clock,
      dataset,
      number: dataset.latestVersion + 1,
      nextBlock: dataset.nextBlock,
      previous,
      batches: tagFailures(listings.list(session, dataset, request.signal)),
      onKeys: (keysListed) => {
        request.onProgress(keysListed, session.workerId);
      },
    });
  }

  /** One that was not tried; where none was there at all, waits a while for one to join. */
  async #nextWorker(
    tried: ReadonlyMap<string, unknown>,
    signal: AbortSignal,
  ): Promise<WorkerSession | undefined> {
    const { workers, clock, workerWaitMs } = this.#options;
    const untilMs = clock.monotonicMs() + workerWaitMs;
    for (;;) {
      const changed = workers.changed.wait();
      const session = workers.sessions().find(({ workerId }) => !tried.has(workerId));
      const leftMs = untilMs - clock.monotonicMs();
      if (session !== undefined || tried.size > 0 || leftMs <= 0) return session;
      await Promise.race([untilAborted(changed, signal), clock.sleep(leftMs, signal)]);
    }
  }
}

/** What a loop's own body throws does not pass through the generator, so only the worker's is marked. */
async function* tagFailures(
  batches: AsyncIterable<ListingBatch__Output>,
): AsyncGenerator<ListingBatch__Output, void, undefined> {
  try {
    yield* batches;
  } catch (error) {
    throw new WorkerFailed('the worker failed', { cause: error });
  }
}

function combined(dataset: DatasetRecord, failures: ReadonlyMap<string, LarderError>): LarderError {
  const [first, ...others] = failures.values();
  if (first === undefined) return new LarderError('NO_WORKER', { dataset: dataset.name });
  if (TELLING.has(first.code) && others.every(({ code }) => code === first.code)) {
    return new LarderError(first.code, { dataset: dataset.name, ...first.facts }, { cause: first });
  }
  const why = [...failures].map(([worker, error]) => [worker, error.message] as const);
  return new LarderError('LISTING_FAILED', { dataset: dataset.name, ...Object.fromEntries(why) });
}
