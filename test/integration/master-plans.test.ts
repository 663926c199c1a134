/** Plans at the master, over real gRPC: kept, bounded, and ended. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PlanInfo__Output } from '../../proto/generated/larder/v1/PlanInfo.ts';
import { eventually, files, TestMaster } from './master-support.ts';

let master: TestMaster;
beforeEach(async () => {
  master = await TestMaster.start();
  const worker = await master.worker('w1');
  worker.listing = files(50);
  await master.create('ds');
});
afterEach(async () => {
  await master[Symbol.asyncDispose]();
});

function start(plan: object): Promise<PlanInfo__Output> {
  const request = { dataset: 'ds', sampler: 'sequential', ...plan };
  return master.channel.plans.startPlan({ plan: JSON.stringify(request) });
}

async function jobs(): Promise<string[]> {
  const { plans } = await master.channel.plans.listPlans({});
  return plans.map(({ job, version }) => `${job} v${String(version)}`).sort();
}

test('a plan outlives a restart of the master, with what is left of its time', async () => {
  const { plan_id: id } = await start({ job: 'kept', keepSeconds: 500 });
  await start({ job: 'gone' });
  await master.channel.plans.endPlan({ job: 'gone' });
  await master.restart();
  await eventually(jobs, (names) => names.join() === 'kept v1');
  const { plans } = await master.channel.plans.listPlans({});
  expect(plans[0]).toMatchObject({ plan_id: id, dataset: 'ds', sampler: 'sequential' });
  expect(plans[0]?.keep_ms).toBeGreaterThan(400_000);
  expect(plans[0]?.keep_ms).toBeLessThanOrEqual(500_000);
  const { plan_id: next } = await start({ job: 'next' });
  expect(next).toBeGreaterThan(id);
});

test('it ends when its time is over', async () => {
  await start({ job: 'short', keepSeconds: 1 });
  await start({ job: 'long' });
  expect(await jobs()).toEqual(['long v1', 'short v1']);
  expect(await eventually(jobs, (names) => names.length === 1)).toEqual(['long v1']);
});

test('it ends when its dataset is gone', async () => {
  await start({ job: 'a' });
  await master.channel.catalog.deleteDataset({ name: 'ds' });
  expect(await eventually(jobs, (names) => names.length === 0)).toEqual([]);
});

test('a job has one plan: the last that was told', async () => {
  const first = await start({ job: 'a' });
  const second = await start({ job: 'a', epochs: 5 });
  expect(second.plan_id).toBeGreaterThan(first.plan_id);
  expect(await jobs()).toEqual(['a v1']);
});

test.each([
  ['for another version', { version: 7 }, 'NOT_FOUND'],
  ['of an unknown dataset', { dataset: 'nowhere' }, 'NOT_FOUND'],
  ['with a sampler that nobody knows', { sampler: 'dali' }, 'INVALID_ARGUMENT'],
  ['that is too large', { job: 'x'.repeat(3_000_000) }, 'INVALID_ARGUMENT'],
])('a plan %s is refused, and nothing is kept', async (_, plan, code) => {
  await expect(start(plan)).rejects.toMatchObject({ code });
  expect(await jobs()).toEqual([]);
});

test('there are at most 64', async () => {
  for (let i = 0; i < 64; i += 1) await start({ job: `job ${String(i)}` });
  await expect(start({ job: 'one more' })).rejects.toMatchObject({ code: 'BUSY' });
  await start({ job: 'job 7', epochs: 3 });
  await master.channel.plans.endPlan({ job: 'job 8' });
  await start({ job: 'one more' });
  expect(await jobs()).toHaveLength(64);
});
