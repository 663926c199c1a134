/** What a master is told: everything optional outside, nothing optional inside. */
import { shareOfOpenFiles, silentLogger, systemClock } from '../common/index.ts';
import type { Clock, Logger } from '../common/index.ts';

export interface MasterTimes {
  /** A worker without a heartbeat for this long is away. Default 5 s. */
  readonly leaseMs: number;
  /** How often workers send a heartbeat. Default 1 s. */
  readonly heartbeatMs: number;
  /** A worker that is away for less than this stays in the placement. Default 60 s. */
  readonly graceMs: number;
  /** How long a create or refresh waits for a worker to join. Default 5 s. */
  readonly workerWaitMs: number;
  /** A listing that brings nothing for this long has failed. Default 120 s. */
  readonly listingIdleMs: number;
  /** A preload that nobody watches for this long is cancelled. Default 10 s. */
  readonly watcherGraceMs: number;
  /** A preload without any worker for this long ends. Default 120 s. */
  readonly preloadStallMs: number;
  /** Progress is told at most this often. Default 100 ms. */
  readonly progressMs: number;
}

export interface MasterOptions {
  /** An existing, writable directory on a local disk. */
  readonly dataDir: string;
  /** `HOST:PORT`; port 0 takes a free one. Default 127.0.0.1:7450. */
  readonly listen?: string;
  /** Allows listening beyond loopback without authentication. Default false. */
  readonly insecure?: boolean;
  /** File descriptors that this process may have; connections take half of them. Default: no limit. */
  readonly openFiles?: number;
  /** One more is closed at once. Default 4,096, or what `openFiles` leaves. */
  readonly maxConnections?: number;
  /** Shown to whoever asks for the status. */
  readonly softwareVersion?: string;
  readonly log?: Logger;
  readonly clock?: Clock;
  readonly times?: Partial<MasterTimes>;
}

export interface MasterConfig {
  readonly dataDir: string;
  readonly listen: string;
  readonly insecure: boolean;
  readonly maxConnections: number;
  readonly softwareVersion: string;
  readonly log: Logger;
  readonly clock: Clock;
  readonly times: MasterTimes;
}

/** A connection takes about 40 KiB of memory: 160 MiB at this number. */
const DEFAULT_CONNECTIONS = 4_096;
/** Of the file descriptors; the rest is for the catalog and for manifests that are read. */
const CONNECTIONS = { share: 1 / 2, least: 8 };

const DEFAULT_TIMES: MasterTimes = {
  leaseMs: 5000,
  heartbeatMs: 1000,
  graceMs: 60_000,
  workerWaitMs: 5000,
  listingIdleMs: 120_000,
  watcherGraceMs: 10_000,
  preloadStallMs: 120_000,
  progressMs: 100,
};

export function compileOptions(options: MasterOptions): MasterConfig {
  return {
    dataDir: options.dataDir,
    listen: options.listen ?? '127.0.0.1:7450',
    insecure: options.insecure ?? false,
    maxConnections: shareOfOpenFiles(options.openFiles ?? Infinity, {
      ...CONNECTIONS,
      most: options.maxConnections ?? DEFAULT_CONNECTIONS,
    }),
    softwareVersion: options.softwareVersion ?? '',
    log: options.log ?? silentLogger,
    clock: options.clock ?? systemClock,
    times: { ...DEFAULT_TIMES, ...options.times },
  };
}
