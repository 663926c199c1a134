/** The configuration as a user meets it: files, variables and flags of real processes. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually, TestLarder } from '../support/larder.ts';

const MIB = 2 ** 20;
let larder: TestLarder;
let file: string;

beforeEach(() => {
  larder = new TestLarder();
  file = path.join(larder.directory, 'larder.yaml');
});

afterEach(async () => {
  await larder[Symbol.asyncDispose]();
});

const write = (...lines: string[]) => {
  fs.writeFileSync(file, lines.join('\n'));
};

interface Shown {
  readonly file: string | null;
  readonly settings: readonly { name: string; value: unknown; unit: string | null; from: string }[];
}

async function show(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { code, stdout, stderr } = await larder.run(['config', 'show', '--json', ...args], env);
  if (code !== 0) throw new Error(stderr);
  const shown = JSON.parse(stdout) as Shown;
  return (name: string) => {
    const found = shown.settings.find((setting) => setting.name === name);
    return [found?.value, found?.unit, found?.from];
  };
}

describe('larder config show', () => {
  test('tells values, units and where each came from', async () => {
    write('master: 10.0.0.1:7400', 'cacheSize: 2TiB', 'lease: 7s', 'grace: 2m');
    const setting = await show(['--config', file, '--master', '10.0.0.3:7400'], {
      LARDER_LEASE_MS: '9000',
      LARDER_MASTER: '10.0.0.2:7400',
    });
    expect(setting('master')).toEqual(['10.0.0.3:7400', null, '--master']);
    expect(setting('lease')).toEqual([9_000, 'ms', 'LARDER_LEASE_MS']);
    expect(setting('cacheSize')).toEqual([[2 * 2 ** 40], 'bytes', `${file}:2:12`]);
    expect(setting('grace')).toEqual([120_000, 'ms', `${file}:4:8`]);
    expect(setting('logLevel')).toEqual(['warn', null, 'default']);
    const { stdout } = await larder.run(['config', 'show', '--config', file]);
    expect(stdout).toMatch(new RegExp(`^cacheSize +2TiB +${file}:2:12$`, 'm'));
  });

  test('names variables that look like settings and are none', async () => {
    const { stdout } = await larder.run(['config', 'show'], { LARDER_CACHESIZE: '1TiB' });
    expect(stdout).toContain(
      'LARDER_CACHESIZE is set, and is not a setting of Larder; LARDER_CACHE_SIZE is one.',
    );
  });

  test('finds the file by variable, and none where none is wanted', async () => {
    write('logLevel: info');
    expect((await show([], { LARDER_CONFIG: file }))('logLevel')[2]).toBe(`${file}:1:11`);
    expect((await show(['--config', 'none'], { LARDER_CONFIG: file }))('logLevel')[2]).toBe(
      'default',
    );
    const { code, stderr } = await larder.run(['config', 'show'], { LARDER_CONFIG: '/no/file' });
    expect([code, stderr]).toEqual([2, expect.stringContaining('/no/file: does not exist')]);
  });
});

test('an ordinary user’s own file is found without being named; root’s is in /etc', ({ skip }) => {
  const place = path.join(larder.folder('home/larder'), 'larder.yaml');
  fs.writeFileSync(place, 'logLevel: error');
  fs.chmodSync(larder.directory, 0o755);
  const main = path.resolve(import.meta.dirname, '../../cli/main.ts');
  const command = [process.execPath, main, 'config', 'show', '--json'];
  const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
  const words = process.geteuid?.() === 0 ? [...nobody, ...command] : command;
  const env = {
    ...larder.env,
    LARDER_CONFIG: '',
    XDG_CONFIG_HOME: path.join(larder.directory, 'home'),
  };
  const ran = spawnSync(words[0]!, words.slice(1), { env, encoding: 'utf8', timeout: 60_000 });
  if (/EACCES|ENOENT|ermission/.test(`${String(ran.error)}${ran.stderr}`)) {
    skip('an ordinary user cannot read this checkout, or there is no setpriv');
    return;
  }
  expect(JSON.parse(ran.stdout)).toMatchObject({ file: place });
});

describe('a file that cannot be used', () => {
  const failure = async () => {
    const { code, stderr } = await larder.run(['status', '--config', file]);
    expect(code).toBe(2);
    expect(stderr).toContain('[CONFIG_INVALID]');
    return stderr;
  };

  test('missing, a directory, a FIFO, too large, not text', async () => {
    expect(await failure()).toContain(`${file}: does not exist`);
    fs.mkdirSync(file);
    expect(await failure()).toContain(`${file}: is not a regular file`);
    fs.rmdirSync(file);
    execFileSync('mkfifo', [file]);
    expect(await failure()).toContain(`${file}: is not a regular file`);
    fs.unlinkSync(file);
    fs.writeFileSync(file, '#'.repeat(300 * 1024));
    expect(await failure()).toContain(`${file}: is too large`);
    fs.writeFileSync(file, Buffer.from([0x6c, 0xff, 0xfe]));
    expect(await failure()).toContain(`${file}: is not UTF-8 text`);
  });

  test('every command says the line; config check lists all of them', async () => {
    write('grace: 1m', 'cacheSize: 10 parsecs', 'cachSize: 1GiB');
    const first = `${file}:2:12: cacheSize: '10 parsecs' is not a size: use for example 200GiB`;
    const second = `${file}:3:1: cachSize: is not a setting; did you mean cacheSize?`;
    expect(await failure()).toContain(first);
    const checked = await larder.run(['config', 'check', file]);
    expect([checked.code, checked.stdout]).toEqual([2, `${first}\n${second}\n`]);
    write('grace: 1m');
    const valid = await larder.run(['config', 'check', file]);
    expect([valid.code, valid.stdout]).toEqual([0, `${file} is valid.\n`]);
  });
});

describe('reading it again', () => {
  interface Line {
    readonly level: number;
    readonly msg: string;
    readonly setting?: string;
    readonly problem?: string;
    readonly changed?: string[];
  }
  const logs = new Map<ChildProcess, Line[]>();

  /** Starts a process, collects its log, and waits until it runs. */
  async function start(role: 'master' | 'worker', ...args: string[]): Promise<ChildProcess> {
    const child = larder.start([role, '--config', file, ...args]);
    const lines: Line[] = [];
    logs.set(child, lines);
    child.stderr?.on('data', (bytes: Buffer) => {
      for (const line of bytes.toString().split('\n')) {
        if (line.startsWith('{')) lines.push(JSON.parse(line) as Line);
      }
    });
    await eventually(async () => {
      const { processes } = await larder.status();
      return processes.some(({ pid }) => pid === child.pid) ? true : undefined;
    });
    return child;
  }

  const logged = (child: ChildProcess, matches: (line: Line) => boolean) =>
    eventually(() => logs.get(child)?.find(matches));

  const startMaster = () =>
    start('master', '--listen', '127.0.0.1:0', '--data-dir', larder.folder('data'));

  test('a master takes the log level and the grace time at SIGHUP, and names what needs a restart', async () => {
    write('grace: 1m', 'lease: 4s', 'logLevel: warn');
    const master = await startMaster();
    write('grace: 2m', 'lease: 5s', 'logLevel: info');
    master.kill('SIGHUP');
    expect(await logged(master, ({ setting }) => setting === 'lease')).toMatchObject({
      msg: 'a changed setting needs a restart',
    });
    expect(await logged(master, ({ changed }) => changed !== undefined)).toMatchObject({
      changed: ['logLevel', 'grace'],
    });
    // It was not taken: it is named again.
    const lines = logs.get(master)!;
    lines.length = 0;
    master.kill('SIGHUP');
    await logged(master, ({ setting }) => setting === 'lease');
    expect(master.exitCode).toBeNull();
  });

  test('a file that is not valid changes nothing and is told with its line', async () => {
    write('logLevel: warn');
    const master = await startMaster();
    write('logLevel: info', 'grace: soon');
    master.kill('SIGHUP');
    expect(await logged(master, ({ problem }) => problem !== undefined)).toMatchObject({
      msg: 'the configuration stays as it was',
      problem: expect.stringContaining(`${file}:2:8: grace: 'soon' is not a duration`) as string,
    });
    const { code, stderr } = await larder.run(['config', 'reload', '--config', file]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(`${file}:2:8`)]);
    const outcome = await larder.run(['config', 'reload', '--config', 'none', '--json']);
    expect(outcome.code).toBe(2);
    expect(JSON.parse(outcome.stdout)).toMatchObject({
      processes: [
        { role: 'master', changed: [], problem: expect.stringContaining(`${file}:2:8`) as string },
      ],
    });
    fs.unlinkSync(file);
    const gone = await larder.run(['config', 'reload', '--config', 'none', '--json']);
    expect(gone.stdout).toContain('does not exist');
  });

  test('a worker whose cache is made smaller evicts, and the cluster knows its new size', async () => {
    const origin = larder.folder('origin');
    for (let i = 0; i < 8; i += 1) {
      fs.writeFileSync(path.join(origin, `file-${String(i)}`), randomBytes(2 * MIB));
    }
    write('cacheSize: 64MiB', 'logLevel: info');
    const master = await startMaster();
    const address = (await larder.status()).processes.find(
      ({ pid }) => pid === master.pid,
    )!.master!;
    const sockets = ['--socket', path.join(larder.directory, 'worker.sock')];
    const worker = await start('worker', '--master', address, ...sockets);
    await larder.ok(['dataset', 'create', 'set', `file://${origin}`, '--master', address]);
    await larder.ok(['preload', 'set', '--master', address]);
    expect(await held(address)).toMatchObject({ usedBytes: 16 * MIB, capacityBytes: 64 * MIB });

    write('cacheSize: 8MiB', 'logLevel: info', 'workerListen: 127.0.0.1:1');
    const { code, stdout } = await larder.run(['config', 'reload', '--config', file, '--json']);
    expect(code).toBe(0);
    const { processes } = JSON.parse(stdout) as { processes: unknown[] };
    expect(processes).toContainEqual(
      expect.objectContaining({
        role: 'worker',
        pid: worker.pid,
        changed: ['cacheSize'],
        restart: ['workerListen'],
      }),
    );
    const after = await eventually(async () => {
      const now = await held(address);
      return now.capacityBytes === 8 * MIB ? now : undefined;
    });
    expect(after.usedBytes).toBeLessThanOrEqual(8 * MIB);
    expect(after.usedBytes).toBeGreaterThan(0);
    // The weight in the placement follows: the worker joined anew.
    const joined = logs.get(master)!.filter(({ msg }) => msg === 'a worker joined');
    expect(joined.at(-1)).toMatchObject({ placementChanged: true, restarted: false });
    expect(worker.exitCode).toBeNull();
  });

  test('a mount takes the log level, in the holder and in the server that runs', async () => {
    const origin = larder.folder('origin');
    fs.writeFileSync(path.join(origin, 'file'), 'bytes');
    write('logLevel: warn', 'hungAfter: 20s');
    // Relative: who re-reads it may be in another directory.
    const named = path.relative(process.cwd(), file);
    const mountpoint = await larder.up(`file://${origin}`, '--config', named);
    const server = await larder.pid('server', mountpoint);
    write('logLevel: debug', 'hungAfter: 21s');
    const { code, stdout } = await larder.run(['config', 'reload', '--config', file]);
    expect([code, stdout.match(/changed: logLevel/g)?.length]).toEqual([0, 3]);
    // TestLarder sets LARDER_HUNG_AFTER_MS, which wins.
    expect(stdout).not.toContain('hungAfter');
    expect(fs.readFileSync(path.join(mountpoint, 'file'), 'utf8')).toBe('bytes');
    expect(await larder.pid('server', mountpoint)).toBe(server);
    // What a server that is started later is given, and what the one that runs has read.
    const mounts = path.join(larder.directory, 'run/mounts');
    const [state = ''] = fs.readdirSync(mounts);
    const spec = fs.readFileSync(path.join(mounts, state, 'mount.json'), 'utf8');
    expect(JSON.parse(spec)).toMatchObject({ logLevel: 'debug', hungAfterMs: 1_500 });
    const again = await larder.run(['config', 'reload', '--config', file]);
    expect(again.stdout.match(/nothing changed/g)?.length).toBe(3);
    await larder.down(mountpoint);
  });

  async function held(master: string): Promise<{ usedBytes: number; capacityBytes: number }> {
    const status = JSON.parse(await larder.ok(['status', '--json', '--master', master])) as {
      workers: { usedBytes: number; capacityBytes: number }[];
    };
    return status.workers[0]!;
  }
});

