/** A cache disk that cannot read one object, under a mount in daemon mode and one in passthrough. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FAILING_DISK_MISSING, FailingDisk } from '../support/failing-disk.ts';
import { eventually, TEST_CREDENTIALS, TestLarder } from '../support/larder.ts';
import { getxattr } from '../support/libc.ts';
import { patternBytes, startS3Server } from '../support/s3/index.ts';
import type { S3Server } from '../support/s3/index.ts';

const SIZE = 8 << 20;

let larder: TestLarder;
let s3: S3Server;
let disk: FailingDisk | undefined;

beforeEach(async (context) => {
  if (FAILING_DISK_MISSING !== undefined) context.skip(FAILING_DISK_MISSING);
  larder = new TestLarder();
  s3 = await startS3Server({ buckets: ['b'], credentials: [TEST_CREDENTIALS] });
  s3.put('b', 'object', { kind: 'pattern', sizeBytes: SIZE, seed: 5 });
});

afterEach(async () => {
  await larder[Symbol.asyncDispose]();
  disk?.[Symbol.dispose]();
  disk = undefined;
  await s3[Symbol.asyncDispose]();
});

test('an object that the disk cannot read', async () => {
  disk = await FailingDisk.create();
  const cache = path.join(disk.path, 'cache');
  const expected = Buffer.from(patternBytes(5, 0, SIZE));
  const flags = ['--endpoint', s3.endpoint, '--cache-dir', cache, '--cache-size', '64MiB'];
  const passthrough = path.join(await larder.up('s3://b', ...flags), 'object');
  const { datasets, processes } = await larder.status();
  const master = processes.find(({ role }) => role === 'master')!.master!;
  expect((await fs.promises.readFile(passthrough)).equals(expected)).toBe(true);
  const mode = (file: string) => getxattr(file, 'user.larder.mode');
  await eventually(() => (mode(passthrough) === 'passthrough' ? true : undefined));
  const [object = ''] = fs
    .readdirSync(cache, { recursive: true, encoding: 'utf8' })
    .filter((name) => /(^|\/)complete\/..\/..\/[0-9a-f]{40}$/.test(name));

  disk.damage(path.join(cache, object));
  const fd = fs.openSync(passthrough, 'r');
  expect(mode(passthrough)).toBe('passthrough');
  expect(() => readWhole(fd)).toThrow('EIO');

  // A reader in daemon mode does not notice; the worker meets the error for it.
  const mountpoint = larder.folder('daemon');
  const daemon = path.join(mountpoint, 'object');
  const name = datasets[0]!.name;
  await larder.ok([
    'mount',
    name,
    mountpoint,
    '--open-mode',
    'daemon',
    '--master',
    master,
    '--detach',
  ]);
  try {
    expect((await fs.promises.readFile(daemon)).equals(expected)).toBe(true);
    expect(mode(daemon)).toBe('daemon (asked)');
  } finally {
    await larder.ok(['umount', mountpoint]);
  }

  // The object was quarantined: the old handle stays as it is, the next first open goes elsewhere.
  expect(() => readWhole(fd)).toThrow('EIO');
  fs.closeSync(fd);
  await eventually(() => (mode(passthrough) === 'passthrough' ? true : undefined));
  expect((await fs.promises.readFile(passthrough)).equals(expected)).toBe(true);
});

function readWhole(fd: number): Buffer {
  const bytes = Buffer.alloc(SIZE);
  for (let done = 0; done < SIZE;) {
    const got = fs.readSync(fd, bytes, done, SIZE - done, done);
    if (got === 0) throw new Error('the file is short');
    done += got;
  }
  return bytes;
}
