/** What people are told of one worker. */
import type { Heartbeat__Output } from '../proto/generated/larder/v1/Heartbeat.ts';
import type { WorkerStatus } from '../proto/generated/larder/v1/WorkerStatus.ts';
import type { PlacementMember } from '../common/index.ts';
import { memberToWire } from '../rpc/grpc/index.ts';

export interface WorkerFacts {
  readonly member: PlacementMember;
  readonly alive: boolean;
  readonly softwareVersion: string | undefined;
  readonly lastCopyBytes: number;
  readonly isDrained: boolean;
}

/** @param beat its last; undefined before the first */
export function workerStatus(
  facts: WorkerFacts,
  beat: Heartbeat__Output | undefined,
): WorkerStatus {
  const { member, alive, softwareVersion, lastCopyBytes, isDrained } = facts;
  return {
    member: memberToWire(member),
    alive,
    capacity_bytes: beat?.capacity_bytes ?? member.weightBytes,
    used_bytes: beat?.used_bytes ?? 0,
    origin: beat?.origin ?? {},
    reads: beat?.reads ?? {},
    peers: beat?.peers ?? {},
    origin_troubles: beat?.origin_troubles ?? [],
    disks: beat?.disks ?? [],
    patterns: beat?.patterns ?? [],
    decisions: beat?.decisions ?? [],
    plans: beat?.plans ?? [],
    transit: beat?.transit ?? {},
    version: softwareVersion ?? '',
    moves: beat?.moves ?? {},
    last_copy_bytes: lastCopyBytes,
    drained: isDrained,
  };
}
