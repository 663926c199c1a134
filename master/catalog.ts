/**
 * Datasets, their versions, and the leases on them: the rules, over a store that only keeps.
 *
 * Always true:
 *   - a version never changes and its number is never given again;
 *   - a version that a mount holds, and the latest one of a dataset, are not deleted;
 *   - block numbers of a dataset only grow, also over deletions and restarts.
 *
 * All state is in memory; the store has it before a method resolves. Changes are made one after the
 * other; the check for leases and the removal of what they would protect have no await between them.
 */
import { checkDatasetName, DEFAULT_SETTINGS, LarderError, withSetting } from '../common/index.ts';
import type { Clock, DatasetInfo, DatasetSettings } from '../common/index.ts';
import type { CatalogSnapshot, CatalogStore } from './catalog-store.ts';
import { Leases } from './leases.ts';
import type { DatasetRecord, LeaseRecord, SkippedKey, VersionRecord } from './records.ts';

const MAX_HOLDER_CHARS = 200;
const MAX_WHAT_CHARS = 1000;
const MAX_LEASE_MS = 24 * 3_600_000;

export class Catalog {
  readonly #store: CatalogStore;
  readonly #clock: Clock;
  readonly #datasets = new Map<number, DatasetRecord>();
  readonly #versions = new Map<number, Map<number, VersionRecord>>();
  readonly #reserved = new Set<string>();
  readonly #leases: Leases;
  #lastChange: Promise<unknown> = Promise.resolve();

  constructor(store: CatalogStore, clock: Clock, snapshot: CatalogSnapshot) {
    this.#store = store;
    this.#clock = clock;
    for (const dataset of snapshot.datasets) this.#datasets.set(dataset.id, withDefaults(dataset));
    for (const version of snapshot.versions) {
      this.#versionsOf(version.datasetId).set(version.number, withDefaults(version));
    }
    this.#leases = new Leases(snapshot.leases, clock.monotonicMs());
  }

  static async open(store: CatalogStore, clock: Clock): Promise<Catalog> {
    await store.sweep();
    return new Catalog(store, clock, await store.load());
  }

