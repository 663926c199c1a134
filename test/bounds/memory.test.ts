/** Worker and mount in a cgroup of 512 MiB: page cache and buffers together stay below it. */
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isRunning, TEST_CREDENTIALS } from '../support/larder.ts';
import { MemoryGroup } from '../support/memory-group.ts';
import { TestParts } from '../support/parts.ts';
import { patternBytes, startS3Server } from '../support/s3/index.ts';
import type { S3Server } from '../support/s3/index.ts';
import { digest, sha256 } from '../support/trees.ts';

const MIB = 1024 * 1024;
const LIMIT = 512 * MIB;
const SIZE = 96 * MIB;
const FILES = 22;

let parts: TestParts;
let s3: S3Server;

beforeEach(async () => {
  parts = new TestParts();
  s3 = await startS3Server({ buckets: ['b'], credentials: [TEST_CREDENTIALS] });
  for (let i = 0; i < FILES; i += 1) {
    s3.put('b', `f${String(i)}`, { kind: 'pattern', sizeBytes: SIZE, seed: i });
  }
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
    const expected = digest(patternBytes(1, 0, SIZE));
    const sums = await Promise.all(
      Array.from({ length: FILES }, (_, i) => sha256(path.join(mountpoint, `f${String(i)}`))),
    );
    expect(sums[1]).toBe(expected);
    expect(new Set(sums).size).toBe(FILES);
    for (const [role, group] of Object.entries({ worker: forWorker, mount: forMount })) {
      console.log(`${role}: peak ${mib(group.peakBytes)}, own memory ${mib(group.processBytes)}`);
      expect(group.oomKills, role).toBe(0);
      expect(group.processBytes, role).toBeLessThan(400 * MIB);
    }
    expect(isRunning(worker.pid)).toBe(true);
    expect(await parts.larder.pid('server')).toBe(server);
    expect(await sha256(path.join(mountpoint, 'f1'))).toBe(expected);
  } finally {
    await parts[Symbol.asyncDispose]();
    forWorker[Symbol.dispose]();
    forMount[Symbol.dispose]();
  }
}, 180_000);
