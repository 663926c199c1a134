/** `originConnections`: no more requests at once than that, whoever reads, and all reads end well. */
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TEST_CREDENTIALS } from '../support/larder.ts';
import { TestParts } from '../support/parts.ts';
import { patternBytes, startS3Server } from '../support/s3/index.ts';
import type { S3Server } from '../support/s3/index.ts';
import { digest, sha256 } from '../support/trees.ts';

const FILES = 8;
const SIZE = 200_000;
const HANG_MS = 1_500;

let parts: TestParts;
let s3: S3Server;

beforeEach(async () => {
  parts = new TestParts();
  s3 = await startS3Server({ buckets: ['b'], credentials: [TEST_CREDENTIALS] });
  for (let i = 0; i < FILES; i += 1) {
    s3.put('b', `d${String(i)}/f`, { kind: 'pattern', sizeBytes: SIZE, seed: i });
  }
});

afterEach(async () => {
  await parts[Symbol.asyncDispose]();
  await s3[Symbol.asyncDispose]();
});

const gets = () => s3.requests.filter(({ operation }) => operation === 'get').length;

test('eight readers of an origin that may be asked twice at a time', async () => {
  await parts.master();
  await parts.worker({ env: { LARDER_ORIGIN_CONNECTIONS: '2' } });
  await parts.dataset('d', 's3://b', `endpoint=${s3.endpoint}`);
  const mountpoint = await parts.mount('d');
  s3.faults.add({ action: { kind: 'delay', ms: HANG_MS }, operation: 'get', times: 2 });
  const reads = Array.from({ length: FILES }, (_, i) =>
    sha256(path.join(mountpoint, `d${String(i)}/f`)),
  );
  await expect.poll(gets, { timeout: 10_000 }).toBe(2);
  await new Promise((resolve) => setTimeout(resolve, HANG_MS / 3));
  expect(gets()).toBe(2);
  const expected = Array.from({ length: FILES }, (_, i) => digest(patternBytes(i, 0, SIZE)));
  expect(await Promise.all(reads)).toEqual(expected);
  expect(gets()).toBe(FILES);
});
