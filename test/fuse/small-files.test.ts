import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TEST_CREDENTIALS, TestLarder } from '../support/larder.ts';
import { startS3Server } from '../support/s3/index.ts';
import type { S3Server } from '../support/s3/index.ts';

const DIRECTORIES = 4;
const FILES = 60;
const SIZE_BYTES = 50_000;

let larder: TestLarder;
let s3: S3Server;
const contents = new Map<string, Buffer>();
for (let directory = 0; directory < DIRECTORIES; directory += 1) {
  for (let file = 0; file < FILES; file += 1) {
    contents.set(`d${String(directory)}/f${String(file + 100)}`, randomBytes(SIZE_BYTES));
  }
}
const names = [...contents.keys()];
const totalBytes = names.length * SIZE_BYTES;

beforeEach(async () => {
  larder = new TestLarder();
  s3 = await startS3Server({ buckets: ['b'], credentials: [TEST_CREDENTIALS] });
  for (const [name, bytes] of contents) s3.put('b', `p/${name}`, bytes);
});

afterEach(async () => {
  await larder[Symbol.asyncDispose]();
  await s3[Symbol.asyncDispose]();
});

async function isRight(mountpoint: string, name: string): Promise<boolean> {
  const bytes = await fs.promises.readFile(path.join(mountpoint, name));
  return bytes.equals(contents.get(name)!);
}

describe('a mount whose small files are read in order', () => {
  test('by one reader and then by four has each from the origin once, and much of it ahead', async () => {
    const mountpoint = await larder.up('s3://b/p', '--endpoint', s3.endpoint);
    for (const name of names.slice(0, 80)) expect(await isRight(mountpoint, name)).toBe(true);
    await expect.poll(() => s3.counters.gets, { timeout: 20_000 }).toBeGreaterThan(120);
    const rest = names.slice(80);
    const reader = async () => {
      for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
        expect(await isRight(mountpoint, name)).toBe(true);
      }
    };
    await Promise.all(Array.from({ length: 4 }, reader));
    expect(s3.counters).toMatchObject({ gets: names.length, bytes: totalBytes });
    await expect
      .poll(async () => (await larder.status()).origin, { timeout: 20_000 })
      .toEqual({
        gets: names.length,
        bytes: totalBytes,
        uniqueBytes: totalBytes,
        requestedBytes: totalBytes,
      });
  });

  test('beyond what the cache holds: right bytes, and hardly one fetched in vain', async () => {
    const mountpoint = await larder.up(
      's3://b/p',
      '--endpoint',
      s3.endpoint,
      '--cache-size',
      '4MiB',
    );
    for (const name of names) expect(await isRight(mountpoint, name)).toBe(true);
    // What was fetched ahead and lies above the threshold may have to go before it is read.
    expect(s3.counters.gets).toBeLessThan(names.length * 1.05);
    const { datasets } = await larder.status();
    expect(datasets[0]?.heldBytes).toBeLessThanOrEqual(4 * 1024 * 1024);
  });
});
