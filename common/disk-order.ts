/**
 * Which disk of a worker an object belongs to: weighted rendezvous hashing over its cache directories.
 * The worker writes new objects by it, and mounts look for objects by it.
 *
 * Always true: when a disk comes or goes only its own share moves. It says where to look first, not where an
 * object is: one that lies on another disk is used there.
 */
import { ownerHash, ownerMix, ownerScore, ownerSeed } from './hash.ts';

export interface DiskWeight {
  /** Stable over restarts and mount points; kept in the cache directory. */
  readonly diskId: string;
  readonly weightBytes: number;
}

/** Where complete objects of one disk lie as `ab/cd/<object id>`. */
export interface CompleteDirectory extends DiskWeight {
  readonly path: string;
}

/** @returns the disks, the one that the object belongs to first */
export function diskOrder<T extends DiskWeight>(objectId: string, disks: readonly T[]): T[] {
  if (disks.length < 2) return [...disks];
  const object = ownerHash(Buffer.from(objectId));
  return disks
    .map((disk) => {
      const id = ownerHash(Buffer.from(disk.diskId));
      const mixed = ownerMix(object, id, ownerSeed(id));
      return { disk, score: ownerScore(mixed, Math.max(1, disk.weightBytes)) };
    })
    .sort((a, b) => b.score - a.score || (a.disk.diskId < b.disk.diskId ? -1 : 1))
    .map(({ disk }) => disk);
}
