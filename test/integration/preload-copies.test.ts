/** Preloads that say where their files are to be, and how often, with workers that come and go. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import type { PreloadInfo, PreloadOptions, PreloadProgress } from '../../sdk/index.ts';
import { MIB, MovingCluster } from '../support/moving-cluster.ts';

const WAIT = { timeout: 60_000, interval: 100 };
const FILES = 60;
const SIZE_BYTES = 5000;
const NAMES = ['w1', 'w2', 'w3', 'w4'];

let cluster: MovingCluster;
afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
});

async function start(sizeBytes = SIZE_BYTES, capacityBytes = 64 * MIB): Promise<void> {
  cluster = await MovingCluster.start({ count: FILES, sizeBytes });
  for (const name of NAMES) {
    await cluster.start(name, { node: `node-${name}`, capacities: [capacityBytes] });
  }
  await cluster.create();
}

async function preload(options: PreloadOptions): Promise<PreloadInfo> {
  await using dataset = await cluster.larder.datasets.get('data');
  const { id } = await dataset.startPreload(options);
  let last: PreloadProgress | undefined;
  for await (const progress of cluster.larder.preloads.watch(id)) last = progress;
  expect(last).toBeDefined();
  return await cluster.larder.preloads.show(id);
}

const counts = () => NAMES.map((name) => cluster.held(name).size);
const copies = () => [...cluster.copies(...NAMES).values()];
const each = (count: number) => Array.from({ length: FILES }, () => count);
/** Long enough for those who hold something to offer it, and to give it up. */
const settled = () => sleep(2500);

test('with --on the node holds all of it, each byte is read from the origin once, and it stays', async () => {
  await start();
  const info = await preload({ on: ['node-w2'] });
  const bytes = FILES * SIZE_BYTES;
  expect(info).toMatchObject({ state: 'complete', countsCopies: true, targetFiles: FILES });
  expect(info).toMatchObject({ targetBytes: bytes, heldBytes: bytes });
  expect(cluster.held('w2').size).toBe(FILES);
  expect(cluster.s3.counters.gets).toBe(FILES);
  await settled();
  // Owners that have it as well say so, and the copies stay.
  expect(cluster.held('w2').size).toBe(FILES);
  await cluster.larder.preloads.release(info.id);
  await expect.poll(copies, WAIT).toEqual(each(1));
});

test('of two named nodes each holds its part, and with replicas=all each holds all', async () => {
  await start();
  await preload({ on: ['node-w1', cluster.idOf('w3')] });
  const both = new Set([...cluster.held('w1'), ...cluster.held('w3')]);
  expect(both.size).toBe(FILES);
  expect(Math.max(cluster.held('w1').size, cluster.held('w3').size)).toBeLessThan(FILES);
  const all = await preload({ on: ['node-w1', 'node-w3'], replicas: 'all' });
  expect(all).toMatchObject({ state: 'complete', targetFiles: 2 * FILES, heldFiles: 2 * FILES });
  expect([cluster.held('w1').size, cluster.held('w3').size]).toEqual([FILES, FILES]);
  expect(cluster.s3.counters.gets).toBe(FILES);
});

test('replicas are that many copies, which a worker that leaves and comes back does not change', async () => {
  await start();
  const info = await preload({ replicas: 2, keepMs: 'forever' });
  expect(info).toMatchObject({ state: 'complete', targetFiles: 2 * FILES });
  expect(copies()).toEqual(each(2));
  await settled();
  expect(copies()).toEqual(each(2));
  await cluster.stop('w4');
  await cluster.start('w4', { node: 'node-w4', capacities: [64 * MIB] });
  await settled();
  expect(copies().every((count) => count >= 2)).toBe(true);
  const all = await preload({ replicas: 'all' });
  expect(all).toMatchObject({ state: 'complete', heldFiles: 4 * FILES });
  expect(counts()).toEqual(NAMES.map(() => FILES));
  expect(cluster.s3.counters.gets).toBe(FILES);
});

test('copies that may be evicted displace nothing, and it is said which had no room', async () => {
  // All objects once are 15 MiB, and each of the four keeps about 9 MiB.
  await start(256 * 1024, 10 * MIB);
  await preload({});
  const info = await preload({ replicas: 'all' });
  expect(info.state).toBe('partial');
  expect(new Set(info.failures.map(({ code }) => code))).toEqual(new Set(['NOT_KEPT']));
  expect(info.failures[0]?.message).toMatch(/on worker /);
  expect(info.failedFiles + info.heldFiles).toBe(4 * FILES);
  expect(cluster.copies(...NAMES).size).toBe(FILES);
  expect(cluster.s3.counters.gets).toBe(FILES);
});

test('a node that is not there, and more copies than workers, are refused at once', async () => {
  await start();
  await using dataset = await cluster.larder.datasets.get('data');
  for (const [options, code] of [
    [{ on: ['node-w1', 'node-w9'] }, 'NOT_FOUND'],
    [{ replicas: 5 }, 'INVALID_ARGUMENT'],
    [{ on: ['node-w1'], replicas: 2 }, 'INVALID_ARGUMENT'],
    [{ replicas: 0 }, 'INVALID_ARGUMENT'],
    [{ replicas: 1.5 }, 'INVALID_ARGUMENT'],
  ] as const) {
    await expect(dataset.startPreload(options), JSON.stringify(options)).rejects.toMatchObject({
      code,
    });
    await expect(dataset.estimatePreload(options)).rejects.toMatchObject({ code });
  }
  await cluster.larder.drainWorker('node-w1');
  await expect(dataset.startPreload({ on: ['node-w1'] })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  });
  expect(await cluster.larder.preloads.list()).toEqual([]);
  const estimate = await dataset.estimatePreload({ replicas: 2 });
  expect(estimate).toMatchObject({
    targetFiles: 2 * FILES,
    missingFiles: 2 * FILES,
    requests: FILES,
  });
});
