import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runDoctor } from '../support/doctor.ts';
import { eventually, isRunning, TestLarder } from '../support/larder.ts';
import { Namespace, NAMESPACE_MISSING } from '../support/namespace.ts';

let larder: TestLarder;
let namespace: Namespace | undefined;

beforeEach(async (context) => {
  if (NAMESPACE_MISSING !== undefined) context.skip(NAMESPACE_MISSING);
  larder = new TestLarder();
  // Other mounts of Larder are none of its business.
  namespace = await Namespace.start({ setUp: 'umount --all --lazy --types fuse.larder' });
  larder.through = namespace.within;
});

afterEach(async () => {
  await larder[Symbol.asyncDispose]();
  namespace?.[Symbol.dispose]();
  namespace = undefined;
});

function origin(): string {
  const folder = larder.folder('origin');
  fs.writeFileSync(path.join(folder, 'file'), 'bytes');
  return folder;
}

async function killMount(): Promise<void> {
  const pids = [await larder.pid('up'), await larder.pid('holder'), await larder.pid('server')];
  // Stopped first: each would start the other again.
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  await eventually(() => (pids.some(isRunning) ? undefined : true));
}

test('with everything well, nothing is wrong, and each part is named', async () => {
  const mountpoint = await larder.up(origin());
  const report = await runDoctor(larder, [origin()]);
  expect(report.findings.filter(({ level }) => level === 'problem')).toEqual([]);
  expect(report.of('mounts')).toMatch(new RegExp(`^ok ${mountpoint} .* answers in \\d+ ms`));
  expect(report.of('processes')).toMatch(/up \d+, master \d+, worker \d+, holder \d+, server \d+/);
  expect(report.of('master')).toMatch(/Workers of 127\.0\.0\.1:\d+ that are alive: 1;/);
  expect(report.of('worker')).toMatch(/^ok Worker [0-9a-f]{16} answers on /);
  expect(report.of('versions')).toContain('other parts of the same version: 7.');
  expect(report.of('origin')).toContain('May be read: one byte of file');
  expect(report.of('clock')).toMatch(/^ok This clock and that of master .* agree/);
  expect(report.of('origin')).toContain('May be listed');
  // A disk that is nearly full, or rotates, is a warning of this machine.
  expect([0, 8]).toContain(report.code);
});

test('the support archive has the log of what runs, the cluster, and the mount', async () => {
  const mountpoint = await larder.up(origin());
  const file = path.join(larder.directory, 'support.tar.gz');
  await larder.run(['doctor', '--bundle', file]);
  const read = (name: string) =>
    execFileSync('tar', ['-xzOf', file, `larder-support/${name}`], { encoding: 'utf8' });
  const names = execFileSync('tar', ['-tzf', file], { encoding: 'utf8' });
  expect(names).toMatch(/logs\/\d\d-up\.log/);
  expect(read('mountinfo.txt')).toContain(mountpoint);
  const [status] = JSON.parse(read('status.json')) as { settings: unknown[]; version: string }[];
  expect(status).toMatchObject({ settings: [{ name: 'origin' }], workers: [{ alive: true }] });
  expect(JSON.parse(read('processes.json'))).toHaveLength(5);
});

describe('a mount whose holder and server were killed', () => {
  test('is found, and is detached with --fix', async () => {
    const mountpoint = await larder.up(origin());
    await killMount();

    const before = await runDoctor(larder);
    expect(before.of('mounts')).toContain(`problem ${mountpoint} (larder:origin@v1) is stale`);
    expect(before.code).toBe(1);
    expect(namespace!.mountpoints()).toEqual([mountpoint]);
    expect(before.of('processes')).toMatch(/note holder \d+ .* is gone/);

    const fixed = await runDoctor(larder, ['--fix']);
    expect(fixed.of('mounts')).toContain(`note ${mountpoint} (larder:origin@v1) was stale`);
    expect(namespace!.mountpoints()).toEqual([]);

    const after = await runDoctor(larder);
    expect(after.of('mounts')).toBe('ok Nothing of Larder is mounted here.');
    expect(after.of('processes')).not.toContain('is gone');
  });

  test('is left alone where something else is mounted over it', async () => {
    const mountpoint = await larder.up(origin());
    await killMount();
    namespace!.run('mount', '-t', 'tmpfs', 'over', mountpoint);
    const report = await runDoctor(larder, ['--fix']);
    expect(report.of('mounts')).toContain('warning');
    expect(report.of('mounts')).toContain('over is mounted over larder:origin@v1');
    expect(namespace!.mountpoints()).toEqual([mountpoint]);
  });
});

