/** Preloads as jobs of the master: started here or elsewhere, and asked for by number. */
import { hasCode, LarderError, MAX_REPLICAS } from '../common/index.ts';
import type { PreloadInfo__Output } from '../proto/generated/larder/v1/PreloadInfo.ts';
import type { StartPreloadRequest } from '../proto/generated/larder/v1/StartPreloadRequest.ts';
import { ALL_REPLICAS } from '../rpc/grpc/index.ts';
import type { Connection } from './connection.ts';
import { pathBytes } from './paths.ts';
import type { DatasetPath } from './paths.ts';
import type { CallSignal, PreloadEstimate, PreloadInfo, PreloadProgress } from './types.ts';
import { preloadFrom } from './wire.ts';

export interface PreloadOptions extends CallSignal {
  /**
   * Files or directories below the root, or patterns of them: `*` and `?` within a name, `[a-z]`, `**` for any number of
   * directories. Default, where `listed` is empty too: everything. At most 3 MiB together with `listed`.
   */
  readonly paths?: readonly DatasetPath[];
  /** As `paths`, taken as they are: those that are not there are failures of the preload, and the others are loaded. */
  readonly listed?: readonly DatasetPath[];
  /** Takes files in order, up to the first that does not fit. Default: no limit. */
  readonly budgetBytes?: number;
  /** The higher goes first, at each worker: -100 to 100. Default 0. */
  readonly priority?: number;
  /** How fast files are handed out to workers, all together, a file (or stripe of one) at a time. Default: no limit. */
  readonly bandwidthBytesPerSecond?: number;
  /** From now on: what is missing then has failed with `DEADLINE_EXCEEDED`. Default: none. */
  readonly deadlineMs?: number;
  /** How long what it loads is protected from eviction after its end. Default 0: not. `forever`: until it is released. */
  readonly keepMs?: number | 'forever';
  /**
   * Copies that are to be there, each on a worker of its own, the owner first. Progress counts each of them. Default: one,
   * or what there is, wherever it is. Copies stay until they are released (`preloads.release`), or for others that need
   * their room; with `keepMs` for no others.
   */
  readonly replicas?: number | 'all';
  /** Names of nodes, or ids of workers: only these are to hold it, one copy among them unless `replicas` says more. */
  readonly on?: readonly string[];
  /** Reads what is held, and compares it with its checksums; what is wrong is dropped, and fetched again. */
  readonly verify?: boolean;
  /** Only files that this older version has not, or has with other bytes. */
  readonly changedSince?: number;
}

export interface StartedPreload {
  readonly id: number;
  /** An equal one was running: this is its id. */
  readonly joined: boolean;
}

/** While a master restarts, a watcher tries for so long to find it again. */
const AWAY_MS = 60_000;
const RETRY_MS = 500;
/** A version of a hundred million files is gone through in about this time. */
const ESTIMATE_MS = 600_000;
const FINAL: ReadonlySet<string> = new Set(['complete', 'partial', 'cancelled', 'failed']);

export class Preloads {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Those that run, those whose files are kept, and the last hundred that ended: the newest first. */
  async list(): Promise<PreloadInfo[]> {
    const { preloads } = await this.#connection.master.preload.listPreloads({ preload_id: 0 });
    return preloads.map(infoFrom);
  }

  /** @throws {LarderError} `NOT_FOUND` */
  async show(id: number): Promise<PreloadInfo> {
    const answer = await this.#connection.master.preload.listPreloads({ preload_id: checkId(id) });
    const [info] = answer.preloads;
    if (info === undefined) throw new LarderError('NOT_FOUND', { preload: id });
    return infoFrom(info);
  }

  /**
   * Progress now, after each change, and the final state. Leaving it cancels nothing, unless nobody else watches a
   * preload that is not detached. Goes on when the master was away for less than a minute.
   *
   * @throws {LarderError} `NOT_FOUND`, `UNAVAILABLE`
   */
  async *watch(
    id: number,
    options: CallSignal = {},
  ): AsyncGenerator<PreloadProgress, void, undefined> {
    const { master, config } = this.#connection;
    const call = options.signal === undefined ? {} : { signal: options.signal };
    let heardMs = config.clock.monotonicMs();
    for (;;) {
      try {
        for await (const message of master.preload.watchPreload(
          { preload_id: checkId(id) },
          call,
        )) {
          heardMs = config.clock.monotonicMs();
          const progress = preloadFrom(message);
          yield progress;
          if (FINAL.has(progress.state)) return;
        }
      } catch (error) {
        const awayMs = config.clock.monotonicMs() - heardMs;
        const isAway = isGone(error) && options.signal?.aborted !== true;
        if (!isAway || awayMs > AWAY_MS) throw error;
      }
      await config.clock.sleep(RETRY_MS, options.signal);
    }
  }

  /** Of one that has ended: nothing to do. @throws {LarderError} `NOT_FOUND` */
  async cancel(id: number): Promise<void> {
    await this.#connection.master.preload.cancelPreload({ preload_id: checkId(id) });
  }

