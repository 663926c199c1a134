/** A dataset of twice the cache: with a plan, what is not kept comes before it is asked for. */
import { expect, test } from 'vitest';
import { epochOrder } from '../../common/samplers/index.ts';
import { MIB, MovingCluster } from '../support/moving-cluster.ts';

const FILES = { count: 300, sizeBytes: 128 * 1024 };
const PLAN = { sampler: 'torch-distributed', seed: 11, epochs: 3, world: 4 } as const;

/** What readers had to wait for at the origin in the second epoch, and what came from it: of all that was read. */
async function secondEpoch(isPlanned: boolean): Promise<{ waited: number; origin: number }> {
  await using cluster = await MovingCluster.start(FILES);
  for (const name of ['worker-0', 'worker-1']) {
    await cluster.start(name, { capacities: [10 * MIB] });
  }
  await cluster.create();
  await using dataset = await cluster.larder.datasets.get('data');
  if (isPlanned) await dataset.plan(PLAN);
  const settings = { ...PLAN, shuffle: true, dropLast: false };
  const read = async (epoch: number) => {
    for (const index of epochOrder(settings, FILES.count, epoch)) {
      await cluster.read(cluster.names[index] ?? '');
    }
    return await cluster.larder.status();
  };
  const before = await read(0);
  const after = await read(1);
  const total = FILES.count * FILES.sizeBytes;
  return {
    waited: (after.reads.originBytes - before.reads.originBytes) / total,
    origin: (after.origin.bytes - before.origin.bytes) / total,
  };
}

test('fewer reads wait for the origin with a plan than without, and the origin gives no more', async () => {
  const without = await secondEpoch(false);
  const planned = await secondEpoch(true);
  console.log({ without, planned });
  expect(without.waited).toBeGreaterThan(0.3);
  expect(planned.waited).toBeLessThan(without.waited / 2);
  expect(planned.origin).toBeLessThan(without.origin + 0.05);
});
