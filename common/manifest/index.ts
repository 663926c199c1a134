/** The manifest: builder, reader, and the walk that makes one version from another. */
export { ManifestBuilder } from './builder.ts';
export type { AddOutcome, ManifestBuilderOptions } from './builder.ts';
export { ManifestCursor } from './cursor.ts';
export { PageMissing } from './format.ts';
export { emptyAttributes, ManifestReader } from './reader.ts';
export type { ManifestReaderOptions } from './reader.ts';
export { ManifestRefresh } from './refresh.ts';
export type { ManifestChanges, ManifestRefreshOptions } from './refresh.ts';
export type {
  DirectoryItem,
  DirectoryTotals,
  Entry,
  EntryAttributes,
  EntryKind,
  FileEntry,
  FileRange,
  ManifestSink,
  ManifestSummary,
  PageSource,
} from './types.ts';
