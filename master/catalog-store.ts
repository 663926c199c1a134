/**
 * Where the catalog is kept: LMDB in one process today, behind an interface that a replicated store can
 * have as well.
 *
 * Always true of an implementation: each method is atomic and durable when its promise resolves; a
 * number that a counter gave is never given again, also after a crash.
 */
import type {
  DatasetRecord,
  LeaseRecord,
  PlacementRecord,
  PlanRecord,
  PreloadRecord,
  ProtectionRecord,
  SkippedKey,
  StageRecord,
  VersionRecord,
} from './records.ts';

/** Everything but skipped keys: small enough for memory. */
export interface CatalogSnapshot {
  readonly datasets: readonly DatasetRecord[];
  readonly versions: readonly VersionRecord[];
  readonly leases: readonly LeaseRecord[];
  readonly preloads: readonly PreloadRecord[];
  readonly plans: readonly PlanRecord[];
  readonly protections: readonly ProtectionRecord[];
  readonly stages: readonly StageRecord[];
  readonly placement: PlacementRecord;
}

export type CounterName = 'dataset' | 'plan' | 'preload' | 'term';

export interface CatalogStore extends AsyncDisposable {
  load(): Promise<CatalogSnapshot>;
  /** 1, 2, 3, … */
  next(counter: CounterName): Promise<number>;
  putDataset(dataset: DatasetRecord): Promise<void>;
  /** Publishes a version together with its dataset. */
  putVersion(dataset: DatasetRecord, version: VersionRecord): Promise<void>;
  /** Removes a version with its leases and skipped keys, and updates its dataset. */
  deleteVersion(dataset: DatasetRecord, version: number): Promise<void>;
  /** Removes a dataset with all that belongs to it. */
  deleteDataset(datasetId: number): Promise<void>;
  putLease(lease: LeaseRecord): Promise<void>;
  deleteLease(lease: Pick<LeaseRecord, 'datasetId' | 'version' | 'holder'>): Promise<void>;
  putPreload(preload: PreloadRecord): Promise<void>;
  deletePreload(id: number): Promise<void>;
  putPlan(plan: PlanRecord): Promise<void>;
  deletePlan(id: number): Promise<void>;
  putProtection(protection: ProtectionRecord): Promise<void>;
  deleteProtection(preload: number): Promise<void>;
  putStage(stage: StageRecord): Promise<void>;
  deleteStage(stage: Pick<StageRecord, 'job' | 'dataset'>): Promise<void>;
  putPlacement(placement: PlacementRecord): Promise<void>;
  /** Chunks are numbered from 0 by the caller. */
  putSkipped(
    version: Pick<VersionRecord, 'datasetId' | 'number'>,
    chunk: number,
    keys: readonly SkippedKey[],
  ): Promise<void>;
  /** Before a version is built again. */
  clearSkipped(version: Pick<VersionRecord, 'datasetId' | 'number'>): Promise<void>;
  /** In the order of the chunks. */
  skipped(version: Pick<VersionRecord, 'datasetId' | 'number'>): AsyncIterable<SkippedKey[]>;
  /** Removes skipped keys of versions that were never published. */
  sweep(): Promise<void>;
}
