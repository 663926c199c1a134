/**
 * Answers a FetchObjects command: results in batches, each after the held report that it follows from,
 * so that the master never sees an object done that it does not know to be held.
 */
import type { Clock } from '../../common/index.ts';
import type { ObjectFailure } from '../../proto/generated/larder/v1/ObjectFailure.ts';
import type { ObjectResults } from '../../proto/generated/larder/v1/ObjectResults.ts';
import { toFailure } from '../../rpc/grpc/index.ts';
import type { FetchResult } from './types.ts';

export interface FetchResultsOptions {
  readonly command: number;
  readonly results: AsyncIterable<FetchResult>;
  readonly clock: Clock;
  readonly reportMs: number;
  readonly signal: AbortSignal;
  /** Sends what is held. */
  flushHeld(): Promise<void>;
  send(results: ObjectResults): Promise<void>;
}

/** Resolves when all results have been sent. */
export async function sendFetchResults(options: FetchResultsOptions): Promise<void> {
  const { clock, reportMs, signal, results } = options;
  const batch = new Batch(options);
  const stop = new AbortController();
  const ends = AbortSignal.any([signal, stop.signal]);
  const regularly = (async () => {
    for (;;) {
      await clock.sleep(reportMs, ends);
      await batch.send();
    }
  })().catch(() => undefined);
  try {
    for await (const result of results) {
      signal.throwIfAborted();
      batch.add(result);
    }
  } finally {
    stop.abort();
    await regularly;
    if (!signal.aborted) await batch.send();
  }
}

class Batch {
  readonly #options: FetchResultsOptions;
  #done: number[] = [];
  #failed: ObjectFailure[] = [];

  constructor(options: FetchResultsOptions) {
    this.#options = options;
  }

  add({ ordinal, failure }: FetchResult): void {
    if (failure === undefined) this.#done.push(ordinal);
    else this.#failed.push({ ordinal, failure: toFailure(failure) });
  }

  async send(): Promise<void> {
    if (this.#done.length + this.#failed.length === 0) return;
    const { command } = this.#options;
    const results = { command, done: this.#done, failed: this.#failed };
    this.#done = [];
    this.#failed = [];
    await this.#options.flushHeld();
    await this.#options.send(results);
  }
}
