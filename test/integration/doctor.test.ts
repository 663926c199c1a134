import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runDoctor } from '../support/doctor.ts';
import { eventually, TEST_CREDENTIALS, TestLarder } from '../support/larder.ts';
import { startS3Server } from '../support/s3/index.ts';
import type { S3Server } from '../support/s3/index.ts';

let larder: TestLarder;

beforeEach(() => {
  larder = new TestLarder();
});

afterEach(async () => {
  await larder[Symbol.asyncDispose]();
});

/** A command that stays, when it has said that it is ready. */
async function startPart(role: 'master' | 'worker', ...args: string[]): Promise<number> {
  const child = larder.start([role, ...args]);
  await eventually(() => larder.pid(role).catch(() => undefined));
  return child.pid!;
}

describe('an origin', () => {
  let s3: S3Server;

  beforeEach(async () => {
    s3 = await startS3Server({ buckets: ['b'], credentials: [TEST_CREDENTIALS] });
    s3.put('b', 'file', 'bytes');
  });

  afterEach(async () => {
    await s3[Symbol.asyncDispose]();
  });

  const ask = (origin = 's3://b', env: Readonly<Record<string, string>> = {}) =>
    runDoctor(larder, [origin, '--endpoint', s3.endpoint], env);

  test('that is well: what was asked, with which kind of credentials', async () => {
    const report = await ask();
    expect(report.of('origin')).toContain('ok Credentials found here: environment variables.');
    expect(report.of('origin')).toContain('ok May be listed: the first 1 keys in');
    expect(report.of('origin')).toContain('ok May be read: one byte of file in');
    expect(report.of('clock')).toBe('ok This clock and that of the origin agree within 2 s.');
    expect(s3.bytesServed('b', 'file')).toBe(1);
    expect(JSON.stringify(report.findings)).not.toContain(TEST_CREDENTIALS.secretAccessKey);
  });

  test('with credentials from a file, and without any', async () => {
    const file = path.join(larder.directory, 'credentials');
    fs.writeFileSync(
      file,
      `[default]\naws_access_key_id = ${TEST_CREDENTIALS.accessKeyId}\naws_secret_access_key = ${TEST_CREDENTIALS.secretAccessKey}\n`,
    );
    const none = {
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: '/nonexistent',
    };
    const found = await ask('s3://b', { ...none, AWS_SHARED_CREDENTIALS_FILE: file });
    expect(found.of('origin')).toContain('ok Credentials found here: profile in a shared');
    expect(found.of('origin')).toContain('ok May be read');
    const nothing = await ask('s3://b', { ...none, AWS_SHARED_CREDENTIALS_FILE: '/nonexistent' });
    expect(nothing.of('origin')).toContain('problem No credentials are found here');
    expect(nothing.code).toBe(1);
  });

  test('that refuses to list', async () => {
    s3.faults.add({
      action: { kind: 'status', status: 403, code: 'AccessDenied' },
      operation: 'list',
      times: 100,
    });
    const report = await ask();
    expect(report.of('origin')).toMatch(/problem It may not be listed: \[ORIGIN_DENIED\]/);
    expect(report.code).toBe(1);
  });

  test('that lists, but refuses to give bytes', async () => {
    s3.faults.add({
      action: { kind: 'status', status: 403, code: 'AccessDenied' },
      operation: 'get',
      times: 100,
    });
    const report = await ask();
    expect(report.of('origin')).toContain('ok May be listed');
    expect(report.of('origin')).toMatch(
      /problem It may be listed, but not read: \[ORIGIN_DENIED\]/,
    );
    expect(report.code).toBe(1);
  });

  test('whose clock is 2 minutes off is a warning; 20 minutes are a problem', async () => {
    s3.clockOffsetMs = 120_000;
    expect((await ask()).of('clock')).toMatch(/^warning This clock is 1[12]\d s behind/);
    s3.clockOffsetMs = -20 * 60_000;
    const report = await ask();
    expect(report.of('clock')).toMatch(
      /^problem This clock is 1(199|20\d) s ahead of .*RequestTimeTooSkewed/,
    );
    expect(report.of('origin')).toContain('RequestTimeTooSkewed');
    expect(report.code).toBe(1);
  });

  test('that nobody answers for, that hangs, and that has no such bucket', async () => {
    const away = await runDoctor(larder, ['s3://b', '--endpoint', 'http://127.0.0.1:9']);
    expect(away.of('origin')).toContain('problem The endpoint cannot be reached');
    expect(away.of('clock')).toContain("note The origin's clock cannot be asked");
    s3.faults.add({ action: { kind: 'hang', afterBytes: -1 }, times: 100 });
    expect((await ask()).of('origin')).toContain('problem It may not be listed');
    s3.faults.clear();
    expect((await ask('s3://other')).of('origin')).toContain('ORIGIN_NOT_FOUND');
  });

  test('that is a directory, there or not', async () => {
    const folder = larder.folder('origin');
    expect((await runDoctor(larder, [folder])).of('origin')).toContain('reading was not tried');
    fs.writeFileSync(path.join(folder, 'x'), 'bytes');
    expect((await runDoctor(larder, [folder])).of('origin')).toContain(
      'May be read: one byte of x',
    );
    const missing = await runDoctor(larder, [path.join(folder, 'missing')]);
    expect(missing.of('origin')).toContain('ORIGIN_NOT_FOUND');
  });
});

