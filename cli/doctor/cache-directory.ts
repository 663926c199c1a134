/**
 * The file system and the disk under a cache directory. Runs isolated: all of it may hang where the
 * directory lies on a network.
 */
import fs from 'node:fs';
import path from 'node:path';
import { formatBytes, GIB, KIB, systemCode } from '../../common/index.ts';
import type { DiskStatus } from '../../worker/index.ts';
import { note, ok, problem as problemOf, shellWord, warning } from './check.ts';
import type { Check, Observation, Subject } from './check.ts';
import { diskOf, fileSystemOf, judgeFileSystem } from './file-systems.ts';

const WANTED_BYTES = GIB;
/** Below, the disk runs out of inodes before it runs out of bytes with files like ImageNet's. */
const USUAL_FILE_BYTES = 128 * KIB;
const MOVE = 'Name another directory with --cache-dir.';

export const cacheDirectory: Check = {
  name: 'cache-directory',
  timeoutMs: 8_000,
  isolated: true,
  run: (subject) =>
    subject.cacheDirectories.flatMap((directory) => {
      try {
        return look(directory, subject);
      } catch (error) {
        return [cannotBeLookedAt(directory, error)];
      }
    }),
};

function cannotBeLookedAt(directory: string, error: unknown): Observation {
  const code = systemCode(error);
  if (code === undefined) throw error;
  const what = `${directory} cannot be looked at (${code}).`;
  if (code === 'EACCES') return note(what, 'Look as the user of the worker, or as root.');
  return problemOf(what, code === 'ENOTDIR' ? MOVE : `Look at the disk with \`dmesg\`. ${MOVE}`);
}

function look(directory: string, { records }: Subject): Observation[] {
  const existing = nearestExisting(directory);
  const users = records.filter(({ alive, instance: { disks, cacheDir } }) => {
    const directories = disks === undefined ? [cacheDir] : disks.map((disk) => disk.path);
    return alive && directories.includes(directory);
  });
  const by = users.map(({ instance }) => `worker ${String(instance.pid)}`).join(', ');
  const used = by === '' ? 'no worker of this machine uses it now' : `used by ${by}`;
  const first =
    existing === directory
      ? ok(`${directory}: ${used}.`)
      : note(`${directory} is not there yet; looking at ${existing}.`);
  const states = users.flatMap(({ instance }) =>
    (instance.disks ?? []).flatMap((disk) => (disk.path === directory ? stateOf(disk) : [])),
  );
  const real = fs.realpathSync(existing);
  const { type, mountpoint } = fileSystemOf(real);
  const space = fs.statfsSync(real);
  return [
    first,
    ...states,
    judgeFileSystem(directory, type, mountpoint),
    ...freeBytes(directory, space),
    ...freeInodes(directory, space),
    ...disk(directory, real),
    ...(existing === directory ? [...access(directory), ...writable(directory)] : []),
  ];
}

/** What a worker that runs makes of its disk. */
function stateOf({ path: directory, state, problem = '' }: DiskStatus): Observation[] {
  if (state === 'good') return [];
  if (state === 'missing') {
    return [
      problemOf(
        `${directory} is not used by its worker: ${problem}.`,
        'Mount the disk, or correct what the message says: the worker takes it within a minute. ' +
          'Without it, start the worker with the other directories only.',
      ),
    ];
  }
  return [
    problemOf(
      `${directory} was given up by its worker: ${problem}.`,
      'Look at the disk with `dmesg` and `smartctl -a`. When it is well again the worker takes it back by itself; ' +
        'to replace it, see "Replace a failed disk" in docs/DISKS.md.',
    ),
  ];
}

/** The directory itself, or the first above it that is there. */
function nearestExisting(directory: string): string {
  const found = fs.statSync(directory, { throwIfNoEntry: false });
  return found === undefined ? nearestExisting(path.dirname(directory)) : directory;
}

function freeBytes(directory: string, { bavail, blocks, bsize }: fs.StatsFs): Observation[] {
  const freeBytes = bavail * bsize;
  const what = `${directory}: ${formatBytes(freeBytes)} free of ${formatBytes(blocks * bsize)}.`;
  if (freeBytes >= WANTED_BYTES) return [ok(what)];
  const remedy = `Free some space, or give the cache another disk. ${MOVE}`;
  if (freeBytes === 0) return [problemOf(what, remedy)];
  return [warning(what, remedy)];
}

/** One object is one file. btrfs and others without a table of inodes say 0 of 0. */
function freeInodes(directory: string, { bavail, bsize, files, ffree }: fs.StatsFs): Observation[] {
  if (files === 0) return [];
  const what = `${directory}: ${String(ffree)} free inodes of ${String(files)}.`;
  const remedy =
    'One object takes one inode. Make the file system with more (`mkfs.ext4 -i 16384`, tmpfs nr_inodes=), or use xfs.';
  if (ffree === 0) return [problemOf(`${what} No file can be kept.`, remedy)];
  const perFileBytes = (bavail * bsize) / ffree;
  if (perFileBytes <= USUAL_FILE_BYTES) return [ok(what)];
  return [
    warning(
      `${what} Files smaller than ${formatBytes(perFileBytes)} use them up before the disk is full.`,
      remedy,
    ),
  ];
}

function disk(directory: string, real: string): Observation[] {
  const found = diskOf(fs.statSync(real).dev);
  if (found === undefined) return [];
  const what = `${directory} is on ${found.name}`;
  if (!found.rotational) return [ok(`${what}, which does not rotate.`)];
  if (/^(vd|xvd|loop|nbd|rbd|md|dm-)/.test(found.name)) {
    return [note(`${what}, a virtual disk: what lies under it cannot be seen from here.`)];
  }
  return [
    warning(
      `${what}, which says that it rotates.`,
      'A cache on a rotating disk is often slower than the origin: use NVMe or SSD.',
    ),
  ];
}

function access(directory: string): Observation[] {
  const { mode, uid } = fs.statSync(directory);
  const shown = (mode & 0o777).toString(8).padStart(4, '0');
  const what = `${directory} belongs to uid ${String(uid)}, mode ${shown}.`;
  if ((mode & 0o077) !== 0) {
    return [
      warning(
        `${what} Other users may look at cached objects.`,
        `\`chmod 700 ${shellWord(directory)}\`; a worker does so when it starts.`,
      ),
    ];
  }
  return [ok(what)];
}

/** A real write, all the way to the disk: permission bits tell nothing of a failing disk. */
function writable(directory: string): Observation[] {
  const file = path.join(directory, `.doctor-${String(process.pid)}`);
  try {
    fs.writeFileSync(file, Buffer.alloc(4_096), { flag: 'wx', mode: 0o600, flush: true });
    return [ok(`${directory} can be written to.`)];
  } catch (error) {
    return [notWritable(directory, systemCode(error) ?? String(error))];
  } finally {
    fs.rmSync(file, { force: true });
  }
}

function notWritable(directory: string, code: string): Observation {
  const what = `${directory} cannot be written to (${code}).`;
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return note(what, 'Look as the user of the worker, or as root.');
    case 'EROFS':
      return problemOf(
        what,
        'The file system is read-only: look at `dmesg`, then `mount -o remount,rw`.',
      );
    case 'ENOSPC':
      return problemOf(what, `No bytes or no inodes are left. Free some, or: ${MOVE}`);
    case 'ENOTDIR':
      return problemOf(what, MOVE);
    default:
      return problemOf(what, `Look at the disk with \`dmesg\`. ${MOVE}`);
  }
}
