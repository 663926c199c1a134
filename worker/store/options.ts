/** What a store is opened with, and how large it may get. */
import * as fs from 'node:fs';
import { bandHash } from '../../common/index.ts';
import type { Clock, Logger, ObjectRef } from '../../common/index.ts';
import type { Admission, Region } from '../admission/index.ts';

export interface ObjectStoreOptions {
  readonly directory: string;
  /** Default: 80 % of what is free on the directory's file system, plus what is held already. */
  readonly capacityBytes?: number | undefined;
  /** Files; default: 80 % of the free inodes, plus what is held already. */
  readonly capacityObjects?: number | undefined;
  /** The share of the capacity for what the hash band names; default 0.92. */
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
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
}

const DEFAULT_SHARE_OF_FREE = 0.8;

/** Sets what the options say, or a share of what the file system has free besides what is held. */
export function setCapacity(admission: Admission, options: ObjectStoreOptions): void {
  const { bavail, bsize, ffree } = fs.statfsSync(options.directory);
  const freeBytes = Math.floor(bavail * bsize * DEFAULT_SHARE_OF_FREE);
  // Some file systems make inodes as they need them, and say 0.
  const freeObjects = ffree === 0 ? Infinity : Math.floor(ffree * DEFAULT_SHARE_OF_FREE);
  admission.setCapacity({
    capacityBytes: options.capacityBytes ?? admission.usedBytes + freeBytes,
    capacityObjects: options.capacityObjects ?? admission.objects + freeObjects,
  });
}

/** Where a new object belongs. */
export function classify(
  admission: Admission,
  { isReplica }: Pick<ObjectStoreOptions, 'isReplica'>,
  ref: ObjectRef,
): Region {
  if (isReplica?.(ref) === true) return admission.classifyReplica({ bytes: ref.sizeBytes });
  return admission.classify({ band: bandHash(ref.key), bytes: ref.sizeBytes });
}
