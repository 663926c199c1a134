/** Mounts where little is given: no /dev/fuse, a user namespace, a container's root, overlayfs, an old kernel. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connect } from '../../sdk/index.ts';
import { eventually, ORDINARY_USER, TestLarder } from '../support/larder.ts';
import type { TestLarderOptions } from '../support/larder.ts';
import { fuseForAll, Namespace, NAMESPACE_MISSING } from '../support/namespace.ts';
import type { NamespaceOptions } from '../support/namespace.ts';
import { makeTree } from '../support/trees.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

let scratch: string;
let namespace: Namespace;
let larder: TestLarder;
let origin: string;
let ending = new AsyncDisposableStack();

beforeEach((context) => {
  if (NAMESPACE_MISSING !== undefined) context.skip(NAMESPACE_MISSING);
  if (!fs.existsSync('/dev/fuse')) context.skip('needs /dev/fuse');
  ending = new AsyncDisposableStack();
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'larder-contained-'));
  ending.defer(() => {
    fs.rmSync(scratch, { recursive: true, force: true });
  });
});

afterEach(async () => {
  await ending.disposeAsync();
});

/** A place, with Larder in it and something to read. */
async function enter(
  options: NamespaceOptions,
  test: Omit<TestLarderOptions, 'within'> = {},
): Promise<void> {
  namespace = ending.use(await Namespace.start(options));
  larder = ending.use(new TestLarder({}, { ...test, within: namespace.within }));
  origin = larder.folder('origin');
  fs.writeFileSync(path.join(origin, 'large'), Buffer.alloc(24 << 20, 'larder '));
  makeTree(larder.folder('origin/tree'));
  fs.chmodSync(path.join(origin, 'tree/private'), 0o644);
}

async function same(mountpoint: string): Promise<void> {
  const found = await larder.program('diff', '-r', '--no-dereference', origin, mountpoint);
  expect(found).toEqual({ code: 0, stdout: '', stderr: '' });
}

/** Kills the server under a reader, which must not notice. */
async function killServer(mountpoint: string): Promise<void> {
  const reading = same(mountpoint);
  const pid = await larder.pid('server');
  process.kill(pid, 'SIGKILL');
  await eventually(async () => {
    const now = await larder.pid('server').catch(() => undefined);
    return now === undefined || now === pid ? undefined : now;
  });
  await reading;
}

describe('without /dev/fuse', () => {
  const bare = [
    'mount -t tmpfs none /dev',
    ...['null', 'zero', 'urandom', 'random'].map(
      (name, index) => `mknod -m 0666 /dev/${name} c 1 ${String([3, 5, 9, 8][index])}`,
    ),
  ].join('\n');

  test.each(['up', 'mount'])('`%s` says so at once, and starts nothing', async (command) => {
    await enter({ setUp: bare });
    const what = command === 'up' ? `file://${origin}` : 'd';
    const { code, stdout, stderr } = await larder.run([command, what, larder.folder('mnt')]);
    expect(stderr).toContain('[FUSE_UNAVAILABLE]');
    expect(stderr).toContain('device=/dev/fuse, why=is not there');
    expect(stderr).toContain('SDK');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect((await larder.status()).processes).toEqual([]);
  });

  test('the SDK and preloads work', async () => {
    await enter({ setUp: bare });
    const args = ['master', '--listen', '127.0.0.1:0', '--data-dir', larder.folder('data')];
    larder.start(args);
    const { master } = await eventually(async () =>
      (await larder.status()).processes.find(({ role }) => role === 'master'),
    );
    const socket = path.join(larder.directory, 'worker.sock');
    const where = ['--cache-dir', larder.folder('cache'), '--cache-size', '1GiB'];
    larder.start(['worker', '--master', String(master), '--socket', socket, ...where]);
    await eventually(async () => {
      const { code } = await larder.run(['dataset', 'create', 'd', `file://${origin}`]);
      return code === 0 ? true : undefined;
    });
    await larder.ok(['preload', 'd']);
    await using client = connect({ master: String(master), workerSocket: socket });
    await using dataset = await client.datasets.get('d');
    await using file = await dataset.open('large');
    const bytes = await file.read(0, 24 << 20);
    expect(bytes.equals(fs.readFileSync(path.join(origin, 'large')))).toBe(true);
  });
});

