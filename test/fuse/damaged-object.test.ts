/** A bit flips in a file of the cache: under a mount that checks every byte, and where nobody reads it. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually, TEST_CREDENTIALS, TestLarder } from '../support/larder.ts';
import { patternBytes, startS3Server } from '../support/s3/index.ts';
import type { S3Server } from '../support/s3/index.ts';

const SIZE = 4 << 20;
const KEYS = ['a', 'b', 'c'];

let larder: TestLarder;
let s3: S3Server;

beforeEach(async () => {
  larder = new TestLarder({ LARDER_SCRUB_RATE: '0' });
  s3 = await startS3Server({ buckets: ['b'], credentials: [TEST_CREDENTIALS] });
  KEYS.forEach((key, seed) => {
    s3.put('b', key, { kind: 'pattern', sizeBytes: SIZE, seed });
  });
});

afterEach(async () => {
  await larder[Symbol.asyncDispose]();
  await s3[Symbol.asyncDispose]();
});

const expected = (key: string) => Buffer.from(patternBytes(KEYS.indexOf(key), 0, SIZE));

/** Every complete object of the cache gets one wrong bit, 1 MiB from its start. */
function flipBits(cache: string): number {
  const files = fs
    .readdirSync(cache, { recursive: true, encoding: 'utf8' })
    .filter((name) => /(^|\/)complete\/..\/..\/[0-9a-f]{40}$/.test(name));
  for (const name of files) {
    const fd = fs.openSync(path.join(cache, name), 'r+');
    const byte = Buffer.alloc(1);
    fs.readSync(fd, byte, 0, 1, 1 << 20);
    byte.writeUInt8(byte.readUInt8(0) ^ 4, 0);
    fs.writeSync(fd, byte, 0, 1, 1 << 20);
    fs.closeSync(fd);
  }
  return files.length;
}

async function readAll(mountpoint: string): Promise<void> {
  for (const key of KEYS) {
    const bytes = await fs.promises.readFile(path.join(mountpoint, key));
    expect(bytes.equals(expected(key)), key).toBe(true);
  }
}

async function remount(dataset: string, flags: readonly string[]): Promise<string> {
  const mountpoint = larder.folder('again');
  const { processes } = await larder.status();
  const master = processes.find(({ role }) => role === 'master')?.master ?? '';
  const args = ['mount', dataset, mountpoint, '--master', master, ...flags, '--detach'];
  await larder.ok(args);
  return mountpoint;
}

const damaged = async () => (await larder.status()).workers[0]?.disks[0]?.damaged;

test('--integrity=strict: a bit that flips under a running worker is never seen by a reader', async () => {
  const cache = larder.folder('cache-files');
  const flags = ['--endpoint', s3.endpoint, '--cache-dir', cache, '--integrity', 'strict'];
  const first = await larder.up('s3://b', ...flags);
  await readAll(first);
  await eventually(async () =>
    (await larder.status()).workers[0]?.disks[0]?.objects === KEYS.length ? true : undefined,
  );
  const [dataset] = (await larder.status()).datasets;
  // The kernel knows files by the mount: what it has in memory is not the other's.
  const second = await remount(dataset?.name ?? '', ['--integrity', 'strict']);
  try {
    expect(flipBits(cache)).toBe(KEYS.length);
    await readAll(second);
    expect(await eventually(async () => ((await damaged()) === 3 ? 3 : undefined))).toBe(3);
    // They came again, right.
    await readAll(first);
    await readAll(second);
  } finally {
    await larder.ok(['umount', second]);
  }
});

test('a bit that flips in a file that nobody reads is found by the worker, and told by the status', async () => {
  larder.env['LARDER_SCRUB_RATE'] = '1GiB';
  const cache = larder.folder('cache-files');
  const flags = ['--endpoint', s3.endpoint, '--cache-dir', cache];
  await readAll(await larder.up('s3://b', ...flags));
  await eventually(async () =>
    (await larder.status()).workers[0]?.disks[0]?.objects === KEYS.length ? true : undefined,
  );
  flipBits(cache);
  // Its round is over, and the next one begins an hour later, or with the next process: `up` starts one.
  process.kill(await larder.pid('worker'), 'SIGKILL');
  expect(await eventually(async () => ((await damaged()) === 3 ? 3 : undefined))).toBe(3);
});
