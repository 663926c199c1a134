/** The bandwidth of an origin, shared by two workers and counted at the S3 server. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MIB } from '../../common/index.ts';
import type { Worker } from '../../worker/index.ts';
import { TestCluster } from '../support/cluster.ts';
import { eventually } from '../support/larder.ts';

const FILES = 48;
const SLOW_DOWN = { kind: 'status', status: 503, code: 'SlowDown' } as const;

let cluster: TestCluster;
let second: Worker;

beforeEach(async () => {
  cluster = await TestCluster.start();
  second = await cluster.addWorker('second');
  for (let i = 0; i < FILES; i += 1) {
    cluster.s3.put('b', `d/${String(i)}`, { kind: 'pattern', sizeBytes: MIB, seed: i % 7 });
  }
});

afterEach(async () => {
  await second[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

async function create(settings: Record<string, string>): Promise<void> {
  const { larder, s3 } = cluster;
  await larder.datasets.create('d', 's3://b/d', {
    settings: { endpoint: s3.endpoint, pathStyle: 'true', ...settings },
  });
}

async function preload(): Promise<string> {
  await using dataset = await cluster.larder.datasets.get('d');
  let state = '';
  for await (const progress of dataset.preload()) state = progress.state;
  return state;
}

async function budget() {
  const { datasets } = await cluster.larder.status();
  return datasets[0]?.originBudget;
}

describe('originBandwidth', () => {
  test('bounds what two workers read together, and both read', async () => {
    await create({ originBandwidth: '8MB/s' });
    const since = performance.now();
    let mostUsed = 0;
    const preloading = preload();
    while (cluster.s3.counters.bytes < FILES * MIB) {
      mostUsed = Math.max(mostUsed, (await budget())?.used ?? 0);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(await preloading).toBe('complete');
    const seconds = (performance.now() - since) / 1_000;
    // A busy machine makes it slower, never faster: what was saved up, and what is under way, is 6 MiB.
    expect(cluster.s3.counters.bytes).toBe(FILES * MIB);
    expect((FILES - 6) / seconds).toBeLessThan(8 * 1.05);
    const { workers } = await cluster.larder.status();
    expect(workers).toHaveLength(2);
    for (const { usedBytes } of workers) expect(usedBytes).toBeGreaterThan(8 * MIB);
    expect(await budget()).toMatchObject({ budget: 8 * MIB, now: 8 * MIB });
    expect(mostUsed).toBeGreaterThan(MIB);
  });

  test('counts at once where it is set, and no longer where it is taken back', async () => {
    await create({});
    expect(await budget()).toBeUndefined();
    await cluster.larder.datasets.set('d', { originBandwidth: '1MiB/s' });
    expect(await budget()).toMatchObject({ budget: MIB });
    const preloading = preload();
    await eventually(async () => (cluster.s3.counters.bytes > 0 ? true : undefined));
    // At 1 MiB/s it would take 48 s: the budget does not hold it back to its end.
    const { bytes } = cluster.s3.counters;
    expect(bytes).toBeLessThan(16 * MIB);
    await cluster.larder.datasets.set('d', { originBandwidth: '' });
    expect(await budget()).toBeUndefined();
    expect(await preloading).toBe('complete');
  });

  test('falls for all workers together when the origin throttles, as the status says', async () => {
    await create({ originBandwidth: '64MB/s' });
    cluster.s3.faults.add({ operation: 'get', action: SLOW_DOWN, nth: 3, times: 4 });
    expect(await preload()).toBe('complete');
    const slowed = await eventually(async () => {
      const told = await budget();
      return told !== undefined && told.now < told.budget ? told : undefined;
    });
    expect(slowed.now).toBeGreaterThan(slowed.budget / 20);
  });

  test('is refused where it is too little or no rate', async () => {
    await create({});
    const { datasets } = cluster.larder;
    await expect(datasets.set('d', { originBandwidth: '10kB/s' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    await expect(datasets.set('d', { originBandwidth: 'fast' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });
});
