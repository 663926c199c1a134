/** How a disk is, for people. */
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
}

export function statusOf({ path, state, problem, store, earlierErrors }: Disk): DiskStatus {
  return {
    path,
    state,
    problem,
    capacityBytes: store?.admission.capacityBytes ?? 0,
    usedBytes: store?.admission.usedBytes ?? 0,
    objects: store?.admission.objects ?? 0,
    errors: earlierErrors + (store?.diskCounters.ioErrors ?? 0),
  };
}
