import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { MovingCluster } from '../support/moving-cluster.ts';

const WAIT = { timeout: 90_000, interval: 250 };

let cluster: MovingCluster;

afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
});

test('a fifth worker gets its share from the others: nothing of it from the origin', async () => {
  const FILES = 5000;
  cluster = await MovingCluster.start({ count: FILES, sizeBytes: 3000 });
  const names = ['w1', 'w2', 'w3', 'w4'];
  for (const name of names) await cluster.start(name);
  await cluster.create();
  await cluster.readAll();
  expect(cluster.s3.counters.gets).toBe(FILES);
  // Readers go on while objects move; each checks every byte.
  const reading = new AbortController();
  const readers = [0, 1].map(async (first) => {
    for (let i = first; !reading.signal.aborted; i += 17) {
      await cluster.read(cluster.names[i % FILES]!);
    }
  });
  await cluster.start('w5');
  const all = [...names, 'w5'];
  const copiesOf = () => [...cluster.copies(...all).values()];
  await expect.poll(() => cluster.held('w5').size, WAIT).toBeGreaterThan(FILES / 6);
  await expect.poll(() => copiesOf().reduce((sum, n) => sum + n, 0), WAIT).toBe(FILES);
  reading.abort();
  await Promise.all(readers);
  expect(cluster.copies(...all).size).toBe(FILES);
  const counts = all.map((name) => cluster.held(name).size);
  expect(Math.max(...counts) / (FILES / all.length)).toBeLessThanOrEqual(1.1);
  const status = await cluster.channel.cluster.getStatus({});
  const joined = status.workers.find(({ member }) => member?.worker_id === cluster.idOf('w5'));
  // The rest came when it was read, before its turn: from the others too.
  const { moved_bytes: moved = 0, pending_objects: pending } = joined?.moves ?? {};
  expect(moved).toBeGreaterThan(0);
  expect(moved).toBeLessThanOrEqual(cluster.held('w5').size * 3000);
  expect(pending).toBe(0);
  await cluster.readAll();
  await sleep(200);
  expect(cluster.s3.counters.gets).toBe(FILES);
});
