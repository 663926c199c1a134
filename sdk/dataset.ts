/** A dataset at one version: its files, and what can be done with it as a whole. */
import { blockCount, hasCode, LarderError, printableKey, STRIPE_BYTES } from '../common/index.ts';
import type { DatasetInfo, Entry } from '../common/index.ts';
import type { PlanRequest } from '../common/plans/index.ts';
import type { Connection } from './connection.ts';
import { DatasetFile } from './file.ts';
import { openManifest } from './manifest.ts';
import { pathBytes } from './paths.ts';
import type { DatasetPath } from './paths.ts';
import { estimatePreload, Preloads, startPreload } from './preloads.ts';
import type { PreloadedVersion, PreloadOptions, StartedPreload } from './preloads.ts';
import type {
  CallSignal,
  DirectoryEntry,
  FileLocation,
  FileStat,
  PlanStatus,
  PreloadEstimate,
  PreloadProgress,
  SkippedKey,
  VersionInfo,
} from './types.ts';
import { VersionReader } from './version-reader.ts';
import { startPlan } from './plans.ts';

/** Entries that one step of `readdir` reads. */
const LISTING_STEP = 1_000;
const never = new AbortController().signal;

export class Dataset implements AsyncDisposable {
  readonly info: DatasetInfo;
  readonly version: VersionInfo;
  readonly #connection: Connection;
  #reader: Promise<VersionReader> | undefined;

  constructor(connection: Connection, info: DatasetInfo, version: VersionInfo) {
    this.#connection = connection;
    this.info = info;
    this.version = version;
  }

  /** @throws {LarderError} `NOT_FOUND`, `IS_A_DIRECTORY`, `INVALID_ARGUMENT` for a symlink */
  async open(path: DatasetPath, options: CallSignal = {}): Promise<DatasetFile> {
    const reader = await this.#open();
    const entry = await reader.find(path, options.signal ?? never);
    if (entry.kind === 'directory')
      throw new LarderError('IS_A_DIRECTORY', { path: printableKey(pathBytes(path)) });
    if (entry.kind === 'symlink') {
      throw new LarderError('INVALID_ARGUMENT', {
        path: printableKey(pathBytes(path)),
        expected: 'a file; this is a symlink',
      });
    }
    return new DatasetFile(reader, entry.ordinal, statOf(entry));
  }

  /**
   * Reads whole files, many small ones in few requests: those of one owner go together. All of their bytes are
   * in memory at once, and belong to the caller.
   *
   * @returns the bytes in the order of the paths
   * @throws {LarderError} `NOT_FOUND`, `INVALID_ARGUMENT` unless each is a file, and what `DatasetFile.read` throws
   */
  async readMany(paths: readonly DatasetPath[], options: CallSignal = {}): Promise<Buffer[]> {
    const signal = options.signal ?? never;
    const reader = await this.#open();
    const ordinals: number[] = [];
    for (const path of paths) ordinals.push((await reader.find(path, signal)).ordinal);
    return await reader.readWhole(ordinals, signal);
  }

  /** Of the entry itself: a symlink is not followed. @throws {LarderError} `NOT_FOUND` */
  async stat(path: DatasetPath, options: CallSignal = {}): Promise<FileStat> {
    const reader = await this.#open();
    return statOf(await reader.find(path, options.signal ?? never));
  }

  /** Whether there is such a path. */
  async has(path: DatasetPath, options: CallSignal = {}): Promise<boolean> {
    try {
      await this.stat(path, options);
      return true;
    } catch (error) {
      if (hasCode(error, 'NOT_FOUND')) return false;
      throw error;
    }
  }

  /** @throws {LarderError} `NOT_FOUND`, `INVALID_ARGUMENT` unless it is a symlink */
  async readlink(path: DatasetPath, options: CallSignal = {}): Promise<Buffer> {
    const signal = options.signal ?? never;
    const reader = await this.#open();
    const { ordinal } = await reader.find(path, signal);
    return await reader.pages((manifest) => manifest.symlinkTarget(ordinal), signal);
  }

  /** The entries of a directory in listing order. @throws {LarderError} `NOT_FOUND`, `NOT_A_DIRECTORY` */
  async *readdir(
    path: DatasetPath = '',
    options: CallSignal = {},
  ): AsyncGenerator<DirectoryEntry, void, undefined> {
    const signal = options.signal ?? never;
    const reader = await this.#open();
    const { ordinal } = await reader.find(path, signal);
    for (let next = 0; ;) {
      const entries = await reader.pages((manifest) => {
        const found: { index: number; entry: DirectoryEntry }[] = [];
        manifest.readdir(ordinal, next, (item) => {
          const nameBytes = Buffer.from(item.bytes.subarray(item.nameStart, item.nameEnd));
          const { kind } = manifest.entry(item.ordinal);
          found.push({ index: item.index, entry: { name: nameBytes.toString(), nameBytes, kind } });
          return found.length < LISTING_STEP;
        });
        return found;
      }, signal);
      for (const { entry } of entries) yield entry;
      const last = entries.at(-1);
      if (last === undefined || entries.length < LISTING_STEP) return;
      next = last.index + 1;
    }
  }