  /** By name. */
  datasets(): DatasetRecord[] {
    return [...this.#datasets.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  find(id: number): DatasetRecord | undefined {
    return this.#datasets.get(id);
  }

  /** @throws {LarderError} `NOT_FOUND` */
  byId(id: number): DatasetRecord {
    const dataset = this.#datasets.get(id);
    if (dataset === undefined) throw new LarderError('NOT_FOUND', { datasetId: id });
    return dataset;
  }

  /** @throws {LarderError} `NOT_FOUND` */
  byName(name: string): DatasetRecord {
    const dataset = this.#named(name);
    if (dataset === undefined) throw new LarderError('NOT_FOUND', { dataset: name });
    return dataset;
  }

  /** In order of their numbers. */
  versions(datasetId: number): VersionRecord[] {
    return [...this.#versionsOf(datasetId).values()].sort((a, b) => a.number - b.number);
  }

  allVersions(): VersionRecord[] {
    return [...this.#datasets.keys()].flatMap((id) => this.versions(id));
  }

  /**
   * @param number 0 for the latest
   * @throws {LarderError} `NOT_FOUND`
   */
  version(dataset: DatasetRecord, number: number): VersionRecord {
    const wanted = number === 0 ? dataset.latestVersion : number;
    const version = this.#versionsOf(dataset.id).get(wanted);
    if (version === undefined) {
      throw new LarderError('NOT_FOUND', { dataset: dataset.name, version: wanted });
    }
    return version;
  }

  /**
   * Keeps a name while its first version is made.
   *
   * @throws {LarderError} `INVALID_ARGUMENT`, `ALREADY_EXISTS`
   */
  reserveName(name: string): Disposable {
    checkDatasetName(name);
    if (this.#named(name) !== undefined) throw new LarderError('ALREADY_EXISTS', { dataset: name });
    if (this.#reserved.has(name)) {
      throw new LarderError('ALREADY_EXISTS', { dataset: name, what: 'it is just being created' });
    }
    this.#reserved.add(name);
    return { [Symbol.dispose]: () => this.#reserved.delete(name) };
  }

  nextDatasetId(): Promise<number> {
    return this.#store.next('dataset');
  }

  /**
   * Makes a version visible.
   *
   * @param dataset with the version as its latest; its settings are taken from what is current
   * @throws {LarderError} `NOT_FOUND` where the dataset was deleted meanwhile
   */
  publish(dataset: DatasetRecord, version: VersionRecord): Promise<void> {
    return this.#change(async () => {
      const current = this.#datasets.get(dataset.id);
      if (current === undefined && version.number > 1) {
        throw new LarderError('NOT_FOUND', { dataset: dataset.name });
      }
      const { settings, deletions } = current ?? dataset;
      const next = { ...dataset, settings, deletions };
      await this.#store.putVersion(next, version);
      this.#datasets.set(next.id, next);
      this.#versionsOf(next.id).set(version.number, version);
    });
  }

  /**
   * @param changes keys as on the command line; an empty value restores the default
   * @throws {LarderError} `NOT_FOUND`, `INVALID_ARGUMENT`, `NOT_YET_AVAILABLE`
   */
  setSettings(name: string, changes: Record<string, string>): Promise<DatasetRecord> {
    return this.#change(async () => {
      const dataset = this.byName(name);
      let { settings } = dataset;
      for (const [key, value] of Object.entries(changes)) {
        settings = withSetting(settings, key, value);
      }
      const next = { ...dataset, settings };
      await this.#store.putDataset(next);
      this.#datasets.set(next.id, next);
      return next;
    });
  }

  /** @throws {LarderError} `NOT_FOUND`, `INVALID_ARGUMENT` */
  async lease(lease: LeaseRecord): Promise<void> {
    this.version(this.byId(lease.datasetId), lease.version);
    checkLease(lease);
    if (this.#leases.take(lease, this.#clock.monotonicMs())) await this.#store.putLease(lease);
  }

  /** Of a lease that is not there: nothing to do. */
  async releaseLease(lease: Pick<LeaseRecord, 'datasetId' | 'version' | 'holder'>): Promise<void> {
    if (this.#leases.release(lease)) await this.#store.deleteLease(lease);
  }

  leases(): LeaseRecord[] {
    return this.#leases.live(this.#clock.monotonicMs());
  }

  leasesOf(version: VersionRecord): number {
    const nowMs = this.#clock.monotonicMs();
    return this.#leases.liveOf(version.datasetId, version.number, nowMs).length;
  }

  /** To be called now and then. */
  async expireLeases(): Promise<void> {
    for (const lease of this.#leases.expire(this.#clock.monotonicMs())) {
      await this.#store.deleteLease(lease);
    }
  }

  /** @throws {LarderError} `NOT_FOUND`, `INVALID_ARGUMENT` (the latest), `VERSION_LEASED` */
  deleteVersion(name: string, number: number): Promise<VersionRecord> {
    return this.#change(() => this.#deleteVersion(name, number));
  }

  /** @throws {LarderError} `NOT_FOUND`, `VERSION_LEASED` */
  deleteDataset(name: string): Promise<{ datasetId: number; versions: VersionRecord[] }> {
    return this.#change(() => this.#deleteDataset(name));
  }

  putSkipped(
    version: Pick<VersionRecord, 'datasetId' | 'number'>,
    chunk: number,
    keys: readonly SkippedKey[],
  ): Promise<void> {
    return this.#store.putSkipped(version, chunk, keys);
  }

  clearSkipped(version: Pick<VersionRecord, 'datasetId' | 'number'>): Promise<void> {
    return this.#store.clearSkipped(version);
  }

  skipped(version: VersionRecord): AsyncIterable<SkippedKey[]> {
    return this.#store.skipped(version);
  }

  async #deleteVersion(name: string, number: number): Promise<VersionRecord> {
    const dataset = this.byName(name);
    const version = this.version(dataset, number);
    if (version.number === dataset.latestVersion) {
      throw new LarderError('INVALID_ARGUMENT', {
        dataset: name,
        version: version.number,
        what: 'the latest version goes only with its dataset',
      });
    }
    this.#refuseLeased(dataset, version.number);
    const next = { ...dataset, deletions: dataset.deletions + 1 };
    this.#datasets.set(next.id, next);
    this.#versionsOf(next.id).delete(version.number);
    await this.#store.deleteVersion(next, version.number);
    return version;
  }

  async #deleteDataset(name: string): Promise<{ datasetId: number; versions: VersionRecord[] }> {
    const dataset = this.byName(name);
    this.#refuseLeased(dataset, undefined);
    const versions = this.versions(dataset.id);
    this.#datasets.delete(dataset.id);
    this.#versions.delete(dataset.id);
    this.#leases.forgetDataset(dataset.id);
    await this.#store.deleteDataset(dataset.id);
    return { datasetId: dataset.id, versions };
  }

  #refuseLeased(dataset: DatasetRecord, version: number | undefined): void {
    const leases = this.#leases.liveOf(dataset.id, version, this.#clock.monotonicMs());
    if (leases.length === 0) return;
    throw new LarderError('VERSION_LEASED', {
      dataset: dataset.name,
      versions: [...new Set(leases.map((lease) => `v${lease.version}`))].join(', '),
      holders: leases.map((lease) => lease.what).join(', '),
    });
  }