describe('a master', () => {
  test('without workers; and stopped: it does not answer, and the rest is heard', async () => {
    const pid = await startPart(
      'master',
      '--listen',
      '127.0.0.1:0',
      '--data-dir',
      larder.folder('m'),
    );
    const before = await runDoctor(larder);
    expect(before.of('master')).toMatch(/^ok Master .* answers in/);
    expect(before.of('master')).toContain('has no worker that is alive');
    expect(before.code).toBe(1);
    process.kill(pid, 'SIGSTOP');
    try {
      const report = await runDoctor(larder);
      expect(report.of('master')).toMatch(
        /^problem Master .* does not answer: \[DEADLINE_EXCEEDED\]/,
      );
      expect(report.of('processes')).toMatch(/problem master \d+ is stopped/);
      expect(report.of('kernel')).toMatch(/Linux/);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });

  test('that is not there', async () => {
    const report = await runDoctor(larder, ['--master', '127.0.0.1:9']);
    expect(report.of('master')).toMatch(/^problem Master 127.0.0.1:9 does not answer/);
    expect(report.code).toBe(1);
  });
});

describe("a worker's socket", () => {
  test('that is missing, and one whose worker died', async () => {
    const missing = path.join(larder.directory, 'no.sock');
    const report = await runDoctor(larder, ['--worker-socket', missing]);
    expect(report.of('worker')).toMatch(/^problem Nothing answers on/);
    expect(report.findings.find(({ check }) => check === 'worker')?.remedy).toContain(
      'no such socket',
    );

    const dead = path.join(larder.directory, 'dead.sock');
    const script = `require('net').createServer().listen(${JSON.stringify(dead)}, () => process.kill(process.pid, 'SIGKILL'))`;
    expect(() => execFileSync(process.execPath, ['-e', script], { timeout: 20_000 })).toThrow();
    expect(fs.existsSync(dead)).toBe(true);
    const died = await runDoctor(larder, ['--worker-socket', dead]);
    expect(died.findings.find(({ check }) => check === 'worker')?.remedy).toContain('has died');
  });

  test('that takes connections and says nothing', async () => {
    const file = path.join(larder.directory, 'mute.sock');
    const server = net.createServer().listen(file);
    try {
      const report = await runDoctor(larder, ['--worker-socket', file]);
      expect(report.of('worker')).toMatch(/^problem Nothing answers on/);
    } finally {
      server.close();
    }
  });
});

test('parts of another release', async () => {
  const pid = await startPart(
    'master',
    '--listen',
    '127.0.0.1:0',
    '--data-dir',
    larder.folder('m'),
  );
  const file = path.join(larder.directory, 'run/instances', `${String(pid)}.json`);
  const record = JSON.parse(fs.readFileSync(file, 'utf8')) as object;
  fs.writeFileSync(file, JSON.stringify({ ...record, version: '0.0.9' }));
  expect((await runDoctor(larder)).of('versions')).toContain(
    `warning master ${String(pid)} is version 0.0.9`,
  );
});

test('a record whose process is gone is removed with --fix, and only then', async () => {
  const pid = await startPart(
    'master',
    '--listen',
    '127.0.0.1:0',
    '--data-dir',
    larder.folder('m'),
  );
  const file = path.join(larder.directory, 'run/instances', `${String(pid)}.json`);
  process.kill(pid, 'SIGKILL');
  await eventually(async () =>
    (await runDoctor(larder)).of('processes').includes('gone') ? true : undefined,
  );
  expect(fs.existsSync(file)).toBe(true);
  expect((await runDoctor(larder, ['--fix'])).of('processes')).toContain('The record was removed.');
  expect(fs.existsSync(file)).toBe(false);
});

test('an old kernel is said to be one', async () => {
  larder.through = ['/usr/bin/setarch', '--uname-2.6'];
  expect((await runDoctor(larder)).of('kernel')).toMatch(
    /^warning Linux 2\.6\.\d+.*: mounts need the FUSE of 4\.20/,
  );
});

test('few open files are a warning, no fusermount3 is a note or a warning', async () => {
  larder.through = ['/usr/bin/prlimit', '--nofile=256:256'];
  const report = await runDoctor(larder, [], { PATH: '/nonexistent' });
  expect(report.of('limits')).toContain('warning Here: 256 open files at most.');
  expect(report.of('fusermount3')).toMatch(/^(note|warning) There is no fusermount3/);
});

test('a memory limit of the control group', async (context) => {
  const group = `/sys/fs/cgroup/memory/larder-doctor-${String(process.pid)}`;
  try {
    fs.mkdirSync(group);
    fs.writeFileSync(path.join(group, 'memory.limit_in_bytes'), String(400 * 1024 * 1024));
  } catch {
    context.skip('needs a writable memory control group of version 1');
  }
  try {
    larder.through = ['/bin/sh', '-c', `echo $$ > ${group}/cgroup.procs; exec "$@"`, 'sh'];
    expect((await runDoctor(larder)).of('memory')).toBe(
      'warning Here: a memory limit of 400.0 MiB.',
    );
  } finally {
    await eventually(() => {
      try {
        fs.rmdirSync(group);
        return true;
      } catch {
        return undefined;
      }
    });
  }
});

test('for people: level, check, what, and what to do', async () => {
  const { stdout, code } = await larder.run(['doctor', '--master', '127.0.0.1:9']);
  expect(stdout).toMatch(
    /^problem {2}master +Master 127\.0\.0\.1:9 does not answer: .*\n +→ Start it/m,
  );
  expect(stdout).toMatch(/\n\d+ problems?, \d+ warnings?\.\n$/);
  expect(code).toBe(1);
});
