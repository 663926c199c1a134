/** A master's status as the wire has it: with versions, leases and the master's clock. */
import type { ClusterStatus__Output } from '../../proto/generated/larder/v1/ClusterStatus.ts';
import { connectMaster } from '../../rpc/grpc/index.ts';
import { systemClock } from '../../common/index.ts';

/** Longer than a master waits for its workers. */
export const MASTER_TIMEOUT_MS = 3_000;

export interface MasterAnswer {
  readonly status: ClusterStatus__Output;
  readonly tookMs: number;
  /** How far the master's clock is ahead of this one; half of the time that it took may be wrong. */
  readonly aheadMs: number | undefined;
}

/** @throws {LarderError} `UNAVAILABLE`, `DEADLINE_EXCEEDED`, `INVALID_ARGUMENT` */
export async function askMaster(address: string): Promise<MasterAnswer> {
  await using channel = connectMaster({ address, unaryDeadlineMs: MASTER_TIMEOUT_MS });
  const sentMs = systemClock.wallMs();
  const status = await channel.cluster.getStatus({});
  const receivedMs = systemClock.wallMs();
  // A master of an older release says 0. What it waits for its workers comes before it looks.
  const aheadMs = status.wall_ms === 0 ? undefined : status.wall_ms - receivedMs;
  return { status, tookMs: receivedMs - sentMs, aheadMs };
}
