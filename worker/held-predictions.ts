/**
 * What this worker is expected to hold, so that a full report need only say what is otherwise.
 *
 * Uses the newest version of a dataset whose manifest is on this node and was made into a block index: in the
 * background, when the version was opened and its manifest is whole. Without one a report is sent block by block.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { systemCode } from '../common/index.ts';
import type { Clock, DatasetInfo, Logger } from '../common/index.ts';
import {
  bestThreshold,
  isPredictable,
  ownersOf,
  predict as predictBlocks,
} from '../common/prediction/index.ts';
import type { BlockIndex } from '../common/prediction/index.ts';
import { BlockIndexes } from '../rpc/predictions/index.ts';
import type { HeldPrediction, PredictRequest } from './membership/index.ts';
import type { OpenedVersion } from './versions.ts';

export interface HeldPredictionsOptions {
  /** Of the manifests: another one when its disk fails. */
  readonly directory: () => string;
  readonly workerId: string;
  readonly clock: Clock;
  readonly log: Logger;
}

export class HeldPredictions implements AsyncDisposable {
  readonly #options: HeldPredictionsOptions;
  readonly #indexes: BlockIndexes;
  readonly #tasks = new Set<Promise<void>>();

  constructor(options: HeldPredictionsOptions) {
    this.#options = options;
    this.#indexes = new BlockIndexes(options);
  }

  /** Makes the version's index in the background. */
  opened({ dataset, version, replica }: OpenedVersion): void {
    const task = (async () => {
      await replica.copied;
      // Its replica was closed before it was whole: when it is opened again.
      if (replica.percent < 100) return;
      await this.#make(dataset, version, replica);
    })().finally(() => this.#tasks.delete(task));
    this.#tasks.add(task);
  }

  /** Of a version that was opened here; undefined where it has none, or its manifest is not whole. */
  async indexOf({ dataset, version, replica }: OpenedVersion): Promise<BlockIndex | undefined> {
    await replica.copied;
    if (replica.percent < 100) return undefined;
    return await this.#make(dataset, version, replica);
  }

  /** @returns undefined where nothing can be predicted, or it takes more than it saves */
  async predict(request: PredictRequest): Promise<HeldPrediction | undefined> {
    const { datasetId, held, placement } = request;
    const { clock, workerId } = this.#options;
    const version = await this.#newest(datasetId);
    const members = placement.candidates('');
    if (version === undefined || members.length === 0) return undefined;
    const index = await this.#indexes.find(this.#path(datasetId, version));
    if (index === undefined || !isPredictable(index, members)) return undefined;
    const owners = await ownersOf(index, members, clock);
    const threshold = await bestThreshold(index, owners, { workerId, held }, clock);
    const prediction = await predictBlocks(index, owners, { workerId, threshold }, clock);
    const { blocks, count, checksum } = prediction;
    const number = placement.number;
    return { blocks, wire: { version, placement: number, threshold, blocks: count, checksum } };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#indexes[Symbol.asyncDispose]();
    await Promise.all(this.#tasks);
  }

  #make(dataset: DatasetInfo, version: number, { reader }: OpenedVersion['replica']) {
    const file = this.#path(dataset.id, version);
    return this.#indexes.make(file, () => ({ reader, dataset, [Symbol.dispose]: () => undefined }));
  }

  #path(datasetId: number, version: number): string {
    return path.join(this.#options.directory(), `${String(datasetId)}-v${String(version)}.blocks`);
  }

  async #newest(datasetId: number): Promise<number | undefined> {
    const names = await readdir(this.#options.directory()).catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return [];
      throw error;
    });
    const versions = names.flatMap((name) => {
      const match = /^(\d+)-v(\d+)\.blocks$/.exec(name);
      return match !== null && Number(match[1]) === datasetId ? [Number(match[2])] : [];
    });
    return versions.length === 0 ? undefined : Math.max(...versions);
  }
}
