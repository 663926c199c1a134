/** A cache for a quarter of a dataset: what is written to it is what is kept, and the rest passes through memory. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connect } from '../../sdk/index.ts';
import { TestParts } from '../support/parts.ts';
import type { Part } from '../support/parts.ts';
import { startPatternOrigin } from '../support/pattern-readers.ts';
import { patternBytes } from '../support/s3/index.ts';
import type { S3Server } from '../support/s3/index.ts';
import { digest, sha256 } from '../support/trees.ts';

const MIB = 1024 * 1024;
const FILES = { count: 64, sizeBytes: 1.5 * MIB };
const DATASET_BYTES = FILES.count * FILES.sizeBytes;
const CACHE_BYTES = DATASET_BYTES / 4;
/** Records, and what the file system writes with them. */
const OTHER_WRITES_BYTES = 8 * MIB;

let parts: TestParts;
let s3: S3Server;
let worker: Part;

beforeEach(async () => {
  parts = new TestParts();
  s3 = await startPatternOrigin(FILES);
  await parts.master();
});

afterEach(async () => {
  await parts[Symbol.asyncDispose]();
  await s3[Symbol.asyncDispose]();
});

async function start(transitMemory: string): Promise<void> {
  worker = await parts.worker({
    env: { LARDER_TRANSIT_MEMORY: transitMemory },
    flags: ['--cache-dir', parts.larder.folder('worker'), '--cache-size', String(CACHE_BYTES)],
  });
  await parts.dataset('d', 's3://b', `endpoint=${s3.endpoint}`);
}

/** Through a mount of its own, whose pages nobody has read, in an order of its own. @returns files that were wrong */
async function epoch(step: number): Promise<string[]> {
  const mountpoint = await parts.mount('d');
  const wrong: string[] = [];
  for (let i = 0; i < FILES.count; i += 1) {
    const file = (i * step) % FILES.count;
    const name = `f${String(file)}`;
    const expected = digest(patternBytes(file, 0, FILES.sizeBytes));
    if ((await sha256(path.join(mountpoint, name))) !== expected) wrong.push(name);
  }
  return wrong;
}

/** By this process, to disks: as the kernel counts it. */
function kernelWrites(): number {
  const io = fs.readFileSync(`/proc/${String(worker.pid)}/io`, 'utf8');
  return Number(/^write_bytes: (\d+)$/m.exec(io)?.[1]);
}

async function transit() {
  await using larder = connect({ master: parts.masterAddress });
  const [status] = (await larder.status()).workers;
  return status!.transit;
}

/** Once the worker has told: all that came from the origin has passed, or was written. */
async function told() {
  await expect
    .poll(
      async () => {
        const { passedBytes, writtenBytes } = await transit();
        return passedBytes + writtenBytes;
      },
      { timeout: 20_000 },
    )
    .toBe(s3.counters.bytes);
  return await transit();
}

test('an epoch writes what is kept, and the next writes nothing', async () => {
  await start('24MiB');
  expect(await epoch(1)).toEqual([]);
  const first = await told();
  const afterFirst = { gets: s3.counters.bytes, kernel: kernelWrites() };
  expect(first.spilledBytes).toBe(0);
  // What comes first is kept while there is room, and then gives way to what is to be kept.
  expect(first.writtenBytes).toBeLessThanOrEqual(2 * CACHE_BYTES);

  expect(await epoch(29)).toEqual([]);
  const second = await told();
  const kernel = kernelWrites() - afterFirst.kernel;
  expect(second.spilledBytes).toBe(0);
  expect(second.writtenBytes - first.writtenBytes).toBeLessThanOrEqual(DATASET_BYTES / 16);
  expect(kernel).toBeLessThan(DATASET_BYTES / 16 + OTHER_WRITES_BYTES);
  const fetched = s3.counters.bytes - afterFirst.gets;
  expect(fetched).toBeLessThan(DATASET_BYTES);
});

test('without memory for it the same epoch is right, and all of it is written', async () => {
  await start('0');
  const before = kernelWrites();
  expect(await epoch(1)).toEqual([]);
  await expect
    .poll(async () => (await transit()).writtenBytes, { timeout: 20_000 })
    .toBe(DATASET_BYTES);
  expect(kernelWrites() - before).toBeGreaterThan(DATASET_BYTES / 2);
});
