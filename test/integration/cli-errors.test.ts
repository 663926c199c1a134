import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TEST_CREDENTIALS, TestLarder } from '../support/larder.ts';
import { startS3Server } from '../support/s3/index.ts';
import type { S3Server } from '../support/s3/index.ts';

let larder: TestLarder;
let s3: S3Server;
let mountpoint: string;

beforeEach(async () => {
  larder = new TestLarder();
  s3 = await startS3Server({ buckets: ['b'], credentials: [TEST_CREDENTIALS] });
  s3.put('b', 'file', 'bytes');
  mountpoint = larder.folder('mnt');
});

afterEach(async () => {
  await larder[Symbol.asyncDispose]();
  await s3[Symbol.asyncDispose]();
});

const up = (origin: string, ...flags: string[]) =>
  larder.run(['up', origin, mountpoint, '--cache-size', '64MiB', '--detach', ...flags]);

describe('an origin that cannot be used is said with an exit code of its own', () => {
  test('unreachable', async () => {
    const { code, stderr } = await up('s3://b', '--endpoint', 'http://127.0.0.1:9');
    expect(stderr).toContain('ORIGIN_UNREACHABLE');
    expect(stderr).toContain('127.0.0.1:9');
    expect(code).toBe(4);
  });

  test('no such bucket', async () => {
    const { code, stderr } = await up('s3://nosuchbucket', '--endpoint', s3.endpoint);
    expect(stderr).toContain('ORIGIN_NOT_FOUND');
    expect(stderr).toContain('nosuchbucket');
    expect(code).toBe(4);
  });

  test('no such directory', async () => {
    const { code, stderr } = await up('file:///no/such/directory');
    expect(stderr).toContain('ORIGIN_NOT_FOUND');
    expect(code).toBe(4);
  });

  test('denied', async () => {
    s3.faults.add({ action: { kind: 'status', status: 403, code: 'AccessDenied' }, times: 1_000 });
    const { code, stderr } = await up('s3://b', '--endpoint', s3.endpoint);
    expect(stderr).toContain('ORIGIN_DENIED');
    expect(code).toBe(5);
  });

  test('expired credentials', async () => {
    s3.credentials = [{ ...TEST_CREDENTIALS, expired: true }];
    const { code, stderr } = await up('s3://b', '--endpoint', s3.endpoint);
    expect(stderr).toContain('ORIGIN_CREDENTIALS');
    expect(stderr).not.toContain('test-secret');
    expect(code).toBe(5);
  });

  test('nothing is left behind', async () => {
    await up('s3://nosuchbucket', '--endpoint', s3.endpoint);
    expect((await larder.status()).processes).toEqual([]);
    expect(fs.readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(mountpoint);
  });
});

describe('a mount point that cannot be used', () => {
  test.each([
    ['missing', () => path.join(larder.directory, 'missing')],
    [
      'not a directory',
      () => {
        const file = path.join(larder.directory, 'file');
        fs.writeFileSync(file, '');
        return file;
      },
    ],
    [
      'not empty',
      () => {
        fs.writeFileSync(path.join(mountpoint, 'something'), '');
        return mountpoint;
      },
    ],
  ])('%s is refused before anything starts', async (_, make) => {
    const { code, stderr } = await larder.run(['up', 's3://b', make(), '--endpoint', s3.endpoint]);
    expect(stderr).toContain('MOUNTPOINT_INVALID');
    expect(code).toBe(2);
    expect((await larder.status()).processes).toEqual([]);
  });

  test('without a runtime directory nothing is mounted', async () => {
    const file = path.join(larder.directory, 'a-file');
    fs.writeFileSync(file, '');
    const env = { LARDER_RUNTIME_DIR: path.join(file, 'run') };
    const args = ['mount', 'data', mountpoint, '--master', '127.0.0.1:1'];
    const { code, stderr } = await larder.run(args, env);
    expect(stderr).toContain('[RUNTIME_DIR_UNUSABLE]');
    expect(stderr).toContain(file);
    expect(code).toBe(1);
    expect(fs.readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(mountpoint);
  });

  test('already mounted', async () => {
    const taken = await larder.up('s3://b', '--endpoint', s3.endpoint);
    const { code, stderr } = await larder.run(['up', 's3://b', taken, '--endpoint', s3.endpoint]);
    expect(stderr).toContain('already mounted');
    expect(code).toBe(2);
  });
});

describe('a cache directory that cannot be used', () => {
  const worker = async (cacheDir: string) => {
    const child = larder.start([
      'worker',
      '--master',
      '127.0.0.1:1',
      '--cache-dir',
      cacheDir,
      '--cache-size',
      '64MiB',
    ]);
    let stderr = '';
    child.stderr?.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
    const [code] = (await once(child, 'exit')) as [number];
    return { code, stderr };
  };

  test('missing parent', async () => {
    const { code, stderr } = await worker(path.join(larder.directory, 'no/such'));
    expect(stderr).toContain('CACHE_DIR_UNUSABLE');
    expect(code).toBe(1);
  });

  test('read-only', async ({ skip }) => {
    const folder = larder.folder('read-only');
    const [mounted] = (await once(
      spawn('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', folder], { stdio: 'ignore' }),
      'exit',
    )) as [number];
    if (mounted !== 0) {
      skip('a read-only tmpfs cannot be mounted here');
      return;
    }
    try {
      const { code, stderr } = await worker(folder);
      expect(stderr).toContain('CACHE_DIR_UNUSABLE');
      expect(code).toBe(1);
    } finally {
      await once(spawn('umount', [folder]), 'exit');
    }
  });

  test('used by another worker', async () => {
    const flags = ['--cache-dir', larder.folder('shared')];
    await larder.up('s3://b', '--endpoint', s3.endpoint, ...flags);
    const { code, stderr } = await worker(path.join(larder.directory, 'shared/worker'));
    expect(stderr).toContain('CACHE_DIR_LOCKED');
    expect(stderr).toContain(String(await larder.pid('worker')));
    expect(code).toBe(7);
  });
});

describe('mistakes', () => {
  test.each([
    [['up', 's3://b/100%', '{mnt}', '--cache-dir', '/etc/hostname/x'], 'CACHE_DIR_UNUSABLE', 1],
    [['up', 's3://b', '{mnt}', '--cache-dir', '/proc/nope/x'], 'CACHE_DIR_UNUSABLE', 1],
    [['up', 's3://b', '{mnt}', '--endpoint', 'ftp://x'], 'INVALID_ARGUMENT', 2],
    [['up', 'gs://b', '{mnt}'], 'NOT_YET_AVAILABLE', 2],
    [['master', '--data-dir', '/etc/hostname/x'], 'DATA_DIR_UNUSABLE', 1],
    [['down', '/'], 'NOT_MOUNTED', 3],
  ])('%j says what was wrong', async (args, code, exitCode) => {
    const outcome = await larder.run(args.map((word) => word.replace('{mnt}', mountpoint)));
    expect(outcome.stderr).toContain(`[${code}]`);
    expect(outcome.code).toBe(exitCode);
  });

  test('an environment variable that is wrong is named', async () => {
    const { code, stderr } = await larder.run(['status'], { LARDER_LOG_LEVEL: 'loud' });
    expect(stderr).toContain('LARDER_LOG_LEVEL');
    expect(code).toBe(2);
  });
});

describe('options and listening', () => {
  test.each(['none', 'passthrough'])(
    '--open-mode %s is refused with a driver that has it not',
    async (mode) => {
      const outcome = await up('s3://b', '--driver', 'fuse-native', '--open-mode', mode);
      expect(outcome.stderr).toContain('INVALID_ARGUMENT');
      expect(outcome.stderr).toContain(`openMode=${mode}`);
      expect(outcome.code).toBe(2);
    },
  );

  test.each(['master', 'worker'])(
    'a %s does not listen beyond loopback without --insecure',
    async (role) => {
      const { code, stderr } = await larder.run([
        role,
        '--listen',
        '0.0.0.0:0',
        ...(role === 'worker' ? ['--cache-size', '64MiB'] : ['--data-dir', larder.folder('data')]),
      ]);
      expect(stderr).toContain('INSECURE_LISTEN');
      expect(code).toBe(2);
    },
  );

  test('a usage error is JSON as well where it is asked for', async () => {
    const { code, stderr } = await larder.run(['status', '--json', '--bogus']);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'INVALID_ARGUMENT' } });
    expect(code).toBe(2);
  });

  test('an error in JSON has its code, facts and hint', async () => {
    const { stderr } = await larder.run(['dataset', 'list', '--master', '127.0.0.1:9', '--json']);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'UNAVAILABLE' } });
  });
});
