/**
 * Block indexes of versions, each made once and kept as a file beside its manifest.
 *
 * Always true: what is in memory stays within `MAX_BYTES`; one index is made at a time, in the background; an
 * index that cannot be read, or is of another version, is a missing one.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { LRUCache } from 'lru-cache';
import { PageMissing, systemCode } from '../../common/index.ts';
import type { Clock, DatasetInfo, Logger, ManifestReader } from '../../common/index.ts';
import { BlockIndex, buildBlockIndex } from '../../common/prediction/index.ts';

/** One of the largest, or many of millions of blocks. */
const MAX_BYTES = 64 * 1024 * 1024;

export interface IndexedVersion extends Disposable {
  readonly reader: ManifestReader;
  readonly dataset: DatasetInfo;
}

export interface BlockIndexesOptions {
  readonly clock: Clock;
  readonly log: Logger;
}

export class BlockIndexes implements AsyncDisposable {
  readonly #options: BlockIndexesOptions;
  readonly #kept = new LRUCache<string, BlockIndex>({
    maxSize: MAX_BYTES,
    sizeCalculation: (index) => Math.max(1, index.sizeBytes),
  });
  readonly #closing = new AbortController();
  readonly #making = new Map<string, Promise<BlockIndex | undefined>>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: BlockIndexesOptions) {
    this.#options = options;
  }

  /** From memory or from its file. */
  async find(path: string): Promise<BlockIndex | undefined> {
    const kept = this.#kept.get(path);
    if (kept !== undefined) return kept;
    try {
      const index = BlockIndex.decode(await readFile(path));
      if (index !== undefined) this.#kept.set(path, index);
      return index;
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      return undefined;
    }
  }

  /**
   * The index of a version, made where there is none.
   *
   * @param open called when its turn has come
   * @param restMs see `buildBlockIndex`
   * @returns undefined where it has too many objects, or could not be made
   */
  make(path: string, open: () => IndexedVersion, restMs?: number): Promise<BlockIndex | undefined> {
    const running = this.#making.get(path);
    if (running !== undefined) return running;
    const making = this.#last.then(() => this.#make(path, open, restMs));
    this.#making.set(path, making);
    this.#last = making.finally(() => this.#making.delete(path));
    return making;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#last;
  }

  async #make(
    path: string,
    open: () => IndexedVersion,
    restMs: number | undefined,
  ): Promise<BlockIndex | undefined> {
    const { clock, log } = this.#options;
    const { signal } = this.#closing;
    try {
      const found = await this.find(path);
      if (found !== undefined || signal.aborted) return found;
      using version = open();
      const { reader, dataset } = version;
      const rest = restMs === undefined ? {} : { restMs };
      const index = await buildBlockIndex(reader, dataset, { clock, signal, ...rest });
      if (index === undefined) return undefined;
      this.#kept.set(path, index);
      await writeFile(`${path}.tmp`, index.encode(), { mode: 0o600 });
      await rename(`${path}.tmp`, path);
      return index;
    } catch (error) {
      // Without an index reports are sent block by block: larger, and as right.
      if (!signal.aborted && !(error instanceof PageMissing)) {
        log.info({ err: error, path }, 'a block index could not be made');
      }
      return undefined;
    }
  }
}
