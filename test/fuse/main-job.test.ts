import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  eventually,
  isMountpoint,
  isRunning,
  TEST_CREDENTIALS,
  TestLarder,
} from '../support/larder.ts';
import { patternBytes, startS3Server } from '../support/s3/index.ts';
import { differences, digest, makeTree, sha256 } from '../support/trees.ts';
import { findVersitygw, startVersitygw } from '../support/versitygw.ts';

const execute = promisify(execFile);

let larder: TestLarder;
let origin: string;

beforeEach(() => {
  larder = new TestLarder();
  origin = larder.folder('origin');
});

afterEach(async () => {
  await larder[Symbol.asyncDispose]();
});

const count = async (folder: string): Promise<number> => {
  const { stdout } = await execute('find', [folder, '-printf', '.']);
  return stdout.length;
};

describe('a directory', () => {
  test('is shown as it is: names, bytes, links, modes, times', async () => {
    makeTree(origin);
    const mountpoint = await larder.up(`file://${origin}`);
    expect(await differences(origin, mountpoint)).toBe('');
    expect(await count(mountpoint)).toBe(await count(origin));
    for (const name of ['script.sh', 'private', 'link', 'deep/a/b', 'names/new\nline']) {
      const [shown, real] = [mountpoint, origin].map((root) =>
        fs.lstatSync(path.join(root, name), { bigint: true }),
      );
      expect({ name, mode: shown!.mode, mtime: shown!.mtimeNs }).toEqual({
        name,
        mode: real!.mode,
        mtime: real!.mtimeNs,
      });
    }
    expect(fs.readlinkSync(path.join(mountpoint, 'dangling'))).toBe('/nowhere/at/all');
  });

  test('keeps its bytes through tar --sparse', async () => {
    makeTree(origin);
    const mountpoint = await larder.up(`file://${origin}`);
    const unpacked = larder.folder('unpacked');
    await execute('sh', ['-c', `tar -C ${mountpoint} --sparse -cf - . | tar -C ${unpacked} -xf -`]);
    expect(await differences(origin, unpacked)).toBe('');
  });

  test('is read from the origin once, and warm reads ask nothing of it', async () => {
    makeTree(origin);
    const mountpoint = await larder.up(`file://${origin}`);
    expect(await differences(origin, mountpoint)).toBe('');
    const cold = await expect
      .poll(async () => (await larder.status()).origin, { timeout: 10_000 })
      .toSatisfy(({ bytes, requestedBytes }: { bytes: number; requestedBytes: number }) => {
        return bytes > 0 && bytes === requestedBytes;
      })
      .then(() => larder.status());
    expect(cold.origin.uniqueBytes).toBe(cold.origin.bytes);
    expect(await differences(origin, mountpoint)).toBe('');
    const warm = await larder.status();
    expect(warm.origin.gets).toBe(cold.origin.gets);
    await expect
      .poll(async () => (await larder.status()).datasets[0]?.heldBytes, { timeout: 10_000 })
      .toBe(warm.datasets[0]?.bytes);
  });

  test('what changed is a new version, and what did not change is not read again', async () => {
    fs.writeFileSync(path.join(origin, 'same'), randomBytes(300_000));
    fs.writeFileSync(path.join(origin, 'changes'), 'before');
    const flags = ['--cache-dir', larder.folder('mine')];
    const first = await larder.up(`file://${origin}`, ...flags);
    expect(await differences(origin, first)).toBe('');
    await larder.down(first);
    fs.writeFileSync(path.join(origin, 'changes'), 'after, and longer');
    const second = await larder.up(`file://${origin}`, ...flags);
    expect(await differences(origin, second)).toBe('');
    expect((await larder.status()).mounts[0]?.version).toBe(2);
    await expect
      .poll(async () => (await larder.status()).origin.bytes, { timeout: 10_000 })
      .toBe('after, and longer'.length);
  });
});

