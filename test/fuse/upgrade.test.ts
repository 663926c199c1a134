/** `larder upgrade` as people use it: installations of several releases, whole and broken, under readers. */
import fs from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { edit, installCopy } from '../support/installation.ts';
import { eventually, isRunning, TestLarder } from '../support/larder.ts';
import type { Outcome, Status } from '../support/larder.ts';
import { digest, sha256 } from '../support/trees.ts';

const MAIN = 'cli/main.ts';

let larder: TestLarder;
let origin: string;
let expected: string;
let mountpoint: string;

beforeEach(() => {
  larder = new TestLarder({ LARDER_READS_FAIL_AFTER_MS: '15000' });
  origin = larder.folder('origin');
  const bytes = Buffer.alloc(48 << 20);
  for (let at = 0; at < bytes.length; at += 4096) bytes.writeUInt32LE(at, at);
  fs.writeFileSync(path.join(origin, 'large'), bytes);
  fs.writeFileSync(path.join(origin, 'small'), 'small');
  fs.writeFileSync(path.join(origin, 'late'), 'late');
  expected = digest(bytes);
});

afterEach(async () => {
  await larder[Symbol.asyncDispose]();
});

describe('another release takes over', () => {
  test('under readers; then what replaces it in place; kills go on being unnoticed', async () => {
    mountpoint = await larder.up(`file://${origin}`);
    const before = await mountStatus();
    expect(before).toMatchObject({ release: ownRelease(), condition: { state: 'serving' } });
    const copy = installCopy(path.join(larder.directory, 'next'), '9.8.0');
    const open = fs.openSync(path.join(mountpoint, 'small'), 'r');
    const server = await larder.pid('server');

    await readWhile(async () => {
      const { mounts } = report(await upgrade(copy, mountpoint));
      expect(mounts).toMatchObject([{ mountpoint, from: ownRelease(), to: '9.8.0' }]);
    });
    expect(await mountStatus()).toMatchObject({ release: '9.8.0' });
    expect(stateFiles()).toEqual([expect.stringMatching(/^mount-[\d-]+\.json$/)]);
    expect(isRunning(server)).toBe(false);
    expect(await programsOf(mountpoint)).toEqual([path.join(copy, MAIN), path.join(copy, MAIN)]);

    fs.writeFileSync(path.join(copy, 'package.json'), '{"type":"module","version":"9.9.0"}');
    await readWhile(async () => {
      const { mounts } = report(await upgrade(copy, '--all'));
      expect(mounts).toMatchObject([{ mountpoint, from: '9.8.0', to: '9.9.0' }]);
    });
    await readWhile(async () => {
      for (const role of ['server', 'holder'] as const) {
        const pid = await larder.pid(role);
        process.kill(pid, 'SIGKILL');
        await eventually(async () => {
          const now = await larder.pid(role).catch(() => undefined);
          return now === undefined || now === pid ? undefined : now;
        });
      }
    });
    expect(await programsOf(mountpoint)).toEqual([path.join(copy, MAIN), path.join(copy, MAIN)]);
    const bytes = Buffer.alloc(5);
    fs.readSync(open, bytes, 0, 5, 0);
    fs.closeSync(open);
    expect(bytes.toString()).toBe('small');
    await larder.down(mountpoint);
    expect((await larder.status()).processes).toEqual([]);
  });

  test('one at a time; and one that is killed in the middle leaves the mount well', async () => {
    mountpoint = await larder.up(`file://${origin}`);
    const copy = installCopy(path.join(larder.directory, 'next'), '9.8.0');
    const request = () =>
      fs
        .readdirSync(path.join(larder.directory, 'run/mounts'))
        .map((name) => path.join(larder.directory, 'run/mounts', name, 'upgrade.json'))
        .some((file) => fs.existsSync(file)) || undefined;

    larder.main = path.join(copy, MAIN);
    const first = larder.start(['upgrade', mountpoint]);
    await eventually(request);
    const second = await upgrade(copy, mountpoint);
    expect([second.code, second.stderr]).toEqual([7, expect.stringContaining('UPGRADE_REFUSED')]);
    first.kill('SIGKILL');
    await eventually(async () =>
      (await mountStatus()).release === '9.8.0' && (await holders()) === 1 ? true : undefined,
    );
    expect(await sha256(path.join(mountpoint, 'large'))).toBe(expected);
    expect((await upgrade(copy, mountpoint)).code).toBe(0);
  });
});

