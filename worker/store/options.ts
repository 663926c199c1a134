/** What a store of one disk is opened with, and how large it may get. */
import * as fs from 'node:fs';
import type { Clock, Logger, ObjectRef } from '../../common/index.ts';
import type { Admission } from '../admission/index.ts';
import type { CacheDirectory } from './cache-directory.ts';

/** What is common to all disks of a worker. */
export interface StoreOptions {
  /** Files; default: 80 % of the free inodes, plus what is held already. */
  readonly capacityObjects?: number | undefined;
  /** The share of the capacity for what the hash band names; default `KEPT_SHARE`. */
  readonly keptShare?: number | undefined;
  /** Takes written bytes out of the page cache once they are on disk; default false. */
  readonly dropFromPageCache?: boolean | undefined;
  /** Default 512. */
  readonly maxOpenFiles?: number | undefined;
  /** Objects kept in memory while nobody uses them; default 8,192 (about 8 MiB). */
  readonly maxIdleObjects?: number | undefined;
  /** After a failed write nothing is written for this long; default 5,000. */
  readonly writePauseMs?: number | undefined;
  /** Default: this machine's. */
  readonly bootId?: string | undefined;
  /** Whether an object is a further copy of what another worker owns; default: none is. */
  readonly isReplica?: ((ref: ObjectRef) => boolean) | undefined;
  /** A disk that does nothing for so long hangs, and is given up; default 10,000. */
  readonly hungAfterMs?: number | undefined;
  /** Failed reads and writes in a minute with which a disk is given up; default 5. */
  readonly errorLimit?: number | undefined;
  /** What lies on each disk is read at this rate and compared with its checksums; default 0: it is not. */
  readonly scrubBytesPerSecond?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
}

export interface DiskStoreOptions extends StoreOptions {
  readonly directory: CacheDirectory;
  /** Default: 80 % of what is free on the directory's file system, plus what is held already. */
  readonly capacityBytes?: number | undefined;
  /** Of the file system's free space, the part that is this directory's where others are on it; default 1. */
  readonly shareOfFree?: number | undefined;
  /** What is there is checked before it is used: the disk was given up before. */
  readonly distrusted?: boolean | undefined;
  /** Called once, when the disk fails too often or hangs. */
  readonly onBad?: ((problem: string) => void) | undefined;
}

const DEFAULT_SHARE_OF_FREE = 0.8;
export const DEFAULT_HUNG_AFTER_MS = 10_000;

/** Sets what the options say, or a share of what the file system has free besides what is held. */
export function setCapacity(admission: Admission, options: DiskStoreOptions): void {
  const { bavail, bsize, ffree } = fs.statfsSync(options.directory.path);
  const share = DEFAULT_SHARE_OF_FREE * (options.shareOfFree ?? 1);
  const freeBytes = Math.floor(bavail * bsize * share);
  // Some file systems make inodes as they need them, and say 0.
  const freeObjects = ffree === 0 ? Infinity : objectsFor(ffree * share);
  admission.setCapacity({
    capacityBytes: options.capacityBytes ?? admission.usedBytes + freeBytes,
    capacityObjects: options.capacityObjects ?? admission.objects + freeObjects,
  });
}

/** Directories of `complete/`: two levels of 256 each. */
const MAX_DIRECTORIES = 256 + 256 * 256;

/** With each object two directories may come, until there are all. */
function objectsFor(inodes: number): number {
  return Math.floor(Math.max(inodes / 3, inodes - MAX_DIRECTORIES));
}
