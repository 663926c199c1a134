/** Membership, placement, what is reported, and what workers are told to let go. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../common/index.ts';
import type { ClusterStatus__Output } from '../../proto/generated/larder/v1/ClusterStatus.ts';
import type { Placement__Output } from '../../proto/generated/larder/v1/Placement.ts';
import { connectMaster } from '../../rpc/grpc/index.ts';
import { eventually, FakeStore, FakeWorker, file, files, TestMaster } from './master-support.ts';

let master: TestMaster;
beforeEach(async () => {
  master = await TestMaster.start();
});
afterEach(async () => {
  await master[Symbol.asyncDispose]();
});

const status = () => master.channel.cluster.getStatus({});
const heldBytes = ({ datasets }: ClusterStatus__Output) => datasets.map((d) => d.held_bytes);
const ids = (placement: Placement__Output | undefined) =>
  placement?.members.map(({ worker_id: id }) => id);

test('placement grows with each change, is pushed to watchers and to workers', async () => {
  const seen: Placement__Output[] = [];
  const abort = new AbortController();
  const watching = (async () => {
    const options = { signal: abort.signal };
    for await (const p of master.channel.cluster.watchPlacement({}, options)) seen.push(p);
  })();
  await eventually(
    () => seen.length,
    (count) => count === 1,
  );
  expect(seen[0]).toMatchObject({ number: 0, members: [] });
  const w2 = await master.worker('w2');
  const w1 = await master.worker('w1', { weightBytes: 2000 });
  await eventually(
    () => ids(seen.at(-1)),
    (last) => last?.join() === 'w1,w2',
  );
  expect(seen.at(-1)?.number).toBe(2);
  await eventually(
    () => w2.membership.placement.number,
    (number) => number === 2,
  );
  expect(w1.membership.placement.members.map(({ weightBytes }) => weightBytes)).toEqual([
    2000, 1000,
  ]);
  abort.abort();
  await expect(watching).rejects.toMatchObject({ code: 'CANCELLED' });
});

test('a worker that is away for less than the grace time stays; longer, and it goes', async () => {
  const gone = new FakeWorker({ address: master.address, id: 'w1' });
  await gone.membership.joined();
  await master.worker('w2');
  await gone[Symbol.asyncDispose]();
  const away = await eventually(status, ({ workers }) => workers.some(({ alive }) => !alive));
  expect(away.placement).toBe(2);
  const back = await master.worker('w1');
  const there = await status();
  expect(there).toMatchObject({ placement: 2, workers: [{ alive: true }, { alive: true }] });
  await back[Symbol.asyncDispose]();
  const without = await eventually(status, ({ placement }) => placement === 3);
  expect(without.workers).toHaveLength(1);
});

test('status tells counters, versions of the software, and what is held', async () => {
  const worker = await master.worker('w1');
  worker.listing = files(10);
  await master.create('ds');
  worker.store.set(1, 0, 4, true);
  const told = await eventually(status, (s) => heldBytes(s)[0] === 400);
  expect(told.workers[0]).toMatchObject({
    alive: true,
    version: 'test',
    capacity_bytes: 1000,
    used_bytes: 10,
    origin: { gets: 1, bytes: 2, unique_bytes: 2 },
    reads: { bytes: 4, origin_bytes: 1, peer_bytes: 2 },
  });
  worker.store.set(1, 0, 1, false);
  await eventually(status, (s) => heldBytes(s)[0] === 300);
});

test('another process of a worker resets what the one before reported', async () => {
  const worker = await master.worker('w1');
  worker.listing = files(10);
  await master.create('ds');
  worker.store.set(1, 0, 4, true);
  await eventually(status, (s) => heldBytes(s)[0] === 400);
  await worker[Symbol.asyncDispose]();
  const empty = await master.worker('w1');
  await eventually(status, (s) => heldBytes(s)[0] === 0);
  empty.store.set(1, 7, 1, true);
  const told = await eventually(status, (s) => heldBytes(s)[0] !== 0);
  expect(heldBytes(told)).toEqual([100]);
});

test('what a worker holds of a dataset that does not exist goes, however much it is', async () => {
  const store = new FakeStore();
  for (let at = 0; at < 2 ** 25; at += 2 ** 16) {
    for (let i = 0; i < 2 ** 16; i += 97) store.set(9, at + i, 1, true);
  }
  store.set(9, 4_000_000_000, 1, true);
  const blocks = store.blocks(9);
  const worker = await master.worker('w1', { store });
  await eventually(
    () => worker.collected.length,
    (count) => count > 0,
  );
  await eventually(
    () => store.blocks(9).size,
    (size) => size === 0,
    60_000,
  );
  expect(blocks.size).toBeGreaterThan(300_000);
  expect(worker.collected[0]).toMatchObject({ datasetId: 9, firstBlock: 0, endBlock: 2 ** 32 - 1 });
});

test('collect: what no version names goes, on workers that are there and that come later', async () => {
  const here = await master.worker('w1');
  here.listing = [file('a', 1), file('b', 1), file('c', 1)];
  await master.create('ds');
  here.listing = [file('a', 1), file('b', 1, 'changed')];
  await master.refresh('ds');
  const late = new FakeStore();
  for (const store of [here.store, late]) store.set(1, 0, 4, true);
  const { catalog } = master.channel;
  await catalog.deleteVersion({ name: 'ds', version: 1 });
  await eventually(
    () => here.store.blocks(1).toArray(),
    (blocks) => blocks.join() === '0,3',
  );
  expect(here.collected.at(-1)).toMatchObject({ firstBlock: 0, endBlock: 4 });
  await master.worker('w2', { store: late });
  await eventually(
    () => late.blocks(1).toArray(),
    (blocks) => blocks.join() === '0,3',
  );
  await catalog.deleteDataset({ name: 'ds' });
  for (const store of [here.store, late]) {
    await eventually(
      () => store.blocks(1).size,
      (size) => size === 0,
    );
  }
});

test('a message above the limit is refused, and the server goes on', async () => {
  const worker = await master.worker('w1');
  worker.listing = files(1);
  await master.create('ds');
  const { preload, catalog } = master.channel;
  const paths = Array.from({ length: 5000 }, () => Buffer.alloc(1000, 0x61));
  const start = preload.startPreload({ dataset: 'ds', paths });
  await expect(start).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  expect((await catalog.listDatasets({})).datasets).toHaveLength(1);
});

test('a master that is not there: UNAVAILABLE with its address, and deadlines hold', async () => {
  await using channel = connectMaster({ address: '127.0.0.1:1' });
  await expect(channel.catalog.listDatasets({})).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    facts: { address: '127.0.0.1:1' },
  });
  const startMs = systemClock.monotonicMs();
  const late = master.channel.catalog.createDataset(
    { name: 'x', origin: 's3://b' },
    { deadlineMs: 50 },
  );
  const drain = async () => {
    for await (const _progress of late);
  };
  await expect(drain()).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  expect(systemClock.monotonicMs() - startMs).toBeLessThan(2000);
});
