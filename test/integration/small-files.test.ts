import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Dataset } from '../../sdk/index.ts';
import { TestCluster } from '../support/cluster.ts';
import type { S3Server } from '../support/s3/index.ts';

const DIRECTORIES = 4;
const FILES = 50;
const SIZE_BYTES = 20_000;

let cluster: TestCluster;
let s3: S3Server;
let dataset: Dataset;
const contents = new Map<string, Buffer>();
const names = Array.from({ length: DIRECTORIES * FILES }, (_, i) => {
  const pad = (n: number) => String(n).padStart(3, '0');
  return `d${pad(Math.floor(i / FILES))}/f${pad(i % FILES)}`;
});
for (const name of names) contents.set(name, randomBytes(SIZE_BYTES));

beforeEach(async () => {
  cluster = await TestCluster.start();
  ({ s3 } = cluster);
  for (const [name, bytes] of contents) s3.put('b', `p/${name}`, bytes);
  await cluster.larder.datasets.create('data', 's3://b/p', {
    settings: { endpoint: s3.endpoint, region: 'us-east-1' },
  });
  dataset = await cluster.larder.datasets.get('data');
});

afterEach(async () => {
  await dataset[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

async function read(name: string): Promise<void> {
  await using file = await dataset.open(name);
  const bytes = await file.read(0, SIZE_BYTES);
  expect(bytes.equals(contents.get(name)!)).toBe(true);
}

/** Keys of GETs of objects, in the order in which they came. */
function gets(): string[] {
  return s3.requests
    .filter(({ operation }) => operation === 'get')
    .map(({ key }) => key.toString().slice('p/'.length));
}

const counters = async () => (await cluster.larder.status()).origin;

/** The worker tells the master what it has counted now and then. */
const settledCounters = (bytes: number) =>
  expect
    .poll(counters, { timeout: 20_000 })
    .toMatchObject({ bytes, uniqueBytes: bytes, requestedBytes: bytes });

describe('files that are read in order', () => {
  test('are fetched ahead, once each, into the next directory, and requested when read', async () => {
    // Not at the end of the directory, and the next one comes within the window.
    const first = names.slice(0, FILES - 5);
    for (const name of first) await read(name);
    await expect.poll(() => gets().length, { timeout: 20_000 }).toBe(2 * (FILES - 5));
    expect(new Set(gets())).toEqual(new Set(names.slice(0, 2 * (FILES - 5))));
    await expect.poll(counters, { timeout: 20_000 }).toMatchObject({
      bytes: 2 * first.length * SIZE_BYTES,
      requestedBytes: first.length * SIZE_BYTES,
    });
    for (const name of names.slice(FILES - 5)) await read(name);
    expect(gets().toSorted()).toEqual(names);
    await settledCounters(names.length * SIZE_BYTES);
  });

  test('by eight readers that share the pass are fetched once each', async () => {
    let next = 0;
    const reader = async () => {
      for (let name = names[next++]; name !== undefined; name = names[next++]) await read(name);
    };
    await Promise.all(Array.from({ length: 8 }, reader));
    expect(gets().toSorted()).toEqual(names);
    await settledCounters(names.length * SIZE_BYTES);
  });

  test('of two workers are fetched by their owner, once each', async () => {
    await using second = await cluster.addWorker('second');
    await second.joined();
    for (const name of names) await read(name);
    expect(gets().toSorted()).toEqual(names);
    await settledCounters(names.length * SIZE_BYTES);
  });

  test('are read right where the origin fails for one that is fetched ahead', async () => {
    const failing = names[30]!;
    const action = { kind: 'status', status: 403, code: 'AccessDenied' } as const;
    s3.faults.add({ operation: 'get', key: new RegExp(`${failing}$`), action });
    for (const name of names.slice(0, 25)) await read(name);
    await expect.poll(gets, { timeout: 20_000 }).toContain(failing);
    for (const name of names.slice(25)) await read(name);
    expect(gets().filter((name) => name === failing)).toHaveLength(2);
    expect(new Set(gets())).toEqual(new Set(names));
    expect(gets()).toHaveLength(names.length + 1);
  });

  test('are read right, and asked for at a slower pace, where the origin throttles', async () => {
    const action = { kind: 'status', status: 503, code: 'SlowDown' } as const;
    s3.faults.add({ operation: 'get', action, nth: 15, times: 5 });
    for (const name of names.slice(0, 40)) await read(name);
    await expect.poll(() => new Set(gets()).size, { timeout: 20_000 }).toBe(80);
    for (const name of names.slice(40)) await read(name);
    await settledCounters(names.length * SIZE_BYTES);
  });
});

describe('files that are read in no order', () => {
  test('are not fetched ahead', async () => {
    const some = Array.from({ length: 60 }, (_, i) => names[(i * 73) % names.length]!);
    for (const name of some) await read(name);
    await sleep(500);
    expect(gets()).toEqual(some);
  });
});
