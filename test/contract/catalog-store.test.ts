/** What every store of the catalog must do, run on each. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEFAULT_SETTINGS } from '../../common/index.ts';
import { LmdbStore } from '../../master/index.ts';
import type { CatalogStore } from '../../master/index.ts';
import type { DatasetRecord, SkippedKey, VersionRecord } from '../../master/records.ts';

/** Opens the store that lies in a directory; what was written before is there again. */
const implementations: Record<string, (directory: string) => CatalogStore> = {
  LMDB: (directory) => new LmdbStore(join(directory, 'catalog.lmdb')),
};

const dataset = (id: number): DatasetRecord => ({
  id,
  name: `ds${id}`,
  origin: 's3://b/ü',
  settings: DEFAULT_SETTINGS,
  createdAtMs: 1_700_000_000_123,
  latestVersion: 1,
  nextBlock: 2 ** 32 - 1,
  deletions: 0,
});
const version = (datasetId: number, number: number): VersionRecord => ({
  datasetId,
  number,
  createdAtMs: 5,
  settings: DEFAULT_SETTINGS,
  files: 1,
  bytes: 2 ** 52,
  blocks: 3,
  skipped: 4,
  strongValidators: 1,
  weakValidators: 0,
  manifestBytes: 6,
  manifestSha256: 'ab',
});
const lease = (datasetId: number, holder: string) => ({
  datasetId,
  version: 1,
  holder,
  what: 'w',
  ttlMs: 7,
});

describe.each(Object.entries(implementations))('%s', (_name, open) => {
  let directory: string;
  let store: CatalogStore;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'larder-catalog-'));
    store = open(directory);
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true });
  });

  async function reopen(): Promise<void> {
    await store[Symbol.asyncDispose]();
    store = open(directory);
  }

  async function skippedOf(datasetId: number, number: number): Promise<SkippedKey[][]> {
    const chunks: SkippedKey[][] = [];
    for await (const chunk of store.skipped({ datasetId, number })) chunks.push(chunk);
    return chunks;
  }

  test('is empty at first', async () => {
    expect(await store.load()).toEqual({
      datasets: [],
      versions: [],
      leases: [],
      preloads: [],
      plans: [],
      protections: [],
      stages: [],
      placement: { number: 0, members: [] },
    });
  });

  test('counters count from 1, each by itself, never the same again', async () => {
    expect(await Promise.all([1, 2, 3].map(() => store.next('dataset')))).toEqual([1, 2, 3]);
    expect(await store.next('preload')).toBe(1);
    await reopen();
    expect(await store.next('dataset')).toBe(4);
    expect(await store.next('term')).toBe(1);
  });

  test('what was written is there after it was opened again', async () => {
    await store.putVersion(dataset(1), version(1, 1));
    await store.putVersion({ ...dataset(1), latestVersion: 12 }, version(1, 12));
    await store.putDataset(dataset(2));
    await store.putLease(lease(1, 'holder/ü'));
    const member = { workerId: 'w', weightBytes: 2 ** 45, dataAddress: 'h:1', node: 'n' };
    const members = [{ ...member, state: 'active' as const }];
    await store.putPlacement({ number: 9, members });
    const preload = { id: 4, datasetId: 1, version: 1, paths: ['/w=='] };
    await store.putPreload({ ...preload, id: 3 });
    await store.putPreload(preload);
    await store.deletePreload(3);
    const plan = { id: 2, datasetId: 1, version: 1, job: 'j', endsAtMs: 9, plan: '{"ü":1}' };
    await store.putPlan({ ...plan, id: 1 });
    await store.putPlan(plan);
    await store.deletePlan(1);
    const protection = { preload: 4, datasetId: 1, blocks: ['OjAAAA=='], untilMs: 12 };
    await store.putProtection({ ...protection, preload: 5 });
    await store.putProtection(protection);
    await store.deleteProtection(5);
    const stage = { job: 'slurm-1', dataset: 'ds1', version: 1, preload: 4 };
    await store.putStage({ ...stage, dataset: 'ds2' });
    await store.putStage(stage);
    await store.deleteStage({ job: 'slurm-1', dataset: 'ds2' });
    await reopen();
    expect(await store.load()).toEqual({
      datasets: [{ ...dataset(1), latestVersion: 12 }, dataset(2)],
      versions: [version(1, 1), version(1, 12)],
      leases: [lease(1, 'holder/ü')],
      preloads: [preload],
      plans: [plan],
      protections: [protection],
      stages: [stage],
      placement: { number: 9, members },
    });
  });

  test('a version goes with its leases and skipped keys, and nothing of its neighbours', async () => {
    for (const number of [1, 11, 2]) {
      await store.putVersion(dataset(1), version(1, number));
      await store.putSkipped({ datasetId: 1, number }, 0, [{ key: Buffer.of(1), reason: 'r' }]);
    }
    await store.putLease(lease(1, 'a'));
    await store.putLease({ ...lease(1, 'a'), version: 11 });
    await store.deleteVersion({ ...dataset(1), deletions: 1 }, 1);
    const { versions, leases, datasets } = await store.load();
    expect(versions.map(({ number }) => number)).toEqual([2, 11]);
    expect(leases.map((kept) => kept.version)).toEqual([11]);
    expect(datasets).toEqual([{ ...dataset(1), deletions: 1 }]);
    expect(await skippedOf(1, 1)).toEqual([]);
    expect(await skippedOf(1, 11)).toHaveLength(1);
  });

  test('a dataset goes with all that is its own, and nothing of its neighbours', async () => {
    for (const id of [1, 11, 2]) {
      await store.putVersion(dataset(id), version(id, 1));
      await store.putLease(lease(id, 'h'));
      await store.putSkipped({ datasetId: id, number: 1 }, 0, []);
    }
    await store.deleteDataset(1);
    await store.deleteDataset(99);
    const { datasets, versions, leases } = await store.load();
    for (const rest of [datasets.map(({ id }) => id), versions.map((v) => v.datasetId)]) {
      expect(rest).toEqual([2, 11]);
    }
    expect(leases.map(({ datasetId }) => datasetId)).toEqual([2, 11]);
  });

  test('leases are replaced and removed one by one', async () => {
    await store.putLease(lease(1, 'a'));
    await store.putLease(lease(1, 'b'));
    await store.putLease({ ...lease(1, 'b'), ttlMs: 8 });
    await store.deleteLease(lease(1, 'a'));
    await store.deleteLease(lease(1, 'nobody'));
    expect((await store.load()).leases).toEqual([{ ...lease(1, 'b'), ttlMs: 8 }]);
  });

  test('skipped keys keep their bytes and the order of their chunks', async () => {
    const id = { datasetId: 1, number: 1 };
    const chunk = (n: number) => [{ key: Buffer.of(0xff, n), reason: `r${n}` }];
    for (let n = 0; n < 12; n += 1) await store.putSkipped(id, n, chunk(n));
    expect(await skippedOf(1, 1)).toEqual(Array.from({ length: 12 }, (_, n) => chunk(n)));
    await store.clearSkipped(id);
    expect(await skippedOf(1, 1)).toEqual([]);
  });

  test('sweep removes skipped keys of versions that were never published', async () => {
    await store.putVersion(dataset(1), version(1, 1));
    for (const number of [1, 2]) {
      await store.putSkipped({ datasetId: 1, number }, 0, [{ key: Buffer.of(1), reason: 'r' }]);
    }
    await store.sweep();
    expect(await skippedOf(1, 1)).toHaveLength(1);
    expect(await skippedOf(1, 2)).toEqual([]);
  });
});
