/**
 * The disks of a worker: takes them at a start, gives up the one that fails, and takes it back when it is well.
 *
 *     missing ──found──▶ good ──fails, hangs──▶ bad
 *        ▲                ▲                      │
 *        └─ not there     └──── well again ──────┘
 *
 * - `good`: objects are on it
 * - `missing`: its directory was not to be had at the start, or its file system is not mounted
 * - `bad`: it has failed; nothing of it is used. Once it is well again its objects are checked before use
 *
 * Always true:
 *   - all directories belong to one worker, and each is taken once;
 *   - the directory of a disk that is not mounted is neither made nor filled;
 *   - a disk that fails again is taken back later each time.
 */
import * as path from 'node:path';
import type { Clock, Logger } from '../../common/index.ts';
import { LarderError, silentLogger, systemClock } from '../../common/index.ts';
import { CacheDirectory } from './cache-directory.ts';
import { mountPointOf, newId, readIdentity, writeIdentity } from './disk-identity.ts';
import type { DiskIdentity, KnownDisk } from './disk-identity.ts';
import { addCounts, NO_COUNTS } from './disk-health.ts';
import type { DiskCounters } from './disk-health.ts';
import { looksUsable } from './disk-probe.ts';
import { DiskStore } from './disk-store.ts';
import { DEFAULT_HUNG_AFTER_MS } from './options.ts';
import type { StoreOptions } from './options.ts';

export interface DirectoryOptions {
  readonly path: string;
  /** Default: 80 % of what is free on its file system, plus what is held already. */
  readonly capacityBytes?: number | undefined;
}

export interface DisksOptions extends StoreOptions {
  readonly directories: readonly DirectoryOptions[];
  /** How often it is tried to take back a disk; default 30,000. */
  readonly retryMs?: number | undefined;
  /** A disk became good (true) or bad. */
  readonly onChange: (disk: Disk, isGood: boolean) => void;
}

export interface Disk {
  readonly path: string;
  capacityBytes: number | undefined;
  /** Empty while nobody knows. */
  diskId: string;
  state: 'good' | 'missing' | 'bad';
  /** Why it is not good. */
  problem: string | undefined;
  /** While it is good. */
  store: DiskStore | undefined;
  /** Of those that were given up before. */
  earlier: DiskCounters;
  timesGivenUp: number;
  /** The store that was given up, letting go. */
  releasing: Promise<void> | undefined;
}

const DEFAULT_RETRY_MS = 30_000;
/** 30 s to 17 minutes. */
const MAX_DOUBLINGS = 5;

export class Disks implements AsyncDisposable {
  readonly all: readonly Disk[];
  readonly workerId: string;
  readonly #options: DisksOptions;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #closing = new AbortController();
  readonly #retries = new Set<Promise<void>>();

  constructor(options: DisksOptions, all: readonly Disk[], workerId: string) {
    this.#options = options;
    this.all = all;
    this.workerId = workerId;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.logger ?? silentLogger;
  }

