/**
 * Who a cache directory belongs to, as it says itself: `worker-id` names the worker and is the same on all of
 * its disks, `disk.json` names the disk and tells which others the worker has, and where they are mounted.
 *
 * The latter is why an empty mount point is not filled by mistake: where the directory of a known disk is
 * not there, and what its file system was mounted on is not mounted now, the disk is missing. Where it is
 * mounted, somebody has put a new disk there.
 */
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../common/index.ts';

export interface KnownDisk {
  readonly path: string;
  readonly diskId: string;
  /** Of the file system that the directory is on. */
  readonly mountPoint: string;
}

export interface DiskIdentity {
  readonly workerId: string | undefined;
  readonly diskId: string | undefined;
  /** The disks of the worker when it last ran, this one too. */
  readonly disks: readonly KnownDisk[];
}

const ID = /^[0-9a-f]{16}$/;

export function readIdentity(directory: string): DiskIdentity {
  const workerId = readText(join(directory, 'worker-id'))?.trim();
  const { diskId, disks } = parseDisk(readText(join(directory, 'disk.json')));
  return {
    workerId: workerId !== undefined && ID.test(workerId) ? workerId : undefined,
    diskId,
    disks,
  };
}

/** @throws a system error */
export function writeIdentity(
  directory: string,
  { workerId, diskId, disks }: { workerId: string; diskId: string; disks: readonly KnownDisk[] },
): void {
  const before = readIdentity(directory);
  if (before.workerId !== workerId) replace(join(directory, 'worker-id'), `${workerId}\n`);
  replace(join(directory, 'disk.json'), `${JSON.stringify({ diskId, disks })}\n`);
}

export function newId(): string {
  return randomBytes(8).toString('hex');
}

/** Of the file system that a path is on, whether or not it is there. Asks the kernel, not the disk. */
export function mountPointOf(path: string): string {
  let longest = '/';
  for (const line of fs.readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const escaped = line.split(' ')[4] ?? '/';
    const point = escaped.replace(/\\([0-7]{3})/g, (_, code: string) =>
      String.fromCharCode(Number.parseInt(code, 8)),
    );
    const isAbove = path === point || path.startsWith(point.endsWith('/') ? point : `${point}/`);
    if (isAbove && point.length > longest.length) longest = point;
  }
  return longest;
}

function parseDisk(text: string | undefined): Pick<DiskIdentity, 'diskId' | 'disks'> {
  try {
    const { diskId, disks } = JSON.parse(text ?? '') as { diskId: unknown; disks: KnownDisk[] };
    if (typeof diskId === 'string' && ID.test(diskId) && Array.isArray(disks)) {
      return { diskId, disks };
    }
  } catch {
    // Written by a release that had one disk, or damaged: it is written anew.
  }
  return { diskId: undefined, disks: [] };
}

function readText(path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) throw error;
    return undefined;
  }
}

function replace(path: string, text: string): void {
  fs.rmSync(`${path}.new`, { force: true });
  fs.writeFileSync(`${path}.new`, text, { mode: 0o600, flush: true, flag: 'wx' });
  fs.renameSync(`${path}.new`, path);
}
