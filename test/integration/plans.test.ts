import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parsePlan } from '../../common/plans/index.ts';
import { epochOrder } from '../../common/samplers/index.ts';
import type { PlanRequest, PlanStatus } from '../../sdk/index.ts';
import { eventually } from '../support/larder.ts';
import { MovingCluster } from '../support/moving-cluster.ts';

const FILES = { count: 240, sizeBytes: 20_000 };

/** The names in the order in which the job of a plan reads them in an epoch. */
function namesOf(cluster: MovingCluster, request: PlanRequest, epoch: number): string[] {
  const plan = parsePlan(JSON.stringify({ ...request, dataset: 'data' }));
  const order = epochOrder(plan, cluster.names.length, epoch);
  return [...order].map((index) => cluster.names[index] ?? '');
}

async function planOf(cluster: MovingCluster, job: string): Promise<PlanStatus> {
  const plan = (await cluster.larder.plans.list()).find((it) => it.job === job);
  if (plan === undefined) throw new Error(`no plan of ${job}`);
  return plan;
}

async function untilAll(
  cluster: MovingCluster,
  job: string,
  is: (worker: PlanStatus['workers'][number]) => boolean,
): Promise<PlanStatus> {
  return await eventually(async () => {
    const plan = await planOf(cluster, job);
    return plan.workers.length === 2 && plan.workers.every(is) ? plan : undefined;
  });
}

/** Reads are told a moment later: an eighth of an epoch is not to pass meanwhile. */
async function readSlowly(cluster: MovingCluster, name: string): Promise<void> {
  await cluster.read(name);
  await sleep(20);
}

function originReads(cluster: MovingCluster): Promise<{ bytes: number; waited: number }> {
  return cluster.larder.status().then(({ origin, reads }) => ({
    bytes: origin.bytes,
    waited: reads.originBytes,
  }));
}

describe('a plan that is told to a cluster', () => {
  let cluster: MovingCluster;
  const request: PlanRequest = {
    ...{ sampler: 'torch-distributed', job: 'followed', seed: 7, epochs: 3, world: 4 },
  };

  beforeAll(async () => {
    cluster = await MovingCluster.start(FILES);
    await cluster.start('worker-0');
    await cluster.start('worker-1');
    await cluster.create();
    await using dataset = await cluster.larder.datasets.get('data');
    await dataset.plan(request);
  });
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  it('has files fetched before the job begins, and ahead of it: each byte once, and readers do not wait', async () => {
    await untilAll(cluster, 'followed', ({ fetched }) => fetched > 0);
    const names = namesOf(cluster, request, 0);
    for (const name of names.slice(0, 40)) await cluster.read(name);
    const early = await untilAll(cluster, 'followed', ({ state }) => state === 'followed');
    for (const { samples, epoch } of early.workers) expect([samples, epoch]).toEqual([240, 0]);
    for (const name of names.slice(40)) await readSlowly(cluster, name);
    const { bytes, waited } = await originReads(cluster);
    expect(bytes).toBe(FILES.count * FILES.sizeBytes);
    expect(waited).toBeLessThan(0.1 * bytes);
    const { workers } = await planOf(cluster, 'followed');
    expect(workers.reduce((sum, it) => sum + it.fetched, 0)).toBeGreaterThan(0.9 * FILES.count);
  });

  it('goes on into the next epoch, whose order is another', async () => {
    for (const name of namesOf(cluster, request, 1).slice(0, 150)) await readSlowly(cluster, name);
    const plan = await untilAll(cluster, 'followed', ({ epoch }) => epoch === 1);
    for (const { state, position, strayed } of plan.workers) {
      expect(state).toBe('followed');
      expect(strayed).toBe(0);
      expect(position).toBeGreaterThan(100);
    }
  });

  it('is dropped by every worker where the dataset is read in another order, and all bytes are right', async () => {
    await using dataset = await cluster.larder.datasets.get('data');
    await cluster.larder.plans.end('followed');
    await dataset.plan({ ...request, job: 'wrong', seed: 8 });
    await untilAll(cluster, 'wrong', ({ state }) => state === 'waiting');
    for (const epoch of [0, 1]) {
      for (const name of namesOf(cluster, request, epoch)) await cluster.read(name);
    }
    const plan = await untilAll(cluster, 'wrong', ({ state }) => state === 'dropped');
    for (const { reason } of plan.workers) expect(reason).toMatch(/another order/);
  });

  it('is dropped with its reason where it names what is not there', async () => {
    await using dataset = await cluster.larder.datasets.get('data');
    await dataset.plan({
      ...{ sampler: 'sequential', job: 'lost' },
      files: { rule: 'list', paths: ['f00001', 'nowhere'] },
    });
    const plan = await untilAll(cluster, 'lost', ({ state }) => state === 'dropped');
    for (const { reason } of plan.workers) expect(reason).toMatch(/nowhere/);
  });

  it('is told to a worker that joins later, and forgotten by all when its job is over', async () => {
    await using dataset = await cluster.larder.datasets.get('data');
    await dataset.plan({ ...request, job: 'kept' });
    await cluster.start('worker-2');
    await eventually(async () => {
      const { workers } = await planOf(cluster, 'kept');
      return workers.length === 3 ? true : undefined;
    });
    await cluster.larder.plans.end('kept');
    expect((await cluster.larder.plans.list()).map(({ job }) => job)).not.toContain('kept');
    await expect(cluster.larder.plans.end('kept')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await eventually(async () => {
      const { workers } = await cluster.channel.cluster.getStatus({});
      const told = workers.flatMap(({ plans }) => plans.map(({ plan_id: id }) => id));
      return new Set(told).size === 2 ? true : undefined;
    });
  });
});
