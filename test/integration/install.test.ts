import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually, TestLarder } from '../support/larder.ts';
import { NotifySocket } from '../support/notify-socket.ts';
import { confinement, parseUnit, readEnvironmentFile } from '../support/unit-file.ts';
import { freePort } from '../support/free-port.ts';

const execute = promisify(execFile);
const UNITS = '/etc/systemd/system';
const PROGRAMS = [
  `${UNITS}/larder-master.service`,
  `${UNITS}/larder-worker.service`,
  `${UNITS}/larder-mount@.service`,
  '/sbin/mount.larder',
];
const SETTINGS = ['/etc/larder/master.env', '/etc/larder/worker.env'];

let larder: TestLarder;
let root: string;

beforeEach(() => {
  larder = new TestLarder();
  root = larder.folder('root');
});

afterEach(async () => {
  await larder[Symbol.asyncDispose]();
});

const at = (file: string) => path.join(root, file);
const read = (file: string) => fs.readFileSync(at(file), 'utf8');
const files = () =>
  fs
    .readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name).slice(root.length))
    .sort();
const install = (...flags: string[]) => larder.run(['install', '--root', root, ...flags]);
const uninstall = (...flags: string[]) => larder.run(['uninstall', '--root', root, ...flags]);

describe('larder install', () => {
  test('writes units, mount.larder and settings, and says so; a second time changes nothing', async () => {
    const first = await install();
    expect(first.code).toBe(0);
    expect(files()).toEqual([...PROGRAMS, ...SETTINGS].sort());
    for (const file of files()) expect(first.stdout).toContain(`${at(file)}: written`);
    expect(fs.statSync(at('/sbin/mount.larder')).mode & 0o777).toBe(0o755);
    expect(fs.statSync(at(SETTINGS[0]!)).mode & 0o777).toBe(0o644);
    const before = files().map((file) => fs.statSync(at(file)).mtimeMs);
    const second = await install();
    expect(second.stdout.match(/: unchanged/g)).toHaveLength(6);
    expect(files().map((file) => fs.statSync(at(file)).mtimeMs)).toEqual(before);
  });

  test('--dry-run says what it would do, and does nothing', async () => {
    const { stdout } = await install('--dry-run', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ dryRun: true });
    expect((JSON.parse(stdout) as { files: unknown[] }).files).toHaveLength(6);
    expect(files()).toEqual([]);
  });

  test('an edited unit is named and nothing is touched; --force keeps the old one beside it', async () => {
    await install();
    const edited = `${read(PROGRAMS[0]!)}# mine\n`;
    fs.writeFileSync(at(PROGRAMS[0]!), edited);
    fs.rmSync(at(PROGRAMS[1]!));
    const refused = await install();
    expect(refused.code).toBe(7);
    expect(refused.stderr).toContain('INSTALL_CHANGED');
    expect(refused.stderr).toContain(at(PROGRAMS[0]!));
    expect(read(PROGRAMS[0]!)).toBe(edited);
    expect(files()).not.toContain(PROGRAMS[1]);
    expect((await install('--force')).code).toBe(0);
    expect(read(PROGRAMS[0]!)).not.toContain('# mine');
    expect(fs.readFileSync(`${at(PROGRAMS[0]!)}.old`, 'utf8')).toBe(edited);
  });

  test('settings that were edited stay, also with --force', async () => {
    await install();
    fs.appendFileSync(at(SETTINGS[0]!), 'MASTER_FLAGS="--listen 127.0.0.1:7"\n');
    const { stdout } = await install('--force');
    expect(stdout).toContain(`${at(SETTINGS[0]!)}: kept`);
    expect(read(SETTINGS[0]!)).toContain('127.0.0.1:7');
  });

  test('a link that leads out of the root is not followed', async () => {
    fs.symlinkSync(larder.folder('elsewhere'), at('/sbin'));
    const { code, stderr } = await install();
    expect(stderr).toContain('INSTALL_FAILED');
    expect(code).toBe(1);
    expect(fs.readdirSync(path.join(larder.directory, 'elsewhere'))).toEqual([]);
  });

  test('a place that cannot be written is named', async () => {
    fs.writeFileSync(at('/etc'), '');
    const { code, stderr } = await install();
    expect(stderr).toContain('ENOTDIR');
    expect(code).toBe(1);
  });
});