test('a mount that does not answer is a finding, and is not touched by --fix', async () => {
  const mountpoint = await larder.up(origin());
  const pids = [await larder.pid('up'), await larder.pid('holder'), await larder.pid('server')];
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  try {
    const file = path.join(larder.directory, 'support.tar.gz');
    const inside = path.join(mountpoint, 'cache');
    const report = await runDoctor(larder, ['--fix', '--cache-dir', inside, '--bundle', file]);
    expect(report.of('cache-directory')).toMatch(/^problem No answer within 8 s/);
    expect(execFileSync('tar', ['-tzf', file], { encoding: 'utf8' })).toContain('logs/none.txt');
    expect(report.of('mounts')).toContain(
      `problem ${mountpoint} (larder:origin@v1) does not answer`,
    );
    expect(report.of('mounts')).toMatch(/holder \d+ lives, server \d+ lives/);
    expect(report.of('processes')).toMatch(/problem server \d+ is stopped/);
    expect(namespace!.mountpoints()).toEqual([mountpoint]);
  } finally {
    for (const pid of pids.reverse()) process.kill(pid, 'SIGCONT');
  }
});

describe('/dev/fuse', () => {
  test('hidden', async () => {
    namespace!.run('mount', '-t', 'tmpfs', 'none', '/dev');
    namespace!.run('sh', '-c', 'mknod -m 666 /dev/null c 1 3; mknod -m 666 /dev/urandom c 1 9');
    const report = await runDoctor(larder);
    expect(report.of('fuse-device')).toMatch(/^problem There is no \/dev\/fuse/);
    expect(report.code).toBe(1);
  });

  test('something else in its place', async () => {
    namespace!.run('mount', '--bind', '/etc/hostname', '/dev/fuse');
    expect((await runDoctor(larder)).of('fuse-device')).toBe('problem /dev/fuse is not a device.');
  });
});

test('time-outs of FUSE requests that would end mounts', async () => {
  const file = path.join(larder.folder('sysctl'), 'value');
  fs.writeFileSync(file, '20\n');
  namespace!.run('mount', '--bind', file, '/proc/sys/fs/fuse/max_request_timeout');
  const report = await runDoctor(larder);
  expect(report.of('request-timeouts')).toMatch(/^problem .*max_request_timeout = 20/);
  expect(report.code).toBe(1);
});

describe('a cache directory', () => {
  test('on a tmpfs with few inodes', async () => {
    const cache = larder.folder('cache-disk');
    namespace!.run('mount', '-t', 'tmpfs', '-o', 'size=2G,nr_inodes=64,mode=700', 'none', cache);
    const report = await runDoctor(larder, ['--cache-dir', cache]);
    expect(report.of('cache-directory')).toContain('is on tmpfs');
    expect(report.of('cache-directory')).toMatch(/warning \S+ 6\d free inodes of 64/);
    expect(report.code).toBe(8);
  });

  test('without any inode left', async () => {
    const cache = larder.folder('cache-disk');
    namespace!.run('mount', '-t', 'tmpfs', '-o', 'size=2G,nr_inodes=4,mode=700', 'none', cache);
    namespace!.run('sh', '-c', `cd ${cache}; touch 1 2 3 4 5 6 2>/dev/null || true`);
    const report = await runDoctor(larder, ['--cache-dir', cache]);
    expect(report.of('cache-directory')).toMatch(/problem \S+ 0 free inodes of 4/);
    expect(report.of('cache-directory')).toContain('cannot be written to (ENOSPC)');
    expect(report.code).toBe(1);
  });

  test('on a disk that is read-only', async () => {
    const cache = larder.folder('cache-disk');
    namespace!.run('mount', '-t', 'tmpfs', '-o', 'ro,mode=700', 'none', cache);
    const report = await runDoctor(larder, ['--cache-dir', cache]);
    expect(report.of('cache-directory')).toContain('cannot be written to (EROFS)');
    expect(report.code).toBe(1);
  });

  test('on an overlay', async () => {
    const cache = larder.folder('cache-disk');
    const base = larder.folder('base');
    namespace!.run('mount', '-t', 'tmpfs', 'none', base);
    namespace!.run('mkdir', `${base}/lower`, `${base}/upper`, `${base}/work`);
    const layers = `lowerdir=${base}/lower,upperdir=${base}/upper,workdir=${base}/work`;
    namespace!.run('mount', '-t', 'overlay', '-o', layers, 'none', cache);
    const report = await runDoctor(larder, ['--cache-dir', cache]);
    expect(report.of('cache-directory')).toMatch(/warning .* is on overlay .*no passthrough/);
  });
});
