/** What the status says of each worker, and how evenly they are filled. */
import type { Disk__Output } from '../proto/generated/larder/v1/Disk.ts';
import type { WorkerStatus__Output } from '../proto/generated/larder/v1/WorkerStatus.ts';
import type { ClusterStatus, DiskStatus, WorkerInfo, WorkerState } from './types.ts';

export function workersFrom(
  statuses: readonly WorkerStatus__Output[],
): Pick<ClusterStatus, 'workers' | 'skew'> {
  const owning = statuses.filter((status) => !isLeaving(status));
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const totals = {
    weightBytes: sum(owning.map(({ member }) => member?.weight_bytes ?? 0)),
    usedBytes: sum(statuses.map(({ used_bytes: used }) => used)),
  };
  const workers = statuses.map((status) => workerFrom(status, totals));
  const skews = workers.flatMap(({ skew }) => skew ?? []);
  return { workers, skew: skews.length === 0 ? null : Math.max(...skews) };
}

function workerFrom(
  status: WorkerStatus__Output,
  totals: { readonly weightBytes: number; readonly usedBytes: number },
): WorkerInfo {
  const { member, alive, moves, transit } = status;
  const weightBytes = isLeaving(status) ? 0 : (member?.weight_bytes ?? 0);
  const ownedShare = totals.weightBytes === 0 ? 0 : weightBytes / totals.weightBytes;
  const usedShare = totals.usedBytes === 0 ? null : status.used_bytes / totals.usedBytes;
  return {
    workerId: member?.worker_id ?? '',
    node: member?.node ?? '',
    dataAddress: member?.data_address ?? '',
    state: stateOf(status),
    alive,
    capacityBytes: status.capacity_bytes,
    usedBytes: status.used_bytes,
    disks: status.disks.map(diskFrom),
    ownedShare,
    usedShare,
    skew: usedShare === null || ownedShare === 0 ? null : usedShare / ownedShare,
    moves: {
      pendingObjects: moves?.pending_objects ?? 0,
      pendingBytes: moves?.pending_bytes ?? 0,
      movedBytes: moves?.moved_bytes ?? 0,
    },
    decisions: status.decisions.map(({ decision, reason, count }) => ({
      ...{ decision, reason, count },
    })),
    transit: {
      memoryBytes: transit?.memory_bytes ?? 0,
      limitBytes: transit?.limit_bytes ?? 0,
      passedBytes: transit?.passed_bytes ?? 0,
      spilledBytes: transit?.spilled_bytes ?? 0,
      straightBytes: transit?.straight_bytes ?? 0,
      keptBytes: transit?.kept_bytes ?? 0,
      writtenBytes: transit?.written_bytes ?? 0,
    },
    peers: {
      receivedBytes: status.peers?.received_bytes ?? 0,
      badAnswers: status.peers?.bad_answers ?? 0,
      lastBadPeer: status.peers?.last_bad_peer ?? '',
    },
    originTroubles: status.origin_troubles.map(({ dataset_id: datasetId, code, message }) => ({
      ...{ datasetId, code, message },
    })),
    lastCopyBytes: status.last_copy_bytes,
    drained: status.drained,
  };
}

function diskFrom({ path, state, problem, ...it }: Disk__Output): DiskStatus {
  return {
    path,
    state,
    ...(problem === '' ? {} : { problem }),
    capacityBytes: it.capacity_bytes,
    usedBytes: it.used_bytes,
    objects: it.objects,
    errors: it.errors,
    damaged: it.damaged,
    lost: it.lost,
    scrubbedBytes: it.scrubbed_bytes,
  };
}

function isLeaving({ member }: WorkerStatus__Output): boolean {
  return member?.state === 'LEAVING';
}

function stateOf(status: WorkerStatus__Output): WorkerState {
  if (!status.alive) return 'away';
  return isLeaving(status) ? 'leaving' : 'active';
}
