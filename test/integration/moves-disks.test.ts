/** Workers with two disks each: what moves between them lies on either, also where one of the disks is gone. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { MIB, MovingCluster } from '../support/moving-cluster.ts';

const WAIT = { timeout: 60_000, interval: 100 };
const FILES = 300;

let cluster: MovingCluster;

afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
});

const disksOf = (name: string) => ({
  cacheDirs: [`${name}-a`, `${name}-b`].map((disk) => path.join(cluster.scratch.directory, disk)),
  capacities: [128 * MIB, 128 * MIB],
});

async function warm(): Promise<void> {
  cluster = await MovingCluster.start({ count: FILES, sizeBytes: 5000 });
  await cluster.start('w1', disksOf('w1'));
  await cluster.create();
  await cluster.readAll();
  expect(cluster.s3.counters.gets).toBe(FILES);
  await expect.poll(() => cluster.copies('w1-a', 'w1-b').size, WAIT).toBe(FILES);
}

test('what lies on either disk goes to a worker that joins, and comes to either disk of it', async () => {
  await warm();
  await cluster.start('w2', disksOf('w2'));
  const onNew = () => Math.min(cluster.held('w2-a').size, cluster.held('w2-b').size);
  await expect.poll(onNew, WAIT).toBeGreaterThan(FILES / 10);
  await expect
    .poll(() => {
      const copies = cluster.copies('w1-a', 'w1-b', 'w2-a', 'w2-b');
      return [copies.size, [...copies.values()].reduce((sum, count) => sum + count, 0)];
    }, WAIT)
    .toEqual([FILES, FILES]);
  await cluster.readAll();
  expect(cluster.s3.counters.gets).toBe(FILES);
});

test('where the disk with the manifests is gone, what the other has is offered all the same', async () => {
  await warm();
  const [gone = '', stays = ''] = disksOf('w1').cacheDirs;
  const left = cluster.held('w1-b').size;
  expect(left).toBeGreaterThan(FILES / 10);
  await cluster.stop('w1');
  fs.renameSync(gone, `${gone}-away`);
  fs.writeFileSync(gone, '');
  const worker = await cluster.start('w1', disksOf('w1'));
  expect(worker.disks.map(({ state }) => state)).toEqual(['missing', 'good']);
  expect(fs.existsSync(path.join(stays, 'manifests'))).toBe(false);
  await cluster.start('w2');
  await expect.poll(() => cluster.held('w2').size, WAIT).toBeGreaterThan(left / 4);
  await cluster.readAll();
  // What was lost came from the origin once more, and nothing else.
  expect(cluster.s3.counters.gets).toBe(FILES + (FILES - left));
});
