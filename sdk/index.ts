/**
 * The TypeScript SDK of Larder.
 *
 * ```ts
 * await using larder = connect({ master: '127.0.0.1:7400' });
 * await using dataset = await larder.datasets.get('imagenet@v3');
 * for await (const { heldBytes, targetBytes } of dataset.preload()) console.log(heldBytes / targetBytes);
 * await using file = await dataset.open('train/n01440764/n01440764_10026.JPEG');
 * const bytes = await file.read(0, file.stat.sizeBytes);
 * ```
 */
export { ERRORS, LarderError } from '../common/index.ts';
export type { DatasetInfo, DatasetSettings, ErrorCode } from '../common/index.ts';
export type { PlanRequest } from '../common/plans/index.ts';
export type { AuditKind, AuditOptions, AuditReport } from './audit.ts';
export { Dataset } from './dataset.ts';
export { Datasets, parseReference } from './datasets.ts';
export type { CreateOptions, SettingChanges } from './datasets.ts';
export { DatasetFile } from './file.ts';
export type { ReadStreamOptions } from './file.ts';
export { connect, Larder } from './larder.ts';
export { Plans } from './plans.ts';
export type { DatasetPath } from './paths.ts';
export type { HeldExtent, MountSource } from './mount-source.ts';
export type { OpenMountOptions } from './mount.ts';
export type { ConnectOptions } from './options.ts';
export { Preloads } from './preloads.ts';
export type { PreloadOptions, StartedPreload } from './preloads.ts';
export type {
  FileCount,
  FreeOptions,
  FreeReport,
  KeptCount,
  PathOptions,
  PinChange,
  PinInfo,
} from './space.ts';
export type {
  BuildOptions,
  BuildResult,
  CallSignal,
  Changes,
  ClusterStatus,
  PatternStatus,
  DatasetSummary,
  DecisionCount,
  DirectoryEntry,
  FileLocation,
  FileStat,
  NodeScores,
  OriginBudget,
  OriginCounters,
  PlanStatus,
  PreloadEstimate,
  PreloadInfo,
  PreloadProgress,
  PreloadState,
  SkippedKey,
  VersionInfo,
  WorkerInfo,
  WorkerState,
} from './types.ts';
