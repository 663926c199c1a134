/**
 * Tells workers which objects no version names any more.
 *
 * Always true: a block number that a version uses, or that was given out after the live set was
 * computed, is never collected. Workers that were away get to know when they report again: what they
 * report is compared with what is live, so nothing has to be remembered for them.
 */
import type { Clock, Logger } from '../common/index.ts';
import { bitmapParts, BLOCK_NUMBERS_END } from '../rpc/bitmaps/index.ts';
import type { BitmapPart } from '../rpc/bitmaps/index.ts';
import type { Catalog } from './catalog.ts';
import type { DataDirectory } from './data-directory.ts';
import { liveBlocks } from './live-blocks.ts';
import type { WorkerSession } from './worker-session.ts';
import type { Workers } from './workers.ts';

export interface CollectorOptions {
  readonly catalog: Catalog;
  readonly directory: DataDirectory;
  readonly workers: Workers;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Datasets that a worker names and nobody knows: beyond it, when it joins the next time. */
const MAX_WAITING = 10_000;

export class Collector {
  readonly #options: CollectorOptions;
  /** One after the other: two for the same dataset would do the same work twice. */
  #running: Promise<void> = Promise.resolve();
  readonly #waiting = new Set<string>();

  constructor(options: CollectorOptions) {
    this.#options = options;
    const { held } = options.workers;
    held.onChange(({ workerId, datasetId, full, unknown = false }) => {
      if (unknown && this.#waiting.size < MAX_WAITING) this.#enqueue(datasetId, [workerId]);
      // A dataset that never lost a version has nothing to collect: the usual case, and cheap.
      const suspicious = full && (options.catalog.find(datasetId)?.deletions ?? 0) > 0;
      if (suspicious && held.blocks(workerId, datasetId)?.isEmpty === false) {
        this.#enqueue(datasetId, [workerId]);
      }
    });
  }

  /** After a version or the whole dataset was deleted: for all workers that are there. */
  datasetShrank(datasetId: number): void {
    const { workers } = this.#options;
    this.#enqueue(
      datasetId,
      workers.sessions().map(({ workerId }) => workerId),
    );
  }

  /** Resolves when what was asked for so far has been sent. */
  async idle(): Promise<void> {
    await this.#running;
  }

  #enqueue(datasetId: number, workerIds: readonly string[]): void {
    const keys = workerIds.map((workerId) => `${datasetId}/${workerId}`);
    if (keys.length === 0 || keys.every((key) => this.#waiting.has(key))) return;
    for (const key of keys) this.#waiting.add(key);
    this.#running = this.#running.then(async () => {
      for (const key of keys) this.#waiting.delete(key);
      try {
        await this.#collect(datasetId, workerIds);
      } catch (error) {
        this.#options.log.error(
          { err: error, datasetId },
          'what no version names could not be collected',
        );
      }
    });
  }

  async #collect(datasetId: number, workerIds: readonly string[]): Promise<void> {
    const { catalog, workers } = this.#options;
    const dataset = catalog.find(datasetId);
    if (dataset === undefined) {
      const gone = { first: 0, end: BLOCK_NUMBERS_END, bytes: Buffer.alloc(0) };
      for (const session of workers.sessions().filter(named(workerIds))) {
        await this.#send(session, datasetId, gone);
      }
      return;
    }
    const live = await liveBlocks(catalog.versions(datasetId), this.#options);
    try {
      for (const session of workers.sessions().filter(named(workerIds))) {
        for (const part of bitmapParts(live, dataset.nextBlock)) {
          await this.#send(session, datasetId, part);
        }
      }
    } finally {
      live.dispose();
    }
  }

  async #send(session: WorkerSession, datasetId: number, part: BitmapPart): Promise<void> {
    const facts = { worker: session.workerId, datasetId };
    await new Promise<void>((resolve) => {
      session.start(
        (command) => ({
          collect: {
            command,
            dataset_id: datasetId,
            live: part.bytes,
            first_block: part.first,
            end_block: part.end,
          },
        }),
        {
          onEnd: (failure) => {
            if (failure !== undefined)
              this.#options.log.warn({ ...facts, err: failure }, 'a worker could not collect');
            resolve();
          },
        },
      );
    });
  }
}

function named(workerIds: readonly string[]) {
  return ({ workerId }: WorkerSession): boolean => workerIds.includes(workerId);
}
