/**
 * The mount of /dev/fuse: by the kernel where this process may, else through `fusermount3`; and whether
 * either can work here.
 */
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { FUSE_MAX_READ_BYTES, LarderError, systemCode } from '../common/index.ts';
import { hasHelper, isPrivilegeBarred, mountThroughHelper } from './fusermount.ts';
import { FILE_SYSTEM, findMount } from './mount.ts';
import { mount, MOUNT_FLAG, SyscallError } from './syscalls.ts';

export interface DeviceMount {
  readonly mountpoint: string;
  readonly name: string;
  readonly version: number;
  /** Lets other users read a mount that its user made without being root; a mount by root always does. */
  readonly allowOther: boolean;
}

const DEVICE = '/dev/fuse';
const CAP_SYS_ADMIN = 21n;

/**
 * Whether a mount can come about at all, before anything is started for it.
 *
 * @throws {LarderError} `FUSE_UNAVAILABLE`, and why
 */
export function checkFuse(): void {
  const why = whyNot();
  if (why !== undefined) throw new LarderError('FUSE_UNAVAILABLE', { device: DEVICE, why });
}

function whyNot(): string | undefined {
  if (!existsSync(DEVICE)) return 'is not there';
  if (mayMount()) return undefined;
  if (!hasHelper()) return 'this user may not mount, and fusermount3 is not installed';
  return isPrivilegeBarred()
    ? 'this user may not mount, and setuid programs have no effect here (no_new_privs)'
    : undefined;
}

/**
 * Opens /dev/fuse and mounts; the kernel has sent INIT then and waits.
 *
 * @returns the fd, the mount's lifeline
 * @throws {LarderError} `MOUNTPOINT_INVALID`, `FUSE_UNAVAILABLE`, `INVALID_ARGUMENT` where others may not
 *   be allowed to read
 */
export function mountDevice(options: DeviceMount): number {
  const { mountpoint, name, version, allowOther } = options;
  const source = `larder:${name}@v${String(version)}`;
  try {
    return mountDirectly(mountpoint, source);
  } catch (error) {
    if (!isForbidden(error)) throw asMountError(error, mountpoint);
    const subtype = FILE_SYSTEM.slice('fuse.'.length);
    const maxReadBytes = FUSE_MAX_READ_BYTES;
    return mountThroughHelper({ mountpoint, source, subtype, maxReadBytes, allowOther });
  }
}

function mountDirectly(mountpoint: string, source: string): number {
  const fd = openSync(DEVICE, 'r+');
  try {
    mount({
      source,
      target: mountpoint,
      type: FILE_SYSTEM,
      // Not read-only for the kernel: it would answer what the server must see.
      flags: MOUNT_FLAG.NOSUID | MOUNT_FLAG.NODEV,
      data: [
        `fd=${String(fd)}`,
        'rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions',
        `max_read=${String(FUSE_MAX_READ_BYTES)}`,
      ].join(','),
    });
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/**
 * Has the kernel refuse all that would write, for a mode in which it opens files without asking. Where this
 * process may not, a file can be opened for writing by whom its mode bits allow, and each write fails.
 */
export function makeReadOnly(mountpoint: string): void {
  const entry = findMount(mountpoint);
  if (entry === undefined) return;
  // Said anew as a whole: what is not given would end.
  const { REMOUNT, BIND, RDONLY, NOSUID, NODEV } = MOUNT_FLAG;
  const flags = REMOUNT | BIND | RDONLY | NOSUID | NODEV;
  try {
    mount({ source: 'none', target: entry.mountpoint, type: FILE_SYSTEM, flags, data: '' });
  } catch (error) {
    if (!isForbidden(error)) throw error;
  }
}

function isForbidden(error: unknown): boolean {
  const code = error instanceof SyscallError ? error.code : systemCode(error);
  return code === 'EPERM' || code === 'EACCES';
}

function mayMount(): boolean {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return ((BigInt(`0x${mask ?? '0'}`) >> CAP_SYS_ADMIN) & 1n) === 1n;
}

/** What the failure of a mount means to whoever asked for it. */
function asMountError(error: unknown, mountpoint: string): LarderError {
  const code = error instanceof SyscallError ? error.code : undefined;
  const facts = { mountpoint, what: error instanceof Error ? error.message : String(error) };
  if (code === 'EBUSY' || code === 'ENOTDIR' || code === 'ENOENT') {
    return new LarderError('MOUNTPOINT_INVALID', facts, { cause: error });
  }
  return new LarderError('FUSE_UNAVAILABLE', facts, { cause: error });
}