  /** Which nodes answer for which part of a file. @throws {LarderError} `NOT_FOUND` */
  async locate(path: DatasetPath, options: CallSignal = {}): Promise<FileLocation[]> {
    const signal = options.signal ?? never;
    const reader = await this.#open();
    const { ordinal } = await reader.find(path, signal);
    const ref = await reader.object(ordinal, signal);
    const { placement, router, config } = this.#connection;
    await placement.settled(config.clock, config.callTimeoutMs);
    const stripes = Math.max(1, blockCount(ref.sizeBytes, STRIPE_BYTES));
    return Array.from({ length: stripes }, (_, stripe) => {
      const offsetBytes = stripe * STRIPE_BYTES;
      return {
        offsetBytes,
        lengthBytes: Math.min(STRIPE_BYTES, ref.sizeBytes - offsetBytes),
        nodes: router.candidates(ref, offsetBytes).map((member) => member.node),
      };
    });
  }

  /**
   * Brings files to the workers' disks. The preload lives as long as this iteration: leaving it, or
   * aborting the signal, cancels it, unless others watch it too. Outlives a restart of the master.
   *
   * @returns progress, the last with a final state: `complete` only when every block is held, and every path was found
   * @throws {LarderError} `NOT_FOUND` for a path that is not there, `INVALID_ARGUMENT`, `UNAVAILABLE`
   */
  async *preload(options: PreloadOptions = {}): AsyncGenerator<PreloadProgress, void, undefined> {
    const { id } = await startPreload(this.#connection, this.#named(), {
      ...options,
      detached: false,
    });
    const { signal } = options;
    yield* new Preloads(this.#connection).watch(id, signal === undefined ? {} : { signal });
  }

  /**
   * Starts a preload that goes on by itself: see `larder.preloads` for what becomes of it.
   *
   * @throws {LarderError} `NOT_FOUND` for a path that is not there, `INVALID_ARGUMENT`, `UNAVAILABLE`
   */
  async startPreload(options: PreloadOptions = {}): Promise<StartedPreload> {
    return await startPreload(this.#connection, this.#named(), { ...options, detached: true });
  }

  /** What a preload would take: nothing is started. @throws {LarderError} as `startPreload` */
  async estimatePreload(options: PreloadOptions = {}): Promise<PreloadEstimate> {
    return await estimatePreload(this.#connection, this.#named(), options);
  }

  /**
   * Tells the cluster in which order a job will read this version, so that files are fetched ahead of it. A plan of the
   * same `job` is replaced; `larder.plans.end` ends it, or its time (`keepSeconds`, a day). A wrong plan costs
   * performance, never right bytes: workers drop it.
   *
   * @throws {LarderError} `INVALID_ARGUMENT` with the field that is wrong, `BUSY` where there are too many plans
   */
  async plan(request: PlanRequest, options: CallSignal = {}): Promise<PlanStatus> {
    const of = { dataset: this.info.name, version: this.version.number };
    return await startPlan(this.#connection, request, of, options);
  }

  /**
   * Bytes of its files per bucket of the hash of their keys, 4,096 of equal width: what a forecast knows of their sizes.
   *
   * @throws {LarderError} `UNAVAILABLE`
   */
  async bandBytes(): Promise<Float64Array> {
    return (await this.#open()).manifest.reader.bandBytes.slice();
  }

  /** Keys of the origin that are not in this version, and why. */
  async *skipped(options: CallSignal = {}): AsyncGenerator<SkippedKey, void, undefined> {
    const call = options.signal === undefined ? {} : { signal: options.signal };
    const request = { name: this.info.name, version: this.version.number };
    for await (const { keys } of this.#connection.master.catalog.listSkipped(request, call)) {
      yield* keys;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const reader = await this.#reader?.catch(() => undefined);
    await reader?.[Symbol.asyncDispose]();
  }

  #named(): PreloadedVersion {
    return { dataset: this.info.name, version: this.version.number };
  }

  #open(): Promise<VersionReader> {
    this.#reader ??= this.#openReader().catch((error: unknown) => {
      this.#reader = undefined;
      throw error;
    });
    return this.#reader;
  }

  async #openReader(): Promise<VersionReader> {
    const { master, config, router, placement } = this.#connection;
    const request = { datasetId: this.info.id, version: this.version.number };
    const manifest = await openManifest(
      {
        request,
        master,
        clock: config.clock,
        timeoutMs: config.callTimeoutMs,
        local: () => router.local(),
      },
      never,
    );
    await placement.settled(config.clock, config.callTimeoutMs);
    return new VersionReader({
      connection: this.#connection,
      dataset: this.info,
      version: this.version.number,
      manifest,
    });
  }
}

function statOf(entry: Entry): FileStat {
  const { kind, sizeBytes, mode, uid, gid } = entry;
  return { kind, sizeBytes, mtimeMs: entry.mtimeS * 1000 + entry.mtimeNs / 1e6, mode, uid, gid };
}
