/** Workers that are drained, called back and forgotten, as the master sees it. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually, FakeStore, files, TestMaster } from './master-support.ts';

let master: TestMaster;
beforeEach(async () => {
  master = await TestMaster.start();
});
afterEach(async () => {
  await master[Symbol.asyncDispose]();
});

const statusOf = async (id: string) => {
  const { workers } = await master.channel.cluster.getStatus({});
  return workers.find(({ member }) => member?.worker_id === id);
};
const stateOf = async (id: string) => (await statusOf(id))?.member?.state;

test('a drained worker is leaving for everyone, until it holds nothing alone', async () => {
  const one = await master.worker('w1');
  const two = await master.worker('w2');
  one.listing = files(10);
  await master.create('ds');
  one.store.set(1, 0, 6, true);
  two.store.set(1, 4, 6, true);
  const drain = await master.channel.cluster.drainWorker({ worker: 'node-w1' });
  expect(drain.worker_ids).toEqual(['w1']);
  await eventually(
    () => two.membership.placement.leaving.map(({ workerId }) => workerId).join(),
    (ids) => ids === 'w1',
  );
  expect(two.membership.placement.candidates('x').map(({ workerId }) => workerId)).toEqual(['w2']);
  // Blocks of 100 bytes: 0 to 3 are here alone.
  const alone = await eventually(
    () => statusOf('w1'),
    (worker) => worker?.last_copy_bytes === 400,
  );
  expect(alone).toMatchObject({ drained: false, member: { state: 'LEAVING' } });
  expect(await statusOf('w2')).toMatchObject({ last_copy_bytes: 0, drained: false });
  two.store.set(1, 0, 4, true);
  await eventually(
    () => statusOf('w1'),
    (worker) => worker?.drained === true && worker.last_copy_bytes === 0,
  );
});

test('copies of workers that are away, or leave as well, do not count', async () => {
  const workers = [];
  for (const id of ['w1', 'w2', 'w3', 'w4']) workers.push(await master.worker(id));
  const [one, two, three] = workers;
  if (one === undefined || three === undefined) throw new Error('there are four');
  one.listing = files(4);
  await master.create('ds');
  for (const worker of [one, two, three]) worker?.store.set(1, 0, 4, true);
  for (const worker of ['w1', 'w2']) await master.channel.cluster.drainWorker({ worker });
  await eventually(
    () => statusOf('w1'),
    (worker) => worker?.drained === true,
  );
  await three[Symbol.asyncDispose]();
  const alone = await eventually(
    () => statusOf('w1'),
    (worker) => worker?.drained === false,
  );
  expect(alone?.last_copy_bytes).toBe(400);
});

test('it stays so over restarts of the master and of the worker, and is cancelled', async () => {
  const one = await master.worker('w1');
  await master.worker('w2');
  await master.channel.cluster.drainWorker({ worker: 'w1' });
  await master.restart();
  await eventually(
    () => stateOf('w1').catch(() => undefined),
    (state) => state === 'LEAVING',
  );
  await one[Symbol.asyncDispose]();
  await eventually(
    async () => (await statusOf('w1')) === undefined,
    (gone) => gone,
  );
  await master.worker('w1', { store: new FakeStore() });
  expect(await stateOf('w1')).toBe('LEAVING');
  await master.channel.cluster.drainWorker({ worker: 'w1', cancel: true });
  expect(await stateOf('w1')).toBe('ACTIVE');
});

test('what cannot be drained or forgotten is refused', async () => {
  await master.worker('w1');
  const { cluster } = master.channel;
  await expect(cluster.drainWorker({ worker: 'nobody' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
  await expect(cluster.drainWorker({ worker: 'w1' })).rejects.toMatchObject({
    code: 'NO_ROOM_ELSEWHERE',
  });
  await expect(cluster.forgetWorker({ worker: 'w1' })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  });
  expect(await stateOf('w1')).toBe('ACTIVE');
});

test('a member that is away is forgotten before its grace time ends', async () => {
  await using patient = await TestMaster.start({ times: { graceMs: 600_000 } });
  const one = await patient.worker('w1');
  const two = await patient.worker('w2');
  await one[Symbol.asyncDispose]();
  const forget = () =>
    patient.channel.cluster.forgetWorker({ worker: 'w1' }).catch(() => undefined);
  expect(await eventually(forget, (answer) => answer !== undefined)).toEqual({
    worker_ids: ['w1'],
  });
  await eventually(
    () => two.membership.placement.everyone.length,
    (count) => count === 1,
  );
});
