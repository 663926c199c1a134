/** The environment: the only place that reads it, so that the list below is whole. */
import os from 'node:os';
import path from 'node:path';
import { LarderError } from '../common/index.ts';

const { env } = process;

export interface Environment {
  /** `LARDER_MASTER`: host:port of the master. */
  readonly master: string | undefined;
  /** `LARDER_WORKER_SOCKET`: the Unix socket of the worker on this node. */
  readonly workerSocket: string | undefined;
  /** `LARDER_LOG_LEVEL`: trace, debug, info, warn (default), error, fatal or silent. */
  readonly logLevel: string;
  /** `LARDER_RUNTIME_DIR`: sockets, process records, mount state. */
  readonly runtimeDirectory: string;
  /** `LARDER_CACHE_HOME`: where caches go that no `--cache-dir` names. */
  readonly cacheHome: string;
  /** Where a master or a worker without a directory of its own keeps its data. */
  readonly masterHome: string;
  readonly workerHome: string;
  /** `LARDER_LEASE_MS`, `LARDER_HEARTBEAT_MS`, `LARDER_GRACE_MS`: of the master. */
  readonly masterTimes: { leaseMs: number; heartbeatMs: number; graceMs: number };
  /** `LARDER_HUNG_AFTER_MS`: a FUSE server that is silent for this long is replaced. */
  readonly hungAfterMs: number;
  /** `LARDER_READ_TIMEOUT_MS`: how long a read may take in all. */
  readonly readTimeoutMs: number;
  /** `NO_COLOR` is not set, to anything. */
  readonly color: boolean;
}

export function environment(): Environment {
  const cacheHome = set('LARDER_CACHE_HOME') ?? defaultCacheHome();
  return {
    master: set('LARDER_MASTER'),
    workerSocket: set('LARDER_WORKER_SOCKET'),
    logLevel: logLevel(),
    runtimeDirectory: set('LARDER_RUNTIME_DIR') ?? defaultRuntimeDirectory(),
    cacheHome,
    masterHome: isRoot() ? '/var/lib/larder' : path.join(cacheHome, 'master'),
    workerHome: path.join(cacheHome, 'worker'),
    masterTimes: {
      leaseMs: positive('LARDER_LEASE_MS', 5_000),
      heartbeatMs: positive('LARDER_HEARTBEAT_MS', 1_000),
      graceMs: positive('LARDER_GRACE_MS', 60_000),
    },
    hungAfterMs: positive('LARDER_HUNG_AFTER_MS', 10_000),
    readTimeoutMs: positive('LARDER_READ_TIMEOUT_MS', 30_000),
    color: (env['NO_COLOR'] ?? '') === '',
  };
}

/** What `up` gives to all that it starts, so that `down` finds them; empty elsewhere. */
export function groupOf(): string {
  return env['LARDER_GROUP'] ?? '';
}

/** Where a service manager waits to hear that this process is ready; systemd sets it. */
export function notifySocket(): string | undefined {
  return set('NOTIFY_SOCKET');
}

/** A child's environment: ours, with additions. A child is not the service that is waited for. */
export function childEnvironment(additions: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const { NOTIFY_SOCKET: _, ...inherited } = env;
  return { ...inherited, ...additions };
}

/** An empty variable is one that is not set. */
function set(name: string): string | undefined {
  const value = env[name];
  return value === '' ? undefined : value;
}

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

function logLevel(): string {
  const value = set('LARDER_LOG_LEVEL') ?? 'warn';
  if (LEVELS.includes(value)) return value;
  const expected = LEVELS.join(', ');
  throw new LarderError('INVALID_ARGUMENT', { variable: 'LARDER_LOG_LEVEL', value, expected });
}

/** A whole number of milliseconds above 0 from the environment. */
function positive(name: string, fallback: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value <= 0) {
    throw new LarderError('INVALID_ARGUMENT', {
      variable: name,
      value: text,
      expected: 'a whole number above 0',
    });
  }
  return value;
}

function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

function defaultRuntimeDirectory(): string {
  if (isRoot()) return '/run/larder';
  const base = env['XDG_RUNTIME_DIR'];
  if (base !== undefined && base !== '') return path.join(base, 'larder');
  return path.join(os.tmpdir(), `larder-${String(process.geteuid?.() ?? 0)}`);
}

function defaultCacheHome(): string {
  if (isRoot()) return '/var/cache/larder';
  return path.join(env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache'), 'larder');
}
