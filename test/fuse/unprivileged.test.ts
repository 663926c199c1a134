/** Mounts by a user who has no right to mount: through fusermount3, as a job on a shared machine has it. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually, ORDINARY_USER, TestLarder } from '../support/larder.ts';
import { fuseForAll, Namespace, NAMESPACE_MISSING } from '../support/namespace.ts';
import { makeTree } from '../support/trees.ts';
import { freePort } from '../support/free-port.ts';

const MISSING =
  fs.existsSync('/dev/fuse') && fs.existsSync('/usr/bin/fusermount3')
    ? NAMESPACE_MISSING
    : 'needs /dev/fuse and fusermount3';

let scratch: string;
let namespace: Namespace;
let larder: TestLarder;
let origin: string;

beforeEach(async (context) => {
  if (MISSING !== undefined) context.skip(MISSING);
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'larder-namespace-'));
  namespace = await Namespace.start({
    user: ORDINARY_USER,
    setUp: fuseForAll(path.join(scratch, 'fuse')),
  });
  larder = new TestLarder({}, { owner: ORDINARY_USER, within: namespace.within });
  origin = larder.folder('origin');
  fs.writeFileSync(path.join(origin, 'large'), Buffer.alloc(24 << 20, 'larder '));
  makeTree(larder.folder('origin/tree'));
  // Root's own files of mode 0600 are not this user's to read, not at the origin either.
  fs.chmodSync(path.join(origin, 'tree/private'), 0o644);
});

afterEach(async () => {
  if (MISSING !== undefined) return;
  await larder[Symbol.asyncDispose]();
  namespace[Symbol.dispose]();
  fs.rmSync(scratch, { recursive: true, force: true });
});

async function same(mountpoint: string): Promise<void> {
  const found = await larder.program('diff', '-r', '--no-dereference', origin, mountpoint);
  expect(found).toEqual({ code: 0, stdout: '', stderr: '' });
}

describe('an ordinary user', () => {
  test('mounts with `up`, reads, and ends it with `down`', async () => {
    const mountpoint = await larder.up(`file://${origin}`);
    await same(mountpoint);
    expect(namespace.mounts()).toMatch(
      new RegExp(`${mountpoint} .*fuse.larder larder:origin@v1 .*user_id=${String(ORDINARY_USER)}`),
    );
    await larder.down(mountpoint);
    expect(namespace.mounts()).not.toContain(mountpoint);
    expect((await larder.status()).processes).toEqual([]);
  });

  test.each(['server', 'holder'] as const)('reads on while the %s is killed', async (role) => {
    const mountpoint = await larder.up(`file://${origin}`);
    const reading = larder.program('diff', '-r', '--no-dereference', origin, mountpoint);
    for (let round = 0; round < 2; round += 1) {
      const pid = await larder.pid(role);
      process.kill(pid, 'SIGKILL');
      await replaced(role, pid);
    }
    expect(await reading).toEqual({ code: 0, stdout: '', stderr: '' });
    await same(mountpoint);
    await larder.down(mountpoint);
    expect(namespace.mounts()).not.toContain(mountpoint);
  });

  test('is told who keeps the mount busy', async () => {
    const mountpoint = await larder.up(`file://${origin}`);
    const holding = larder.hold('sleep', '60', { cwd: mountpoint });
    const { code, stderr } = await larder.run(['umount', mountpoint]);
    expect(code).toBe(7);
    expect(stderr).toMatch(/\[MOUNTPOINT_BUSY\].*sleep \d+ cwd/);
    holding.kill('SIGKILL');
  });

  test('has the mount for itself, unless /etc/fuse.conf and --allow-other say otherwise', async () => {
    const root = new TestLarder({}, { within: namespace.withinAs(undefined) });
    await using _ = root;
    const own = await larder.up(`file://${origin}`);
    expect((await root.program('ls', own)).stderr).toContain('Permission denied');
    await larder.down(own);

    const where = larder.folder('others');
    const args = ['up', `file://${origin}`, where, '--cache-size', '1GiB', '--allow-other'];
    const refused = await larder.run([...args, '--detach']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('[INVALID_ARGUMENT]');
    expect(refused.stderr).toContain('user_allow_other');

    fs.writeFileSync(path.join(scratch, 'fuse.conf'), 'user_allow_other\n');
    await root.program('mount', '--bind', path.join(scratch, 'fuse.conf'), '/etc/fuse.conf');
    const shared = await larder.up(`file://${origin}`, '--allow-other');
    expect((await root.program('ls', shared)).stdout).toContain('large');
  });

  test('reads what root’s worker keeps over its socket, where that lets others connect', async () => {
    await using node = await rootsNode('0666');
    const mountpoint = larder.folder('job');
    const args = ['mount', 'd', mountpoint, '--master', node.master];
    await larder.ok([...args, '--worker-socket', node.socket, '--detach']);
    expect((await larder.program('ls', node.cache)).code).not.toBe(0);
    await same(mountpoint);
    expect(connections(node.socket)).toBeGreaterThan(0);

    // A server that is replaced finds the manifest that its predecessor copied, and needs no master.
    process.kill(await node.pid('master'), 'SIGKILL');
    const pid = await larder.pid('server');
    process.kill(pid, 'SIGKILL');
    const next = await replaced('server', pid);
    await same(mountpoint);
    expect(await larder.pid('server')).toBe(next);
    await larder.ok(['umount', mountpoint]);
  });

  test('is told where the worker’s socket is root’s alone', async () => {
    await using node = await rootsNode('0600');
    const args = ['mount', 'd', larder.folder('job'), '--master', node.master];
    const { code, stderr } = await larder.run([
      ...args,
      '--worker-socket',
      node.socket,
      '--detach',
    ]);
    expect(code).not.toBe(0);
    expect(stderr).toContain('--socket-mode');

    const mountpoint = larder.folder('other');
    await larder.ok(['mount', 'd', mountpoint, '--master', node.master, '--detach']);
    await same(mountpoint);
    await larder.ok(['umount', mountpoint]);
  });

  test('mounts with --driver=fuse-native too', async () => {
    const mountpoint = await larder.up(`file://${origin}`, '--driver', 'fuse-native');
    const [real, shown] = [origin, mountpoint].map((root) => path.join(root, 'large')) as [
      string,
      string,
    ];
    expect(await larder.program('cmp', real, shown)).toEqual({ code: 0, stdout: '', stderr: '' });
    await larder.down(mountpoint);
    expect(namespace.mounts()).not.toContain(mountpoint);
  });

  test('takes no runtime directory of another user, or that everybody may change', async () => {
    const run = path.join(larder.directory, 'run');
    fs.mkdirSync(run);
    fs.chownSync(run, ORDINARY_USER - 1, ORDINARY_USER);
    fs.chmodSync(run, 0o777);
    for (const reason of ['another user', 'everybody may write']) {
      const { code, stderr } = await larder.run(['status']);
      expect(stderr).toContain(reason);
      expect(code).toBe(2);
      fs.chownSync(run, ORDINARY_USER, ORDINARY_USER);
    }
  });

  test('is told what stands in the way', async () => {
    const where = larder.folder('roots');
    fs.chownSync(where, 0, 0);
    const denied = await larder.run(['up', `file://${origin}`, where, '--cache-size', '1GiB']);
    expect(denied.stderr).toContain('user has no write access to mountpoint');
    expect(denied.code).toBe(1);

    const within = [...namespace.within, 'setpriv', '--no-new-privs'];
    await using barred = new TestLarder({}, { owner: ORDINARY_USER, within });
    const refused = await barred.run(['up', `file://${origin}`, barred.folder('mnt')]);
    expect(refused.stderr).toMatch(/\[FUSE_UNAVAILABLE\].*no_new_privs/);
    expect(refused.code).toBe(1);
    expect((await barred.status()).processes).toEqual([]);
  });
});

interface RootsNode extends AsyncDisposable {
  readonly master: string;
  readonly socket: string;
  readonly cache: string;
  pid(role: 'master' | 'worker'): Promise<number>;
}

/** A master and a worker that root runs for everybody on this node. */
async function rootsNode(socketMode: string): Promise<RootsNode> {
  const node = new TestLarder({}, { within: namespace.withinAs(undefined) });
  fs.chmodSync(node.directory, 0o755);
  const socket = path.join(node.folder('socket'), 'worker.sock');
  const cache = path.join(node.directory, 'cache');
  const port = await freePort();
  const master = `127.0.0.1:${String(port)}`;
  node.start(['master', '--listen', master, '--data-dir', node.folder('data')]);
  node.start([
    ...['worker', '--master', master, '--cache-dir', cache, '--cache-size', '1GiB'],
    ...['--socket', socket, '--socket-mode', socketMode],
  ]);
  await eventually(async () => {
    const { code } = await node.run([
      'dataset',
      'create',
      'd',
      `file://${origin}`,
      '--master',
      master,
    ]);
    return code === 0 ? true : undefined;
  });
  return {
    master,
    socket,
    cache,
    pid: (role) => node.pid(role),
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  };
}

async function replaced(role: 'server' | 'holder', pid: number): Promise<number> {
  return await eventually(async () => {
    const now = await larder.pid(role).catch(() => undefined);
    return now === undefined || now === pid ? undefined : now;
  });
}

/** How many are connected to a Unix socket. */
function connections(socket: string): number {
  const lines = fs.readFileSync('/proc/net/unix', 'utf8').split('\n');
  // One of them listens.
  return lines.filter((line) => line.endsWith(` ${socket}`)).length - 1;
}
