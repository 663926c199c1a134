/** The datasets of a cluster: make, find, refresh, delete. */
import { checkDatasetName, DEFAULT_SETTINGS, LarderError, withSetting } from '../common/index.ts';
import type { DatasetSettings } from '../common/index.ts';
import { datasetFromWire, settingsToWire } from '../rpc/grpc/index.ts';
import type { BuildProgress__Output } from '../proto/generated/larder/v1/BuildProgress.ts';
import { audit } from './audit.ts';
import type { AuditOptions, AuditReport } from './audit.ts';
import type { Connection } from './connection.ts';
import { Dataset } from './dataset.ts';
import { changePin, free, listPins } from './space.ts';
import type { FreeOptions, FreeReport, PathOptions, PinChange, PinInfo } from './space.ts';
import type { BuildOptions, BuildResult, DatasetSummary, VersionInfo } from './types.ts';
import { buildFrom, summaryFrom, versionFrom } from './wire.ts';

/**
 * Keys as on the command line: `blockSize`, `endpoint`, `region`, `pathStyle`, `credentials`, `replicas`,
 * `quota`, `policy`, `originBandwidth`.
 */
export type SettingChanges = Readonly<Record<string, string>>;

export interface CreateOptions extends BuildOptions {
  readonly settings?: SettingChanges;
}

export class Datasets {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /**
   * Lists the origin through a worker and makes version 1.
   *
   * @param origin `s3://bucket/prefix` or `file:///dir`
   * @throws {LarderError} `ALREADY_EXISTS`, `INVALID_ARGUMENT`, `NO_WORKER`, `LISTING_FAILED`, or the
   *   origin's error where every worker met the same
   */
  async create(name: string, origin: string, options: CreateOptions = {}): Promise<BuildResult> {
    const { catalog } = this.#connection.master;
    const settings = settingsToWire(applySettings(options.settings ?? {}));
    const call = options.signal === undefined ? {} : { signal: options.signal };
    return await follow(catalog.createDataset({ name, origin, settings }, call), options);
  }

  /** Lists the origin again; a new version only where something changed. */
  async refresh(name: string, options: BuildOptions = {}): Promise<BuildResult> {
    const call = options.signal === undefined ? {} : { signal: options.signal };
    return await follow(this.#connection.master.catalog.refreshDataset({ name }, call), options);
  }

  /**
   * @param reference `NAME` for the latest version, or `NAME@v3`
   * @throws {LarderError} `NOT_FOUND`, `UNAVAILABLE`
   */
  async get(reference: string): Promise<Dataset> {
    const resolved = await this.#connection.master.catalog.resolveVersion(
      parseReference(reference),
    );
    return new Dataset(
      this.#connection,
      datasetFromWire(resolved.dataset),
      versionFrom(resolved.version),
    );
  }

  async describe(name: string): Promise<DatasetSummary> {
    return summaryFrom(await this.#connection.master.catalog.getDataset({ name }));
  }

  async list(): Promise<DatasetSummary[]> {
    const { datasets } = await this.#connection.master.catalog.listDatasets({});
    return datasets.map(summaryFrom);
  }

  /**
   * `replicas`, `quota`, `policy`, `originBandwidth`, `region` and `pathStyle` count at once, what names objects from
   * the next version on.
   *
   * @throws {LarderError} `INVALID_ARGUMENT` */
  async set(name: string, settings: SettingChanges): Promise<DatasetSummary> {
    return summaryFrom(await this.#connection.master.catalog.setDataset({ name, settings }));
  }

  async versions(name: string): Promise<VersionInfo[]> {
    const { versions } = await this.#connection.master.catalog.listVersions({ name });
    return versions.map(versionFrom);
  }

  /**
   * Compares disks, manifest and what the master believes. Changes nothing, and runs beside jobs.
   *
   * @param reference `NAME` for the latest version, or `NAME@v3`
   * @throws {LarderError} `NOT_FOUND`, `UNAVAILABLE`
   */
  async audit(reference: string, options: AuditOptions = {}): Promise<AuditReport> {
    return await audit(this.#connection, parseReference(reference), options);
  }

  /**
   * Takes files off the workers' disks. What somebody has open, what is protected, and what another dataset has too
   * stays, and is told.
   *
   * @param reference `NAME` for the latest version, or `NAME@v3`
   * @throws {LarderError} `NOT_FOUND`, also for a pattern that matches nothing; `INVALID_ARGUMENT`, `UNAVAILABLE`
   */
  async free(reference: string, options: FreeOptions = {}): Promise<FreeReport> {
    return await free(this.#connection, parseReference(reference), options);
  }

  /**
   * Nothing of these files is evicted from now on, also after restarts. Fetches nothing: that is for a preload. Of a new
   * version what is new has to be pinned again.
   *
   * @throws {LarderError} as `free`; `INVALID_ARGUMENT` where it would pin more than the caches keep
   */
  async pin(reference: string, options: PathOptions = {}): Promise<PinChange> {
    return await changePin(this.#connection, 'pin', parseReference(reference), options);
  }

  /** Without a version and paths: all that is pinned of the dataset. @throws {LarderError} as `free` */
  async unpin(reference: string, options: PathOptions = {}): Promise<PinChange> {
    return await changePin(this.#connection, 'unpin', parseReference(reference), options);
  }

  /** Of every dataset of which something is pinned. */
  async pins(): Promise<PinInfo[]> {
    return await listPins(this.#connection);
  }

  /**
   * Deletes a dataset, or one version (`NAME@v3`). What only it named leaves the workers' disks.
   *
   * @throws {LarderError} `NOT_FOUND`, `VERSION_LEASED` while it is mounted
   */
  async delete(reference: string): Promise<void> {
    const { catalog } = this.#connection.master;
    const { name, version } = parseReference(reference);
    if (version === 0) await catalog.deleteDataset({ name });
    else await catalog.deleteVersion({ name, version });
  }
}

/**
 * `NAME` or `NAME@v3` (`NAME@3` as well); version 0 is the latest.
 *
 * @throws {LarderError} `INVALID_ARGUMENT`
 */
export function parseReference(reference: string): { name: string; version: number } {
  const match = /^([^@]*)(?:@v?(\d{1,9}))?$/.exec(reference);
  const version = Number(match?.[2] ?? 0);
  if (match === null || (match[2] !== undefined && version === 0)) {
    throw new LarderError('INVALID_ARGUMENT', { dataset: reference, expected: 'NAME or NAME@v3' });
  }
  return { name: checkDatasetName(match[1] ?? ''), version };
}

function applySettings(changes: SettingChanges): DatasetSettings {
  let settings = DEFAULT_SETTINGS;
  for (const [key, value] of Object.entries(changes)) settings = withSetting(settings, key, value);
  return settings;
}

async function follow(
  messages: AsyncIterable<BuildProgress__Output>,
  options: BuildOptions,
): Promise<BuildResult> {
  for await (const { keys_listed, done } of messages) {
    options.onProgress?.({ keysListed: keys_listed });
    if (done !== null) return buildFrom(done);
  }
  throw new LarderError('UNAVAILABLE', { what: 'the master ended the call without a result' });
}
