import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Master } from '../../master/index.ts';
import type { Larder } from '../../sdk/index.ts';
import { TestCluster } from '../support/cluster.ts';
import type { TestLarder } from '../support/larder.ts';
import type { S3Server } from '../support/s3/index.ts';

let cluster: TestCluster;
let scratch: TestLarder;
let s3: S3Server;
let master: Master;
let larder: Larder;
const large = randomBytes(11 * 1024 * 1024 + 5);

beforeEach(async () => {
  cluster = await TestCluster.start();
  ({ scratch, s3, master, larder } = cluster);
  s3.put('b', 'p/large', large);
  s3.put('b', 'p/dir/small', 'small');
  s3.put('b', 'p/dir/empty', '');
  s3.put('b', 'p/dir//bad', 'unreachable');
});

afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
});

const create = () =>
  larder.datasets.create('data', 's3://b/p', {
    settings: { endpoint: s3.endpoint, region: 'us-east-1' },
  });

const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
};

describe('datasets', () => {
  test('create, get, list, versions, refresh, delete', async () => {
    const { version, changes } = await create();
    expect(version).toMatchObject({ number: 1, files: 3, skipped: 1, strongValidators: 3 });
    expect(changes).toEqual({ added: 3, removed: 0, changed: 0, unchanged: 0 });
    s3.put('b', 'p/dir/small', 'other');
    s3.put('b', 'p/new', 'new');
    s3.delete('b', 'p/dir/empty');
    const refreshed = await larder.datasets.refresh('data');
    expect(refreshed.changes).toEqual({ added: 1, removed: 1, changed: 1, unchanged: 1 });
    expect((await larder.datasets.refresh('data')).newVersion).toBe(false);
    expect((await larder.datasets.versions('data')).map(({ number }) => number)).toEqual([1, 2]);
    expect((await larder.datasets.list()).map(({ name }) => name)).toEqual(['data']);
    await larder.datasets.delete('data@v1');
    await larder.datasets.delete('data');
    await expect(larder.datasets.get('data')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('keys that cannot be paths are named, with the reason', async () => {
    await create();
    await using dataset = await larder.datasets.get('data');
    expect(
      (await all(dataset.skipped())).map(({ key, reason }) => [key.toString(), reason]),
    ).toEqual([['dir//bad', 'empty-segment']]);
  });

  test.each([
    [{ credentials: 'AKIASECRET' }, 'INVALID_ARGUMENT'],
    [{ quota: 'much' }, 'INVALID_ARGUMENT'],
    [{ policy: 'lru' }, 'INVALID_ARGUMENT'],
    [{ originBandwidth: '1KB/s' }, 'INVALID_ARGUMENT'],
    [{ blockSize: '3MiB' }, 'INVALID_ARGUMENT'],
  ])('settings %j are refused', async (settings, code) => {
    await expect(larder.datasets.create('x', 's3://b', { settings })).rejects.toMatchObject({
      code,
    });
  });
});

describe('a dataset', () => {
  test('stat, readdir, read, stream', async () => {
    await create();
    await using dataset = await larder.datasets.get('data@v1');
    expect(await dataset.stat('dir')).toMatchObject({ kind: 'directory' });
    expect((await all(dataset.readdir('dir'))).map(({ name }) => name)).toEqual(['empty', 'small']);
    await using file = await dataset.open('large');
    expect(file.stat.sizeBytes).toBe(large.length);
    expect((await file.read(0, large.length + 10)).equals(large)).toBe(true);
    expect((await file.read(5_000_000, 3)).equals(large.subarray(5_000_000, 5_000_003))).toBe(true);
    expect((await file.read(large.length, 10)).length).toBe(0);
    const streamed = Buffer.concat(
      (await all(file.stream({ start: 7, end: 9_000_000 }))) as Buffer[],
    );
    expect(streamed.equals(large.subarray(7, 9_000_000))).toBe(true);
    await using empty = await dataset.open('dir/empty');
    expect((await empty.read(0, 10)).length).toBe(0);
    await expect(dataset.open('nothing')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(dataset.open('dir')).rejects.toMatchObject({ code: 'IS_A_DIRECTORY' });
    const [where] = await dataset.locate('large');
    expect(where).toMatchObject({ offsetBytes: 0, lengthBytes: large.length });
    expect(where?.nodes).toHaveLength(1);
  });

  test('a read that is aborted rejects at once', async () => {
    await create();
    s3.faults.add({ action: { kind: 'hang', afterBytes: -1 }, operation: 'get', times: 10 });
    await using dataset = await larder.datasets.get('data');
    await using file = await dataset.open('large');
    const controller = new AbortController();
    const read = file.read(0, 100, controller.signal);
    setTimeout(() => controller.abort(), 100);
    await expect(read).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  test('a preload says complete when everything is held, and then nothing is asked of the origin', async () => {
    await create();
    await using dataset = await larder.datasets.get('data');
    const progress = await all(dataset.preload());
    const last = progress.at(-1)!;
    expect(last).toMatchObject({ state: 'complete', failedFiles: 0, targetFiles: 3, heldFiles: 3 });
    expect(last.heldBytes).toBe(large.length + 5);
    expect(last.heldBlocks).toBe(last.targetBlocks);
    const { gets } = s3.counters;
    await using file = await dataset.open('large');
    expect((await file.read(0, large.length)).equals(large)).toBe(true);
    expect(s3.counters.gets).toBe(gets);
  });

  test('a preload of a file that has changed says partial, which file, and why', async () => {
    await create();
    s3.put('b', 'p/dir/small', 'SMALL');
    await using dataset = await larder.datasets.get('data');
    const last = (await all(dataset.preload())).at(-1);
    expect(last).toMatchObject({ state: 'partial', failedFiles: 1, heldFiles: 2 });
    expect(last?.failures).toMatchObject([{ path: 'dir/small', code: 'ORIGIN_CHANGED' }]);
  });

  test('a preload of some paths loads those', async () => {
    await create();
    await using dataset = await larder.datasets.get('data');
    const last = (await all(dataset.preload({ paths: ['dir'] }))).at(-1);
    expect(last).toMatchObject({ state: 'complete', targetFiles: 2, targetBytes: 5 });
    await expect(all(dataset.preload({ paths: ['no/such'] }))).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });
});

describe('workers', () => {
  test('any number: each object has one owner, and each byte is read once', async () => {
    await using second = await cluster.addWorker('second');
    for (let i = 0; i < 40; i += 1) s3.put('b', `p/many/${String(i)}`, randomBytes(50_000));
    await second.joined();
    await create();
    await using dataset = await larder.datasets.get('data');
    const last = (await all(dataset.preload({ paths: ['many'] }))).at(-1);
    expect(last).toMatchObject({ state: 'complete', heldFiles: 40 });
    const files = await all(dataset.readdir('many'));
    for (const { name } of files) {
      await using file = await dataset.open(`many/${name}`);
      expect((await file.read(0, 50_000)).length).toBe(50_000);
      expect(s3.bytesServed('b', `p/many/${name}`)).toBe(50_000);
    }
    const used = async () => (await larder.status()).workers.map(({ usedBytes }) => usedBytes > 0);
    await expect.poll(used, { timeout: 5_000 }).toEqual([true, true]);
  });

  test('a cache that is full reads through, and every byte is right', async () => {
    const files = Array.from({ length: 60 }, (_, i) => randomBytes(8_000_000 + i));
    files.forEach((bytes, i) => s3.put('b', `p/big/${String(i)}`, bytes));
    await create();
    await using dataset = await larder.datasets.get('data');
    for (let pass = 0; pass < 2; pass += 1) {
      for (const [i, bytes] of files.entries()) {
        await using file = await dataset.open(`big/${String(i)}`);
        expect((await file.read(0, bytes.length)).equals(bytes)).toBe(true);
      }
    }
    const [only] = (await larder.status()).workers;
    expect(only!.usedBytes).toBeLessThanOrEqual(only!.capacityBytes);
    const total = files.reduce((sum, bytes) => sum + bytes.length, 0);
    expect(s3.counters.bytes).toBeLessThan(1.75 * total);
  });

  test('reads go on while the master is away', async () => {
    await create();
    await using dataset = await larder.datasets.get('data');
    await using file = await dataset.open('large');
    await file.read(0, 10);
    await master[Symbol.asyncDispose]();
    expect((await file.read(0, large.length)).equals(large)).toBe(true);
  });

  test('a block that was damaged on disk is noticed and read again', async () => {
    await create();
    await using dataset = await larder.datasets.get('data');
    await using file = await dataset.open('large');
    await all(dataset.preload());
    const complete = path.join(scratch.directory, 'worker/complete');
    const objects = fs
      .readdirSync(complete, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name));
    const object = objects.find((name) => fs.statSync(name).size === large.length)!;
    const fd = fs.openSync(object, 'r+');
    fs.writeSync(fd, Buffer.from('damage'), 0, 6, 6_000_000);
    fs.closeSync(fd);
    expect((await file.read(0, large.length)).equals(large)).toBe(true);
  });
});
