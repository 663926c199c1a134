import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually, TEST_CREDENTIALS, TestLarder } from '../support/larder.ts';
import { patternBytes, startS3Server } from '../support/s3/index.ts';
import type { S3Server } from '../support/s3/index.ts';
import { digest, sha256 } from '../support/trees.ts';

const SIZE = 192 * 1024 * 1024;

let larder: TestLarder;
let s3: S3Server;
let mountpoint: string;
let file: string;
let expected: string;

beforeEach(async () => {
  larder = new TestLarder();
  s3 = await startS3Server({ buckets: ['b'], credentials: [TEST_CREDENTIALS] });
  s3.put('b', 'large', { kind: 'pattern', sizeBytes: SIZE, seed: 5 });
  s3.put('b', 'small', 'small');
  expected = digest(patternBytes(5, 0, SIZE));
  mountpoint = await larder.up('s3://b', '--endpoint', s3.endpoint);
  file = path.join(mountpoint, 'large');
});

afterEach(async () => {
  await larder[Symbol.asyncDispose]();
  await s3[Symbol.asyncDispose]();
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Reads the file while `disturb` runs, as often as it takes until that is over. */
async function readWhile(disturb: () => Promise<void>): Promise<void> {
  const running = { over: false };
  const disturbance = disturb().finally(() => (running.over = true));
  do expect(await sha256(file)).toBe(expected);
  while (!running.over);
  await disturbance;
}

describe('SIGKILL while a file is read: the bytes are right and there is no error', () => {
  test.each(['server', 'holder', 'worker', 'master'] as const)('of the %s', async (role) => {
    await readWhile(async () => {
      for (let round = 0; round < 3; round += 1) {
        await pause(100);
        const pid = await eventually(() => larder.pid(role).catch(() => undefined));
        process.kill(pid, 'SIGKILL');
        await eventually(async () => {
          const now = await larder.pid(role).catch(() => undefined);
          return now === undefined || now === pid ? undefined : now;
        });
      }
    });
    expect(await readFile(path.join(mountpoint, 'small'), 'utf8')).toBe('small');
  });

  test('of the server and then of its holder, again and again', async () => {
    await readWhile(async () => {
      for (const role of ['holder', 'server', 'holder', 'server'] as const) {
        await pause(300);
        const pid = await eventually(() => larder.pid(role).catch(() => undefined));
        process.kill(pid, 'SIGKILL');
        await eventually(async () => {
          const now = await larder.pid(role).catch(() => undefined);
          return now === undefined || now === pid ? undefined : now;
        });
      }
    });
  });
});

test('a server that is stopped (SIGSTOP) is replaced, and reads go on', async () => {
  await readWhile(async () => {
    const pid = await larder.pid('server');
    process.kill(pid, 'SIGSTOP');
    await eventually(async () => {
      const now = await larder.pid('server').catch(() => undefined);
      return now === undefined || now === pid ? undefined : now;
    });
  });
});

test('while the worker is away reads wait, and go on when it is back', async () => {
  const pid = await larder.pid('worker');
  process.kill(pid, 'SIGSTOP');
  const reading = sha256(file);
  await pause(1_000);
  process.kill(pid, 'SIGKILL');
  expect(await reading).toBe(expected);
});

test('while the master is away mounts go on reading', async () => {
  process.kill(await larder.pid('up'), 'SIGSTOP');
  process.kill(await larder.pid('master'), 'SIGKILL');
  expect(await sha256(file)).toBe(expected);
  process.kill(await larder.pid('up'), 'SIGCONT');
});

test('a reader that is killed in the middle of a read leaves the mount well', async () => {
  s3.faults.add({
    action: { kind: 'hang', afterBytes: 0 },
    key: /^large$/,
    operation: 'get',
    times: 2,
  });
  const reader = spawn('cat', [file], { stdio: 'ignore' });
  await pause(500);
  reader.kill('SIGKILL');
  const [, signal] = (await once(reader, 'exit')) as [number | null, string | null];
  expect(signal).toBe('SIGKILL');
  expect(await readFile(path.join(mountpoint, 'small'), 'utf8')).toBe('small');
});

test('when `up` itself is killed, the mount goes on, and `down` ends everything', async () => {
  process.kill(await larder.pid('up'), 'SIGKILL');
  expect(await sha256(file)).toBe(expected);
  await larder.down(mountpoint);
  expect((await larder.status()).processes).toEqual([]);
});
