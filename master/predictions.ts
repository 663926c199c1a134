/**
 * What this master predicts that a worker holds: the base of full reports that are sent as a difference.
 *
 * Always true: a prediction is given only where it is the reporter's, by its count and checksum; everything else is
 * undefined, and the caller asks for a plain report. What takes long (the index of a version) is made in the
 * background for the next time; the owners under one placement are computed once, in slices, for all workers.
 */
import { LRUCache } from 'lru-cache';
import type { RoaringBitmap32 } from 'roaring-wasm';
import { LarderError, Placement } from '../common/index.ts';
import type { Clock, Logger } from '../common/index.ts';
import { isPredictable, ownersOf, predict } from '../common/prediction/index.ts';
import type { BlockIndex, Owners } from '../common/prediction/index.ts';
import type { Prediction__Output } from '../proto/generated/larder/v1/Prediction.ts';
import { BlockIndexes } from '../rpc/predictions/index.ts';
import type { IndexedVersion } from '../rpc/predictions/index.ts';
import { datasetInfo } from './catalog.ts';
import type { Catalog } from './catalog.ts';
import type { DataDirectory } from './data-directory.ts';
import { openManifest } from './manifests.ts';
import type { DatasetRecord, PlacementRecord, VersionRecord } from './records.ts';

export interface PredictionsOptions {
  readonly catalog: Catalog;
  readonly directory: DataDirectory;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A worker reports with the placement that it was told last; more may follow while it computes. */
const REMEMBERED_PLACEMENTS = 16;
/** Of owners, 2 bytes each: 16 Mi objects over all versions and placements. */
const MAX_OWNERS_BYTES = 32 * 1024 * 1024;

export class Predictions implements AsyncDisposable {
  readonly #options: PredictionsOptions;
  readonly #indexes: BlockIndexes;
  readonly #placements = new LRUCache<number, PlacementRecord>({ max: REMEMBERED_PLACEMENTS });
  readonly #owners = new LRUCache<string, { rows: number; owners: Promise<Owners> }>({
    maxSize: MAX_OWNERS_BYTES,
    sizeCalculation: ({ rows }) => Math.max(1, rows * 2),
  });

  constructor(options: PredictionsOptions) {
    this.#options = options;
    this.#indexes = new BlockIndexes(options);
  }

  /** To be told of each placement that workers are told of. */
  placed(placement: PlacementRecord): void {
    // Those that own, as the workers see it: one that is leaving does not.
    const { members } = new Placement(placement.number, placement.members);
    this.#placements.set(placement.number, { ...placement, members });
  }

  /** @returns what the worker predicted, for the caller to dispose; undefined where that cannot be said */
  async predict(
    workerId: string,
    datasetId: number,
    wanted: Prediction__Output,
  ): Promise<RoaringBitmap32 | undefined> {
    const { clock } = this.#options;
    const found = this.#version(datasetId, wanted.version);
    const placement = this.#placements.get(wanted.placement);
    if (found === undefined || placement === undefined) return undefined;
    const index = await this.#index(found);
    const owners = index === undefined ? undefined : await this.#ownersOf(found, index, placement);
    if (index === undefined || owners === undefined) return undefined;
    const { threshold } = wanted;
    const prediction = await predict(index, owners, { workerId, threshold }, clock);
    if (prediction.count === wanted.blocks && prediction.checksum === wanted.checksum) {
      return prediction.blocks;
    }
    prediction.blocks.dispose();
    return undefined;
  }

  /**
   * Who owns what of a version under a placement; waits until it is known.
   *
   * @returns undefined where there are too many objects, or members
   */
  async owners(
    version: VersionRecord,
    placement: PlacementRecord,
  ): Promise<{ index: BlockIndex; owners: Owners } | undefined> {
    const found = this.#version(version.datasetId, version.number);
    if (found === undefined) return undefined;
    const path = this.#options.directory.blockIndexPath(version);
    const index = await this.#indexes.make(path, () => this.#open(found), 0);
    if (index === undefined) return undefined;
    const owners = await this.#ownersOf(found, index, placement);
    return owners === undefined ? undefined : { index, owners };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#indexes[Symbol.asyncDispose]();
  }

  async #index(found: Found): Promise<BlockIndex | undefined> {
    const path = this.#options.directory.blockIndexPath(found.version);
    const index = await this.#indexes.find(path);
    if (index === undefined) void this.#indexes.make(path, () => this.#open(found));
    return index;
  }

  async #ownersOf(
    { version }: Found,
    index: BlockIndex,
    placement: PlacementRecord,
  ): Promise<Owners | undefined> {
    // Whoever may own is a candidate for everything.
    const members = new Placement(placement.number, placement.members).candidates('');
    if (!isPredictable(index, members)) return undefined;
    // By what owners follow from: a worker that comes back with another port moves nothing.
    const weights = members.map(({ workerId, weightBytes }) => `${workerId}:${weightBytes}`).sort();
    const key = [version.datasetId, version.number, ...weights].join('/');
    const kept = this.#owners.get(key);
    if (kept !== undefined) return await kept.owners;
    const owners = ownersOf(index, members, this.#options.clock);
    this.#owners.set(key, { rows: index.rows, owners });
    return await owners;
  }

  #version(datasetId: number, number: number): Found | undefined {
    const { catalog } = this.#options;
    const dataset = catalog.find(datasetId);
    if (dataset === undefined) return undefined;
    const version = catalog.versions(datasetId).find((one) => one.number === number);
    return version === undefined ? undefined : { dataset, version };
  }

  #open({ dataset, version }: Found): IndexedVersion {
    const { catalog, directory } = this.#options;
    if (catalog.find(dataset.id) === undefined) throw new LarderError('NOT_FOUND');
    const manifest = openManifest(directory.manifestPath(version));
    return {
      reader: manifest.reader,
      dataset: datasetInfo(dataset, version),
      [Symbol.dispose]: () => {
        manifest[Symbol.dispose]();
      },
    };
  }
}

interface Found {
  readonly dataset: DatasetRecord;
  readonly version: VersionRecord;
}
