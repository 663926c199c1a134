/** The keys of other people's buckets through the SDK, by their bytes. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Dataset, Larder } from '../../sdk/index.ts';
import { treeOf } from '../support/byte-tree.ts';
import { TestCluster } from '../support/cluster.ts';
import type { TestLarder } from '../support/larder.ts';
import { contentOf, LEFT_OUT_KEYS, SHOWN_KEYS } from '../support/odd-keys.ts';
import { patternBytes } from '../support/s3/index.ts';
import type { S3Server } from '../support/s3/index.ts';

let cluster: TestCluster;
let scratch: TestLarder;
let s3: S3Server;
let larder: Larder;

beforeEach(async () => {
  cluster = await TestCluster.start();
  ({ scratch, s3, larder } = cluster);
});
afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
});

const create = (name: string, origin: string) =>
  larder.datasets.create(name, origin, {
    settings: { endpoint: s3.endpoint, region: 'us-east-1' },
  });

/** A walk by bytes, in the form of `treeOf`. */
async function walk(dataset: Dataset): Promise<Record<string, string>> {
  const tree: Record<string, string> = {};
  const pending: Buffer[] = [Buffer.alloc(0)];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    for await (const { nameBytes, kind } of dataset.readdir(at)) {
      const key = at.length === 0 ? nameBytes : Buffer.concat([at, Buffer.from('/'), nameBytes]);
      if (kind === 'directory') {
        tree[key.toString('hex')] = kind;
        pending.push(key);
      } else {
        await using file = await dataset.open(key);
        tree[key.toString('hex')] = (await file.read(0, file.stat.sizeBytes)).toString('hex');
      }
    }
  }
  return tree;
}

test('odd keys: read byte for byte; what is left out is counted, named, and not to be opened', async () => {
  const put = (key: Buffer, body: string | Buffer) => {
    s3.put('b', Buffer.concat([Buffer.from('p/'), key]), body);
  };
  for (const key of SHOWN_KEYS) put(key, contentOf(key));
  for (const [key] of LEFT_OUT_KEYS) put(key, 'left out');
  const { version } = await create('odd', 's3://b/p');
  expect(version.skipped).toBe(LEFT_OUT_KEYS.length);
  await using dataset = await larder.datasets.get('odd');
  const marker = Buffer.from('marker with data/');
  expect(await walk(dataset)).toEqual(treeOf([...SHOWN_KEYS, marker], contentOf));

  // On a disk of ours an object has the name of a hash, whatever its key is.
  const names = fs
    .readdirSync(path.join(scratch.directory, 'worker'), { recursive: true, withFileTypes: true })
    .filter((file) => /\/(complete|growing)(\/|$)/.test(file.parentPath) && file.isFile());
  expect(names.length).toBeGreaterThan(30);
  for (const { name } of names) expect(name).toMatch(/^[0-9a-f]{40}(\.\d+\.part)?$/);

  const skipped: string[] = [];
  for await (const { key, reason } of dataset.skipped()) {
    skipped.push(`${key.toString('hex')} ${reason}`);
  }
  const expected = LEFT_OUT_KEYS.map(([key, reason]) => `${key.toString('hex')} ${reason}`);
  expect(skipped.sort()).toEqual(expected.sort());
  expect(Object.values(version.skippedReasons).reduce((sum, n) => sum + n)).toBe(expected.length);
  expect(version.skippedReasons['dot-segment']).toBe(8);

  for (const [key, reason] of LEFT_OUT_KEYS) {
    if (reason === 'shadowed-by-directory' || reason === 'marker-content') continue;
    // Slashes around a path do not count, so `/` is the root and `/a` is `a`, which is not there.
    if (/^\/+$/.test(key.toString())) continue;
    expect(await dataset.has(key), key.toString()).toBe(false);
  }
  await expect(dataset.open('order/blue')).rejects.toMatchObject({ code: 'IS_A_DIRECTORY' });
});

test('an object of 5 TiB is read where it is asked for', async () => {
  const sizeBytes = 5 * 2 ** 40;
  s3.put('b', 'big', { kind: 'pattern', sizeBytes, seed: 7 });
  await create('big', 's3://b');
  await using dataset = await larder.datasets.get('big');
  await using file = await dataset.open('big');
  expect(file.stat.sizeBytes).toBe(sizeBytes);
  for (const offset of [3 * 2 ** 40 + 5, sizeBytes - 1_000]) {
    const bytes = await file.read(offset, 1_000);
    expect(bytes.equals(patternBytes(7, offset, 1_000)), String(offset)).toBe(true);
  }
});

test('a refresh that finds only other keys to leave out makes a version that names them', async () => {
  s3.put('b', 'p/file', 'x');
  s3.put('b', 'p/a//b', 'x');
  await create('data', 's3://b/p');
  expect((await larder.datasets.refresh('data')).newVersion).toBe(false);
  s3.put('b', 'p/c/../d', 'x');
  const { newVersion, version, changes } = await larder.datasets.refresh('data');
  expect(newVersion).toBe(true);
  expect(changes).toEqual({ added: 0, removed: 0, changed: 0, unchanged: 1 });
  expect(version.skippedReasons).toEqual({ 'empty-segment': 1, 'dot-segment': 1 });
});

test('a prefix is a wall: nothing beside it is listed, and no name or path leads over it', async () => {
  for (const key of ['team-a', 'team-a/file', 'team-a2/secret', 'team-b/secret', 'team-a/../up'])
    s3.put('b', key, key);
  for (const name of ['../team-b', '..', '.', 'a/b', 'a\0b', '']) {
    await expect(create(name, 's3://b/team-a'), name).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  }
  for (const origin of [
    's3://b/team-a/../team-b',
    's3://b/team-a/..',
    's3://b/./team-a',
    `file://${scratch.directory}/../x`,
    `file://${scratch.directory}/%2e%2e/x`,
    `file://${scratch.directory}/x\\..\\..\\y`,
  ]) {
    await expect(create('wall', origin), origin).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  }
  await create('wall', 's3://b/team-a');
  await using dataset = await larder.datasets.get('wall');
  expect(Object.keys(await walk(dataset))).toEqual([Buffer.from('file').toString('hex')]);
  for (const wrong of ['../team-b/secret', 'file/../../team-b/secret', '../team-a2/secret', '..']) {
    await expect(dataset.open(wrong), wrong).rejects.toMatchObject({ code: 'NOT_FOUND' });
  }
});
