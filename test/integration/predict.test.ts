/** `larder predict` against a master and workers as processes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SeededRandom } from '../../common/forecast/index.ts';
import type { ClusterStatus } from '../../sdk/index.ts';
import { eventually } from '../support/larder.ts';
import type { Outcome } from '../support/larder.ts';
import { ReportCluster } from '../support/report-cluster.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const SIZES = [
  ...Array.from({ length: 200 }, () => 32 * KIB),
  ...Array.from({ length: 50 }, () => 96 * KIB),
];
const TOTAL = SIZES.reduce((sum, bytes) => sum + bytes, 0);

interface Answer {
  readonly name: string;
  readonly dataset: { totalBytes: number; files: number; squaredBytes: number };
  readonly replicas: number | 'all';
  readonly cacheBytes: readonly number[];
  readonly forecast: { hitRatio: number; localShare: number; peerShare: number };
  readonly curve: readonly { nodeCacheBytes: number; hitRatio: number }[];
}

let cluster: ReportCluster;
beforeAll(async () => {
  cluster = await ReportCluster.start();
  await cluster.load('ds', SIZES);
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

function predict(...args: string[]): Promise<Outcome> {
  return cluster.scratch.run(['predict', ...args, '--master', cluster.master]);
}

async function answer(...args: string[]): Promise<Answer> {
  const { code, stdout, stderr } = await predict(...args, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Answer;
}

describe('larder predict', () => {
  test('takes the sizes from the manifest, and nodes and caches from the cluster', async () => {
    const { name, dataset, replicas, cacheBytes, forecast } = await answer('ds');
    expect({ name, replicas }).toEqual({ name: 'ds@v1', replicas: 1 });
    expect(dataset).toMatchObject({ totalBytes: TOTAL, files: 250 });
    const squared = SIZES.reduce((sum, bytes) => sum + bytes ** 2, 0);
    expect(dataset.squaredBytes / squared).toBeCloseTo(1, 0);
    expect(cacheBytes).toEqual(Array(3).fill(256 * MIB));
    expect(forecast.hitRatio).toBe(1);
    expect(forecast.localShare).toBeCloseTo(1 / 3, 6);
  });

  test('takes from the command what it names, and the rest from the cluster', async () => {
    const more = await answer('ds', '--nodes', '5');
    expect(more.cacheBytes).toEqual(Array(5).fill(256 * MIB));
    const less = await answer('ds@v1', '--cache', '2MiB', '--replicas', 'all');
    expect(less.cacheBytes).toEqual(Array(3).fill(2 * MIB));
    expect(less.replicas).toBe('all');
    const expected = (3 * 0.92 * 2 * MIB) / TOTAL;
    expect(Math.abs(less.forecast.hitRatio - expected)).toBeLessThan(0.03);
    expect(less.curve.at(-1)?.hitRatio).toBeGreaterThan(0.99);
  });

  test('of a dataset to come needs no cluster', async () => {
    const args = ['--size', '1TiB', '--files', '100000', '--nodes', '4', '--cache', '100GiB'];
    const { code, stdout } = await cluster.scratch.run([
      ...['predict', ...args, '--compute', '600', '--origin-bandwidth', '1GiB/s'],
      ...['--master', '127.0.0.1:1'],
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/hit ratio +35\.9 %: 9\.0 % on the reader's node, 27\.0 % from other/);
    expect(stdout).toMatch(/epoch time +656 s: the job waits for the origin; the first 1024 s/);
    expect(stdout).toContain('Everything fits from 278.3 GiB a node on.');
  });

  test.each([
    [['nosuch'], 3, 'NOT_FOUND'],
    [['ds@v9'], 3, 'NOT_FOUND'],
    [[], 2, 'the name of a dataset, or --size'],
    [['ds', '--size', '1GiB'], 2, 'the dataset has its own'],
    [['ds', '--nodes', '0'], 2, '--nodes with a whole number from 1'],
    [['ds', '--jobs', '65'], 2, '--jobs with a whole number from 1 to 64'],
    [['ds', '--cache', 'much'], 2, 'a size like'],
    [['ds', '--compute', '-1'], 2, '--compute with seconds'],
    [['ds', '--compute', '1', '--workload', 'unet3d'], 2, 'not both'],
    [['ds', '--origin-bandwidth', '0'], 2, 'above 0'],
    [['--size', '0', '--nodes', '1', '--cache', '1GiB'], 2, 'a dataset that has bytes'],
  ])('%j is refused', async (args, exitCode, message) => {
    const { code, stdout, stderr } = await predict(...args);
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
    expect(stderr).toContain(message);
  });

  test('a master that is away is said where it is needed', async () => {
    const away = ['--master', '127.0.0.1:1'];
    const { code, stderr } = await cluster.scratch.run(['predict', '--size', '1GiB', ...away]);
    expect(code).toBe(6);
    expect(stderr).toContain('UNAVAILABLE');
  });
});

/** Files that a reader asks for at once. */
const BATCH = 16;

describe('what was predicted', () => {
  test('is what then happens, within 3 points, from the second epoch of new shuffles on', async () => {
    await using small = await ReportCluster.start({ cacheSize: '8MiB' });
    // 42 MiB of files of whole pages, on 3 workers that keep 7.4 MiB each.
    const sizes = Array.from({ length: 800 }, (_, i) => (8 + (i % 12)) * 4 * KIB);
    const paths = sizes.map((__, i) => `d${String(i % 10)}/f${String(i)}`);
    await small.load('ds', sizes);
    const { stdout } = await small.scratch.run([
      'predict',
      'ds',
      '--json',
      '--master',
      small.master,
    ]);
    const { forecast } = JSON.parse(stdout) as Answer;
    await using dataset = await small.larder.datasets.get('ds');
    const total = sizes.reduce((sum, bytes) => sum + bytes, 0);
    const before = await readsOf(small, (await small.larder.status()).reads.bytes);
    for (let epoch = 0; epoch < 2; epoch += 1) {
      const order = [...new SeededRandom(1, epoch).permutation(paths.length)];
      for (let at = 0; at < order.length; at += BATCH) {
        await dataset.readMany(order.slice(at, at + BATCH).map((file) => paths[file] ?? ''));
      }
    }
    const after = await readsOf(small, before.bytes + 2 * total);
    const share = (part: 'originBytes' | 'peerBytes') => (after[part] - before[part]) / (2 * total);
    expect(forecast.hitRatio).toBeGreaterThan(0.4);
    expect(forecast.hitRatio).toBeLessThan(0.7);
    expect(Math.abs(1 - share('originBytes') - forecast.hitRatio)).toBeLessThan(0.03);
    expect(Math.abs(share('peerBytes') - forecast.peerShare)).toBeLessThan(0.03);
  }, 180_000);
});

async function readsOf({ larder }: ReportCluster, bytes: number): Promise<ClusterStatus['reads']> {
  return await eventually(async () => {
    const { reads } = await larder.status();
    return reads.bytes >= bytes ? reads : undefined;
  }, 30_000);
}
