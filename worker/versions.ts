/**
 * The versions that this worker serves: their dataset, and their manifest on this node's disk.
 *
 * What a version is was written beside its manifest when it was first opened, so that reads go on
 * while the master is away, also after a restart.
 */
import fs from 'node:fs/promises';
import path from 'node:path';
import { LRUCache } from 'lru-cache';
import { hasCode, LarderError, untilAborted } from '../common/index.ts';
import type { Clock, DatasetInfo, Logger, ManifestReader, ObjectRef } from '../common/index.ts';
import { datasetFromWire } from '../rpc/grpc/index.ts';
import type { MasterChannel } from '../rpc/grpc/index.ts';
import { ManifestReplica } from '../rpc/manifests/index.ts';

export interface VersionsOptions {
  /** `manifests/` in a cache directory: another one where its disk is given up. */
  readonly directory: () => string;
  readonly master: MasterChannel;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called when a version is opened: admission needs its sums. */
  readonly onOpened: (version: OpenedVersion) => void;
}

/** Open manifests hold up to 64 decoded pages, about 18 MiB, each. */
const MAX_OPEN = 32;

/** For one request of at most a MiB; what is missing is asked for again. */
const FETCH_DEADLINE_MS = 30_000;

interface Description {
  readonly dataset: DatasetInfo;
  readonly manifestBytes: number;
}

export class OpenedVersion {
  readonly dataset: DatasetInfo;
  readonly version: number;
  readonly replica: ManifestReplica;

  constructor(dataset: DatasetInfo, version: number, replica: ManifestReplica) {
    this.dataset = dataset;
    this.version = version;
    this.replica = replica;
  }

  /**
   * The object of an entry, with the name by which other workers are asked for it.
   *
   * @param reader of `replica`
   * @throws {LarderError} `IS_A_DIRECTORY`
   */
  objectRef(reader: ManifestReader, ordinal: number): ObjectRef {
    const entry = { version: this.version, ordinal };
    return { ...reader.objectRef(ordinal, this.dataset), entry };
  }
}

export class Versions implements AsyncDisposable {
  readonly #options: VersionsOptions;
  readonly #open: LRUCache<string, Promise<OpenedVersion>>;
  readonly #datasets = new Map<number, DatasetInfo>();
  readonly #closing = new AbortController();
  #directory: string;

  constructor(options: VersionsOptions) {
    this.#options = options;
    this.#directory = options.directory();
    this.#open = new LRUCache<string, Promise<OpenedVersion>>({
      max: MAX_OPEN,
      dispose: (opened) => {
        void opened.then(
          (version) => version.replica[Symbol.asyncDispose](),
          () => undefined,
        );
      },
    });
  }

  /** @throws {LarderError} `NOT_FOUND`, `UNAVAILABLE` while neither disk nor master know it */
  async get(datasetId: number, version: number, signal: AbortSignal): Promise<OpenedVersion> {
    const key = `${String(datasetId)}-v${String(version)}`;
    const known = this.#open.get(key);
    if (known !== undefined) return await untilAborted(known, signal);
    signal.throwIfAborted();
    // Others may wait for it as well: it does not end with the request that began it.
    const opening = this.#openVersion(key, datasetId, version, this.#closing.signal);
    this.#open.set(key, opening);
    opening.catch(() => {
      if (this.#open.peek(key) === opening) this.#open.delete(key);
    });
    return await untilAborted(opening, signal);
  }

  /**
   * Those of a dataset that this node has opened at any time: the newest first. Where their manifests were on a
   * disk that is gone, the newest that there is.
   */
  async known(datasetId: number): Promise<number[]> {
    const names = await fs.readdir(this.#directory).catch(() => []);
    const pattern = new RegExp(`^${String(datasetId)}-v(\\d+)\\.json$`);
    const numbers = names.flatMap((name) => pattern.exec(name)?.[1] ?? []).map(Number);
    if (numbers.length === 0) return await this.#latest(datasetId);
    return numbers.sort((a, b) => b - a);
  }

  /** The dataset as its last opened version names it. */
  async dataset(datasetId: number): Promise<DatasetInfo> {
    const known = this.#datasets.get(datasetId);
    if (known !== undefined) return known;
    const { dataset } = await this.#options.master.catalog.resolveVersion(
      { dataset_id: datasetId },
      { signal: this.#closing.signal },
    );
    return datasetFromWire(dataset);
  }

  /** Disks came or went: where the manifests were on one that went, they are copied anew. */
  checkDirectory(): void {
    const directory = this.#options.directory();
    if (directory === this.#directory) return;
    this.#directory = directory;
    this.#open.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    const opened = await Promise.allSettled(this.#open.values());
    for (const result of opened) {
      if (result.status === 'fulfilled') await result.value.replica[Symbol.asyncDispose]();
    }
  }

  async #latest(datasetId: number): Promise<number[]> {
    try {
      const { version } = await this.#options.master.catalog.resolveVersion(
        { dataset_id: datasetId },
        { signal: this.#closing.signal },
      );
      return version === null ? [] : [version.number];
    } catch (error) {
      if (hasCode(error, 'NOT_FOUND')) return [];
      throw error;
    }
  }

  async #openVersion(
    key: string,
    datasetId: number,
    version: number,
    signal: AbortSignal,
  ): Promise<OpenedVersion> {
    const { master, clock, log } = this.#options;
    const directory = this.#directory;
    const { dataset, manifestBytes } = await this.#describe(key, datasetId, version, signal);
    const replica = await ManifestReplica.open(
      {
        path: path.join(directory, `${key}.manifest`),
        sizeBytes: manifestBytes,
        clock,
        log,
        fetch: (offset, length, fetchSignal) =>
          master.catalog.readManifest(
            { dataset_id: datasetId, version, offset, length },
            { signal: fetchSignal, deadlineMs: FETCH_DEADLINE_MS },
          ),
      },
      signal,
    );
    const opened = new OpenedVersion(dataset, version, replica);
    this.#datasets.set(datasetId, dataset);
    this.#options.onOpened(opened);
    return opened;
  }

  async #describe(
    key: string,
    datasetId: number,
    version: number,
    signal: AbortSignal,
  ): Promise<Description> {
    const directory = this.#directory;
    const file = path.join(directory, `${key}.json`);
    const request = { dataset_id: datasetId, version };
    try {
      const resolved = await this.#options.master.catalog.resolveVersion(request, { signal });
      const description: Description = {
        dataset: datasetFromWire(resolved.dataset),
        manifestBytes: resolved.version?.manifest_bytes ?? 0,
      };
      await fs.mkdir(directory, { recursive: true });
      await fs.writeFile(`${file}.tmp`, JSON.stringify(description));
      await fs.rename(`${file}.tmp`, file);
      return description;
    } catch (error) {
      if (!hasCode(error, 'UNAVAILABLE') && !hasCode(error, 'DEADLINE_EXCEEDED')) throw error;
      return await this.#remembered(file, error);
    }
  }

  async #remembered(file: string, cause: unknown): Promise<Description> {
    try {
      return JSON.parse(await fs.readFile(file, 'utf8')) as Description;
    } catch {
      throw new LarderError(
        'UNAVAILABLE',
        { what: 'the master, to learn of a version' },
        { cause },
      );
    }
  }
}