describe('in a user namespace', () => {
  test('an ordinary user mounts without fusermount3, and kills go unnoticed', async (context) => {
    const probe = spawnSync('setpriv', [
      ...['--reuid', String(ORDINARY_USER), '--regid', String(ORDINARY_USER), '--clear-groups'],
      ...['unshare', '--user', '--map-root-user', '--mount', 'true'],
    ]);
    if (probe.status !== 0) context.skip('users may not make user namespaces here');
    // No fusermount3 is to be found, so that it cannot help.
    const setUp = ['fusermount3', 'fusermount']
      .map((name) => `test ! -e /usr/bin/${name} || mount --bind /dev/null /usr/bin/${name}`)
      .concat(fuseForAll(path.join(scratch, 'fuse')))
      .join('\n');
    await enter({ setUp, insideOf: ORDINARY_USER }, { owner: ORDINARY_USER });
    const mountpoint = await larder.up(`file://${origin}`);
    expect(namespace.mounts()).toContain(mountpoint);
    await killServer(mountpoint);
    await larder.down(mountpoint);
    expect(namespace.mounts()).not.toContain(mountpoint);
  });
});

describe('in the root of a container', () => {
  test('with /proc, /dev/fuse and no more than is needed', async () => {
    const root = path.join(scratch, 'root');
    const bind = (from: string) =>
      `mkdir -p '${root}${from}' && mount --rbind '${from}' '${root}${from}'`;
    const links = ['bin', 'lib', 'lib64', 'sbin'].map((name) =>
      fs.lstatSync(`/${name}`).isSymbolicLink()
        ? `ln -s usr/${name} '${root}/${name}'`
        : bind(`/${name}`),
    );
    const setUp = [
      `mkdir -p '${root}' && mount -t tmpfs none '${root}'`,
      ...['/usr', ROOT, os.tmpdir()].map(bind),
      ...links,
      `mkdir '${root}/proc' '${root}/dev' '${root}/etc' '${root}/run'`,
      `mount -t proc none '${root}/proc'`,
      `mknod -m 0666 '${root}/dev/fuse' c 10 229`,
      `mknod -m 0666 '${root}/dev/null' c 1 3`,
      `mknod -m 0666 '${root}/dev/urandom' c 1 9`,
    ].join('\n');
    await enter({ setUp, root });
    expect((await larder.program('ls', '/')).stdout).not.toMatch(/^(root|home|var)$/m);
    const mountpoint = await larder.up(`file://${origin}`);
    await killServer(mountpoint);
    await larder.down(mountpoint);
    expect((await larder.status()).processes).toEqual([]);
  });
});

describe('with the cache on overlayfs', () => {
  test('everything is read, kept, and found again', async () => {
    const [lower, upper, work, cache] = ['lower', 'upper', 'work', 'cache'].map((name) => {
      const directory = path.join(scratch, name);
      fs.mkdirSync(directory);
      return directory;
    }) as [string, string, string, string];
    const how = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
    await enter({ setUp: `mount -t overlay overlay -o '${how}' '${cache}'` });
    const args = ['--cache-dir', path.join(cache, 'larder')];
    const first = await larder.up(`file://${origin}`, ...args);
    await same(first);
    await killServer(first);
    await larder.down(first);
    const { origin: before } = await larder.status();
    expect(before.gets).toBe(0);
    const second = await larder.up(`file://${origin}`, ...args);
    await same(second);
    expect((await larder.status()).origin.bytes).toBe(0);
    await larder.down(second);
  });
});

describe('on a kernel below 6.9, as --recovery=slots has it', () => {
  test('a server that is killed is not noticed', async () => {
    await enter({});
    larder.env['LARDER_LOG_LEVEL'] = 'debug';
    const home = path.join(scratch, 'home');
    const how = ['--recovery', 'slots', '--cache-dir', home];
    const mountpoint = await larder.up(`file://${origin}`, ...how);
    for (let round = 0; round < 2; round += 1) await killServer(mountpoint);
    const log = fs.readFileSync(path.join(home, 'up.log'), 'utf8');
    expect(log).toContain('"recovery":"slots"');
    expect(log).not.toContain('"recovery":"resend"');
    await larder.down(mountpoint);
  });
});

describe('with --driver=fuse-native', () => {
  test('everything is read, what it lacks is shown, and `up` mounts again after a kill', async () => {
    await enter({});
    const mountpoint = await larder.up(`file://${origin}`, '--driver', 'fuse-native');
    const { mounts } = await larder.status();
    expect(mounts).toMatchObject([{ driver: 'fuse-native' }]);
    expect(mounts[0]!.lacks).toContain('recovery');
    // It shows no name that is not UTF-8, and times to the millisecond.
    const { code } = await larder.program(
      'cmp',
      path.join(origin, 'large'),
      path.join(mountpoint, 'large'),
    );
    expect(code).toBe(0);
    const pid = await larder.pid('server');
    process.kill(pid, 'SIGKILL');
    await eventually(async () => {
      const now = await larder.pid('server').catch(() => undefined);
      return now === undefined || now === pid ? undefined : now;
    });
    await eventually(async () => {
      const again = await larder.program(
        'cmp',
        path.join(origin, 'large'),
        path.join(mountpoint, 'large'),
      );
      return again.code === 0 ? true : undefined;
    });
    await larder.down(mountpoint);
    expect(namespace.mounts()).not.toContain(mountpoint);
  });
});
