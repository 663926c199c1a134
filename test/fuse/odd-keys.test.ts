/** Buckets with every kind of odd key, through the kernel: shown to the byte, or named with a reason. */
import fs from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TEST_CREDENTIALS, TestLarder } from '../support/larder.ts';
import { contentOf, LEFT_OUT_KEYS, SHOWN_KEYS, treeOf } from '../support/odd-keys.ts';
import { startS3Server } from '../support/s3/index.ts';

let larder: TestLarder;
beforeEach(() => {
  larder = new TestLarder();
});
afterEach(async () => {
  await larder[Symbol.asyncDispose]();
});

/** What a walk of the mount finds, in the form of `treeOf`. Names and paths are bytes throughout. */
async function walk(root: string): Promise<Record<string, string>> {
  const tree: Record<string, string> = {};
  const pending = [Buffer.alloc(0)];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    const directory = below(root, at);
    for (const entry of await fs.readdir(directory, { encoding: 'buffer', withFileTypes: true })) {
      const key = at.length === 0 ? entry.name : Buffer.concat([at, Buffer.from('/'), entry.name]);
      const stats = await fs.lstat(below(root, key));
      expect(stats.isDirectory(), key.toString('hex')).toBe(entry.isDirectory());
      if (entry.isDirectory()) {
        tree[key.toString('hex')] = 'directory';
        pending.push(key);
      } else {
        const bytes = await fs.readFile(below(root, key));
        expect(bytes.length, key.toString('hex')).toBe(stats.size);
        tree[key.toString('hex')] = bytes.toString('hex');
      }
    }
  }
  return tree;
}

function below(root: string, key: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${root}/`), key]);
}

describe('a bucket of odd keys', () => {
  test('is shown byte for byte, and what is left out is named with its reason', async () => {
    await using s3 = await startS3Server({ buckets: ['odd'], credentials: [TEST_CREDENTIALS] });
    for (const key of SHOWN_KEYS) s3.put('odd', key, contentOf(key));
    for (const [key] of LEFT_OUT_KEYS) s3.put('odd', key, 'left out');
    const mountpoint = await larder.up('s3://odd', '--endpoint', s3.endpoint);
    expect(await walk(mountpoint)).toEqual(treeOf([...SHOWN_KEYS, Buffer.from('marker with data/')]));
  });
});
