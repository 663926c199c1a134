/** Datasets, versions and skipped keys over real gRPC, listed through a real membership. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LarderError, systemClock } from '../../common/index.ts';
import type { ErrorCode } from '../../common/index.ts';
import {
  eventually,
  file,
  files,
  lastOf,
  readManifestBytes,
  TestMaster,
} from './master-support.ts';

let master: TestMaster;
beforeEach(async () => {
  master = await TestMaster.start();
});
afterEach(async () => {
  await master[Symbol.asyncDispose]();
});

const origin = 's3://bucket/prefix';
const manifests = () => readdirSync(join(master.dataDir, 'manifests'), { recursive: true });

async function failure(promise: Promise<unknown>): Promise<LarderError> {
  const error: unknown = await promise.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof LarderError)) throw error;
  return error;
}

async function failureCode(promise: Promise<unknown>): Promise<ErrorCode> {
  return (await failure(promise)).code;
}

test('create lists through a worker and makes version 1', async () => {
  const worker = await master.worker('w1');
  worker.listing = [file('a', 10), file('d/b', 20)];
  const done = await master.create('ds');
  expect(done.new_version).toBe(true);
  expect(done.changes).toMatchObject({ added: 2, removed: 0, changed: 0, unchanged: 0 });
  expect(done.dataset).toMatchObject({ id: 1, name: 'ds', latest_version: 1, origin });
  expect(done.version).toMatchObject({ number: 1, files: 2, bytes: 30, blocks: 2 });
  const manifest = await readManifestBytes(master.channel, 1, 1);
  expect(manifest.length).toBe(done.version?.manifest_bytes);
  expect(createHash('sha256').update(manifest).digest()).toEqual(done.version?.manifest_sha256);
  const { datasets } = await master.channel.catalog.listDatasets({});
  expect(datasets.map(({ name }) => name)).toEqual(['ds']);
});

test('keys that are not UTF-8 keep their bytes, also when they are skipped', async () => {
  const odd = Buffer.from([0x61, 0xff, 0xfe]);
  const bad = Buffer.from([0x62, 0x2f, 0x2f, 0xff]);
  const worker = await master.worker('w1');
  worker.listing = [file(odd, 10), file(bad, 10), file('c', 1)];
  worker.skipped = [{ key: Buffer.from([0x64, 0x80]), reason: 'socket' }];
  const done = await master.create('ds');
  expect(done.version).toMatchObject({ files: 2, skipped: 2 });
  const manifest = await readManifestBytes(master.channel, 1, 1);
  expect(manifest.includes(odd)).toBe(true);
  const skipped = [];
  for await (const { keys } of master.channel.catalog.listSkipped({ name: 'ds' })) {
    skipped.push(...keys);
  }
  expect(skipped).toEqual([
    { key: bad, reason: 'empty-segment' },
    { key: Buffer.from([0x64, 0x80]), reason: 'socket' },
  ]);
});

test('many long skipped keys come in messages that fit', async () => {
  const worker = await master.worker('w1');
  const long = (i: number) => Buffer.from(`${String(i).padStart(5, '0')}${'k'.repeat(3000)}`);
  worker.listing = Array.from({ length: 3000 }, (_, i) => file(long(i), 1));
  const done = await master.create('ds');
  expect(done.version).toMatchObject({ files: 0, skipped: 3000 });
  const keys: string[] = [];
  for await (const message of master.channel.catalog.listSkipped({ name: 'ds', version: 1 })) {
    for (const { key, reason } of message.keys)
      keys.push(`${key.toString('utf8', 0, 5)} ${reason}`);
  }
  expect(keys).toHaveLength(3000);
  expect([keys[0], keys[2999]]).toEqual(['00000 key-too-long', '02999 key-too-long']);
});

test('refresh counts exactly, and makes no version where nothing changed', async () => {
  const worker = await master.worker('w1');
  worker.listing = [file('a', 10), file('b', 10), file('c', 10)];
  await master.create('ds');
  const same = await master.refresh('ds');
  expect(same.new_version).toBe(false);
  expect(same.version?.number).toBe(1);
  worker.listing = [file('a', 10), file('b', 10, 'changed'), file('d', 10), file('e', 10)];
  const done = await master.refresh('ds');
  expect(done.new_version).toBe(true);
  expect(done.changes).toMatchObject({ added: 2, removed: 1, changed: 1, unchanged: 1 });
  expect(done.version?.number).toBe(2);
  const { versions } = await master.channel.catalog.listVersions({ name: 'ds' });
  expect(versions.map(({ number }) => number)).toEqual([1, 2]);
});

test('settings that name objects apply from the next version on, the others at once', async () => {
  const worker = await master.worker('w1');
  worker.listing = [file('a', 10)];
  await master.create('ds');
  const { catalog } = master.channel;
  await catalog.setDataset({
    name: 'ds',
    settings: { credentials: 'profile:p', region: 'eu', blockSize: '1MiB' },
  });
  const first = await catalog.resolveVersion({ name: 'ds' });
  expect(first.dataset?.settings).toMatchObject({ credentials: '', region: 'eu' });
  expect(first.dataset?.settings?.block_size_bytes).toBe(4 * 2 ** 20);
  const done = await master.refresh('ds');
  expect(done).toMatchObject({ new_version: true, changes: { unchanged: 1 } });
  const second = await catalog.resolveVersion({ dataset_id: 1 });
  expect(second.dataset?.settings).toMatchObject({ credentials: 'profile:p', region: 'eu' });
  expect(second.dataset?.settings?.block_size_bytes).toBe(2 ** 20);
  const again = await catalog.resolveVersion({ name: 'ds', version: 1 });
  expect(again.dataset?.settings).toMatchObject({ credentials: '' });
  expect(await failureCode(catalog.setDataset({ name: 'ds', settings: { colour: 'red' } }))).toBe(
    'INVALID_ARGUMENT',
  );
});

test('a quota counts at once for all versions: workers are told, also those that join later', async () => {
  const worker = await master.worker('w1');
  worker.listing = [file('a', 10)];
  await master.create('ds');
  const { catalog } = master.channel;
  const set = (quota: string) => catalog.setDataset({ name: 'ds', settings: { quota } });
  expect((await set('2TiB')).settings?.quota_bytes).toBe(2 * 2 ** 40);
  await expect.poll(() => worker.quotas).toEqual(new Map([[1, 2 * 2 ** 40]]));
  expect(worker.replicas.size).toBe(0);
  const resolved = await catalog.resolveVersion({ name: 'ds', version: 1 });
  expect(resolved.dataset?.settings?.quota_bytes).toBe(2 * 2 ** 40);
  const later = await master.worker('w2');
  await expect.poll(() => later.quotas.get(1)).toBe(2 * 2 ** 40);
  await set('');
  await expect.poll(() => [worker.quotas.size, later.quotas.size]).toEqual([0, 0]);
  for (const wrong of ['0', '-1', 'most']) {
    expect(await failureCode(set(wrong))).toBe('INVALID_ARGUMENT');
  }
});

test('replicas count at once for all versions: workers are told, also those that join later', async () => {
  const worker = await master.worker('w1');
  worker.listing = [file('a', 10)];
  await master.create('ds');
  const { catalog } = master.channel;
  const set = (replicas: string) => catalog.setDataset({ name: 'ds', settings: { replicas } });
  expect((await set('2')).settings?.replicas).toBe(2);
  await expect.poll(() => worker.replicas).toEqual(new Map([[1, 2]]));
  const resolved = await catalog.resolveVersion({ name: 'ds', version: 1 });
  expect(resolved.dataset?.settings?.replicas).toBe(2);
  await set('all');
  const later = await master.worker('w2');
  await expect.poll(() => later.replicas).toEqual(new Map([[1, 0xffffffff]]));
  await set('');
  await expect.poll(() => [worker.replicas.size, later.replicas.size]).toEqual([0, 0]);
  for (const wrong of ['0', '-1', '1001', 'some']) {
    expect(await failureCode(set(wrong))).toBe('INVALID_ARGUMENT');
  }
});

test('refuses names, origins and settings that are none, and names that are taken', async () => {
  const worker = await master.worker('w1');
  worker.listing = [file('a', 10)];
  const create = (name: string, from: string, credentials = '') =>
    failureCode(
      lastOf(
        master.channel.catalog.createDataset({ name, origin: from, settings: { credentials } }),
      ),
    );
  expect(await create('a b', origin)).toBe('INVALID_ARGUMENT');
  expect(await create('ds', 'ftp://x')).toBe('INVALID_ARGUMENT');
  expect(await create('ds', 's3://user:secret@bucket/x')).toBe('INVALID_ARGUMENT');
  expect(await create('ds', origin, 'AKIASECRET')).toBe('INVALID_ARGUMENT');
  await master.create('ds');
  expect(await create('ds', origin)).toBe('ALREADY_EXISTS');
  const [a, b] = await Promise.allSettled([master.create('x'), master.create('x')]);
  expect([a.status, b.status].sort()).toEqual(['fulfilled', 'rejected']);
  expect(await failureCode(master.refresh('nope'))).toBe('NOT_FOUND');
});

test('when a worker fails, the next one lists', async () => {
  const bad = await master.worker('w1');
  const good = await master.worker('w2');
  bad.listing = async function* () {
    yield { entries: files(500), skipped: [] };
    await systemClock.sleep(1);
    throw new LarderError('ORIGIN_CREDENTIALS', { profile: 'p' });
  };
  good.listing = files(3);
  const done = await master.create('ds');
  expect(done.version).toMatchObject({ files: 3, blocks: 3 });
});

test('when none can list, the error says why for each, or what they agree on', async () => {
  expect(await failureCode(master.create('ds'))).toBe('NO_WORKER');
  const a = await master.worker('w1');
  const b = await master.worker('w2');
  const failing = (code: ErrorCode) =>
    // eslint-disable-next-line require-yield -- a listing that fails at once
    async function* () {
      throw new LarderError(code, { bucket: 'bucket' });
    };
  a.listing = failing('ORIGIN_DENIED');
  b.listing = failing('ORIGIN_UNREACHABLE');
  const differing = await failure(master.create('ds'));
  expect(differing.code).toBe('LISTING_FAILED');
  expect(differing.facts['w1']).toContain('ORIGIN_DENIED');
  expect(differing.facts['w2']).toContain('ORIGIN_UNREACHABLE');
  b.listing = failing('ORIGIN_DENIED');
  const agreeing = await failure(master.create('ds'));
  expect(agreeing.code).toBe('ORIGIN_DENIED');
  expect(agreeing.facts).toMatchObject({ dataset: 'ds', bucket: 'bucket' });
  expect(manifests()).toEqual([]);
});

test('a listing out of order is refused by the build, whichever worker brings it', async () => {
  const worker = await master.worker('w1');
  worker.listing = [file('b', 1), file('a', 1)];
  expect(await failureCode(master.create('ds'))).toBe('LISTING_UNSORTED');
  expect(manifests()).toEqual([]);
});

test('whoever asked goes away: the listing is cancelled and nothing stays behind', async () => {
  const worker = await master.worker('w1');
  worker.listing = async function* (signal) {
    for (let i = 0; ; i += 1) {
      yield { entries: [file(`k${String(i).padStart(9, '0')}`, 1)], skipped: [] };
      await systemClock.sleep(5, signal);
    }
  };
  const abort = new AbortController();
  const build = failureCode(
    lastOf(master.channel.catalog.createDataset({ name: 'ds', origin }, { signal: abort.signal })),
  );
  await eventually(manifests, (names) => names.length === 2);
  abort.abort();
  expect(await build).toBe('CANCELLED');
  await eventually(manifests, (names) => names.length === 0);
  await eventually(
    () => worker.cancelledListings,
    (count) => count === 1,
  );
  worker.listing = files(2);
  expect((await master.create('ds')).version?.files).toBe(2);
});

test('a second refresh of a dataset waits for the first and sees what is new since', async () => {
  const worker = await master.worker('w1');
  worker.listing = files(1);
  await master.create('ds');
  let listings = 0;
  worker.listing = async function* () {
    listings += 1;
    await systemClock.sleep(100);
    yield { entries: files(1 + listings), skipped: [] };
  };
  const [first, second] = await Promise.all([master.refresh('ds'), master.refresh('ds')]);
  expect([first.version?.number, second.version?.number].sort()).toEqual([2, 3]);
});

test('deleting: the latest version stays, the rest goes with its manifest', async () => {
  const worker = await master.worker('w1');
  worker.listing = files(2);
  await master.create('ds');
  worker.listing = files(3);
  await master.refresh('ds');
  const { catalog } = master.channel;
  expect(await failureCode(catalog.deleteVersion({ name: 'ds', version: 2 }))).toBe(
    'INVALID_ARGUMENT',
  );
  await catalog.deleteVersion({ name: 'ds', version: 1 });
  expect(existsSync(join(master.dataDir, 'manifests/1/v1.manifest'))).toBe(false);
  expect(existsSync(join(master.dataDir, 'manifests/1/v2.manifest'))).toBe(true);
  expect(await failureCode(catalog.resolveVersion({ name: 'ds', version: 1 }))).toBe('NOT_FOUND');
  await catalog.deleteDataset({ name: 'ds' });
  expect(manifests()).toEqual([]);
  expect(await failureCode(catalog.getDataset({ name: 'ds' }))).toBe('NOT_FOUND');
  expect((await master.create('ds')).dataset?.id).toBe(2);
});

test('a version that a mount holds is not deleted; the error names the holder', async () => {
  const worker = await master.worker('w1');
  worker.listing = files(2);
  await master.create('ds');
  worker.listing = files(3);
  await master.refresh('ds');
  const { catalog } = master.channel;
  const lease = { dataset_id: 1, version: 1, holder: 'm1', what: 'node7:/mnt/a', ttl_ms: 300 };
  await catalog.leaseVersion(lease);
  const refused = await failure(catalog.deleteVersion({ name: 'ds', version: 1 }));
  expect(refused.code).toBe('VERSION_LEASED');
  expect(refused.message).toContain('node7:/mnt/a');
  expect(await failureCode(catalog.deleteDataset({ name: 'ds' }))).toBe('VERSION_LEASED');
  const { versions } = await catalog.listVersions({ name: 'ds' });
  expect(versions.map(({ leases }) => leases)).toEqual([1, 0]);
  expect((await master.channel.cluster.getStatus({})).leases).toHaveLength(1);
  await systemClock.sleep(400);
  await catalog.deleteVersion({ name: 'ds', version: 1 });
  await catalog.leaseVersion({ ...lease, version: 2, ttl_ms: 60_000 });
  await catalog.releaseLease({ dataset_id: 1, version: 2, holder: 'm1' });
  await catalog.deleteDataset({ name: 'ds' });
});