describe('an installation that does not work changes nothing', () => {
  test('its server fails, or its state is another', async () => {
    mountpoint = await larder.up(`file://${origin}`);
    const before = [await larder.pid('holder'), await larder.pid('server')];
    const copy = installCopy(path.join(larder.directory, 'next'), '9.8.0');
    edit(copy, 'cli/mount-processes.ts', /(?<=async function serve[^{]*\{)/, SPOILT);
    await readWhile(async () => {
      const failed = await upgrade(copy, mountpoint);
      expect(failed.code).toBe(1);
      expect(error(failed)).toMatchObject({
        code: 'UPGRADE_FAILED',
        message: expect.stringContaining('spoilt') as unknown,
      });
    });

    const other = installCopy(path.join(larder.directory, 'other'), '9.9.0');
    edit(other, 'fuse-client/state.ts', /FORMAT_VERSION = \d+/, 'FORMAT_VERSION = 99');
    const refused = await upgrade(other, mountpoint);
    expect(refused.code).toBe(7);
    expect(error(refused)).toMatchObject({ code: 'UPGRADE_REFUSED', facts: { wanted: 99 } });

    expect([await larder.pid('holder'), await larder.pid('server')]).toEqual(before);
    expect(await mountStatus()).toMatchObject({ release: ownRelease() });
    // All is left as it was, to be tried again.
    expect(stateFiles()).toEqual(['mount.json']);
  });

  test('what cannot be upgraded is refused by its name', async () => {
    mountpoint = await larder.up(`file://${origin}`, '--driver', 'fuse-native');
    const refused = await larder.run(['upgrade', mountpoint, '--json']);
    expect(refused.code).toBe(7);
    expect(error(refused)).toMatchObject({
      code: 'UPGRADE_REFUSED',
      facts: { driver: 'fuse-native' },
    });
    expect((await larder.run(['upgrade', mountpoint, '--all'])).code).toBe(2);
    expect((await larder.run(['upgrade'])).code).toBe(2);
    expect((await larder.run(['upgrade', origin])).code).toBe(3);
    expect(await readFile(path.join(mountpoint, 'small'), 'utf8')).toBe('small');
  });

  test('a mount whose holder is not known here is refused', async () => {
    mountpoint = await larder.up(`file://${origin}`);
    const elsewhere = { LARDER_RUNTIME_DIR: larder.folder('elsewhere') };
    const refused = await larder.run(['upgrade', mountpoint, '--json'], elsewhere);
    expect(error(refused)).toMatchObject({ code: 'UPGRADE_REFUSED' });
  });
});

test('a crash loop is said by status, ends in EIO, and an upgrade repairs it', async () => {
  const copy = installCopy(path.join(larder.directory, 'old'), '9.8.0');
  larder.main = path.join(copy, MAIN);
  mountpoint = await larder.up(`file://${origin}`);
  edit(copy, 'cli/mount-processes.ts', /(?<=async function serve[^{]*\{)/, SPOILT);
  process.kill(await larder.pid('server'), 'SIGKILL');

  const waiting = await condition('waiting', 'failing');
  expect(waiting).toMatchObject({ lastError: expect.stringContaining('spoilt') as unknown });
  expect((await larder.run(['status'])).stdout).toMatch(
    /: (restarted|waiting|failing): server failed \d+ times, .*the last with: .*spoilt/,
  );
  const reading = readFile(path.join(mountpoint, 'late'));
  await expect(reading).rejects.toMatchObject({ code: 'EIO' });
  const failing = await condition('failing');
  expect(failing).toMatchObject({ readsFailInMs: 0 });

  const fixed = installCopy(path.join(larder.directory, 'fixed'), '9.9.0');
  expect((await upgrade(fixed, mountpoint)).code).toBe(0);
  expect(await readFile(path.join(mountpoint, 'late'), 'utf8')).toBe('late');
  expect(await sha256(path.join(mountpoint, 'large'))).toBe(expected);
  expect(await mountStatus()).toMatchObject({
    release: '9.9.0',
    condition: { state: 'serving' },
  });
});

/** Put at the beginning of a function. */
const SPOILT = "\n  if (process.pid > 0) throw new Error('spoilt');";

function ownRelease(): string {
  const text = fs.readFileSync(path.resolve(import.meta.dirname, '../../package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

async function upgrade(installation: string, what: string): Promise<Outcome> {
  const main = path.join(installation, MAIN);
  return await larder.program(process.execPath, main, 'upgrade', what, '--json');
}

function report({ code, stdout, stderr }: Outcome): { mounts: readonly object[] } {
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as { mounts: readonly object[] };
}

function error({ stderr }: Outcome): object {
  return (JSON.parse(stderr) as { error: object }).error;
}

async function mountStatus(): Promise<Status['mounts'][number]> {
  const { mounts } = JSON.parse((await larder.run(['status', '--json'])).stdout) as Status;
  expect(mounts.length).toBeGreaterThan(0);
  return mounts.at(-1)!;
}

async function condition(...states: readonly string[]) {
  return await eventually(async () => {
    const { condition: now } = await mountStatus();
    return states.includes(now.state) ? now : undefined;
  }, 90_000);
}

/** What holder, servers and upgrades of the mount are given. */
function stateFiles(): string[] {
  const mounts = path.join(larder.directory, 'run/mounts');
  const [state = ''] = fs.readdirSync(mounts);
  const names = fs.readdirSync(path.join(mounts, state));
  return names.filter((name) => /^(?:mount|upgrade).*json/.test(name));
}

async function holders(): Promise<number> {
  return (await larder.status()).processes.filter(({ role }) => role === 'holder').length;
}

/** The scripts that holder and server run. */
async function programsOf(at: string): Promise<string[]> {
  const pids = [await larder.pid('holder', at), await larder.pid('server', at)];
  return pids.map((pid) => {
    const words = fs.readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').split('\0');
    return words.find((word) => word.endsWith(MAIN)) ?? '';
  });
}

/** Reads the file while `disturb` runs, as often as it takes until that is over. */
async function readWhile(disturb: () => Promise<void>): Promise<void> {
  const running = { over: false };
  const disturbance = disturb().finally(() => (running.over = true));
  do expect(await sha256(path.join(mountpoint, 'large'))).toBe(expected);
  while (!running.over);
  await disturbance;
}
