/** The Catalog service: messages in, rules of the catalog, messages out. */
import { LarderError } from '../common/index.ts';
import type { Clock } from '../common/index.ts';
import type { BuildProgress } from '../proto/generated/larder/v1/BuildProgress.ts';
import type { CatalogHandlers } from '../proto/generated/larder/v1/Catalog.ts';
import type { Dataset } from '../proto/generated/larder/v1/Dataset.ts';
import type { ManifestChunk } from '../proto/generated/larder/v1/ManifestChunk.ts';
import type { SkippedKeys } from '../proto/generated/larder/v1/SkippedKeys.ts';
import type { Version } from '../proto/generated/larder/v1/Version.ts';
import { settingsToWire } from '../rpc/grpc/index.ts';
import type { Handlers } from '../rpc/grpc/index.ts';
import { Signal } from './async.ts';
import type { BuildOutcome, BuildRequest, Builds } from './builds.ts';
import { datasetInfo } from './catalog.ts';
import type { Catalog } from './catalog.ts';
import type { Collector } from './collector.ts';
import type { DataDirectory } from './data-directory.ts';
import { readManifest } from './manifests.ts';
import type { DatasetRecord, VersionRecord } from './records.ts';
import { datasetToWire, settingsAsText, versionToWire } from './wire.ts';
import type { Workers } from './workers.ts';

export interface CatalogServiceOptions {
  readonly catalog: Catalog;
  readonly builds: Builds;
  readonly collector: Collector;
  readonly directory: DataDirectory;
  readonly workers: Pick<Workers, 'settingsChanged'>;
  readonly clock: Clock;
  readonly progressMs: number;
}

export function catalogService(
  handlers: Handlers,
  options: CatalogServiceOptions,
): CatalogHandlers {
  const { catalog, builds, collector, directory, workers } = options;
  const show = new Views(catalog);
  return {
    CreateDataset: handlers.serverStream((request, { signal }) =>
      withProgress(options, show, signal, async (build) => {
        const { name, origin } = request;
        const settings = settingsAsText(request.settings);
        const outcome = await builds.create({ name, origin, settings }, build);
        workers.settingsChanged();
        return outcome;
      }),
    ),
    RefreshDataset: handlers.serverStream(({ name }, { signal }) =>
      withProgress(options, show, signal, (build) => builds.refresh(name, build)),
    ),
    SetDataset: handlers.unary(async ({ name, settings }) => {
      const dataset = await catalog.setSettings(name, settings);
      workers.settingsChanged();
      return show.dataset(dataset);
    }),
    GetDataset: handlers.unary(async ({ name }) => show.dataset(catalog.byName(name))),
    ListDatasets: handlers.unary(async () => ({
      datasets: catalog.datasets().map((dataset) => show.dataset(dataset)),
    })),
    DeleteDataset: handlers.unary(async ({ name }) => {
      const { datasetId, versions } = await catalog.deleteDataset(name);
      workers.settingsChanged();
      for (const version of versions) await directory.removeManifest(version);
      collector.datasetShrank(datasetId);
      return {};
    }),
    ListVersions: handlers.unary(async ({ name }) => ({
      versions: catalog.versions(catalog.byName(name).id).map((version) => show.version(version)),
    })),
    DeleteVersion: handlers.unary(async ({ name, version }) => {
      const deleted = await catalog.deleteVersion(name, version);
      await directory.removeManifest(deleted);
      collector.datasetShrank(deleted.datasetId);
      return {};
    }),
    ListSkipped: handlers.serverStream(({ name, version }) =>
      skippedKeys(catalog, catalog.version(catalog.byName(name), version)),
    ),
    ResolveVersion: handlers.unary(async ({ name, version, dataset_id: id }) =>
      show.resolved(name === '' ? catalog.byId(id) : catalog.byName(name), version),
    ),
    ReadManifest: handlers.serverStream((request) => {
      const version = catalog.version(catalog.byId(request.dataset_id), request.version);
      return manifestChunks(directory.manifestPath(version), request.offset, request.length);
    }),
    LeaseVersion: handlers.unary(async (lease) => {
      await catalog.lease({
        datasetId: lease.dataset_id,
        version: lease.version,
        holder: lease.holder,
        what: lease.what,
        ttlMs: lease.ttl_ms,
      });
      return {};
    }),
    ReleaseLease: handlers.unary(async ({ dataset_id: datasetId, version, holder }) => {
      await catalog.releaseLease({ datasetId, version, holder });
      return {};
    }),
  };
}

/** Records as messages. */
class Views {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  version(version: VersionRecord): Version {
    return versionToWire(version, this.#catalog.leasesOf(version));
  }

  dataset(dataset: DatasetRecord): Dataset {
    const latest = this.#catalog.version(dataset, 0);
    return datasetToWire(dataset, dataset.settings, this.version(latest));
  }

  resolved(dataset: DatasetRecord, number: number): { dataset: Dataset; version: Version } {
    const version = this.#catalog.version(dataset, number);
    const { settings } = datasetInfo(dataset, version);
    return {
      dataset: { ...this.dataset(dataset), settings: settingsToWire(settings) },
      version: this.version(version),
    };
  }
}

/** Progress while a build runs, at most every `progressMs`, then the outcome. */
async function* withProgress(
  { clock, progressMs }: CatalogServiceOptions,
  show: Views,
  caller: AbortSignal,
  run: (request: BuildRequest) => Promise<BuildOutcome>,
): AsyncGenerator<BuildProgress, void, undefined> {
  const moved = new Signal();
  const leave = new AbortController();
  const signal = AbortSignal.any([caller, leave.signal]);
  let progress: BuildProgress = { keys_listed: 0, worker: '' };
  let outcome: BuildOutcome | undefined;
  const onProgress = (keysListed: number, worker: string) => {
    progress = { keys_listed: keysListed, worker };
    moved.notify();
  };
  const build = run({ signal, onProgress }).then((done) => {
    outcome = done;
  });
  const ended = build.catch(() => undefined);
  try {
    for (let told = progress; ; told = progress) {
      await Promise.race([ended, moved.wait()]);
      if (outcome !== undefined || progress === told) break;
      yield progress;
      await Promise.race([ended, clock.sleep(progressMs)]);
    }
    await build;
  } finally {
    leave.abort(new LarderError('CANCELLED'));
  }
  if (outcome === undefined) return;
  const { dataset, version, changes, newVersion } = outcome;
  const done = {
    dataset: show.dataset(dataset),
    version: show.version(version),
    changes,
    new_version: newVersion,
  };
  yield { ...progress, done };
}

async function* skippedKeys(
  catalog: Catalog,
  version: VersionRecord,
): AsyncGenerator<SkippedKeys, void, undefined> {
  for await (const keys of catalog.skipped(version)) yield { keys };
}

async function* manifestChunks(
  path: string,
  offsetBytes: number,
  lengthBytes: number,
): AsyncGenerator<ManifestChunk, void, undefined> {
  for await (const { offsetBytes: offset, bytes } of readManifest(path, offsetBytes, lengthBytes)) {
    yield { offset, data: bytes };
  }
}
