/** The master is stopped, or killed at any moment, and starts again on the same directory. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hasCode, systemClock } from '../../common/index.ts';
import type { PreloadProgress__Output } from '../../proto/generated/larder/v1/PreloadProgress.ts';
import { startMaster } from '../../master/index.ts';
import { connectMaster } from '../../rpc/grpc/index.ts';
import type { MasterChannel } from '../../rpc/grpc/index.ts';
import { MasterProcess } from './master-processes.ts';
import {
  deferred,
  eventually,
  FakeWorker,
  FAST,
  files,
  lastOf,
  readManifestBytes,
  TestMaster,
} from './master-support.ts';

const origin = 's3://bucket/prefix';
let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'larder-master-'));
});
afterEach(() => {
  rmSync(dataDir, { recursive: true });
});

const create = (channel: MasterChannel, name: string) =>
  lastOf(channel.catalog.createDataset({ name, origin }));

test('after a SIGKILL everything that was told is there, and workers join again', async () => {
  await using first = await MasterProcess.start(dataDir, '127.0.0.1:0');
  await using worker = new FakeWorker({ address: first.address, id: 'w1' });
  await using channel = connectMaster({ address: first.address });
  await worker.membership.joined();
  worker.listing = files(50);
  const done = await create(channel, 'ds');
  const manifest = await readManifestBytes(channel, 1, 1);
  worker.store.set(1, 0, 7, true);
  const lease = { dataset_id: 1, version: 1, holder: 'm', what: 'host:/mnt', ttl_ms: 5000 };
  await channel.catalog.leaseVersion(lease);
  const before = worker.membership.placement.number;
  await first.kill();
  await eventually(
    () => worker.membership.connected,
    (connected) => !connected,
  );
  expect(worker.membership.placement.members).toHaveLength(1);

  await using second = await MasterProcess.start(dataDir, first.address);
  expect(second.address).toBe(first.address);
  await worker.membership.joined();
  expect(worker.membership.placement.number).toBe(before);
  const { dataset, version } = await channel.catalog.resolveVersion({ name: 'ds' });
  expect(dataset?.id).toBe(1);
  expect(version?.manifest_sha256).toEqual(done.version?.manifest_sha256);
  expect(await readManifestBytes(channel, 1, 1)).toEqual(manifest);
  const status = await eventually(
    () => channel.cluster.getStatus({}),
    ({ datasets }) => datasets[0]?.held_bytes === 700,
  );
  expect(status.leases).toHaveLength(1);
  await eventually(
    async () => (await channel.cluster.getStatus({})).leases.length,
    (count) => count === 0,
  );
  worker.listing = files(51);
  const next = await lastOf(channel.catalog.refreshDataset({ name: 'ds' }));
  expect(next).toMatchObject({ changes: { added: 1, unchanged: 50 }, version: { number: 2 } });
  expect((await create(channel, 'other')).dataset?.id).toBe(2);
});

test('a SIGKILL in the middle of a listing leaves nothing, and the name is free', async () => {
  await using first = await MasterProcess.start(dataDir, '127.0.0.1:0');
  await using worker = new FakeWorker({ address: first.address, id: 'w1' });
  await using channel = connectMaster({ address: first.address });
  await worker.membership.joined();
  let isListing = false;
  worker.listing = async function* (signal) {
    isListing = true;
    yield { entries: files(20_000), skipped: [] };
    await systemClock.sleep(60_000, signal);
  };
  const build = create(channel, 'ds');
  const failed = expect(build).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  const temporary = join(dataDir, 'manifests/1/v1.manifest.tmp');
  await eventually(
    () => isListing && existsSync(temporary),
    (isUnderWay) => isUnderWay,
  );
  await first.kill();
  await failed;
  await eventually(
    () => worker.cancelledListings,
    (count) => count === 1,
  );
  await using second = await MasterProcess.start(dataDir, first.address);
  expect(readdirSync(join(dataDir, 'manifests'))).toEqual([]);
  await worker.membership.joined();
  worker.listing = files(3);
  const done = await eventually(
    () => create(channel, 'ds').catch(() => undefined),
    (outcome) => outcome !== undefined,
  );
  expect(done?.dataset?.id).toBe(2);
  expect(second.address).toBe(first.address);
});

test('killed again and again while versions are made: the latest is always whole', async () => {
  let address = '127.0.0.1:0';
  const rounds = 4;
  for (let round = 1; round <= rounds; round += 1) {
    await using master = await MasterProcess.start(dataDir, address);
    ({ address } = master);
    await using worker = new FakeWorker({ address, id: 'w1' });
    await using channel = connectMaster({ address });
    await worker.membership.joined();
    if (round === 1) {
      worker.listing = files(10);
      await create(channel, 'ds');
    }
    worker.listing = files(3000 * round);
    const refresh = lastOf(channel.catalog.refreshDataset({ name: 'ds' })).catch(() => undefined);
    await systemClock.sleep(15 * round);
    await master.kill();
    await refresh;
  }
  await using master = await MasterProcess.start(dataDir, address);
  await using channel = connectMaster({ address: master.address });
  const { versions } = await channel.catalog.listVersions({ name: 'ds' });
  expect(versions.length).toBeGreaterThan(0);
  for (const version of versions) {
    const bytes = await readManifestBytes(channel, 1, version.number);
    expect(bytes.length).toBe(version.manifest_bytes);
  }
  const named = versions.map(({ number }) => `v${number}.manifest`);
  expect(readdirSync(join(dataDir, 'manifests/1')).sort()).toEqual(named.sort());
});

test('an orderly restart: the preload number is not given again, workers come back', async () => {
  await using master = await TestMaster.start();
  const worker = await master.worker('w1');
  worker.listing = files(5);
  await master.create('ds');
  const { preload } = master.channel;
  const first = await preload.startPreload({ dataset: 'ds' });
  await master.restart();
  await worker.membership.joined(AbortSignal.timeout(5000));
  // An equal one would join the first.
  const another = { dataset: 'ds', priority: 1 };
  const second = await eventually(
    () => preload.startPreload(another).catch(() => undefined),
    (started) => started !== undefined,
  );
  expect(second?.preload_id).toBeGreaterThan(first.preload_id);
});

test('a preload goes on under its number after a SIGKILL', async () => {
  await using first = await MasterProcess.start(dataDir, '127.0.0.1:0');
  await using worker = new FakeWorker({ address: first.address, id: 'w1' });
  await using channel = connectMaster({ address: first.address });
  await worker.membership.joined();
  worker.listing = files(40);
  await create(channel, 'ds');
  const gate = deferred<undefined>();
  worker.beforeFetch = async () => {
    if (worker.fetched.length >= 10) await gate.promise;
  };
  const { preload_id: id } = await channel.preload.startPreload({ dataset: 'ds', paths: [] });
  await eventually(
    () => worker.fetched.length,
    (count) => count === 10,
  );
  await first.kill();
  gate.resolve(undefined);
  await using second = await MasterProcess.start(dataDir, first.address);
  let last: PreloadProgress__Output | undefined;
  await eventually(
    async () => {
      try {
        const progress = channel.preload.watchPreload({ preload_id: id });
        for await (const message of progress) last = message;
      } catch (error) {
        if (!hasCode(error, 'UNAVAILABLE')) throw error;
      }
      return last?.state;
    },
    (state) => state === 'COMPLETE',
  );
  expect(last).toMatchObject({ held_files: 40, target_files: 40 });
  expect(second.address).toBe(first.address);
});

test('data directories that cannot be used are refused with the reason', async () => {
  const start = (directory: string) =>
    startMaster({ dataDir: directory, listen: '127.0.0.1:0', times: FAST });
  await using _running = await start(dataDir);
  await expect(start(dataDir)).rejects.toMatchObject({ code: 'DATA_DIR_LOCKED' });
  await expect(start(join(dataDir, 'nope'))).rejects.toMatchObject({
    code: 'DATA_DIR_UNUSABLE',
    facts: { what: 'it does not exist' },
  });
  writeFileSync(join(dataDir, 'file'), '');
  await expect(start(join(dataDir, 'file'))).rejects.toMatchObject({ code: 'DATA_DIR_UNUSABLE' });
  const readOnly = join(dataDir, 'read-only');
  mkdirSync(readOnly);
  chmodSync(readOnly, 0o500);
  if (process.getuid?.() !== 0) {
    await expect(start(readOnly)).rejects.toMatchObject({ code: 'DATA_DIR_UNUSABLE' });
  }
});

test('a port that is taken, and an address beyond loopback, are refused', async () => {
  await using master = await TestMaster.start();
  const start = (listen: string) => startMaster({ dataDir, listen, times: FAST });
  await expect(start(master.address)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await expect(start('0.0.0.0:0')).rejects.toMatchObject({ code: 'INSECURE_LISTEN' });
  await using _free = await start('127.0.0.1:0');
});
