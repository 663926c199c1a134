/** The long form of test/bounds/memory.test.ts: bytes over TCP, more of them, in the same 512 MiB. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isRunning } from '../support/larder.ts';
import { MemoryGroup } from '../support/memory-group.ts';
import { TestParts } from '../support/parts.ts';
import { readAllAtOnce, startPatternOrigin } from '../support/pattern-readers.ts';
import type { S3Server } from '../support/s3/index.ts';

const MIB = 1024 * 1024;
const FILES = { count: 64, sizeBytes: 64 * MIB };

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

test('4 GiB read by 64 readers over TCP from a worker of 512 MiB, twice', async ({ skip }) => {
  const group = MemoryGroup.make('larder-test-long', 512 * MIB);
  if (!(group instanceof MemoryGroup)) {
    skip(group);
    return;
  }
  try {
    await parts.master();
    const worker = await parts.worker({
      through: group.through,
      // Not where a mount of this node would find it.
      env: { LARDER_RUNTIME_DIR: parts.larder.folder('elsewhere') },
      flags: ['--cache-dir', parts.larder.folder('worker'), '--cache-size', '8GiB'],
    });
    await parts.dataset('d', 's3://b', `endpoint=${s3.endpoint}`);
    for (const pass of [1, 2]) {
      // A mount without the worker's socket is as one on another node.
      const mountpoint = await parts.mount('d', { remote: true });
      expect(await readAllAtOnce(mountpoint, FILES)).toEqual([]);
      console.log(
        `pass ${String(pass)}: peak ${(group.peakBytes / MIB).toFixed(0)} MiB, ` +
          `own memory ${(group.processBytes / MIB).toFixed(0)} MiB`,
      );
    }
    expect(group.oomKills).toBe(0);
    expect(isRunning(worker.pid)).toBe(true);
  } finally {
    console.log(`OOM kills: ${String(group.oomKills)}, peak ${String(group.peakBytes / MIB)} MiB`);
    await parts[Symbol.asyncDispose]();
    group[Symbol.dispose]();
  }
});
