/** How a disk is, for people. */
import { addCounts, NO_COUNTS } from './disk-health.ts';
import type { Disk } from './disks.ts';

export interface DiskStatus {
  readonly path: string;
  readonly state: 'good' | 'missing' | 'bad';
  /** Why it is not good. */
  readonly problem?: string | undefined;
  readonly capacityBytes: number;
  readonly usedBytes: number;
  readonly objects: number;
  /** Reads and writes that it failed. */
  readonly errors: number;
  /** Pieces of objects whose bytes did not match their checksums: those objects were dropped. */
  readonly damaged: number;
  /** Objects whose file was not there. */
  readonly lost: number;
  /** Read by the scrub. */
  readonly scrubbedBytes: number;
}

export function statusOf({ path, state, problem, store, earlier }: Disk): DiskStatus {
  const counts = addCounts(earlier, store?.diskCounters ?? NO_COUNTS);
  return {
    path,
    state,
    problem,
    capacityBytes: store?.admission.capacityBytes ?? 0,
    usedBytes: store?.admission.usedBytes ?? 0,
    objects: store?.admission.objects ?? 0,
    errors: counts.ioErrors,
    damaged: counts.damaged,
    lost: counts.lost,
    scrubbedBytes: counts.scrubbedBytes,
  };
}
