/** Worker and mount in a cgroup of 512 MiB: page cache and buffers together stay below it. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isRunning } from '../support/larder.ts';
import { MemoryGroup } from '../support/memory-group.ts';
import { TestParts } from '../support/parts.ts';
import { readAllAtOnce, startPatternOrigin } from '../support/pattern-readers.ts';
import type { S3Server } from '../support/s3/index.ts';

const MIB = 1024 * 1024;
const LIMIT = 512 * MIB;
const FILES = { count: 22, sizeBytes: 96 * MIB };

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

const mib = (bytes: number) => `${(bytes / MIB).toFixed(0)} MiB`;

test('of worker and mount: 2.1 GiB read cold by 22 readers at once, without an OOM kill', async ({
  skip,
}) => {
  const [forWorker, forMount] = [
    MemoryGroup.make('larder-test-worker', LIMIT),
    MemoryGroup.make('larder-test-mount', LIMIT),
  ];
  if (typeof forWorker === 'string' || typeof forMount === 'string') {
    skip(typeof forWorker === 'string' ? forWorker : 'no memory cgroup for the mount');
    return;
  }
  try {
    await parts.master();
    const worker = await parts.worker({ through: forWorker.through });
    await parts.dataset('d', 's3://b', `endpoint=${s3.endpoint}`);
    const mountpoint = await parts.mount('d', { through: forMount.through });
    const server = await parts.larder.pid('server');
    expect(await readAllAtOnce(mountpoint, FILES)).toEqual([]);
    for (const [role, group] of Object.entries({ worker: forWorker, mount: forMount })) {
      console.log(`${role}: peak ${mib(group.peakBytes)}, own memory ${mib(group.processBytes)}`);
      expect(group.oomKills, role).toBe(0);
      expect(group.processBytes, role).toBeLessThan(400 * MIB);
    }
    expect(isRunning(worker.pid)).toBe(true);
    expect(await parts.larder.pid('server')).toBe(server);
    expect(await readAllAtOnce(mountpoint, { ...FILES, count: 1 })).toEqual([]);
  } finally {
    await parts[Symbol.asyncDispose]();
    forWorker[Symbol.dispose]();
    forMount[Symbol.dispose]();
  }
}, 180_000);
