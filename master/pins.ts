/**
 * What is not to be evicted, without end: of each dataset a set of blocks.
 *
 * Always true: what is pinned adds up to no more than the caches keep; changes come one after the other; a pin outlives
 * restarts of the master and of workers, and ends with its dataset.
 *
 * Leaves to others: that workers are told, and that it is written down (`Protections`).
 */
import { RoaringBitmap32 } from 'roaring-wasm';
import { formatBytes, KEPT_SHARE, LarderError } from '../common/index.ts';
import type { Clock } from '../common/index.ts';
import type { Pinned } from '../proto/generated/larder/v1/Pinned.ts';
import { parseBitmap } from '../rpc/bitmaps/index.ts';
import { Turns } from './async.ts';
import type { Catalog } from './catalog.ts';
import type { CatalogStore } from './catalog-store.ts';
import type { DataDirectory } from './data-directory.ts';
import { namedTarget } from './named-target.ts';
import type { NamedFiles, NamedTarget } from './named-target.ts';
import type { Protections } from './protections.ts';
import type { Workers } from './workers.ts';

export interface PinsOptions {
  readonly catalog: Catalog;
  readonly directory: DataDirectory;
  readonly store: Pick<CatalogStore, 'next'>;
  readonly protections: Protections;
  readonly workers: Workers;
  readonly clock: Clock;
}

export class Pins {
  readonly #options: PinsOptions;
  readonly #turns = new Turns();

  constructor(options: PinsOptions) {
    this.#options = options;
  }

  /** @throws {LarderError} `NOT_FOUND`; `INVALID_ARGUMENT` with the numbers where it would be more than is kept */
  async pin(files: NamedFiles, signal: AbortSignal): Promise<Pinned> {
    return await this.#turns.take(() => this.#change(files, signal, (named) => this.#add(named)));
  }

  /** @throws {LarderError} `NOT_FOUND` */
  async unpin(files: NamedFiles, signal: AbortSignal): Promise<Pinned> {
    const { catalog } = this.#options;
    return await this.#turns.take(async () => {
      const { id } = catalog.byName(files.dataset);
      if (files.paths.length > 0 || files.version > 0) {
        return await this.#change(files, signal, (named) => this.#remove(named));
      }
      // All of it: also what only older versions name.
      const changedBytes = this.#options.protections.pinOf(id)?.bytes ?? 0;
      await this.#options.protections.unpin(id);
      return this.#pinned(id, changedBytes);
    });
  }

  list(): Pinned[] {
    const { catalog, protections } = this.#options;
    return catalog.datasets().flatMap(({ id }) => {
      return protections.pinOf(id) === undefined ? [] : [this.#pinned(id, 0)];
    });
  }

  async #change(
    files: NamedFiles,
    signal: AbortSignal,
    change: (named: NamedTarget) => Promise<number>,
  ): Promise<Pinned> {
    const named = await namedTarget(this.#options, files, signal);
    using _target = named.target;
    return this.#pinned(named.datasetId, await change(named));
  }

  /** @returns bytes that were not pinned before */
  async #add({ datasetId, target }: NamedTarget): Promise<number> {
    const { protections, store } = this.#options;
    using pinned = this.#blocks(datasetId);
    const { bitmap } = pinned;
    const before = protections.pinOf(datasetId);
    const addedBytes = target.bytes - target.measure(bitmap).heldBytes;
    this.#checkRoom(addedBytes);
    bitmap.orInPlace(target.allBlocks);
    const bytes = (before?.bytes ?? 0) + addedBytes;
    const number = before?.preload ?? (await store.next('preload'));
    await protections.pin({ preload: number, datasetId, bytes }, bitmap);
    return addedBytes;
  }

  /** @returns bytes that were pinned */
  async #remove({ datasetId, target }: NamedTarget): Promise<number> {
    const { protections } = this.#options;
    const before = protections.pinOf(datasetId);
    if (before === undefined) return 0;
    using pinned = this.#blocks(datasetId);
    const { bitmap } = pinned;
    const { heldBytes: removedBytes } = target.measure(bitmap);
    bitmap.andNotInPlace(target.allBlocks);
    const bytes = Math.max(0, before.bytes - removedBytes);
    if (bitmap.isEmpty) await protections.unpin(datasetId);
    else await protections.pin({ preload: before.preload, datasetId, bytes }, bitmap);
    return removedBytes;
  }

  #checkRoom(addedBytes: number): void {
    const { workers, catalog, protections } = this.#options;
    const { members } = workers.placement;
    const all = members.reduce((sum, { weightBytes }) => sum + weightBytes, 0);
    const keptBytes = Math.floor(all * KEPT_SHARE);
    const pinnedBytes = catalog
      .datasets()
      .reduce((sum, { id }) => sum + (protections.pinOf(id)?.bytes ?? 0), 0);
    if (pinnedBytes + addedBytes <= keptBytes) return;
    throw new LarderError('INVALID_ARGUMENT', {
      what: 'it would pin more than the caches keep',
      pinned: formatBytes(pinnedBytes),
      added: formatBytes(addedBytes),
      kept: formatBytes(keptBytes),
    });
  }

  /** Of a dataset: empty where none is pinned. */
  #blocks(datasetId: number) {
    const bitmap = new RoaringBitmap32();
    for (const part of this.#options.protections.pinOf(datasetId)?.blocks ?? []) {
      const parsed = parseBitmap(Buffer.from(part, 'base64'));
      bitmap.orInPlace(parsed);
      parsed.dispose();
    }
    return {
      bitmap,
      [Symbol.dispose]: () => {
        bitmap.dispose();
      },
    };
  }

  #pinned(datasetId: number, changedBytes: number): Pinned {
    const { catalog, protections, workers } = this.#options;
    using pinned = this.#blocks(datasetId);
    const blocks = pinned.bitmap.size;
    const held = workers.held.union(workers.aliveIds(), datasetId);
    held.andInPlace(pinned.bitmap);
    const heldBlocks = held.size;
    held.dispose();
    return {
      dataset: catalog.find(datasetId)?.name ?? '',
      ...{ blocks, held_blocks: heldBlocks, changed_bytes: changedBytes },
      bytes: protections.pinOf(datasetId)?.bytes ?? 0,
    };
  }
}
