/**
 * Mounting and unmounting without the right to do so: through `fusermount3`, a setuid program of the
 * package fuse3, which mounts for its caller and sends back the fd of /dev/fuse.
 *
 * The mount belongs to the calling user: nobody else may look into it, root neither, unless
 * /etc/fuse.conf has `user_allow_other` and it was asked for.
 *
 * Blocks the calling thread until the program has ended, at most `TIMEOUT_MS`. It asks nothing of the
 * server of the mount.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, readFileSync } from 'node:fs';
import { LarderError, printable } from '../common/index.ts';
import { receiveFd, socketPair } from './syscalls.ts';

export interface HelperMount {
  readonly mountpoint: string;
  /** What `mount` shows as the source. */
  readonly source: string;
  readonly subtype: string;
  readonly maxReadBytes: number;
  readonly allowOther: boolean;
}

/** How the program ended: undefined where all was well. */
export interface HelperFailure {
  readonly busy: boolean;
  readonly what: string;
}

/** fuse3 first; what fuse 2 brings speaks the same. */
const PROGRAMS = ['fusermount3', 'fusermount'];
/** A setuid program gets a known environment; NixOS keeps its setuid programs in a place of their own. */
const ENVIRONMENT = {
  PATH: '/run/wrappers/bin:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin',
  LC_ALL: 'C',
};
const TIMEOUT_MS = 10_000;
/** Where the program finds its end of the socket. */
const SOCKET_FD = 3;

/**
 * Mounts as the calling user.
 *
 * @returns the fd of /dev/fuse
 * @throws {LarderError} `FUSE_UNAVAILABLE` with what the program said; `INVALID_ARGUMENT` where others may
 *   not be allowed to read
 */
export function mountThroughHelper(mount: HelperMount): number {
  const { mountpoint, source, subtype, maxReadBytes, allowOther } = mount;
  const [ours, theirs] = socketPair();
  try {
    const options = [
      'rw,nosuid,nodev,default_permissions',
      `fsname=${source},subtype=${subtype},max_read=${String(maxReadBytes)}`,
      ...(allowOther ? ['allow_other'] : []),
    ].join(',');
    const failure = runHelper(['-o', options, '--', mountpoint], theirs);
    if (failure !== undefined) throw mountFailure(mountpoint, failure.what);
    const fd = receiveFd(ours);
    if (fd === undefined) throw mountFailure(mountpoint, 'fusermount3 sent no fd');
    return fd;
  } finally {
    closeSync(ours);
    closeSync(theirs);
  }
}

export function unmountThroughHelper(
  mountpoint: string,
  options: { readonly lazy: boolean },
): HelperFailure | undefined {
  return runHelper([options.lazy ? '-uz' : '-u', '--', mountpoint]);
}

/** Whether the program is there. */
export function hasHelper(): boolean {
  return PROGRAMS.some((program) =>
    ENVIRONMENT.PATH.split(':').some((directory) => existsSync(`${directory}/${program}`)),
  );
}

/** Whether setuid programs have no effect in this process, as in many containers. */
export function isPrivilegeBarred(): boolean {
  return /^NoNewPrivs:\s*1$/m.test(readFileSync('/proc/self/status', 'utf8'));
}

function runHelper(args: readonly string[], socket?: number): HelperFailure | undefined {
  for (const program of PROGRAMS) {
    const result = spawnSync(program, args, {
      stdio: ['ignore', 'ignore', 'pipe', ...(socket === undefined ? [] : [socket])],
      env: { ...ENVIRONMENT, _FUSE_COMMFD: String(SOCKET_FD) },
      timeout: TIMEOUT_MS,
      encoding: 'utf8',
    });
    if (result.error !== undefined && isMissing(result.error)) continue;
    if (result.status === 0) return undefined;
    const said = printable(result.stderr.trim());
    const what = said === '' ? `${program}: ${result.error?.message ?? 'failed'}` : said;
    return { busy: /busy/i.test(what), what };
  }
  return { busy: false, what: 'fusermount3 is not installed' };
}

function isMissing(error: Error): boolean {
  return 'code' in error && error.code === 'ENOENT';
}

function mountFailure(mountpoint: string, what: string): LarderError {
  if (what.includes('user_allow_other')) {
    return new LarderError('INVALID_ARGUMENT', {
      option: '--allow-other',
      expected: 'a line `user_allow_other` in /etc/fuse.conf, which root writes',
    });
  }
  const why = isPrivilegeBarred()
    ? { why: 'setuid programs have no effect here (no_new_privs)' }
    : {};
  return new LarderError('FUSE_UNAVAILABLE', { mountpoint, what, ...why });
}
