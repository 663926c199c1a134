/** The master's records as messages. */
import type { DatasetSettings } from '../common/index.ts';
import type { Dataset } from '../proto/generated/larder/v1/Dataset.ts';
import type { DatasetSettings__Output } from '../proto/generated/larder/v1/DatasetSettings.ts';
import type { Placement } from '../proto/generated/larder/v1/Placement.ts';
import type { ReplicaSettings } from '../proto/generated/larder/v1/ReplicaSettings.ts';
import type { Version } from '../proto/generated/larder/v1/Version.ts';
import { memberToWire, replicaCount, replicasFromWire, settingsToWire } from '../rpc/grpc/index.ts';
import type { DatasetBudget } from './origin-budgets.ts';
import type { DatasetRecord, PlacementRecord, VersionRecord } from './records.ts';

/** As on the command line, so that both are checked by the same rules; 0 and empty are the defaults. */
export function settingsAsText(settings: DatasetSettings__Output | null): Record<string, string> {
  if (settings === null) return {};
  return {
    blockSize: settings.block_size_bytes === 0 ? '' : String(settings.block_size_bytes),
    endpoint: settings.endpoint,
    region: settings.region,
    pathStyle: settings.path_style,
    credentials: settings.credentials,
    replicas: replicasText(settings.replicas),
    quota: settings.quota_bytes === 0 ? '' : String(settings.quota_bytes),
    policy: settings.policy,
    originBandwidth: settings.origin_bandwidth === 0 ? '' : String(settings.origin_bandwidth),
  };
}

function replicasText(replicas: number): string {
  return replicas === 0 ? '' : String(replicasFromWire(replicas));
}

/** Of all datasets that are to have more than one copy of each object, a quota or a policy. */
export function replicasToWire(
  datasets: readonly DatasetRecord[],
  isFirstToucher: (dataset: DatasetRecord) => boolean,
): ReplicaSettings {
  return {
    datasets: datasets
      .map((dataset) => ({ ...dataset, isFirstToucher: isFirstToucher(dataset) }))
      .filter(({ settings: { replicas, quotaBytes, policy } }) => {
        return replicas !== 1 || quotaBytes > 0 || policy !== 'auto';
      })
      .map(({ id, settings, isFirstToucher: first }) => ({
        dataset_id: id,
        replicas: replicaCount(settings.replicas),
        quota_bytes: settings.quotaBytes,
        policy: settings.policy,
        first_toucher: first,
      })),
  };
}

/** Of all datasets that have one. */
export function originBudgets(datasets: readonly DatasetRecord[]): DatasetBudget[] {
  return datasets
    .filter(({ settings }) => settings.originBandwidthBytes > 0)
    .map(({ id, settings }) => ({ datasetId: id, bytesPerSecond: settings.originBandwidthBytes }));
}

export function versionToWire(version: VersionRecord, leases: number): Version {
  return {
    number: version.number,
    created_at_ms: version.createdAtMs,
    files: version.files,
    bytes: version.bytes,
    blocks: version.blocks,
    skipped: version.skipped,
    skipped_reasons: { ...version.skippedReasons },
    strong_validators: version.strongValidators,
    weak_validators: version.weakValidators,
    manifest_bytes: version.manifestBytes,
    leases,
    manifest_sha256: Buffer.from(version.manifestSha256, 'hex'),
    settings: settingsToWire(version.settings),
  };
}

export function datasetToWire(
  dataset: DatasetRecord,
  settings: DatasetSettings,
  latest: Version,
): Dataset {
  return {
    id: dataset.id,
    name: dataset.name,
    origin: dataset.origin,
    settings: settingsToWire(settings),
    latest_version: dataset.latestVersion,
    created_at_ms: dataset.createdAtMs,
    latest,
  };
}

export function placementToWire(placement: PlacementRecord): Placement {
  return { number: placement.number, members: placement.members.map(memberToWire) };
}