  /**
   * @throws {LarderError} `CACHE_DIR_UNUSABLE` where none can be used; `CACHE_DIR_LOCKED`,
   *   `CACHE_DIRS_MIXED`, `INVALID_ARGUMENT`
   */
  static async open(options: DisksOptions): Promise<Disks> {
    const all = distinct(options.directories);
    const found = await Promise.all(all.map((disk) => look(disk, options)));
    const workerId = commonWorker(all, found) ?? newId();
    const disks = new Disks(options, all, workerId);
    const known = found.flatMap((it) => ('identity' in it ? it.identity.disks : []));
    const taken: { disk: Disk; directory: CacheDirectory }[] = [];
    try {
      let first: unknown;
      for (const [i, disk] of all.entries()) {
        try {
          taken.push({ disk, directory: take(disk, found[i], known) });
        } catch (error) {
          const isOurs = error instanceof LarderError && error.code === 'CACHE_DIR_UNUSABLE';
          if (!isOurs) throw error;
          first ??= error;
          disks.#miss(disk, error);
        }
      }
      if (taken.length === 0) throw first;
      checkDevices(taken, disks.#log);
    } catch (error) {
      for (const { directory } of taken) directory[Symbol.dispose]();
      throw error;
    }
    await disks.#openAll(taken, known);
    return disks;
  }

  get good(): readonly (Disk & { readonly store: DiskStore })[] {
    return this.all.filter(isGood);
  }

  /** Brings everything to disk and lets the directories go. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await Promise.all([
      ...this.#retries,
      ...this.good.map(({ store }) => store[Symbol.asyncDispose]()),
    ]);
  }

  async #openAll(
    taken: readonly { disk: Disk; directory: CacheDirectory }[],
    known: readonly KnownDisk[],
  ): Promise<void> {
    for (const { disk } of taken) disk.diskId ||= newId();
    const knownNow = this.all.flatMap((disk): KnownDisk[] => {
      const mountPoint = mountPointOf(disk.path);
      if (disk.diskId !== '') return [{ path: disk.path, diskId: disk.diskId, mountPoint }];
      return known.filter((it) => it.path === disk.path).slice(0, 1);
    });
    let first: unknown;
    for (const { disk, directory } of taken) {
      const sharers = taken.filter((it) => it.directory.device === directory.device).length;
      try {
        writeIdentity(disk.path, {
          workerId: this.workerId,
          diskId: disk.diskId,
          disks: knownNow,
        });
        await this.#start(disk, directory, { shareOfFree: 1 / sharers, distrusted: false });
      } catch (error) {
        first ??= error;
        directory[Symbol.dispose]();
        this.#miss(disk, error);
      }
    }
    if (this.good.length === 0) throw first;
  }

  async #start(
    disk: Disk,
    directory: CacheDirectory,
    how: { readonly shareOfFree: number; readonly distrusted: boolean },
  ): Promise<void> {
    disk.store = await DiskStore.open({
      ...this.#options,
      ...how,
      directory,
      capacityBytes: disk.capacityBytes,
      onBad: (problem) => {
        this.#giveUp(disk, problem);
      },
    });
    disk.state = 'good';
    disk.problem = undefined;
  }

  #miss(disk: Disk, error: unknown): void {
    const { message, facts } = error as LarderError;
    disk.state = 'missing';
    disk.problem = String(facts['reason'] ?? message);
    if (this.all.length === 1) return;
    this.#log.error(
      { directory: disk.path, problem: disk.problem },
      'a cache directory cannot be used; the worker goes on with the others',
    );
    this.#retryLater(disk);
  }

  #giveUp(disk: Disk, problem: string): void {
    const { store } = disk;
    if (store === undefined) return;
    disk.store = undefined;
    disk.state = 'bad';
    disk.problem = problem;
    disk.timesGivenUp += 1;
    disk.earlier = addCounts(disk.earlier, store.diskCounters);
    this.#log.error(
      { directory: disk.path, problem },
      'a cache disk fails and is given up; what it had is read from elsewhere',
    );
    store.abandon();
    this.#options.onChange({ ...disk, store }, false);
    disk.releasing = store
      .release()
      .catch(() => undefined)
      .finally(() => {
        disk.releasing = undefined;
      });
    this.#retryLater(disk);
  }

  #retryLater(disk: Disk): void {
    const { retryMs = DEFAULT_RETRY_MS } = this.#options;
    const { signal } = this.#closing;
    const doublings = Math.min(MAX_DOUBLINGS, Math.max(0, disk.timesGivenUp - 1));
    const task = this.#clock
      .sleep(retryMs * 2 ** doublings, signal)
      .then(() => this.#retry(disk))
      .catch((error: unknown) => {
        if (signal.aborted) return;
        if (error instanceof LarderError)
          disk.problem = String(error.facts['reason'] ?? disk.problem);
        this.#retryLater(disk);
      })
      .finally(() => this.#retries.delete(task));
    this.#retries.add(task);
  }

  /** @throws where the disk is not well yet */
  async #retry(disk: Disk): Promise<void> {
    // While a call hangs its directory is not let go.
    if (disk.releasing !== undefined) throw new LarderError('CACHE_IO', { reason: 'hangs' });
    const found = await look(disk, this.#options);
    this.#closing.signal.throwIfAborted();
    commonWorker([disk], [found], this.workerId);
    const known = this.good.flatMap(({ path: at }) => readIdentity(at).disks);
    const directory = take(disk, found, known);
    try {
      disk.diskId ||= newId();
      const { workerId } = this;
      writeIdentity(disk.path, { workerId, diskId: disk.diskId, disks: known });
      const others = this.good.filter((it) => it.store.device === directory.device).length;
      await this.#start(disk, directory, {
        shareOfFree: 1 / (others + 1),
        distrusted: disk.timesGivenUp > 0,
      });
    } catch (error) {
      directory[Symbol.dispose]();
      throw error;
    }
    this.#log.warn({ directory: disk.path }, 'a cache disk is used again');
    this.#options.onChange(disk, true);
  }
}