  /**
   * Starts a new one, which nobody needs to watch, of what this one could not get: with the same options.
   *
   * @throws {LarderError} `NOT_FOUND`; `INVALID_ARGUMENT` where it still runs, or nothing has failed that could be had
   */
  async retry(id: number): Promise<StartedPreload> {
    const request = { preload_id: checkId(id), detached: true };
    const answer = await this.#connection.master.preload.retryPreload(request);
    return { id: answer.preload_id, joined: answer.joined };
  }

  /** What it has loaded may be evicted from now on. @throws {LarderError} `NOT_FOUND` */
  async release(id: number): Promise<void> {
    await this.#connection.master.preload.releasePreload({ preload_id: checkId(id) });
  }
}

/** Of a version of a dataset. */
export interface PreloadedVersion {
  readonly dataset: string;
  readonly version: number;
}

/** @throws {LarderError} `NOT_FOUND`, `INVALID_ARGUMENT` */
export async function startPreload(
  { master }: Connection,
  of: PreloadedVersion,
  { signal, ...options }: PreloadOptions & { readonly detached: boolean },
): Promise<StartedPreload> {
  const request = { ...requestOf(of, options), detached: options.detached };
  const answer = await master.preload.startPreload(request, signal === undefined ? {} : { signal });
  return { id: answer.preload_id, joined: answer.joined };
}

/** @throws {LarderError} `NOT_FOUND`, `INVALID_ARGUMENT` */
export async function estimatePreload(
  { master }: Connection,
  of: PreloadedVersion,
  { signal, ...options }: PreloadOptions,
): Promise<PreloadEstimate> {
  const it = await master.preload.estimatePreload(requestOf(of, options), {
    deadlineMs: ESTIMATE_MS,
    ...(signal === undefined ? {} : { signal }),
  });
  return {
    targetFiles: it.target_files,
    targetBytes: it.target_bytes,
    missingFiles: it.missing_files,
    missingBytes: it.missing_bytes,
    requests: it.requests,
    bytesPerSecond: it.bytes_per_second === 0 ? null : it.bytes_per_second,
    rateFrom: (it.rate_from || null) as PreloadEstimate['rateFrom'],
    ms: it.bytes_per_second === 0 ? null : it.ms,
    leftOutFiles: it.left_out_files,
    freeBytes: it.free_bytes,
    notFound: it.not_found.map((path) => path.toString()),
  };
}

function requestOf(of: PreloadedVersion, options: PreloadOptions): StartPreloadRequest {
  const { keepMs = 0 } = options;
  return {
    ...of,
    paths: (options.paths ?? []).map(pathBytes),
    listed: (options.listed ?? []).map(pathBytes),
    budget_bytes: atLeastZero('budgetBytes', options.budgetBytes),
    priority: options.priority ?? 0,
    bandwidth: atLeastZero('bandwidthBytesPerSecond', options.bandwidthBytesPerSecond),
    deadline_ms: atLeastZero('deadlineMs', options.deadlineMs),
    keep_ms: keepMs === 'forever' ? Number.MAX_SAFE_INTEGER : atLeastZero('keepMs', keepMs),
    replicas: copiesOf(options.replicas),
    on: [...(options.on ?? [])],
    verify: options.verify ?? false,
    changed_since: atLeastZero('changedSince', options.changedSince),
  };
}

function copiesOf(replicas: PreloadOptions['replicas']): number {
  if (replicas === undefined) return 0;
  if (replicas === 'all') return ALL_REPLICAS;
  if (Number.isInteger(replicas) && replicas >= 1 && replicas <= MAX_REPLICAS) return replicas;
  const expected = `a number from 1 to ${String(MAX_REPLICAS)}, or all`;
  throw new LarderError('INVALID_ARGUMENT', { replicas, expected });
}

/** The wire has no negative numbers, and would make large ones of them. */
function atLeastZero(name: string, value = 0): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new LarderError('INVALID_ARGUMENT', { [name]: value, expected: 'a whole number from 0' });
}

/** Whether the master is away, or has ended the call because it stops. */
function isGone(error: unknown): boolean {
  return hasCode(error, 'UNAVAILABLE') || hasCode(error, 'CANCELLED');
}

function checkId(id: number): number {
  if (Number.isSafeInteger(id) && id > 0) return id;
  throw new LarderError('INVALID_ARGUMENT', { preload: id, expected: 'the number of a preload' });
}

function infoFrom(info: PreloadInfo__Output): PreloadInfo {
  if (info.progress === null) {
    throw new LarderError('INTERNAL', { what: 'a preload without its progress' });
  }
  const keptUntil = info.kept_until_ms === 0 ? 'released' : new Date(info.kept_until_ms);
  return {
    ...preloadFrom(info.progress),
    dataset: info.dataset,
    version: info.version,
    startedAt: new Date(info.started_at_ms),
    endedAt: info.ended_at_ms === 0 ? null : new Date(info.ended_at_ms),
    keptUntil: info.kept ? keptUntil : null,
    priority: info.priority,
    detached: info.detached,
  };
}
