/** Files that are not kept, many times more of them than there is memory: the worker stays small, and fetches each once. */
import fs from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestParts } from '../support/parts.ts';
import { readAllAtOnce, startPatternOrigin } from '../support/pattern-readers.ts';
import type { S3Server } from '../support/s3/index.ts';

const MIB = 1024 * 1024;
const TRANSIT_BYTES = 64 * MIB;
/** What a worker has beside it, and what the collector has not come to: 494 MiB at most without any. */
const OWN_BYTES = 560 * MIB;
const FILES = { count: 12, sizeBytes: 64 * MIB };

let parts: TestParts;
let s3: S3Server;

beforeEach(async () => {
  parts = new TestParts();
  s3 = await startPatternOrigin(FILES);
});

afterEach(async () => {
  await parts[Symbol.asyncDispose]();
  await s3[Symbol.asyncDispose]();
});

test('768 MiB that are not kept, read by 12 readers at once with 64 MiB for them', async () => {
  await parts.master();
  const worker = await parts.worker({
    env: { LARDER_TRANSIT_MEMORY: '64MiB' },
    flags: ['--cache-dir', parts.larder.folder('worker'), '--cache-size', '48MiB'],
  });
  await parts.dataset('d', 's3://b', `endpoint=${s3.endpoint}`);
  const mountpoint = await parts.mount('d');
  expect(await readAllAtOnce(mountpoint, FILES)).toEqual([]);
  const status = fs.readFileSync(`/proc/${String(worker.pid)}/status`, 'utf8');
  const peakBytes = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) * 1024;
  console.log(
    `worker: peak ${(peakBytes / MIB).toFixed(0)} MiB, origin ${(s3.counters.bytes / MIB).toFixed(0)} MiB`,
  );
  expect(peakBytes).toBeLessThan(TRANSIT_BYTES + OWN_BYTES);
  // Each byte once; a reader that is slow for long may lose a block that it is in.
  expect(s3.counters.bytes).toBeLessThan(1.05 * FILES.count * FILES.sizeBytes);
}, 180_000);
