/** From messages to the SDK's own types. */
import { LarderError, printableKey } from '../common/index.ts';
import { datasetFromWire } from '../rpc/grpc/index.ts';
import type { BuildDone__Output } from '../proto/generated/larder/v1/BuildDone.ts';
import type { ClusterStatus__Output } from '../proto/generated/larder/v1/ClusterStatus.ts';
import type { Dataset__Output } from '../proto/generated/larder/v1/Dataset.ts';
import type { PlanInfo__Output } from '../proto/generated/larder/v1/PlanInfo.ts';
import type { PreloadProgress__Output } from '../proto/generated/larder/v1/PreloadProgress.ts';
import type { Version__Output } from '../proto/generated/larder/v1/Version.ts';
import type {
  BuildResult,
  ClusterStatus,
  DatasetSummary,
  OriginCounters,
  PlanStatus,
  PreloadProgress,
  PreloadState,
  VersionInfo,
} from './types.ts';
import { patternOf } from './dataset-patterns.ts';
import { workersFrom } from './worker-status.ts';

export function versionFrom(version: Version__Output | null): VersionInfo {
  if (version === null)
    throw new LarderError('INTERNAL', { what: 'a message without its version' });
  return {
    number: version.number,
    createdAt: new Date(version.created_at_ms),
    files: version.files,
    bytes: version.bytes,
    blocks: version.blocks,
    skipped: version.skipped,
    skippedReasons: { ...version.skipped_reasons },
    strongValidators: version.strong_validators,
    weakValidators: version.weak_validators,
    leases: version.leases,
  };
}

export function summaryFrom(dataset: Dataset__Output | null): DatasetSummary {
  return {
    ...datasetFromWire(dataset),
    createdAt: new Date(dataset?.created_at_ms ?? 0),
    latest: versionFrom(dataset?.latest ?? null),
  };
}

export function buildFrom(done: BuildDone__Output): BuildResult {
  const changes = done.changes ?? { added: 0, removed: 0, changed: 0, unchanged: 0 };
  const { added, removed, changed, unchanged } = changes;
  return {
    dataset: summaryFrom(done.dataset),
    version: versionFrom(done.version),
    changes: { added, removed, changed, unchanged },
    newVersion: done.new_version,
  };
}

export function preloadFrom(progress: PreloadProgress__Output): PreloadProgress {
  return {
    id: progress.preload_id,
    state: progress.state.toLowerCase() as PreloadState,
    targetBlocks: progress.target_blocks,
    heldBlocks: progress.held_blocks,
    targetBytes: progress.target_bytes,
    heldBytes: progress.held_bytes,
    targetFiles: progress.target_files,
    heldFiles: progress.held_files,
    failedFiles: progress.failed_files,
    countsCopies: progress.counts_copies,
    verifiedBytes: progress.verified_bytes,
    damagedFiles: progress.damaged_files,
    leftOutFiles: progress.left_out_files,
    bytesPerSecond: progress.bytes_per_second,
    restMs: progress.rest_ms === 0 ? null : progress.rest_ms,
    failures: progress.failures.map(({ path, code, message }) => ({
      path: printableKey(path),
      code,
      message,
    })),
  };
}

export function statusFrom(status: ClusterStatus__Output): ClusterStatus {
  const origin: { -readonly [K in keyof OriginCounters]: number } = {
    gets: 0,
    bytes: 0,
    uniqueBytes: 0,
    requestedBytes: 0,
  };
  const reads = { bytes: 0, originBytes: 0, peerBytes: 0 };
  for (const worker of status.workers) {
    origin.gets += worker.origin?.gets ?? 0;
    origin.bytes += worker.origin?.bytes ?? 0;
    origin.uniqueBytes += worker.origin?.unique_bytes ?? 0;
    origin.requestedBytes += worker.origin?.requested_bytes ?? 0;
    reads.bytes += worker.reads?.bytes ?? 0;
    reads.originBytes += worker.reads?.origin_bytes ?? 0;
    reads.peerBytes += worker.reads?.peer_bytes ?? 0;
  }
  return {
    placement: status.placement,
    ...workersFrom(status.workers),
    datasets: status.datasets.map((dataset) => ({
      name: dataset.name,
      latestVersion: dataset.latest_version,
      files: dataset.files,
      bytes: dataset.bytes,
      heldBytes: dataset.held_bytes,
      pinnedBytes: dataset.pinned_bytes,
      ...(dataset.origin_budget === null ? {} : { originBudget: { ...dataset.origin_budget } }),
      policy: dataset.policy || 'auto',
      keptBy: dataset.first_toucher ? 'first-toucher' : 'owner',
      pattern: patternOf(dataset.id, status.workers) ?? null,
    })),
    origin,
    reads,
  };
}

export function planFrom({ keep_ms: keepMs, workers, ...plan }: PlanInfo__Output): PlanStatus {
  const { job, dataset, version, sampler } = plan;
  return {
    ...{ job, dataset, version, sampler, keepMs },
    workers: workers.map(({ worker_id: workerId, plan_id: _, ...worker }) => ({
      workerId,
      ...worker,
    })),
  };
}
