/** What a preload is asked to do: checked once, and written down. */
import { LarderError } from '../common/index.ts';
import { ALL_REPLICAS } from '../rpc/grpc/index.ts';
import type { PreloadPaths } from './preload-paths.ts';
import type { PreloadRecord } from './records.ts';

export interface PreloadRequest extends PreloadPaths {
  readonly dataset: string;
  /** 0: the latest. */
  readonly version: number;
  /** 0: no limit, in these. */
  readonly budgetBytes: number;
  readonly bandwidthBytes: number;
  readonly deadlineMs: number;
  /** 0: what it loads is not protected from eviction. `KEEP_FOREVER`: until it is released. */
  readonly keepMs: number;
  /** The higher goes first. */
  readonly priority: number;
  /** Copies that are wanted, on workers of their own; 0: held by anybody, or (with `on`) one among those. */
  readonly replicas: number;
  /** Ids of workers, or names of nodes; empty: all. */
  readonly on: readonly string[];
  /** What is held is read and compared with its checksums first. */
  readonly isVerified: boolean;
  /** Only what this version has not; 0: all. */
  readonly changedSince: number;
  readonly isDetached: boolean;
  /** Somebody counts the jobs that need it: others neither join nor release it. Default false. */
  readonly isStaged?: boolean;
}

export const KEEP_FOREVER = Number.MAX_SAFE_INTEGER;

const MAX_PRIORITY = 100;
/** All paths come in one message, of at most 4 MiB: about 60,000 of them. */
const MAX_PATHS_BYTES = 3 * 1024 * 1024;

/** @throws {LarderError} `INVALID_ARGUMENT` */
export function checkRequest(request: PreloadRequest): void {
  const { priority, paths, listed } = request;
  for (const name of ['budgetBytes', 'bandwidthBytes', 'deadlineMs', 'keepMs'] as const) {
    if (Number.isSafeInteger(request[name]) && request[name] >= 0) continue;
    throw new LarderError('INVALID_ARGUMENT', { [name]: request[name], expected: '0 or more' });
  }
  if (!Number.isInteger(priority) || Math.abs(priority) > MAX_PRIORITY) {
    throw new LarderError('INVALID_ARGUMENT', { priority, expected: '-100 to 100' });
  }
  const pathsBytes = [...paths, ...listed].reduce((sum, path) => sum + path.length, 0);
  if (pathsBytes <= MAX_PATHS_BYTES) return;
  const expected = `at most ${String(MAX_PATHS_BYTES)} bytes of paths, or their directories`;
  throw new LarderError('INVALID_ARGUMENT', { pathsBytes, expected });
}

interface RecordFacts extends Pick<PreloadRecord, 'id' | 'datasetId' | 'version'> {
  /** Ids of workers. */
  readonly on: readonly string[];
  readonly nowMs: number;
}

/**
 * @param workers that may have copies
 * @throws {LarderError} `INVALID_ARGUMENT` for more copies than there are workers
 */
export function checkCopies({ replicas }: PreloadRequest, workers: number): void {
  if (replicas === ALL_REPLICAS ? workers > 0 : replicas <= workers) return;
  const expected = `at most ${String(workers)}: so many workers are there`;
  throw new LarderError('INVALID_ARGUMENT', {
    replicas: replicas === ALL_REPLICAS ? 'all' : replicas,
    expected,
  });
}

export function recordOf(request: PreloadRequest, facts: RecordFacts): PreloadRecord {
  const { budgetBytes, bandwidthBytes, deadlineMs, keepMs, priority, isDetached } = request;
  const { isStaged = false } = request;
  const { id, datasetId, version, on, nowMs } = facts;
  const replicas = on.length > 0 ? Math.max(1, request.replicas) : request.replicas;
  return {
    ...{ id, datasetId, version },
    paths: request.paths.map((path) => path.toString('base64')),
    listed: request.listed.map((path) => path.toString('base64')),
    ...{ budgetBytes, bandwidthBytes, deadlineMs, keepMs, priority, isDetached },
    ...(isStaged ? { isStaged } : {}),
    ...(replicas === 0 ? {} : { replicas, on }),
    ...(request.isVerified ? { verify: true } : {}),
    ...(request.changedSince === 0 ? {} : { changedSince: request.changedSince }),
    ...(deadlineMs === 0 ? {} : { deadlineAtMs: nowMs + deadlineMs }),
    startedAtMs: nowMs,
  };
}

/** Whether it says where its files are to be, and how often. */
export function hasCopies({ replicas = 0 }: Pick<PreloadRecord, 'replicas'>): boolean {
  return replicas > 0;
}

export function pathsOf({ paths, listed = [] }: PreloadRecord): PreloadPaths {
  const fromText = (path: string) => Buffer.from(path, 'base64');
  return { paths: paths.map(fromText), listed: listed.map(fromText) };
}

/** Whether one of the two is enough. */
export function isSameWork(a: PreloadRecord, b: PreloadRecord): boolean {
  return workOf(a) === workOf(b);
}

function workOf(record: PreloadRecord): string {
  const { datasetId, version, paths, listed = [] } = record;
  const { budgetBytes = 0, bandwidthBytes = 0, deadlineMs = 0, keepMs = 0, priority = 0 } = record;
  const { replicas = 0, on = [], verify = false, changedSince = 0, isStaged = false } = record;
  const numbers = [
    budgetBytes,
    bandwidthBytes,
    deadlineMs,
    keepMs,
    priority,
    replicas,
    changedSince,
  ];
  return JSON.stringify([datasetId, version, paths, listed, numbers, on, verify, isStaged]);
}
