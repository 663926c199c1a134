import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TEST_CREDENTIALS, TestLarder } from '../support/larder.ts';
import { startS3Server } from '../support/s3/index.ts';
import type { S3Server } from '../support/s3/index.ts';
import { digest, sha256 } from '../support/trees.ts';

let larder: TestLarder;
let s3: S3Server;

beforeEach(async () => {
  larder = new TestLarder();
  s3 = await startS3Server({ buckets: ['b'], credentials: [TEST_CREDENTIALS] });
});

afterEach(async () => {
  await larder[Symbol.asyncDispose]();
  await s3[Symbol.asyncDispose]();
});

// Never synchronously: the S3 server answers in this process.
const codeOf = async (read: Promise<unknown>): Promise<string | undefined> => {
  try {
    await read;
    return undefined;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'other';
  }
};

/** 116: Node names it by number where it has no name. */
const STALE = expect.stringMatching(/ESTALE|116|Unknown system error/) as unknown as string;

describe('an object that changed after the version was made', () => {
  test.each([
    ['deleted', () => s3.delete('b', 'file')],
    ['overwritten', () => s3.put('b', 'file', 'another length of text')],
    ['overwritten with the same size', () => s3.put('b', 'file', 'AFTER')],
  ])('%s: reads are stale, never other bytes', async (_, change) => {
    s3.put('b', 'file', 'before'.slice(0, 5));
    s3.put('b', 'other', 'other');
    const mountpoint = await larder.up('s3://b', '--endpoint', s3.endpoint);
    change();
    expect(await codeOf(fs.readFile(path.join(mountpoint, 'file')))).toEqual(STALE);
    expect(await fs.readFile(path.join(mountpoint, 'other'), 'utf8')).toBe('other');
  });

  test('half read: what is held stays readable, the rest is stale, nothing is mixed', async () => {
    const before = randomBytes(48 * 1024 * 1024);
    s3.put('b', 'large', before);
    const mountpoint = await larder.up('s3://b', '--endpoint', s3.endpoint);
    await using file = await fs.open(path.join(mountpoint, 'large'), 'r');
    const first = Buffer.alloc(4096);
    await file.read(first, 0, first.length, 0);
    expect(first.equals(before.subarray(0, 4096))).toBe(true);
    s3.put('b', 'large', randomBytes(before.length));
    let stale = 0;
    for (let at = 0; at < before.length; at += 1024 * 1024) {
      const piece = Buffer.alloc(64 * 1024);
      const code = await codeOf(file.read(piece, 0, piece.length, at));
      if (code === undefined)
        expect(piece.equals(before.subarray(at, at + piece.length))).toBe(true);
      else {
        expect(code).toEqual(STALE);
        stale += 1;
      }
    }
    expect(stale).toBeGreaterThan(0);
  });

  test('in a directory: also with the same size and time', async () => {
    const origin = larder.folder('origin');
    const file = path.join(origin, 'file');
    await fs.writeFile(file, 'before');
    const { atime, mtime } = await fs.stat(file);
    const mountpoint = await larder.up(`file://${origin}`);
    await fs.writeFile(file, 'AFTER!');
    await fs.utimes(file, atime, mtime);
    expect(await codeOf(fs.readFile(path.join(mountpoint, 'file')))).toEqual(STALE);
  });
});

describe('an origin that misbehaves', () => {
  const bytes = randomBytes(9 * 1024 * 1024 + 3);
  const key = /^file$/;

  test.each([
    ['closes in the middle of a body', { kind: 'shortBody', afterBytes: 1_000_000 } as const],
    ['answers with fewer bytes', { kind: 'shortLength', lessBytes: 10 } as const],
    ['resets the connection', { kind: 'reset', afterBytes: 2_000_000 } as const],
    ['sends another range', { kind: 'otherRange', shiftBytes: 4096 } as const],
    ['sends more than was asked', { kind: 'extraBytes', bytes: 100, framing: 'length' } as const],
    ['throttles', { kind: 'status', status: 503, code: 'SlowDown' } as const],
    ['fails', { kind: 'status', status: 500 } as const],
  ])('%s: the bytes are right', async (_, action) => {
    s3.put('b', 'file', bytes);
    s3.faults.add({ action, key, operation: 'get', times: 2 });
    const mountpoint = await larder.up('s3://b', '--endpoint', s3.endpoint);
    expect(await sha256(path.join(mountpoint, 'file'))).toBe(digest(bytes));
  });
});
