/** Buckets with every kind of odd key, through the kernel: shown to the byte, or named with a reason. */
import { isUtf8 } from 'node:buffer';
import { execFile } from 'node:child_process';
import fs from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { below, readTree, treeOf } from '../support/byte-tree.ts';
import { TEST_CREDENTIALS, TestLarder } from '../support/larder.ts';
import { contentOf, LEFT_OUT_KEYS, SHOWN_KEYS } from '../support/odd-keys.ts';
import { patternBytes, startS3Server } from '../support/s3/index.ts';
import { findVersitygw, startVersitygw } from '../support/versitygw.ts';

const execute = promisify(execFile);
let larder: TestLarder;
beforeEach(() => {
  larder = new TestLarder();
});
afterEach(async () => {
  await larder[Symbol.asyncDispose]();
});

interface LeftOut {
  readonly version: number;
  readonly total: number;
  readonly reasons: Readonly<Record<string, number>>;
  readonly skipped: readonly { readonly keyBase64: string; readonly reason: string }[];
}

// eslint-disable-next-line no-control-regex -- what a terminal must not get, but for tabs and new lines
const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;

const leftOut = async (dataset: string, ...flags: string[]): Promise<LeftOut> => {
  const json = await larder.ok(['dataset', 'show', dataset, '--skipped', '--json', ...flags]);
  expect(json).not.toMatch(UNSAFE);
  return JSON.parse(json) as LeftOut;
};

/** Hex of key and reason, sorted: comparable, and printed byte for byte where it differs. */
const lines = (keys: Iterable<readonly [Buffer, string]>): string[] =>
  [...keys].map(([key, reason]) => `${key.toString('hex')} ${reason}`).sort();
const linesOf = ({ skipped }: LeftOut): string[] =>
  lines(skipped.map((one) => [Buffer.from(one.keyBase64, 'base64'), one.reason]));

const count = (reasons: readonly string[]): Record<string, number> =>
  Object.fromEntries(
    [...new Set(reasons)].map((reason) => [reason, reasons.filter((one) => one === reason).length]),
  );

