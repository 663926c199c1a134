/**
 * The mounts that Larder is compared with, as data: how each is mounted with a disk cache.
 *
 * All run with their default options but for what the comparison fixes: the origin, read-only, and
 * a cache on the same disk that has room for everything. The command runs as long as the mount.
 */
import { BUCKET, originEnvironment } from '../origin.ts';
import type { ContenderName } from '../contender.ts';
import type { Command } from '../../processes.ts';

export interface PeerPlace {
  readonly endpoint: string;
  /** Of the bucket. */
  readonly prefix: string;
  readonly mountPoint: string;
  readonly cacheDirectory: string;
}

type Peer = (place: PeerPlace) => Command;

const rclone: Peer = ({ endpoint, prefix, mountPoint, cacheDirectory }) => ({
  program: 'rclone',
  args: [
    'mount',
    `:s3:${BUCKET}/${prefix}`,
    mountPoint,
    '--read-only',
    '--vfs-cache-mode=full',
    `--cache-dir=${cacheDirectory}`,
  ],
  env: {
    ...originEnvironment(),
    RCLONE_CONFIG: '/dev/null',
    RCLONE_S3_PROVIDER: 'Other',
    RCLONE_S3_ENV_AUTH: 'true',
    RCLONE_S3_ENDPOINT: endpoint,
  },
});

const s3fs: Peer = ({ endpoint, prefix, mountPoint, cacheDirectory }) => {
  const env = originEnvironment();
  return {
    program: 's3fs',
    args: [
      `${BUCKET}:/${prefix}`,
      mountPoint,
      '-f',
      '-o',
      `ro,use_path_request_style,url=${endpoint},use_cache=${cacheDirectory}`,
    ],
    env: {
      ...env,
      AWSACCESSKEYID: env['AWS_ACCESS_KEY_ID'],
      AWSSECRETACCESSKEY: env['AWS_SECRET_ACCESS_KEY'],
    },
  };
};

export const PEER_COMMANDS: Readonly<Partial<Record<ContenderName, Peer>>> = { rclone, s3fs };
