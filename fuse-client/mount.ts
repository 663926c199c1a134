/**
 * Mounts and the mount table: what is mounted, where one may mount, how one unmounts, and who stands
 * in the way.
 *
 * Always true: nothing in here looks below a mount point, because a mount whose server hangs would
 * make it hang too. Everything is read from /proc.
 */
import { lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { readlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { LarderError, systemCode } from '../common/index.ts';
import { unmountThroughHelper } from './fusermount.ts';
import { SyscallError, umount, UMOUNT_FLAG } from './syscalls.ts';

export interface MountEntry {
  readonly mountpoint: string;
  /** `larder:NAME@vN`. */
  readonly source: string;
  /** `MAJOR:MINOR`, as /proc shows it. */
  readonly device: string;
}

/** Somebody who keeps a mount busy. */
export interface MountUser {
  readonly pid: number;
  readonly command: string;
  /** One of the things that keep it busy: `cwd`, `root`, `fd/N`, `maps`. */
  readonly by: string;
}

export interface UnmountOptions {
  /** Detach also a mount that is in use. */
  readonly lazy?: boolean;
}

export const FILE_SYSTEM = 'fuse.larder';

/** The mounts of Larder that this process sees. */
export function listMounts(): MountEntry[] {
  return readMountTable()
    .filter(({ type }) => type === FILE_SYSTEM)
    .map(({ mountpoint, source, device }) => ({ mountpoint, source, device }));
}

export function isMounted(path: string): boolean {
  return findMount(path) !== undefined;
}

/** The uppermost mount of Larder at a path. */
export function findMount(path: string): MountEntry | undefined {
  const candidates = pathForms(path);
  return listMounts().findLast(({ mountpoint }) => candidates.includes(mountpoint));
}

/** @throws {LarderError} `MOUNTPOINT_INVALID`, and why */
export function checkMountpoint(path: string): void {
  const candidates = pathForms(path);
  const taken = readMountTable().findLast(({ mountpoint }) => candidates.includes(mountpoint));
  if (taken !== undefined) throw invalid(path, `already mounted: ${taken.source}`);
  let isDirectory: boolean;
  try {
    isDirectory = lstatSync(path).isDirectory();
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    throw invalid(path, code === 'ENOENT' ? 'does not exist' : code);
  }
  if (!isDirectory) throw invalid(path, 'not a directory');
  if (readdirSync(path).length > 0) throw invalid(path, 'not empty');
}

/** How much the kernel reads ahead of a sequential reader. A wish: /sys may be read-only. */
export function setReadAhead(device: string, kib: number): boolean {
  try {
    writeFileSync(`/sys/class/bdi/${device}/read_ahead_kb`, String(kib));
    return true;
  } catch {
    return false;
  }
}

/** @throws {LarderError} `NOT_MOUNTED`, `MOUNTPOINT_BUSY` naming who uses it */
export function unmount(path: string, options: UnmountOptions = {}): void {
  const entry = findMount(path);
  if (entry === undefined) throw new LarderError('NOT_MOUNTED', { mountpoint: path });
  const failure = tryUnmount(entry.mountpoint, options.lazy === true);
  if (failure === undefined) return;
  if (!failure.busy) throw new LarderError('FUSE_UNAVAILABLE', { what: failure.what });
  const users = findHolders(entry.mountpoint);
  throw new LarderError('MOUNTPOINT_BUSY', { mountpoint: path, users: describeUsers(users) });
}

/** By the kernel, or by fusermount3 where this process may not ask the kernel. */
function tryUnmount(
  mountpoint: string,
  lazy: boolean,
): { readonly busy: boolean; readonly what: string } | undefined {
  try {
    umount(mountpoint, lazy ? UMOUNT_FLAG.DETACH : 0);
    return undefined;
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    if (error.code === 'EPERM') return unmountThroughHelper(mountpoint, { lazy });
    return { busy: error.code === 'EBUSY', what: error.message };
  }
}

/** Ends every call that waits, and every later one, with an error; and takes the mount away. */
export function abortMount(entry: Pick<MountEntry, 'mountpoint' | 'device'>): void {
  // The file belongs to the user who mounted; absent in most containers. What follows works there too,
  // but for who waits: they go on to wait until holder and server are gone.
  orNothing(() => {
    writeFileSync(`/sys/fs/fuse/connections/${entry.device.split(':')[1] ?? ''}/abort`, '1');
  });
  orNothing(() => {
    umount(entry.mountpoint, UMOUNT_FLAG.FORCE);
  });
  // Busy after FORCE: it was aborted all the same, and is detached next. Not there any more: fine.
  tryUnmount(entry.mountpoint, true);
}

/** The processes that keep a mount busy, as far as this one may see. */
export function findHolders(path: string): MountUser[] {
  const entry = findMount(path);
  if (entry === undefined) return [];
  const users: MountUser[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const by = usedBy(`/proc/${name}`, entry);
    if (by !== undefined) users.push({ pid: Number(name), command: commandOf(name), by });
  }
  return users;
}

export function describeUsers(users: readonly MountUser[]): string {
  const shown = users.slice(0, 8).map(({ pid, command, by }) => `${command} ${String(pid)} ${by}`);
  const more =
    users.length > shown.length ? `, and ${String(users.length - shown.length)} more` : '';
  return users.length === 0 ? 'not visible from here' : shown.join(', ') + more;
}

/** Reads links only: a link's text does not touch the file system that it names. */
function usedBy(directory: string, entry: MountEntry): string | undefined {
  const isInside = (link: string): boolean => {
    const target = orNothing(() => readlinkSync(join(directory, link)));
    return target === entry.mountpoint || target?.startsWith(`${entry.mountpoint}/`) === true;
  };
  for (const link of ['cwd', 'root']) if (isInside(link)) return link;
  for (const fd of orNothing(() => readdirSync(join(directory, 'fd'))) ?? []) {
    if (isInside(`fd/${fd}`)) return `fd/${fd}`;
  }
  const device = deviceInMaps(entry);
  const maps = orNothing(() => readFileSync(join(directory, 'maps'), 'utf8'));
  return maps?.includes(` ${device} `) === true ? 'maps' : undefined;
}

/** A mount's device as /proc/PID/maps writes it. */
export function deviceInMaps(entry: Pick<MountEntry, 'device'>): string {
  return entry.device
    .split(':')
    .map((part) => Number(part).toString(16).padStart(2, '0'))
    .join(':');
}

function commandOf(pid: string): string {
  return orNothing(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trim()) ?? '?';
}

export interface MountTableRow extends MountEntry {
  readonly type: string;
}

/** All mounts that this process sees, of whatever type, lower ones before those on top of them. */
export function readMountTable(): MountTableRow[] {
  const rows: MountTableRow[] = [];
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    // 36 35 0:45 / /mnt rw,nosuid shared:1 - fuse.larder larder:n@v1 rw,…
    const [left, right] = line.split(' - ');
    const [, , device, , mountpoint] = (left ?? '').split(' ');
    const [type, source] = (right ?? '').split(' ');
    if (device === undefined || mountpoint === undefined) continue;
    if (type === undefined || source === undefined) continue;
    rows.push({ device, mountpoint: unescape(mountpoint), source: unescape(source), type });
  }
  return rows;
}

/** Space, tab, newline and backslash are octal in /proc. */
function unescape(text: string): string {
  const bytes = text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return bytes;
}

/** The path as given and with the links above it resolved; the last part is not touched. */
function pathForms(path: string): string[] {
  const absolute = resolve(path);
  const parent = orNothing(() => realpathSync(dirname(absolute)));
  return parent === undefined ? [absolute] : [absolute, join(parent, basename(absolute))];
}

function orNothing<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

function invalid(mountpoint: string, why: string): LarderError {
  return new LarderError('MOUNTPOINT_INVALID', { mountpoint, why });
}