describe('a bucket', () => {
  test('is shown byte for byte, each byte read once', async () => {
    makeTree(origin);
    for (const link of ['link', 'dangling', 'link-to-directory'])
      fs.unlinkSync(path.join(origin, link));
    fs.rmdirSync(path.join(origin, 'empty-directory'));
    await using s3 = await startS3Server({ credentials: [TEST_CREDENTIALS] });
    s3.putDirectory('bucket', origin);
    const mountpoint = await larder.up('s3://bucket', '--endpoint', s3.endpoint);
    expect(await differences(origin, mountpoint)).toBe('');
    expect(await count(mountpoint)).toBe(await count(origin));
    const { datasets, mounts } = await larder.status();
    expect(mounts).toMatchObject([{ mountpoint, dataset: 'bucket', version: 1, driver: 'kernel' }]);
    expect(s3.counters.bytes).toBe(datasets[0]?.bytes);
  });

  test('of versitygw is shown byte for byte', async ({ skip }) => {
    const program = findVersitygw();
    if (program === undefined) {
      skip(
        'versitygw is not installed: go install github.com/versity/versitygw/cmd/versitygw@latest',
      );
      return;
    }
    await using gateway = await startVersitygw(program);
    const bucket = path.join(gateway.directory, 'data');
    fs.mkdirSync(bucket);
    for (let i = 0; i < 40; i += 1) {
      fs.mkdirSync(path.join(bucket, `d${String(i % 4)}`), { recursive: true });
      fs.writeFileSync(
        path.join(bucket, `d${String(i % 4)}/f${String(i)}`),
        randomBytes(i * 30_000),
      );
    }
    Object.assign(larder.env, {
      AWS_ACCESS_KEY_ID: gateway.accessKeyId,
      AWS_SECRET_ACCESS_KEY: gateway.secretAccessKey,
    });
    const mountpoint = await larder.up('s3://data', '--endpoint', gateway.endpoint);
    expect(await differences(bucket, mountpoint)).toBe('');
  });
});

describe('a cache that is smaller than what is read', () => {
  test('evicts while files are read, and every byte is right', async () => {
    await using s3 = await startS3Server({ buckets: ['b'], credentials: [TEST_CREDENTIALS] });
    const sizeBytes = 19 * 1024 * 1024 + 11;
    const seeds = Array.from({ length: 10 }, (_, i) => i + 1);
    for (const seed of seeds) s3.put('b', `f${String(seed)}`, { kind: 'pattern', sizeBytes, seed });
    const flags = ['--endpoint', s3.endpoint, '--cache-size', '64MiB'];
    const mountpoint = await larder.up('s3://b', ...flags);
    const expected = seeds.map((seed) => digest(patternBytes(seed, 0, sizeBytes)));
    const read = (seed: number) => sha256(path.join(mountpoint, `f${String(seed)}`));
    for (let pass = 0; pass < 2; pass += 1) {
      const half = seeds.length / 2;
      const first = await Promise.all(seeds.slice(0, half).map(read));
      const second = await Promise.all(seeds.slice(half).map(read));
      expect([...first, ...second]).toEqual(expected);
    }
    const { datasets } = await larder.status();
    expect(datasets[0]?.heldBytes).toBeLessThanOrEqual(64 * 1024 * 1024);
    expect(datasets[0]?.heldBytes).toBeGreaterThan(0);
  });
});

