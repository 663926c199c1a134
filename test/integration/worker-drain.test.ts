/** `larder worker drain` and `forget`, and what `larder status` shows meanwhile. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ClusterStatus } from '../../sdk/index.ts';
import { TestLarder } from '../support/larder.ts';
import { eventually, files, TestMaster } from './master-support.ts';
import type { FakeWorker } from './master-support.ts';

let larder: TestLarder;
let master: TestMaster;
let one: FakeWorker;
let two: FakeWorker;

beforeEach(async () => {
  larder = new TestLarder();
  master = await TestMaster.start();
  one = await master.worker('w1', { weightBytes: 3000 });
  two = await master.worker('w2', { weightBytes: 1000 });
  one.listing = files(100);
  await master.create('ds');
});
afterEach(async () => {
  await master[Symbol.asyncDispose]();
  await larder[Symbol.asyncDispose]();
});

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  larder.run([...args, '--master', master.address], env);
const statusOf = async (id: string) => {
  const { stdout } = await run(['status', '--json']);
  const { workers } = JSON.parse(stdout) as Pick<ClusterStatus, 'workers'>;
  return workers.find(({ workerId }) => workerId === id);
};

test('drain --wait ends when others hold everything', async () => {
  one.store.set(1, 0, 5, true);
  const draining = run(['worker', 'drain', 'node-w1', '--wait', '--json']);
  const leaving = await eventually(
    () => statusOf('w1'),
    (worker) => worker?.state === 'leaving' && worker.lastCopyBytes === 500,
  );
  expect(leaving).toMatchObject({ ownedShare: 0, skew: null, drained: false });
  expect(await statusOf('w2')).toMatchObject({ ownedShare: 1, state: 'active' });
  two.store.set(1, 0, 5, true);
  const { code, stdout } = await draining;
  expect([code, JSON.parse(stdout)]).toEqual([0, { workerIds: ['w1'], state: 'drained' }]);
  const { stdout: shown } = await run(['status']);
  expect(shown).toMatch(/^w1 +node-w1 +drained /m);
  const cancelled = await run(['worker', 'drain', 'w1', '--cancel']);
  expect(cancelled).toMatchObject({ code: 0, stdout: 'w1: no longer leaving.\n' });
  expect(await statusOf('w1')).toMatchObject({ ownedShare: 0.75, state: 'active' });
});

test('drain --wait says that there is no room elsewhere', async () => {
  // Ten times the free space of the other: 1,000 bytes, of which 10 are used.
  one.store.set(1, 0, 99, true);
  const env = { LARDER_DRAIN_STALL_MS: '100' };
  const { code, stderr } = await run(['worker', 'drain', 'w1', '--wait'], env);
  expect(stderr).toContain('[NO_ROOM_ELSEWHERE]');
  expect(stderr).toContain('left=9.7 KiB, roomElsewhere=990 B');
  expect(code).toBe(8);
  expect(await statusOf('w1')).toMatchObject({ state: 'leaving' });
});

test('drain --wait fails where the worker goes away with last copies', async () => {
  one.store.set(1, 0, 5, true);
  const draining = run(['worker', 'drain', 'w1', '--wait']);
  await eventually(
    () => statusOf('w1'),
    (worker) => worker?.state === 'leaving',
  );
  await one[Symbol.asyncDispose]();
  expect(await draining).toMatchObject({
    code: 6,
    stderr: expect.stringContaining('went away') as string,
  });
});

test('forget, and what is refused', async () => {
  expect(await run(['worker', 'forget', 'w1'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('alive=w1') as string,
  });
  expect((await run(['worker', 'drain', 'nobody'])).code).toBe(3);
  expect((await run(['worker', 'drain', 'w1'])).code).toBe(0);
  expect(await run(['worker', 'drain', 'w2'])).toMatchObject({
    code: 8,
    stderr: expect.stringContaining('otherActiveWorkers=0') as string,
  });
});

test('status tells shares, skew and moves of each worker', async () => {
  const { stdout } = await run(['status', '--json']);
  const report = JSON.parse(stdout) as Pick<ClusterStatus, 'workers'> & { clusters: unknown };
  // Both use 10 bytes; three quarters of all objects are the first one's.
  expect(report.workers[0]).toMatchObject({
    ownedShare: 0.75,
    usedShare: 0.5,
    moves: { pendingObjects: 1, pendingBytes: 3, movedBytes: 5 },
  });
  expect(report.workers.map(({ skew }) => skew?.toFixed(2))).toEqual(['0.67', '2.00']);
  expect(report.clusters).toEqual([{ placement: 2, skew: 2 }]);
  const { stdout: shown } = await run(['status']);
  expect(shown).toMatch(/^w1 +node-w1 +active +10 B +1000 B +75.0 % +0.67 +3 B \(1\) +–$/m);
  expect(shown).toContain('placement: number 2, the fullest worker has 2.00 of its part');
});
