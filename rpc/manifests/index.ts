/** Manifests as files of a node: written whole by the master, copied page by page to readers. */
export { FileManifestSink, FilePageSource } from './manifest-file.ts';
export type { PublishedManifest } from './manifest-file.ts';
export { ManifestReplica, withMissing } from './replica.ts';
export type { ManifestFetch, ManifestReplicaOptions } from './replica.ts';
