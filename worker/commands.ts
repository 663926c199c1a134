/** What the master tells a worker to do, done: list an origin, bring objects to disk, collect. */
import { asLarderError } from '../common/index.ts';
import type { DatasetInfo } from '../common/index.ts';
import { BLOCK_NUMBERS_END } from '../rpc/bitmaps/index.ts';
import type { Expectations } from './expectations.ts';
import type {
  CollectRequest,
  FetchRequest,
  FetchResult,
  Scan,
  ScanRequest,
  Visited,
  VisitRequest,
  WorkerHandlers,
} from './membership/index.ts';
import type { ObjectReads } from './object-reads.ts';
import type { OriginPool } from './origin-pool.ts';
import type { ListingBatch } from './origins/index.ts';
import type { ObjectStore } from './store/index.ts';
import type { OpenedVersion, Versions } from './versions.ts';

export interface CommandsOptions {
  readonly origins: OriginPool;
  readonly versions: Versions;
  readonly reads: ObjectReads;
  readonly store: ObjectStore;
  readonly expectations: Pick<Expectations, 'forget'>;
}

/** Objects that one command brings at a time; the scheduler of GETs bounds the bytes. */
const FETCHES_AT_ONCE = 32;

interface Fetched {
  readonly result: FetchResult;
  readonly fetching: Promise<Fetched>;
}

export class Commands implements WorkerHandlers {
  readonly #options: CommandsOptions;

  constructor(options: CommandsOptions) {
    this.#options = options;
  }

  listOrigin(
    dataset: Pick<DatasetInfo, 'origin' | 'settings'>,
    signal: AbortSignal,
  ): AsyncIterable<ListingBatch> {
    return this.#options.origins.get(dataset).list(signal);
  }

  async *fetchObjects(
    request: FetchRequest,
    signal: AbortSignal,
  ): AsyncGenerator<FetchResult, void, undefined> {
    const opened = await this.#options.versions.get(request.datasetId, request.version, signal);
    const running = new Set<Promise<Fetched>>();
    const waiting = request.ordinals
      .map((ordinal, i) => ({ ordinal, stripe: request.stripes[i] }))
      .reverse();
    while (running.size > 0 || waiting.length > 0) {
      while (running.size < FETCHES_AT_ONCE) {
        const next = waiting.pop();
        if (next === undefined) break;
        const fetching: Promise<Fetched> = this.#fetch(opened, next, signal).then((result) => ({
          ...{ result, fetching },
        }));
        running.add(fetching);
      }
      const { result, fetching } = await Promise.race(running);
      // Not when it ends: of two that end together the race tells one.
      running.delete(fetching);
      yield result;
    }
  }

  async collect(request: CollectRequest): Promise<void> {
    // Up to there: the dataset is gone.
    if (request.endBlock === BLOCK_NUMBERS_END) {
      this.#options.expectations.forget(request.datasetId);
      this.#options.store.policies.forget(request.datasetId);
    }
    await this.#options.store.collect(request);
  }

  visit(request: VisitRequest, signal: AbortSignal): AsyncIterable<Visited> {
    return this.#options.store.visit(request, signal);
  }

  scan(request: ScanRequest): Scan {
    return this.#options.store.scan(request);
  }

  async #fetch(
    opened: OpenedVersion,
    { ordinal, stripe }: { readonly ordinal: number; readonly stripe: number | undefined },
    signal: AbortSignal,
  ): Promise<FetchResult> {
    try {
      const ref = await opened.replica.withPages(signal, (reader) =>
        opened.objectRef(reader, ordinal),
      );
      const { reads } = this.#options;
      if (stripe === undefined) await reads.fetchWhole(ref, signal);
      else await reads.fetchStripe(ref, stripe, signal);
      return { ordinal };
    } catch (error) {
      return { ordinal, failure: asLarderError(error) };
    }
  }
}
