import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { MIB, MovingCluster } from '../support/moving-cluster.ts';

const WAIT = { timeout: 60_000, interval: 100 };
const FILES = 300;

let cluster: MovingCluster;

afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
});

const copies = (...names: string[]) => [...cluster.copies(...names).values()];
const each = (count: number) => Array.from({ length: FILES }, () => count);

test('with two copies a worker may die: all is read without the origin, and there are two again', async () => {
  cluster = await MovingCluster.start({ count: FILES, sizeBytes: 5000 });
  const names = ['w1', 'w2', 'w3', 'w4'];
  for (const name of names) await cluster.start(name);
  await cluster.create({ replicas: '2' });
  await cluster.readAll();
  await expect.poll(() => copies(...names), WAIT).toEqual(each(2));
  expect(cluster.s3.counters.gets).toBe(FILES);
  const id = cluster.idOf('w3');
  await cluster.stop('w3');
  await cluster.readAll();
  await expect.poll(() => cluster.members(), WAIT).not.toContain(id);
  await expect.poll(() => copies('w1', 'w2', 'w4'), WAIT).toEqual(each(2));
  await cluster.readAll();
  expect(cluster.s3.counters.gets).toBe(FILES);
});

test('the setting counts while it runs: more copies come, and go again', async () => {
  cluster = await MovingCluster.start({ count: FILES, sizeBytes: 5000 });
  const names = ['w1', 'w2', 'w3'];
  for (const name of names) await cluster.start(name);
  await cluster.create();
  await cluster.readAll();
  await sleep(1500);
  await expect.poll(() => copies(...names), WAIT).toEqual(each(1));
  await cluster.larder.datasets.set('data', { replicas: 'all' });
  await expect.poll(() => copies(...names), WAIT).toEqual(each(3));
  await cluster.larder.datasets.set('data', { replicas: '1' });
  await expect.poll(() => copies(...names), WAIT).toEqual(each(1));
  await cluster.readAll();
  expect(cluster.s3.counters.gets).toBe(FILES);
});

test('a second copy takes only room that is to spare, and nothing that is owned leaves for it', async () => {
  const sizeBytes = 128 * 1024;
  cluster = await MovingCluster.start({ count: FILES, sizeBytes });
  // All objects once are 38 MiB, and the three of them keep 3 × 18 MiB.
  const names = ['w1', 'w2', 'w3'];
  for (const name of names) await cluster.start(name, { capacities: [20 * MIB] });
  await cluster.create({ replicas: '2' });
  await cluster.readAll();
  const sum = () => copies(...names).reduce((all, count) => all + count, 0);
  await expect.poll(sum, WAIT).toBeGreaterThan(FILES);
  await sleep(3000);
  await expect.poll(() => cluster.copies(...names).size, WAIT).toBe(FILES);
  expect(sum()).toBeLessThan(2 * FILES);
  await cluster.readAll();
  expect(cluster.copies(...names).size).toBe(FILES);
  expect(cluster.s3.counters.gets).toBe(FILES);
});