type Found =
  /** Empty where the directory is not there. */
  { readonly identity: DiskIdentity } | { readonly problem: LarderError };

const NOBODY: DiskIdentity = { workerId: undefined, diskId: undefined, disks: [] };

async function look(disk: Disk, options: DisksOptions): Promise<Found> {
  const { clock = systemClock, hungAfterMs = DEFAULT_HUNG_AFTER_MS } = options;
  try {
    const isThere = await looksUsable(disk.path, clock, hungAfterMs);
    return { identity: isThere ? readIdentity(disk.path) : NOBODY };
  } catch (error) {
    if (error instanceof LarderError) return { problem: error };
    throw error;
  }
}

/** @throws {LarderError} `CACHE_DIR_UNUSABLE`, `CACHE_DIR_LOCKED` */
function take(disk: Disk, found: Found | undefined, known: readonly KnownDisk[]): CacheDirectory {
  if (found === undefined) throw new Error('every disk was looked at');
  if ('problem' in found) throw found.problem;
  const { diskId } = found.identity;
  const before = known.find((it) => it.path === disk.path);
  if (diskId === undefined && before !== undefined) {
    const now = mountPointOf(disk.path);
    if (now !== before.mountPoint) {
      const reason = `${before.mountPoint} is not mounted`;
      throw new LarderError('CACHE_DIR_UNUSABLE', { directory: disk.path, reason });
    }
  }
  disk.diskId = diskId ?? '';
  return CacheDirectory.open(disk.path);
}

function distinct(directories: readonly DirectoryOptions[]): Disk[] {
  const disks = directories.map(({ path: at, capacityBytes }): Disk => ({
    path: path.resolve(at),
    capacityBytes,
    diskId: '',
    state: 'missing',
    problem: undefined,
    store: undefined,
    earlier: NO_COUNTS,
    timesGivenUp: 0,
    releasing: undefined,
  }));
  for (const [i, { path: one }] of disks.entries()) {
    for (const { path: other } of disks.slice(i + 1)) {
      const isIn = (a: string, b: string) => `${a}/`.startsWith(`${b}/`);
      if (!isIn(one, other) && !isIn(other, one)) continue;
      const problem = one === other ? 'it is named twice' : `it lies in or above ${other}`;
      throw new LarderError('INVALID_ARGUMENT', { option: '--cache-dir', value: one, problem });
    }
  }
  return disks;
}

/** @throws {LarderError} `CACHE_DIRS_MIXED` */
function commonWorker(
  disks: readonly Disk[],
  found: readonly Found[],
  expected?: string,
): string | undefined {
  let worker = expected;
  let from = 'this worker';
  for (const [i, it] of found.entries()) {
    const id = 'identity' in it ? it.identity.workerId : undefined;
    const directory = disks[i]?.path ?? '';
    if (id === undefined) continue;
    if (worker !== undefined && id !== worker) {
      throw new LarderError('CACHE_DIRS_MIXED', { directory, worker: id, other: worker, from });
    }
    if (worker === undefined) from = directory;
    worker = id;
  }
  return worker;
}

/** Those that share a file system also share its space. */
function checkDevices(
  taken: readonly { readonly disk: Disk; readonly directory: CacheDirectory }[],
  log: Logger,
): void {
  const byDevice = new Map<number, string[]>();
  for (const { disk, directory } of taken) {
    byDevice.set(directory.device, [...(byDevice.get(directory.device) ?? []), disk.path]);
  }
  for (const directories of byDevice.values()) {
    if (directories.length < 2) continue;
    log.warn(
      { directories: directories.join(' ') },
      'cache directories share one file system: they fill, and fail, together',
    );
  }
}

function isGood(disk: Disk): disk is Disk & { readonly store: DiskStore } {
  return disk.store !== undefined;
}
