/** A mount that reads over TCP, as one on another node does, tells the owner of a file that it is mapped. */
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { FUSE_MISSING } from '../support/fuse-mount.ts';
import { TEST_CREDENTIALS } from '../support/larder.ts';
import { TestParts } from '../support/parts.ts';
import { patternBytes, startS3Server } from '../support/s3/index.ts';

const MIB = 1024 * 1024;
const SIZE = 64 * MIB;
const MAPPED = path.join(import.meta.dirname, '../support/readers/mapped.py');

test.skipIf(FUSE_MISSING !== undefined)(
  'a file that is mapped on another node is completed by its owner',
  async () => {
    await using parts = new TestParts();
    await using s3 = await startS3Server({ buckets: ['b'], credentials: [TEST_CREDENTIALS] });
    s3.put('b', 'file', { kind: 'pattern', sizeBytes: SIZE, seed: 3 });
    const copy = path.join(parts.larder.directory, 'copy');
    fs.writeFileSync(copy, patternBytes(3, 0, SIZE));
    await parts.master();
    await parts.worker();
    await parts.dataset('d', 's3://b', `endpoint=${s3.endpoint}`);
    const mountpoint = await parts.mount('d', { remote: true });
    const file = path.join(mountpoint, 'file');
    const { stdout } = await promisify(execFile)('python3', [MAPPED, file, copy, '9000000:100']);
    expect(stdout.trim()).toBe('right');
    await expect.poll(() => s3.counters.bytes, { timeout: 20_000 }).toBe(SIZE);
  },
);