describe('a bucket of odd keys', () => {
  test('is shown byte for byte, and what is left out is named with its reason', async () => {
    await using s3 = await startS3Server({ buckets: ['odd'], credentials: [TEST_CREDENTIALS] });
    // As s3fs, goofys and others write them: a symlink, set-user-id, another owner.
    const headers = { 'x-amz-meta-mode': '41471', 'x-amz-meta-uid': '7', 'x-amz-meta-gid': '7' };
    for (const key of SHOWN_KEYS) s3.put('odd', key, contentOf(key), { headers });
    for (const [key] of LEFT_OUT_KEYS) s3.put('odd', key, 'left out');
    const mountpoint = await larder.up('s3://odd', '--endpoint', s3.endpoint);
    const marker = Buffer.from('marker with data/');
    expect(await readTree(mountpoint)).toEqual(treeOf([...SHOWN_KEYS, marker], contentOf));

    const named = await leftOut('odd');
    expect(linesOf(named)).toEqual(lines(LEFT_OUT_KEYS));
    expect(named.total).toBe(LEFT_OUT_KEYS.length);
    expect(named.reasons).toEqual(count(LEFT_OUT_KEYS.map(([, reason]) => reason)));
    expect(await leftOut('odd', '--limit', '2')).toMatchObject({
      total: LEFT_OUT_KEYS.length,
      skipped: { length: 2 },
    });

    const { stdout, stderr } = await larder.run(['dataset', 'show', 'odd', '--skipped']);
    expect(stdout + stderr).not.toMatch(UNSAFE);
    expect(stdout).toContain('nul-byte\tnul\\x00byte\n');

    const stat = (key: string | Buffer) => fs.lstat(below(mountpoint, key));
    expect(await stat('a space')).toMatchObject({ mode: 0o100_644, uid: 0, gid: 0 });
    expect(await stat('folder')).toMatchObject({ mode: 0o040_755, uid: 0, gid: 0 });
    await expect(stat('z'.repeat(256))).rejects.toMatchObject({ code: 'ENAMETOOLONG' });
    await expect(stat('.larder/plan')).rejects.toMatchObject({ code: 'ENOENT' });
    const script =
      'import os, sys; sys.stdout.buffer.write(os.getxattr(*map(os.fsencode, sys.argv[1:])))';
    const odd = path.join(mountpoint, 'right-to-left \u202egpj.exe');
    const { stdout: key } = await execute('python3', ['-c', script, odd, 'user.larder.key']);
    expect(key).toBe('right-to-left \u202egpj.exe');
  });

  test('through versitygw is shown as far as the gateway can list it', async ({ skip }) => {
    const program = findVersitygw();
    if (program === undefined) {
      skip('needs versitygw: go install github.com/versity/versitygw/cmd/versitygw@latest');
      return;
    }
    await using gateway = await startVersitygw(program);
    const { endpoint, accessKeyId, secretAccessKey } = gateway;
    const region = 'us-east-1';
    const client = new S3Client({ endpoint, region, forcePathStyle: true, credentials: gateway });
    await client.send(new CreateBucketCommand({ Bucket: 'odd' }));
    // It answers 500 where the name of a directory is not UTF-8.
    const possible = SHOWN_KEYS.filter((key) => isUtf8(key) || !key.includes('/'));
    for (const key of [...possible, Buffer.from('.larder')]) {
      const Body = contentOf(key);
      if (isUtf8(key)) {
        await client.send(new PutObjectCommand({ Bucket: 'odd', Key: key.toString(), Body }));
      } else {
        await fs.writeFile(below(path.join(gateway.directory, 'odd'), key), Body);
      }
    }
    client.destroy();
    // The gateway ignores encoding-type=url, and puts U+FFFD where XML cannot hold what a key has.
    // eslint-disable-next-line no-control-regex -- those are what XML cannot hold
    const unlistable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffd-\uffff]/;
    const listable = possible.filter((key) => !unlistable.test(key.toString()));
    Object.assign(larder.env, {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    });
    const mountpoint = await larder.up('s3://odd', '--endpoint', endpoint);
    expect(await readTree(mountpoint)).toEqual(treeOf(listable, contentOf));
    expect(listable.length).toBeGreaterThan(30);
    expect((await leftOut('odd')).reasons).toEqual({
      'reserved-name': 1,
      'lossy-listing': possible.length - listable.length,
    });
  });
});

test('an object of 5 TiB has its size, and is right wherever it is read', async () => {
  await using s3 = await startS3Server({ buckets: ['big'], credentials: [TEST_CREDENTIALS] });
  const sizeBytes = 5 * 2 ** 40;
  s3.put('big', 'object', { kind: 'pattern', sizeBytes, seed: 5 });
  const mountpoint = await larder.up('s3://big', '--endpoint', s3.endpoint);
  await using file = await fs.open(path.join(mountpoint, 'object'));
  expect((await file.stat()).size).toBe(sizeBytes);
  const lengthBytes = 100_000;
  const middle = sizeBytes / 2 - 50_000;
  for (const offset of [0, 2 ** 32 - 7, middle, sizeBytes - lengthBytes]) {
    const { bytesRead, buffer } = await file.read(
      Buffer.alloc(lengthBytes),
      0,
      lengthBytes,
      offset,
    );
    expect(bytesRead).toBe(lengthBytes);
    const right = buffer.subarray(0, bytesRead).equals(patternBytes(5, offset, lengthBytes));
    expect(right, `at ${String(offset)}`).toBe(true);
  }
  expect((await file.read(Buffer.alloc(10), 0, 10, sizeBytes)).bytesRead).toBe(0);
  expect((await larder.status()).datasets[0]).toMatchObject({ files: 1, bytes: sizeBytes });
});