describe('larder uninstall', () => {
  test('removes what was installed, keeps edited settings, refuses edited units', async () => {
    await install();
    fs.appendFileSync(at(SETTINGS[1]!), '# mine\n');
    fs.appendFileSync(at(PROGRAMS[2]!), '# mine\n');
    const refused = await uninstall();
    expect(refused.stderr).toContain(at(PROGRAMS[2]!));
    expect(refused.code).toBe(7);
    expect(files()).toHaveLength(6);
    const { code, stdout } = await uninstall('--force');
    expect(code).toBe(0);
    expect(stdout).toContain(`${at(SETTINGS[1]!)}: kept`);
    expect(files()).toEqual([SETTINGS[1]]);
    expect((await uninstall()).code).toBe(0);
  });
});

describe('the units', () => {
  test('are what systemd accepts', async ({ skip }) => {
    await install();
    // It looks for the commands in the real root: mount.larder is shown to it in /sbin.
    const script = `mount -t overlay overlay -o lowerdir=${at('/sbin')}:/usr/sbin /usr/sbin &&
      exec systemd-analyze verify --man=no ${at(UNITS)}/*`;
    const there = await execute('systemd-analyze', ['--version']).catch(() => undefined);
    if (there === undefined) return skip('needs systemd-analyze');
    const namespace = ['--mount', '--propagation', 'private', 'sh', '-c'];
    if (
      await execute('unshare', [...namespace, ':']).then(
        () => false,
        () => true,
      )
    ) {
      return skip('needs the right to make a mount namespace');
    }
    const { stdout, stderr } = await execute('unshare', [...namespace, script]);
    expect(stdout + stderr).toBe('');
  });

  test('keep a mount out of a namespace of its own, and its processes alive', async () => {
    await install();
    const unit = parseUnit(read(PROGRAMS[2]!));
    const isolating =
      /^(PrivateTmp|PrivateDevices|PrivateMounts|Protect\w+|ReadOnlyPaths|ReadWritePaths|InaccessiblePaths|BindPaths|BindReadOnlyPaths|TemporaryFileSystem|RootDirectory|RootImage|DynamicUser|MountFlags)=/m;
    expect(read(PROGRAMS[2]!)).not.toMatch(isolating);
    expect(unit.values('KillMode')).toEqual(['process']);
    expect(unit.values('SendSIGKILL')).toEqual(['no']);
  });

  test('master and worker tell systemd when they are ready, with the rights of their units', async ({
    skip,
  }) => {
    if (process.geteuid?.() !== 0) return skip('needs root');
    await install();
    const port = await freePort();
    const socket = path.join(larder.directory, 'worker.sock');
    for (const name of ['master', 'worker']) {
      const unit = parseUnit(read(`${UNITS}/larder-${name}.service`));
      expect(unit.values('Type')).toEqual(['notify']);
      const flags = readEnvironmentFile(at(`/etc/larder/${name}.env`));
      const environment = Object.fromEntries(
        Object.entries(flags).map(([key, value]) => [
          key,
          value
            .replace('127.0.0.1:7400', `127.0.0.1:${String(port)}`)
            .replace('/var/lib/larder', path.join(larder.directory, 'data'))
            .replace('/run/larder/worker.sock', socket),
        ]),
      );
      const command = unit.command('ExecStart', { environment });
      // One by a path, one by an abstract name: systemd has used both.
      const address =
        name === 'master' ? path.join(larder.directory, 'n') : `@larder-test-${String(port)}`;
      using notified = new NotifySocket(address);
      const size = name === 'worker' ? ['--cache-size', '64MiB'] : [];
      // Its record is in the runtime directory: what runs at the end of the test is ended by that.
      spawn('setpriv', [...confinement(unit), ...command, ...size], {
        env: { ...larder.env, NOTIFY_SOCKET: address },
        stdio: 'ignore',
      });
      expect(await eventually(() => notified.receive())).toBe('READY=1');
      if (name === 'worker') expect(fs.existsSync(socket)).toBe(true);
      else await larder.ok(['dataset', 'list', '--master', `127.0.0.1:${String(port)}`]);
    }
  });
});

test('a NOTIFY_SOCKET that nobody listens on ends nothing', async () => {
  const child = larder.start(
    ['master', '--listen', '127.0.0.1:0', '--data-dir', larder.folder('data')],
    { NOTIFY_SOCKET: path.join(larder.directory, 'nobody') },
  );
  let stderr = '';
  child.stderr?.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
  await eventually(() => (stderr.includes('cannot tell the service manager') ? true : undefined));
  expect(await larder.pid('master')).toBe(child.pid);
});
