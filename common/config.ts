/**
 * The whole list of what people may set: in a YAML file, in the environment, by a flag. Each setting
 * has its unit, default, bounds and the reason why it exists; docs/CONFIG.md is made from this table.
 *
 * Reading and writing single values is `config-values.ts`; which of file, environment and flag wins,
 * and reading them, is `cli/config/`. What is a contract between parts and not to be
 * tuned is `limits.ts`.
 */
import type { SettingSpec, SettingType } from './setting-spec.ts';
import { MIB, TIB } from './units.ts';

const HOUR_MS = 3_600_000;
/** The kernel's limit for the address of a Unix socket. */
const MAX_SOCKET_PATH_BYTES = 107;

export const SETTINGS = {
  master: {
    type: 'address',
    variable: 'LARDER_MASTER',
    flags: { '*': 'master' },
    defaultText: 'the one that runs on this machine, else 127.0.0.1:7400',
    reason: 'Workers, mounts and commands must find their master.',
    usedBy: ['worker', 'mount', 'cli'],
    live: false,
  },
  masterListen: {
    type: 'address',
    variable: 'LARDER_MASTER_LISTEN',
    flags: { master: 'listen' },
    default: '127.0.0.1:7400',
    reason: 'A master for several machines listens where they reach it.',
    usedBy: ['master'],
    live: false,
  },
  httpListen: {
    type: 'address',
    variable: 'LARDER_HTTP_LISTEN',
    flags: { master: 'http-listen' },
    defaultText: 'none: there is no HTTP API',
    reason: 'Schedulers and scripts speak HTTP (docs/HTTP.md); who needs it says where.',
    usedBy: ['master'],
    live: false,
  },
  workerListen: {
    type: 'address',
    variable: 'LARDER_WORKER_LISTEN',
    flags: { worker: 'listen' },
    default: '127.0.0.1:0',
    reason: 'Other nodes read from this address; port 0 takes a free one.',
    usedBy: ['worker'],
    live: false,
  },
  insecure: {
    type: 'switch',
    variable: 'LARDER_INSECURE',
    flags: { master: 'insecure', worker: 'insecure' },
    default: false,
    reason: 'Listening beyond loopback without authentication must be somebody’s decision.',
    usedBy: ['master', 'worker'],
    live: false,
  },
  workerSocket: {
    type: 'socket',
    variable: 'LARDER_WORKER_SOCKET',
    flags: { worker: 'socket', mount: 'worker-socket' },
    defaultText: '`worker.sock` in `runtimeDir`; a mount takes that of a worker of its master',
    maximum: MAX_SOCKET_PATH_BYTES,
    reason: 'Worker and mounts of one node meet there, also across containers.',
    usedBy: ['worker', 'mount'],
    live: false,
  },
  dataDir: {
    type: 'path',
    variable: 'LARDER_DATA_DIR',
    flags: { master: 'data-dir' },
    defaultText: '`/var/lib/larder`; of an ordinary user `master` in `cacheHome`',
    reason: 'The catalog belongs on a disk that is backed up.',
    usedBy: ['master'],
    live: false,
  },
  cacheDir: {
    type: 'paths',
    variable: 'LARDER_CACHE_DIR',
    flags: { worker: 'cache-dir' },
    defaultText: '`worker` in `cacheHome`',
    reason:
      'The cache belongs on the NVMe of the node, one directory on each disk. Of `larder worker`; `up` uses `cacheHome`.',
    usedBy: ['worker'],
    live: false,
  },
  cacheSize: {
    type: 'sizes',
    variable: 'LARDER_CACHE_SIZE',
    flags: { worker: 'cache-size', up: 'cache-size' },
    defaultText: '`auto`: 80 % of what is free, besides what is held',
    minimum: MIB,
    maximum: 1024 * TIB,
    reason:
      'Others use the disk as well. One value for each directory of `cacheDir`, or one for each in the same order.',
    usedBy: ['worker', 'up'],
    live: true,
  },
  diskHungAfter: {
    type: 'duration',
    variable: 'LARDER_DISK_HUNG_AFTER_MS',
    flags: {},
    default: 10_000,
    minimum: 100,
    maximum: HOUR_MS,
    reason:
      'A cache disk that does nothing for so long is given up; shorter than a reader waits (`readTimeout`).',
    usedBy: ['worker'],
    live: false,
  },
  diskErrors: {
    type: 'count',
    variable: 'LARDER_DISK_ERRORS',
    flags: {},
    default: 5,
    minimum: 1,
    maximum: 1_000_000,
    reason: 'Failed reads and writes within a minute with which a cache disk is given up.',
    usedBy: ['worker'],
    live: false,
  },
  diskRetry: {
    type: 'duration',
    variable: 'LARDER_DISK_RETRY_MS',
    flags: {},
    default: 30_000,
    minimum: 10,
    maximum: 24 * HOUR_MS,
    reason:
      'How often it is tried to use a cache disk again; after each further failure half as often, down to a 32nd.',
    usedBy: ['worker'],
    live: false,
  },
  readRateWindow: {
    type: 'duration',
    variable: 'LARDER_READ_RATE_WINDOW_MS',
    flags: {},
    default: 60_000,
    minimum: 100,
    maximum: HOUR_MS,
    reason:
      'Over which it is measured how much is read of each dataset: the cache follows a job that starts after one, and one that stops after four.',
    usedBy: ['worker'],
    live: false,
  },
  cacheHome: {
    type: 'path',
    variable: 'LARDER_CACHE_HOME',
    flags: {},
    defaultText: '`/var/cache/larder`; of an ordinary user `~/.cache/larder`',
    reason: 'Where caches go that no `--cache-dir` names.',
    usedBy: ['worker', 'master', 'up'],
    live: false,
  },
  runtimeDir: {
    type: 'path',
    variable: 'LARDER_RUNTIME_DIR',
    flags: {},
    defaultText: '`/run/larder`; of an ordinary user `$XDG_RUNTIME_DIR/larder`',
    reason: 'Sockets, process records and the state of mounts do not outlive a boot.',
    usedBy: ['master', 'worker', 'mount', 'up', 'cli'],
    live: false,
  },
  originConnections: {
    type: 'count',
    variable: 'LARDER_ORIGIN_CONNECTIONS',
    flags: {},
    default: 32,
    minimum: 1,
    maximum: 1024,
    reason: 'Connections to one S3 endpoint: more for a fast network, fewer for a weak gateway.',
    usedBy: ['worker'],
    live: false,
  },
  maxConnections: {
    type: 'count',
    variable: 'LARDER_MAX_CONNECTIONS',
    flags: {},
    default: 4_096,
    minimum: 1,
    maximum: 65_536,
    reason: 'A client that opens connections without end must not take what others need.',
    usedBy: ['master', 'worker'],
    live: false,
  },
  readMemory: {
    type: 'size',
    variable: 'LARDER_READ_MEMORY',
    flags: {},
    default: 128 * MIB,
    minimum: 16 * MIB,
    maximum: TIB,
    reason: 'Bytes of reads that a worker is sending: as much as one mount asks for at once.',
    usedBy: ['worker'],
    live: false,
  },
  peerTimeout: {
    type: 'duration',
    variable: 'LARDER_PEER_TIMEOUT_MS',
    flags: {},
    default: 5_000,
    minimum: 50,
    maximum: HOUR_MS,
    reason:
      'A worker that is asked and says nothing for so long, not even that it is there, hangs: others are asked.',
    usedBy: ['worker', 'mount'],
    live: false,
  },
  peerRest: {
    type: 'duration',
    variable: 'LARDER_PEER_REST_MS',
    flags: {},
    default: 5_000,
    minimum: 1,
    maximum: HOUR_MS,
    reason: 'How long a worker is not asked that hung, or that sent wrong bytes.',
    usedBy: ['worker', 'mount'],
    live: false,
  },
  originRest: {
    type: 'duration',
    variable: 'LARDER_ORIGIN_REST_MS',
    flags: {},
    default: 10_000,
    minimum: 1,
    maximum: HOUR_MS,
    reason:
      'How long a worker leaves an origin to others after it found no credentials for it on its node.',
    usedBy: ['worker'],
    live: false,
  },
  moveRate: {
    type: 'size',
    variable: 'LARDER_MOVE_RATE',
    flags: {},
    default: 200 * MIB,
    minimum: 64 * 1024,
    maximum: TIB,
    reason:
      'Bytes a second that a worker takes from others because they belong to it: above it readers would feel it.',
    usedBy: ['worker'],
    live: false,
  },
  servingThreads: {
    type: 'count',
    variable: 'LARDER_SERVING_THREADS',
    flags: {},
    defaultText: 'half the cores, 1 to 4',
    minimum: 0,
    maximum: 64,
    reason: 'Threads that send complete files to other nodes; with 0 the main thread does it.',
    usedBy: ['worker'],
    live: false,
  },
  logLevel: {
    type: 'choice',
    variable: 'LARDER_LOG_LEVEL',
    flags: {},
    default: 'warn',
    choices: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    reason: 'Quiet while all is well, and talkative when somebody looks for something.',
    usedBy: ['master', 'worker', 'mount', 'up', 'cli'],
    live: true,
  },
  heartbeat: {
    type: 'duration',
    variable: 'LARDER_HEARTBEAT_MS',
    flags: {},
    default: 1_000,
    minimum: 10,
    maximum: HOUR_MS,
    reason: 'How often workers tell the master that they live.',
    usedBy: ['master'],
    live: false,
  },
  lease: {
    type: 'duration',
    variable: 'LARDER_LEASE_MS',
    flags: {},
    default: 5_000,
    minimum: 20,
    maximum: HOUR_MS,
    reason: 'A worker that is silent for so long is away. At least twice `heartbeat`.',
    usedBy: ['master'],
    live: false,
  },
  grace: {
    type: 'duration',
    variable: 'LARDER_GRACE_MS',
    flags: {},
    default: 60_000,
    minimum: 1,
    maximum: 24 * HOUR_MS,
    reason: 'A worker that is away for less keeps what it owns: longer than its restart takes.',
    usedBy: ['master'],
    live: true,
  },
  drainStall: {
    type: 'duration',
    variable: 'LARDER_DRAIN_STALL_MS',
    flags: {},
    default: 30_000,
    minimum: 1,
    maximum: HOUR_MS,
    reason:
      '`larder worker drain --wait` gives up where the rest has no room elsewhere and nothing moved for so ' +
      'long: evictions on the others may still make room before.',
    usedBy: ['cli'],
    live: false,
  },
  reportInterval: {
    type: 'duration',
    variable: 'LARDER_REPORT_INTERVAL_MS',
    flags: {},
    default: 100,
    minimum: 10,
    maximum: 10_000,
    reason:
      'How often a worker tells what came to its disk and went: longer in clusters of very many workers.',
    usedBy: ['worker'],
    live: false,
  },
  readTimeout: {
    type: 'duration',
    variable: 'LARDER_READ_TIMEOUT_MS',
    flags: {},
    default: 30_000,
    minimum: 1,
    maximum: HOUR_MS,
    reason: 'How long a read of a mount may take over all workers and retries before it fails.',
    usedBy: ['mount'],
    live: false,
  },
  hungAfter: {
    type: 'duration',
    variable: 'LARDER_HUNG_AFTER_MS',
    flags: {},
    default: 10_000,
    minimum: 100,
    maximum: HOUR_MS,
    reason: 'A FUSE server that is silent for so long is replaced.',
    usedBy: ['mount'],
    live: false,
  },
  readsFailAfter: {
    type: 'duration',
    variable: 'LARDER_READS_FAIL_AFTER_MS',
    flags: {},
    default: 300_000,
    minimum: 100,
    maximum: 24 * HOUR_MS,
    reason:
      'Where no FUSE server of a mount lasts, reads wait for so long, and then fail with EIO.',
    usedBy: ['mount'],
    live: false,
  },
} as const satisfies Record<string, SettingSpec>;

export type SettingName = keyof typeof SETTINGS;
/** Bytes, or what is free of the disk. */
export type SizeValue = number | 'auto';
export type SettingValue = number | string | boolean | readonly string[] | readonly SizeValue[];

type ValueOf<T extends SettingType> = T extends 'size' | 'duration' | 'count'
  ? number
  : T extends 'switch'
    ? boolean
    : T extends 'paths'
      ? readonly string[]
      : T extends 'sizes'
        ? readonly SizeValue[]
        : string;
type WithDefault = {
  [N in SettingName]: (typeof SETTINGS)[N] extends { default: unknown } ? N : never;
}[SettingName];

/** Bytes, milliseconds, counts, text, lists. Undefined only where the default depends on the machine. */
export type SettingValues = {
  readonly [N in WithDefault]: ValueOf<(typeof SETTINGS)[N]['type']>;
} & {
  readonly [N in Exclude<SettingName, WithDefault>]:
    ValueOf<(typeof SETTINGS)[N]['type']> | undefined;
};

export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

export function isSettingName(text: string): text is SettingName {
  return Object.hasOwn(SETTINGS, text);
}
