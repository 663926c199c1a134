/**
 * The file systems that are compared, as data: how each is mounted with a disk cache, and ended.
 *
 * All run with their default options but for what the comparison fixes: the origin, read-only, and
 * a cache on the same disk that has room for the whole file.
 */
import { join } from 'node:path';
import type { Origin } from './origin.ts';
import type { Command } from '../processes.ts';

export interface Place {
  readonly origin: Origin;
  readonly mountPoint: string;
  readonly cacheDirectory: string;
}

export interface Contender {
  readonly name: string;
  /** A peer is what Larder is measured against. */
  readonly peer: boolean;
  /** Must be there for it to take part. */
  readonly program: string;
  readonly mount: (place: Place) => Command;
  /**
   * `foreground`: the mount command runs as long as the mount, which `fusermount3 -u` ends.
   * Otherwise it returns once mounted, and this command ends it.
   */
  readonly unmount: 'foreground' | ((place: Place) => Command);
}

const larderProgram = join(import.meta.dirname, '../../cli/main.js');

const rclone: Contender = {
  name: 'rclone',
  peer: true,
  program: 'rclone',
  mount: ({ origin, mountPoint, cacheDirectory }) => ({
    program: 'rclone',
    args: [
      'mount',
      `:s3:${origin.bucket}/${origin.prefix}`,
      mountPoint,
      '--read-only',
      '--vfs-cache-mode=full',
      `--cache-dir=${cacheDirectory}`,
    ],
    env: {
      ...origin.env,
      RCLONE_CONFIG: '/dev/null',
      RCLONE_S3_PROVIDER: 'Other',
      RCLONE_S3_ENV_AUTH: 'true',
      RCLONE_S3_ENDPOINT: origin.endpoint,
    },
  }),
  unmount: 'foreground',
};

const s3fs: Contender = {
  name: 's3fs',
  peer: true,
  program: 's3fs',
  mount: ({ origin, mountPoint, cacheDirectory }) => ({
    program: 's3fs',
    args: [
      `${origin.bucket}:/${origin.prefix}`,
      mountPoint,
      '-f',
      '-o',
      `ro,use_path_request_style,url=${origin.endpoint},use_cache=${cacheDirectory}`,
    ],
    env: {
      ...origin.env,
      AWSACCESSKEYID: origin.env['AWS_ACCESS_KEY_ID'],
      AWSSECRETACCESSKEY: origin.env['AWS_SECRET_ACCESS_KEY'],
    },
  }),
  unmount: 'foreground',
};

/** Apart from whatever of Larder runs on this machine. */
function larderEnvironment({ origin, cacheDirectory }: Place): NodeJS.ProcessEnv {
  return {
    ...origin.env,
    LARDER_CONFIG: 'none',
    LARDER_RUNTIME_DIR: join(cacheDirectory, 'run'),
  };
}

const larder: Contender = {
  name: 'larder',
  peer: false,
  program: larderProgram,
  mount: (place) => ({
    program: process.execPath,
    args: [
      larderProgram,
      'up',
      `s3://${place.origin.bucket}/${place.origin.prefix}`,
      place.mountPoint,
      `--endpoint=${place.origin.endpoint}`,
      `--cache-dir=${place.cacheDirectory}`,
      '--cache-size=8GiB',
      '--open-mode=daemon',
      '--detach',
    ],
    env: larderEnvironment(place),
  }),
  unmount: (place) => ({
    program: process.execPath,
    args: [larderProgram, 'down', place.mountPoint],
    env: larderEnvironment(place),
  }),
};

export const CONTENDERS: readonly Contender[] = [rclone, s3fs, larder];