describe('running', () => {
  test('`down` leaves no process, no mount and no record', async () => {
    fs.writeFileSync(path.join(origin, 'file'), 'bytes');
    const mountpoint = await larder.up(`file://${origin}`);
    const { processes } = await larder.status();
    expect(processes.map(({ role }) => role).sort()).toEqual([
      'holder',
      'master',
      'server',
      'up',
      'worker',
    ]);
    await larder.down(mountpoint);
    expect(isMountpoint(mountpoint)).toBe(false);
    expect(processes.filter(({ pid }) => isRunning(pid))).toEqual([]);
    expect((await larder.status()).processes).toEqual([]);
  });

  test('several `up`s live side by side', async () => {
    const other = larder.folder('other');
    fs.writeFileSync(path.join(origin, 'file'), 'one');
    fs.writeFileSync(path.join(other, 'file'), 'two');
    const [first, second] = await Promise.all([
      larder.up(`file://${origin}`),
      larder.up(`file://${other}`),
    ]);
    expect(fs.readFileSync(path.join(first, 'file'), 'utf8')).toBe('one');
    expect(fs.readFileSync(path.join(second, 'file'), 'utf8')).toBe('two');
    await larder.down(first);
    expect(fs.readFileSync(path.join(second, 'file'), 'utf8')).toBe('two');
    expect((await larder.status()).mounts.map(({ mountpoint }) => mountpoint)).toEqual([second]);
  });

  test('Ctrl-C ends an `up` in the foreground, and leaves nothing', async () => {
    fs.writeFileSync(path.join(origin, 'file'), 'bytes');
    const mountpoint = larder.folder('mnt');
    const child = larder.start(['up', `file://${origin}`, mountpoint, '--cache-size', '64MiB']);
    await eventually(() => (isMountpoint(mountpoint) ? true : undefined));
    await eventually(() => (fs.existsSync(path.join(mountpoint, 'file')) ? true : undefined));
    const { processes } = await larder.status();
    let said = '';
    child.stderr!.on('data', (bytes: Buffer) => (said += bytes.toString()));
    larder.interrupt(child);
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(0);
    expect(said).not.toContain('starting it again');
    expect(isMountpoint(mountpoint)).toBe(false);
    expect(processes.filter(({ pid }) => isRunning(pid))).toEqual([]);
  });

  test('master, worker and mount apart, each by its own command', async () => {
    fs.writeFileSync(path.join(origin, 'file'), 'bytes');
    const socket = path.join(larder.directory, 'w.sock');
    const ready = async (args: string[]) => {
      const { stderr } = larder.start(args);
      let said = '';
      stderr!.on('data', (bytes: Buffer) => (said += bytes.toString()));
      await eventually(() => (said.includes('larder ') ? true : undefined));
    };
    await ready(['master', '--listen', '127.0.0.1:0', '--data-dir', larder.folder('data')]);
    const cache = ['--cache-dir', larder.folder('cache'), '--cache-size', '64MiB'];
    await ready(['worker', '--socket', socket, ...cache]);
    await larder.ok(['dataset', 'create', 'data', `file://${origin}`]);
    const mountpoint = larder.folder('mnt');
    await larder.ok(['mount', 'data@v1', mountpoint, '--detach']);
    expect(fs.readFileSync(path.join(mountpoint, 'file'), 'utf8')).toBe('bytes');
    const refused = await larder.run(['dataset', 'delete', 'data']);
    expect(refused.stderr).toContain('VERSION_LEASED');
    expect(refused.code).toBe(7);
    fs.writeFileSync(path.join(origin, 'new'), 'new');
    expect(await larder.ok(['dataset', 'refresh', 'data'])).toContain('1 added');
    expect(fs.existsSync(path.join(mountpoint, 'new'))).toBe(false);
    expect(await larder.ok(['preload', 'data'])).toContain('complete');
    await larder.ok(['umount', mountpoint]);
    expect(isMountpoint(mountpoint)).toBe(false);
    await larder.ok(['dataset', 'delete', 'data']);
    expect(await larder.ok(['dataset', 'list', '--json'])).toBe('[]\n');
  });

  test('a busy mount says who keeps it busy, and stays', async () => {
    fs.writeFileSync(path.join(origin, 'file'), 'bytes');
    const mountpoint = await larder.up(`file://${origin}`);
    const fd = fs.openSync(path.join(mountpoint, 'file'), 'r');
    const { code, stderr } = await larder.run(['down', mountpoint]);
    expect(code).toBe(7);
    expect(stderr).toContain('MOUNTPOINT_BUSY');
    expect(stderr).toContain(String(process.pid));
    expect(fs.readFileSync(path.join(mountpoint, 'file'), 'utf8')).toBe('bytes');
    fs.closeSync(fd);
  });

  test('extended attributes tell what a file is', async () => {
    fs.writeFileSync(path.join(origin, 'file'), 'bytes');
    const mountpoint = await larder.up(`file://${origin}`);
    const file = path.join(mountpoint, 'file');
    fs.readFileSync(file);
    const attribute = async (name: string) => {
      const script = 'import os, sys; print(os.getxattr(sys.argv[1], sys.argv[2]).decode())';
      const { stdout } = await execute('python3', ['-c', script, file, `user.larder.${name}`]);
      return stdout.trim();
    };
    expect(await attribute('dataset')).toBe('origin');
    expect(await attribute('version')).toMatch(/1$/);
    expect(await attribute('key')).toBe('file');
    await expect.poll(() => attribute('held')).toBe('5');
  });

  test('a large file is right from any offset', async () => {
    const bytes = randomBytes(37 * 1024 * 1024 + 77);
    fs.writeFileSync(path.join(origin, 'large'), bytes);
    const mountpoint = await larder.up(`file://${origin}`);
    const file = path.join(mountpoint, 'large');
    const fd = fs.openSync(file, 'r');
    for (let i = 0; i < 60; i += 1) {
      const offset = (i * 7_368_787) % bytes.length;
      const piece = Buffer.alloc(10_000);
      const got = fs.readSync(fd, piece, 0, piece.length, offset);
      expect(piece.subarray(0, got).equals(bytes.subarray(offset, offset + 10_000))).toBe(true);
    }
    fs.closeSync(fd);
    expect(await sha256(file)).toBe(digest(bytes));
  });
});
