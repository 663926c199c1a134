/** What all processes share, without I/O. */
export {
  ACCEPT_BACKLOG,
  BAND_BUCKETS,
  CHUNK_BYTES,
  DEFAULT_BLOCK_BYTES,
  FRAME_HEADER_BYTES,
  FUSE_MAX_READ_BYTES,
} from './limits.ts';
export { GRPC_MAX_MESSAGE_BYTES, MANIFEST_MAX_BLOCKS } from './limits.ts';
export { MAX_FRAME_BODY_BYTES, MAX_PATH_BYTES, MAX_READ_BYTES } from './limits.ts';
export { KEPT_SHARE, MAX_REPLICAS, MAX_SEGMENT_BYTES } from './limits.ts';
export { MAX_READ_MANY_FILES, MAX_REQUEST_BODY_BYTES } from './limits.ts';
export { PROTOCOL_VERSION, SMALL_READ_BYTES, STRIPE_BYTES } from './limits.ts';
export { blockCount, blockLength, blocksOf, clampLength } from './block-math.ts';
export type { BlockRange } from './block-math.ts';
export { ByteQueue } from './byte-queue.ts';
export { systemClock, systemRandom, untilAborted } from './clock.ts';
export type { Clock, Random } from './clock.ts';
export { SETTINGS } from './config.ts';
export { formatSetting, isList, nearestSetting, parseSetting } from './config-values.ts';
export { relationProblem } from './config-values.ts';
export { isSettingName, SETTING_NAMES } from './setting-names.ts';
export type { SettingName, SettingValue, SettingValues, SizeValue } from './setting-names.ts';
export type { SettingSpec, SettingUser } from './setting-spec.ts';
export { diskOrder } from './disk-order.ts';
export type { CompleteDirectory, DiskWeight } from './disk-order.ts';
export { Disposals } from './disposals.ts';
export {
  checkDatasetName,
  DATASET_POLICIES,
  DEFAULT_SETTINGS,
  objectId,
  withSetting,
} from './dataset.ts';
export type {
  DatasetInfo,
  DatasetPolicy,
  DatasetSettings,
  ListingEntry,
  ObjectIdentity,
  ObjectRef,
} from './dataset.ts';
export type { PathStyle, Replicas, Validator } from './dataset.ts';
export { ERRNO, EXIT, EXIT_CODE } from './error-maps.ts';
export {
  asLarderError,
  ERRORS,
  hasCode,
  isErrorCode,
  LarderError,
  printable,
  printableKey,
  systemCode,
} from './errors.ts';
export type { ErrorCode, ErrorFacts, ErrorSpec, Remedy } from './errors.ts';
export { METRICS } from './metrics.ts';
export type { MetricName, MetricRole, MetricSpec, Reading } from './metrics.ts';
export { bandHash } from './hash.ts';
export { createLogger, escapedJson, forwardingLogger, logLine, silentLogger } from './log.ts';
export type { Logger, LogOptions } from './log.ts';
export {
  COMPLETE_DIRECTORY,
  completePath,
  GROWING_DIRECTORY,
  growingName,
  parseGrowingName,
} from './object-paths.ts';
export { shardedName, SUSPECT_DIRECTORY } from './object-paths.ts';
export { MIN_OPEN_FILES, shareOfOpenFiles } from './open-files.ts';
export { parseOriginUrl } from './origin-url.ts';
export type { OriginUrl } from './origin-url.ts';
export { Placement, stripeOf } from './placement.ts';
export type { PlacementMember } from './placement.ts';
export { explainSkip, SKIP_REASONS } from './skip-reasons.ts';
export type { SkipReason } from './skip-reasons.ts';
export { SparseWarning } from './sparse-warning.ts';
export { formatBytes, GIB, KIB, MIB, parseDuration, parseRate, parseSize } from './units.ts';
export {
  emptyAttributes,
  ManifestBuilder,
  ManifestCursor,
  ManifestReader,
  ManifestRefresh,
  PageMissing,
} from './manifest/index.ts';
export type {
  AddOutcome,
  DirectoryItem,
  DirectoryTotals,
  Entry,
  EntryAttributes,
  EntryKind,
  FileEntry,
  FileRange,
  ManifestBuilderOptions,
  ManifestChanges,
  ManifestReaderOptions,
  ManifestRefreshOptions,
  ManifestSink,
  ManifestSummary,
  PageSource,
} from './manifest/index.ts';
