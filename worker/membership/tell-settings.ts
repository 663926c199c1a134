/** What the master tells of datasets: settings, shares of their origins, what is to stay. */
import type { OriginShares__Output } from '../../proto/generated/larder/v1/OriginShares.ts';
import type { Protect__Output } from '../../proto/generated/larder/v1/Protect.ts';
import type { ReplicaSettings__Output } from '../../proto/generated/larder/v1/ReplicaSettings.ts';
import { parseBitmap } from '../../rpc/bitmaps/index.ts';
import { policyFromWire } from '../../rpc/grpc/index.ts';
import type { MembershipOptions } from './types.ts';

type Told<Name extends keyof MembershipOptions> = Pick<MembershipOptions, Name>;

export function tellReplicas(
  membership: Told<'onReplicas' | 'onQuotas' | 'onRules'>,
  { datasets }: ReplicaSettings__Output,
): void {
  const counts = datasets
    .filter(({ replicas }) => replicas !== 1)
    .map(({ dataset_id, replicas }) => [dataset_id, replicas] as const);
  const quotas = datasets
    .filter(({ quota_bytes }) => quota_bytes > 0)
    .map(({ dataset_id, quota_bytes }) => [dataset_id, quota_bytes] as const);
  const rules = datasets
    .map((it) => ({ ...it, policy: policyFromWire(it.policy) }))
    .filter(({ policy }) => policy !== 'auto')
    .map(({ dataset_id, policy, first_toucher: isFirstToucher }) => {
      return [dataset_id, { policy, isFirstToucher }] as const;
    });
  membership.onRules?.(new Map(rules));
  membership.onReplicas?.(new Map(counts));
  membership.onQuotas?.(new Map(quotas));
}

export function tellShares(
  membership: Told<'onOriginShares'>,
  { shares }: OriginShares__Output,
): void {
  const all = shares.map((share) => ({
    datasetId: share.dataset_id,
    bytesPerSecond: share.bytes_per_second,
    budgetBytesPerSecond: share.budget,
  }));
  membership.onOriginShares?.(all);
}

export function tellProtection(
  membership: Told<'onProtect'>,
  { name, dataset_id: datasetId, for_ms: forMs, ...it }: Protect__Output,
): void {
  const { replicas, evictable: isEvictable } = it;
  const on = new Set(it.on);
  const blocks = parseBitmap(it.blocks);
  const protection = { name, datasetId, blocks, replicas, on, isEvictable };
  membership.onProtect?.(forMs === 0 ? protection : { ...protection, forMs });
}