  #change<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#lastChange.then(action);
    this.#lastChange = result.catch(() => undefined);
    return result;
  }

  #named(name: string): DatasetRecord | undefined {
    return [...this.#datasets.values()].find((dataset) => dataset.name === name);
  }

  #versionsOf(datasetId: number): Map<number, VersionRecord> {
    const known = this.#versions.get(datasetId);
    if (known !== undefined) return known;
    const versions = new Map<number, VersionRecord>();
    this.#versions.set(datasetId, versions);
    return versions;
  }
}

/** Block size, endpoint and credentials are part of an object's identity. */
export function sameObjects(a: DatasetSettings, b: DatasetSettings): boolean {
  return (
    a.blockSizeBytes === b.blockSizeBytes &&
    a.endpoint === b.endpoint &&
    a.credentials === b.credentials
  );
}

/**
 * The dataset as it holds for one version: what names its objects is as the version was listed; what
 * only says how to reach the origin and how fast, or how much is kept, is as it stands now.
 */
export function datasetInfo(dataset: DatasetRecord, version: VersionRecord): DatasetInfo {
  const { region, pathStyle, replicas, quotaBytes, policy, originBandwidthBytes } =
    dataset.settings;
  const current = { region, pathStyle, replicas, quotaBytes, policy, originBandwidthBytes };
  const settings = { ...version.settings, ...current };
  return { id: dataset.id, name: dataset.name, origin: dataset.origin, settings };
}

/** A record of an earlier release may lack a setting. */
function withDefaults<T extends { readonly settings: DatasetSettings }>(record: T): T {
  return { ...record, settings: { ...DEFAULT_SETTINGS, ...record.settings } };
}

function checkLease(lease: LeaseRecord): void {
  const bounded = (text: string, max: number) => text.length > 0 && text.length <= max;
  const ok =
    bounded(lease.holder, MAX_HOLDER_CHARS) &&
    lease.what.length <= MAX_WHAT_CHARS &&
    lease.ttlMs > 0 &&
    lease.ttlMs <= MAX_LEASE_MS;
  if (!ok) {
    throw new LarderError('INVALID_ARGUMENT', {
      holder: lease.holder.slice(0, MAX_HOLDER_CHARS),
      ttlMs: lease.ttlMs,
      expected: `a holder of 1–${MAX_HOLDER_CHARS} characters and a time of 1 ms to 24 h`,
    });
  }
}