test('a process that re-reads at SIGHUP still ends when its terminal goes away', async ({
  skip,
}) => {
  const main = path.resolve(import.meta.dirname, '../../cli/main.ts');
  const words = [process.execPath, main, 'master', '--listen', '127.0.0.1:0', '--data-dir'];
  const command = [...words, larder.folder('data')].map((word) => `'${word}'`).join(' ');
  const terminal = spawn('script', ['-qec', `exec ${command}`, '/dev/null'], {
    env: larder.env,
    stdio: 'ignore',
  });
  const failed = await new Promise<boolean>((resolve) => {
    terminal.once('error', () => resolve(true));
    terminal.once('spawn', () => resolve(false));
  });
  if (failed) {
    skip('script(1) of util-linux is not here');
    return;
  }
  const running = async () =>
    (await larder.status()).processes.find(({ role }) => role === 'master');
  const { pid } = await eventually(running);
  process.kill(pid, 'SIGHUP');
  const record = path.join(larder.directory, `run/instances/${String(pid)}.json`);
  await eventually(() => fs.readFileSync(record, 'utf8').includes('"number":1') || undefined);
  terminal.kill('SIGKILL');
  expect(await eventually(async () => ((await running()) === undefined ? pid : undefined))).toBe(
    pid,
  );
});

test('SIGTERM still ends a process that re-reads', async () => {
  write('logLevel: warn');
  const args = ['master', '--config', file, '--listen', '127.0.0.1:0'];
  const master = larder.start([...args, '--data-dir', larder.folder('data')]);
  await eventually(async () => ((await larder.status()).processes.length > 0 ? true : undefined));
  master.kill('SIGTERM');
  expect(await once(master, 'exit')).toEqual([0, null]);
});
