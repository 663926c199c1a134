/** The catalog in LMDB, private to one process. Records are small; writes are rare and durable. */
import { closeSync, fstatSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { open } from 'lmdb';
import type { RootDatabase } from 'lmdb';
import { MIB } from '../common/index.ts';
import { dataDirectoryError } from './data-directory.ts';

import type { CatalogSnapshot, CatalogStore, CounterName } from './catalog-store.ts';
import { decodeRecord, decodeSkipped, encodeRecord, encodeSkipped } from './records.ts';
import { reserveSpace } from './reserve-space.ts';
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

type Key = (string | number)[];
type VersionId = Pick<VersionRecord, 'datasetId' | 'number'>;

const KEY = {
  counter: (name: CounterName): Key => ['counter', name],
  dataset: (id: number): Key => ['dataset', id],
  version: (datasetId: number, number: number): Key => ['version', datasetId, number],
  lease: (datasetId: number, version: number, holder: string): Key => [
    'lease',
    datasetId,
    version,
    holder,
  ],
  skipped: (datasetId: number, version: number, chunk: number): Key => [
    'skipped',
    datasetId,
    version,
    chunk,
  ],
  preload: (id: number): Key => ['preload', id],
  plan: (id: number): Key => ['plan', id],
  protection: (preload: number): Key => ['protection', preload],
  stage: (job: string, dataset: string): Key => ['stage', job, dataset],
  placement: ['placement'] as Key,
};

/** A write dirties a few pages of 4 KiB, so this is enough for many times the writes that it is renewed after. */
const RESERVE_BYTES = 8 * MIB;
const RESERVE_WRITES = 256;

/** Sorts after every number and string that follows a prefix. */
const LAST = Buffer.of(0xff);

export class LmdbStore implements CatalogStore {
  readonly #db: RootDatabase<Buffer, Key>;
  readonly #path: string;
  #writesLeft = 0;

  /** @param path a file; LMDB keeps its lock table beside it */
  constructor(path: string) {
    this.#path = path;
    this.#db = open<Buffer, Key>({
      path,
      encoding: 'binary',
      // Without this a commit is acknowledged before it is on disk.
      overlappingSync: false,
      // Batches have a promise of their own, which nobody can handle when a commit fails.
      eventTurnBatching: false,
    });
  }

  async load(): Promise<CatalogSnapshot> {
    const placement = this.#db.get(KEY.placement);
    return {
      datasets: this.#records<DatasetRecord>(['dataset']),
      versions: this.#records<VersionRecord>(['version']),
      leases: this.#records<LeaseRecord>(['lease']),
      preloads: this.#records<PreloadRecord>(['preload']),
      plans: this.#records<PlanRecord>(['plan']),
      protections: this.#records<ProtectionRecord>(['protection']),
      stages: this.#records<StageRecord>(['stage']),
      placement:
        placement === undefined
          ? { number: 0, members: [] }
          : decodeRecord<PlacementRecord>(placement),
    };
  }

  async next(counter: CounterName): Promise<number> {
    return this.#commit(() => {
      const bytes = this.#db.get(KEY.counter(counter));
      const last = bytes === undefined ? 0 : decodeRecord<{ last: number }>(bytes).last;
      this.#put(KEY.counter(counter), { last: last + 1 });
      return last + 1;
    });
  }

  async putDataset(dataset: DatasetRecord): Promise<void> {
    await this.#write(() => {
      this.#put(KEY.dataset(dataset.id), dataset);
    });
  }

  async putVersion(dataset: DatasetRecord, version: VersionRecord): Promise<void> {
    await this.#write(() => {
      this.#put(KEY.version(dataset.id, version.number), version);
      this.#put(KEY.dataset(dataset.id), dataset);
    });
  }

  async deleteVersion(dataset: DatasetRecord, version: number): Promise<void> {
    await this.#write(() => {
      this.#remove(KEY.version(dataset.id, version));
      this.#removeBelow(['lease', dataset.id, version]);
      this.#removeBelow(['skipped', dataset.id, version]);
      this.#put(KEY.dataset(dataset.id), dataset);
    });
  }

  async deleteDataset(datasetId: number): Promise<void> {
    await this.#write(() => {
      this.#remove(KEY.dataset(datasetId));
      for (const kind of ['version', 'lease', 'skipped']) this.#removeBelow([kind, datasetId]);
    });
  }

  async putLease(lease: LeaseRecord): Promise<void> {
    await this.#write(() => {
      this.#put(KEY.lease(lease.datasetId, lease.version, lease.holder), lease);
    });
  }

  async deleteLease(lease: Pick<LeaseRecord, 'datasetId' | 'version' | 'holder'>): Promise<void> {
    await this.#write(() => {
      this.#remove(KEY.lease(lease.datasetId, lease.version, lease.holder));
    });
  }

  async putPreload(preload: PreloadRecord): Promise<void> {
    await this.#write(() => {
      this.#put(KEY.preload(preload.id), preload);
    });
  }

  async deletePreload(id: number): Promise<void> {
    await this.#write(() => {
      this.#remove(KEY.preload(id));
    });
  }

  async putPlan(plan: PlanRecord): Promise<void> {
    await this.#write(() => {
      this.#put(KEY.plan(plan.id), plan);
    });
  }

  async deletePlan(id: number): Promise<void> {
    await this.#write(() => {
      this.#remove(KEY.plan(id));
    });
  }

  async putProtection(protection: ProtectionRecord): Promise<void> {
    await this.#write(() => {
      this.#put(KEY.protection(protection.preload), protection);
    });
  }

  async deleteProtection(preload: number): Promise<void> {
    await this.#write(() => {
      this.#remove(KEY.protection(preload));
    });
  }

  async putStage(stage: StageRecord): Promise<void> {
    await this.#write(() => {
      this.#put(KEY.stage(stage.job, stage.dataset), stage);
    });
  }

  async deleteStage({ job, dataset }: Pick<StageRecord, 'job' | 'dataset'>): Promise<void> {
    await this.#write(() => {
      this.#remove(KEY.stage(job, dataset));
    });
  }

  async putPlacement(placement: PlacementRecord): Promise<void> {
    await this.#write(() => {
      this.#put(KEY.placement, placement);
    });
  }

  async putSkipped(version: VersionId, chunk: number, keys: readonly SkippedKey[]): Promise<void> {
    await this.#write(() => {
      const key = KEY.skipped(version.datasetId, version.number, chunk);
      this.#db.put(key, encodeSkipped(keys)).catch(() => undefined);
    });
  }

  async clearSkipped(version: VersionId): Promise<void> {
    await this.#write(() => {
      this.#removeBelow(['skipped', version.datasetId, version.number]);
    });
  }

  async *skipped(version: VersionId): AsyncGenerator<SkippedKey[], void, undefined> {
    // One look-up per chunk: a cursor kept open by a slow reader would keep old pages alive.
    for (let chunk = 0; ; chunk += 1) {
      const bytes = this.#db.get(KEY.skipped(version.datasetId, version.number, chunk));
      if (bytes === undefined) return;
      yield decodeSkipped(bytes);
    }
  }

  async sweep(): Promise<void> {
    await this.#write(() => {
      for (const key of this.#keysBelow(['skipped'])) {
        const [, datasetId, version] = key;
        if (!this.#db.doesExist(KEY.version(Number(datasetId), Number(version)))) {
          this.#remove(key);
        }
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#db.close();
  }

  #records<T extends object>(prefix: Key): T[] {
    return this.#keysBelow(prefix).flatMap((key) => {
      const bytes = this.#db.get(key);
      return bytes === undefined ? [] : [decodeRecord<T>(bytes)];
    });
  }

  #keysBelow(prefix: Key): Key[] {
    const range = this.#db.getKeys({ start: prefix, end: [...prefix, LAST] as unknown as Key });
    return [...range].filter((key) => key.length > prefix.length);
  }

  #removeBelow(prefix: Key): void {
    for (const key of this.#keysBelow(prefix)) this.#remove(key);
  }

  #put(key: Key, record: object): void {
    this.#db.put(key, encodeRecord(record)).catch(() => undefined);
  }

  #remove(key: Key): void {
    this.#db.remove(key).catch(() => undefined);
  }

  async #write(action: () => void): Promise<void> {
    await this.#commit(action);
  }

  /** @throws {LarderError} `DATA_DIR_FULL`, `DATA_DIR_UNUSABLE` */
  async #commit<T>(action: () => T): Promise<T> {
    this.#keepReserve();
    try {
      return await this.#db.transaction(action);
    } catch (error) {
      throw dataDirectoryError(dirname(this.#path), await reasonOf(error));
    }
  }

  /** Other files may fill the disk: leases, and deletions above all, are to go on. */
  #keepReserve(): void {
    if (this.#writesLeft > 0) {
      this.#writesLeft -= 1;
      return;
    }
    const fd = openSync(this.#path, 'r+');
    try {
      // Without it a write may fail, and says so.
      if (reserveSpace(fd, fstatSync(fd).size, RESERVE_BYTES)) this.#writesLeft = RESERVE_WRITES;
    } finally {
      closeSync(fd);
    }
  }
}

/** LMDB hangs the reason of a failed commit on the error, as a promise that rejects. */
async function reasonOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('commitError' in error)) return error;
  return await Promise.resolve(error.commitError).catch((reason: unknown) => reason);
}
