/**
 * One try to make a version: batches of a listing go through the manifest builder into a file.
 *
 * Always true: what a failed try wrote is removed; block numbers of unchanged objects are kept unless
 * the objects have new names anyway.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Clock, DatasetInfo, ListingEntry } from '../common/index.ts';
import { ManifestBuilder, ManifestRefresh } from '../common/manifest/index.ts';
import type { AddOutcome, ManifestChanges, ManifestSummary } from '../common/manifest/index.ts';
import type { ListingBatch__Output } from '../proto/generated/larder/v1/ListingBatch.ts';
import { entryFromWire } from '../rpc/grpc/index.ts';
import { FileManifestSink } from '../rpc/manifests/index.ts';
import { Breather } from './breathe.ts';
import type { Catalog } from './catalog.ts';
import { sameObjects } from './catalog.ts';
import type { DataDirectory } from './data-directory.ts';
import { openManifest } from './manifests.ts';
import type { VersionRecord } from './records.ts';
import { SkippedWriter } from './skipped-writer.ts';

export interface VersionBuildOptions {
  readonly catalog: Catalog;
  readonly directory: DataDirectory;
  readonly clock: Clock;
  readonly dataset: DatasetInfo;
  readonly number: number;
  readonly nextBlock: number;
  readonly previous: VersionRecord | undefined;
  readonly batches: AsyncIterable<ListingBatch__Output>;
  onKeys(keysListed: number): void;
}

export interface BuiltVersion {
  /** Undefined where the origin lists what the version before shows, and as much that it does not. */
  readonly version: VersionRecord | undefined;
  readonly changes: Omit<ManifestChanges, 'identical' | 'touched' | 'directories'>;
  readonly nextBlock: number;
}

export async function buildVersion(options: VersionBuildOptions): Promise<BuiltVersion> {
  const { catalog, directory, dataset, previous } = options;
  const id = { datasetId: dataset.id, number: options.number };
  const skipped = new SkippedWriter(catalog, id);
  await skipped.clear();
  await directory.prepareManifests(dataset.id);
  using sink = new FileManifestSink(directory.manifestPath(id));
  using old = previous === undefined ? undefined : openManifest(directory.manifestPath(previous));
  const renamed = previous !== undefined && !sameObjects(previous.settings, dataset.settings);
  const Builder = renamed ? RenumberingBuilder : ManifestBuilder;
  const builder = new Builder({
    sink,
    blockSizeBytes: dataset.settings.blockSizeBytes,
    nextBlock: options.nextBlock,
    onSkip: (key, reason) => {
      skipped.add(key, reason);
    },
  });
  const refresh = old && new ManifestRefresh({ old: old.reader, builder });
  await addAll(options, refresh ?? builder, skipped);
  const changes = refresh?.finish();
  const same =
    changes?.identical === true &&
    isDeepStrictEqual(skipped.reasons, previous?.skippedReasons ?? {});
  if (same && !renamed) {
    return { version: undefined, changes, nextBlock: options.nextBlock };
  }
  const summary = builder.finish();
  await skipped.finish();
  const version = toRecord(options, summary, skipped, sink.publish());
  return { version, changes: changes ?? allAdded(summary), nextBlock: summary.nextBlock };
}

/** Objects whose identity has changed share nothing with those before, so neither do their numbers. */
class RenumberingBuilder extends ManifestBuilder {
  override add(entry: ListingEntry): AddOutcome {
    return super.add(entry);
  }
}

async function addAll(
  options: VersionBuildOptions,
  target: Pick<ManifestBuilder, 'add'> | ManifestRefresh,
  skipped: SkippedWriter,
): Promise<void> {
  const breather = new Breather(options.clock);
  let keysListed = 0;
  for await (const batch of options.batches) {
    for (const entry of batch.entries) target.add(entryFromWire(entry));
    for (const { key, reason } of batch.skipped) skipped.add(key, reason);
    keysListed += batch.entries.length;
    options.onKeys(keysListed);
    await skipped.drain();
    await breather.breathe();
  }
}

function toRecord(
  { dataset, number, clock }: VersionBuildOptions,
  summary: ManifestSummary,
  skipped: SkippedWriter,
  file: { readonly fileBytes: number; readonly sha256: Buffer },
): VersionRecord {
  return {
    datasetId: dataset.id,
    number,
    createdAtMs: Math.floor(clock.wallMs()),
    settings: dataset.settings,
    files: summary.files,
    bytes: summary.bytes,
    blocks: summary.blocks,
    skipped: skipped.count,
    skippedReasons: skipped.reasons,
    strongValidators: summary.strongValidators,
    weakValidators: summary.weakValidators,
    manifestBytes: file.fileBytes,
    manifestSha256: file.sha256.toString('hex'),
  };
}

function allAdded(summary: ManifestSummary) {
  return { added: summary.files + summary.symlinks, removed: 0, changed: 0, unchanged: 0 };
}
