/** Which file system and disk a path lies on, and what that means for a cache. */
import fs from 'node:fs';
import path from 'node:path';
import { readMountTable } from '../../fuse-client/index.ts';
import { note, ok, problem, warning } from './check.ts';
import type { Observation } from './check.ts';
import { readText } from './read-text.ts';

const TRIED = new Set(['ext4', 'xfs']);
const LOCAL = new Set(['ext2', 'ext3', 'btrfs', 'zfs', 'f2fs', 'bcachefs']);
const STACKED = new Set(['overlay', 'aufs', 'ecryptfs', 'fuse-overlayfs', 'fuse.fuse-overlayfs']);
const MEMORY = new Set(['tmpfs', 'ramfs', 'devtmpfs']);
const NETWORK =
  /^(nfs4?|cifs|smb3|lustre|ceph|gpfs|beegfs|afs|9p|glusterfs|virtiofs|fuse\..*|fuse)$/;
const MOVE = 'Put the cache on ext4 or xfs on a local disk (--cache-dir).';

/** @param real without symbolic links */
export function fileSystemOf(real: string): { type: string; mountpoint: string } {
  const above = (mountpoint: string) =>
    mountpoint === '/' || real === mountpoint || real.startsWith(`${mountpoint}/`);
  const rows = readMountTable().filter(({ mountpoint }) => above(mountpoint));
  // Of two at the same place, the later one lies on top.
  const longest = Math.max(0, ...rows.map(({ mountpoint }) => mountpoint.length));
  const row = rows.findLast(({ mountpoint }) => mountpoint.length === longest);
  return { type: row?.type ?? 'unknown', mountpoint: row?.mountpoint ?? '/' };
}

export function judgeFileSystem(directory: string, type: string, mountpoint: string): Observation {
  const what = `${directory} is on ${type} (${mountpoint})`;
  if (TRIED.has(type)) return ok(`${what}.`);
  if (LOCAL.has(type)) {
    return note(`${what}: a local file system on which Larder is not tested.`);
  }
  if (STACKED.has(type)) {
    return warning(
      `${what}: no passthrough from a stacked file system, writes are slower, and in a container the cache goes with it.`,
      `Mount a directory of the host's disk into the container. ${MOVE}`,
    );
  }
  if (MEMORY.has(type)) {
    return warning(`${what}: the cache takes memory, and is lost with every restart.`, MOVE);
  }
  if (NETWORK.test(type)) {
    return problem(
      `${what}: over a network the cache gains nothing, and its records and locks are not safe.`,
      MOVE,
    );
  }
  return note(`${what}: a file system that Larder does not know.`, MOVE);
}

/** The block device of a file system; undefined where it has none, or /sys does not say. */
export function diskOf(device: number): { name: string; rotational: boolean } | undefined {
  // As glibc's makedev has it: 12 bits of major, 20 of minor, interleaved.
  const major = (device >>> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  let folder: string;
  try {
    folder = fs.realpathSync(`/sys/dev/block/${String(major)}:${String(minor)}`);
  } catch {
    return undefined;
  }
  // A partition has no queue of its own; its disk is the folder above.
  for (const candidate of [folder, path.dirname(folder)]) {
    const rotational = readText(path.join(candidate, 'queue/rotational')).trim();
    if (rotational !== '') return { name: path.basename(folder), rotational: rotational === '1' };
  }
  return undefined;
}
