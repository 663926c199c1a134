/** What people may set of cache disks; part of the list in `config.ts`. */
import type { SettingSpec } from './setting-spec.ts';
import { MIB, TIB } from './units.ts';

const HOUR_MS = 3_600_000;

export const DISK_SETTINGS = {
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
  scrubRate: {
    type: 'size',
    variable: 'LARDER_SCRUB_RATE',
    flags: {},
    default: 16 * MIB,
    minimum: 0,
    maximum: TIB,
    reason:
      'Bytes a second that a worker reads again of each cache disk, to find damage before a reader does: 4 TB in ' +
      'three days, each byte once an hour at most. 0: none.',
    usedBy: ['worker'],
    live: false,
  },
} as const satisfies Record<string, SettingSpec>;
