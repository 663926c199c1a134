/** A cold sequential read of a large file does not leave all of its pages in the kernel's cache of the mount. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TEST_CREDENTIALS, TestLarder } from '../support/larder.ts';
import { patternBytes, startS3Server } from '../support/s3/index.ts';
import type { S3Server } from '../support/s3/index.ts';
import { digest } from '../support/trees.ts';

const MIB = 1024 * 1024;
const SIZE = 256 * MIB;
const STEP = 4 * MIB;
/** With this the read lasts for several looks of the server at what was read. */
const PAUSE_MS = 20;
/** What the server takes out at a time, at least. The kernel may take single pages whenever it likes. */
const ONE_DROP = 8 * MIB;

let larder: TestLarder;
let s3: S3Server;

beforeEach(async () => {
  larder = new TestLarder();
  s3 = await startS3Server({ buckets: ['b'], credentials: [TEST_CREDENTIALS] });
  s3.put('b', 'large', { kind: 'pattern', sizeBytes: SIZE, seed: 5 });
});

afterEach(async () => {
  await larder[Symbol.asyncDispose]();
  await s3[Symbol.asyncDispose]();
});

/** Bytes of a file that the page cache has. */
async function resident(file: string): Promise<number> {
  const args = ['--bytes', '--noheadings', '--output', 'RES', file];
  const { stdout } = await promisify(execFile)('fincore', args);
  return Number(stdout);
}

async function readSlowly(handle: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(STEP);
  for (let at = 0; at < SIZE; at += STEP) {
    const { bytesRead } = await handle.read(buffer, 0, STEP, at);
    hash.update(buffer.subarray(0, bytesRead));
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return hash.digest('hex');
}

test.each([
  ['passthrough', 0, SIZE / 2],
  // Its next open looks for them there.
  ['daemon', SIZE - ONE_DROP + 1, SIZE],
])('%s: from %i to %i bytes of it stay', async (mode, least, most) => {
  const mountpoint = await larder.up('s3://b', '--endpoint', s3.endpoint, '--open-mode', mode);
  const file = path.join(mountpoint, 'large');
  await using handle = await open(file);
  const expected = digest(patternBytes(5, 0, SIZE));
  expect(await readSlowly(handle)).toBe(expected);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const bytes = await resident(file);
  expect(bytes).toBeGreaterThanOrEqual(least);
  expect(bytes).toBeLessThanOrEqual(most);
  expect(await readSlowly(handle)).toBe(expected);
});
