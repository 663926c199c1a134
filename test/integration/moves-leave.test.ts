import { afterEach, expect, test } from 'vitest';
import { MIB, MovingCluster } from '../support/moving-cluster.ts';

const WAIT = { timeout: 60_000, interval: 100 };
const FILES = 400;

let cluster: MovingCluster;

afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
});

const total = (...names: string[]) =>
  [...cluster.copies(...names).values()].reduce((sum, copies) => sum + copies, 0);

async function warm(...names: string[]): Promise<void> {
  cluster = await MovingCluster.start({ count: FILES, sizeBytes: 5000 });
  for (const name of names) await cluster.start(name);
  await cluster.create();
  await cluster.readAll();
  expect(cluster.s3.counters.gets).toBe(FILES);
}

test('a worker that is drained gives everything away; then it can go, and nothing is missing', async () => {
  await warm('w1', 'w2', 'w3');
  await expect.poll(() => cluster.held('w2').size, WAIT).toBeGreaterThan(FILES / 6);
  await cluster.channel.cluster.drainWorker({ worker: cluster.idOf('w2') });
  await cluster.readAll();
  await expect.poll(() => cluster.held('w2').size, WAIT).toBe(0);
  await expect.poll(() => total('w1', 'w3'), WAIT).toBe(FILES);
  expect(cluster.s3.counters.gets).toBe(FILES);
  await cluster.stop('w2');
  await cluster.readAll();
  expect(cluster.s3.counters.gets).toBe(FILES);
});

test('a worker that returns drops what others have taken, and gets back what it owns', async () => {
  await warm('w1', 'w2', 'w3');
  await expect.poll(() => total('w1', 'w2', 'w3'), WAIT).toBe(FILES);
  const mine = cluster.held('w2');
  const id = cluster.idOf('w2');
  await cluster.stop('w2');
  await expect.poll(() => cluster.members(), WAIT).not.toContain(id);
  // Its part comes from the origin once more: to those that own it now.
  await cluster.readAll();
  expect(cluster.s3.counters.gets).toBe(FILES + mine.size);
  await expect.poll(() => total('w1', 'w3'), WAIT).toBe(FILES);
  // It comes back with what it had, and owns that again: the others give up their copies.
  await cluster.start('w2');
  await expect.poll(() => total('w1', 'w2', 'w3'), WAIT).toBe(FILES);
  expect(cluster.held('w2')).toEqual(mine);
  // It comes back a second time, and is to own less: the others have taken the rest.
  await cluster.stop('w2');
  await expect.poll(() => cluster.members(), WAIT).not.toContain(id);
  await cluster.start('w2', { capacities: [64 * MIB] });
  await expect.poll(() => cluster.held('w2').size, WAIT).toBeLessThan(mine.size);
  await expect.poll(() => total('w1', 'w2', 'w3'), WAIT).toBe(FILES);
  await cluster.readAll();
  expect(cluster.s3.counters.gets).toBe(FILES + mine.size);
});

test('what a stand-in fetched while the owner was away goes to the owner when it is back', async () => {
  cluster = await MovingCluster.start({ count: FILES, sizeBytes: 5000 }, { graceMs: 60_000 });
  for (const name of ['w1', 'w2', 'w3']) await cluster.start(name);
  await cluster.create();
  const id = cluster.idOf('w2');
  await cluster.stop('w2');
  await cluster.readAll();
  expect(cluster.s3.counters.gets).toBe(FILES);
  expect(await cluster.members()).toContain(id);
  await expect.poll(() => total('w1', 'w3'), WAIT).toBe(FILES);
  await cluster.start('w2');
  await expect.poll(() => cluster.held('w2').size, WAIT).toBeGreaterThan(FILES / 6);
  await expect.poll(() => total('w1', 'w2', 'w3'), WAIT).toBe(FILES);
  await cluster.readAll();
  expect(cluster.s3.counters.gets).toBe(FILES);
});

test('what there is no room for stays where it is, and is read there', async () => {
  const sizeBytes = 256 * 1024;
  cluster = await MovingCluster.start({ count: 120, sizeBytes });
  await cluster.start('w1');
  await cluster.create();
  await cluster.readAll();
  await expect.poll(() => cluster.held('w1').size, WAIT).toBe(120);
  // It says that it is as large as the first one, and then takes 2 MiB at most.
  const small = await cluster.start('w2', { capacities: [256 * MIB], moveBytesPerSecond: 1 });
  await small.setCapacities([2 * MIB]);
  await cluster.readAll();
  expect(cluster.copies('w1', 'w2').size).toBe(120);
  expect(cluster.s3.counters.gets).toBe(120);
});
