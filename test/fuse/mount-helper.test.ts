/**
 * mount(8), umount(8), fstab and the commands of larder-mount@.service, for real: as root, in a mount
 * namespace of their own, where /sbin has the mount.larder that `larder install` wrote.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually, isRunning, TestLarder } from '../support/larder.ts';
import type { Outcome, ProcessInfo } from '../support/larder.ts';
import { confinement, parseUnit } from '../support/unit-file.ts';

const BYTES = 'bytes of the origin\n';
const READ_ONLY = 'cannot be written, mounted read-only';

let larder: TestLarder;
let root: string;
let mountpoint: string;
let master: string;
let unavailable: string | undefined;

beforeAll(async () => {
  larder = new TestLarder();
  const origin = larder.folder('origin');
  fs.writeFileSync(path.join(origin, 'file'), BYTES);
  mountpoint = larder.folder('mnt with blank');
  root = larder.folder('root');
  await larder.ok(['install', '--root', root]);
  const probe = await inNamespace('test -x /sbin/mount.larder');
  if (probe.code !== 0) unavailable = 'needs root, unshare and overlay';
  await larder.up(`file://${origin}`, '--name', 'data');
  const { processes } = await larder.status();
  master = processes.find(({ role }) => role === 'master')!.master!;
});

afterEach(async () => {
  for (const { pid } of await mountProcesses()) process.kill(pid, 'SIGKILL');
});

afterAll(async () => {
  await larder[Symbol.asyncDispose]();
});

/** Runs a script of the shell where /sbin/mount.larder is there. `$M` is the mount point. */
async function inNamespace(script: string): Promise<Outcome> {
  const prepare = `mount -t overlay overlay -o lowerdir=${root}/sbin:/usr/sbin /usr/sbin || exit 99`;
  const args = ['--mount', '--propagation', 'private', 'sh', '-c', `${prepare}\n${script}`];
  const child = spawn('timeout', ['60', 'unshare', ...args], {
    env: { ...larder.env, M: mountpoint, MASTER: master },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = [text(child.stdout), text(child.stderr)];
  const [code] = (await once(child, 'exit')) as [number | null];
  return { code: code ?? -1, stdout: await stdout, stderr: await stderr };
}

/** Holder and server of the mount that these tests make. */
async function mountProcesses(): Promise<ProcessInfo[]> {
  const { processes } = await larder.status();
  return processes.filter((one) => one.mountpoint === mountpoint && one.role !== 'up');
}

async function expectNoProcesses(pids: readonly number[] = []): Promise<void> {
  await eventually(async () => ((await mountProcesses()).length === 0 ? true : undefined));
  await eventually(() => (pids.some(isRunning) ? undefined : true));
}

describe('mount -t larder', () => {
  test('returns when the mount answers; umount(8) leaves no process behind', async ({ skip }) => {
    if (unavailable !== undefined) return skip(unavailable);
    const { code, stdout, stderr } = await inNamespace(`
      cd ${larder.folder('somewhere')}
      mount -t larder data "$M" -o ro,master=$MASTER || exit 1
      cat "$M/file" || exit 2
      grep -q ' fuse.larder ' /proc/mounts || exit 3
      for p in "$LARDER_RUNTIME_DIR"/instances/*.json; do
        grep -q 'mnt with blank' "$p" && readlink "/proc/$(basename "$p" .json)/cwd"
      done
      umount "$M" || exit 4
    `);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    // What stays does not keep the caller's directory busy.
    expect(stdout).toBe(`${BYTES}/\n/\n`);
    await expectNoProcesses();
  });

  test('without ro it says that it is read-only, and it is', async ({ skip }) => {
    if (unavailable !== undefined) return skip(unavailable);
    const { code, stderr } = await inNamespace(`
      mount -t larder data@v1 "$M" -o master=$MASTER || exit 1
      echo x > "$M/new" && exit 2
      umount "$M"
    `);
    expect(stderr).toContain(`data@v1 ${READ_ONLY}`);
    expect(stderr).toContain('Read-only file system');
    expect(code).toBe(0);
  });

  test.for([
    ['an unknown option', 'data', '$M', 'bogus=1', 1, 'option=bogus=1'],
    ['a wrong value', 'data', '$M', 'integrity=lax', 1, 'option=integrity=lax'],
    ['a mode of another driver', 'data', '$M', 'driver=fuse-native,open-mode=none', 1, 'openMode'],
    ['a name that is none', 'a/b', '$M', 'ro', 1, 'INVALID_ARGUMENT'],
    ['no such dataset', 'other', '$M', 'ro', 32, 'dataset=other'],
    ['no such version', 'data@v9', '$M', 'ro', 32, 'NOT_FOUND'],
    ['a mount point that is not there', 'data', '$M/no', 'ro', 32, 'MOUNTPOINT_INVALID'],
    ['no master', 'data', '$M', 'master=127.0.0.1:9', 32, 'UNAVAILABLE'],
  ] as const)('%s is refused', async (refused, { skip }) => {
    if (unavailable !== undefined) return skip(unavailable);
    const [, name, where, option, exitCode, message] = refused;
    const { code, stderr } = await inNamespace(
      `mount -t larder ${name} "${where}" -o ro,master=$MASTER,${option}`,
    );
    expect(stderr).toContain(message);
    expect(code).toBe(exitCode);
  });

  test('noexec, which `user` in fstab implies, is a flag of the mount', async ({ skip }) => {
    if (unavailable !== undefined) return skip(unavailable);
    const { code, stdout } = await inNamespace(`
      mount -t larder data "$M" -o ro,user,master=$MASTER || exit 1
      grep 'mnt.040with.040blank' /proc/self/mounts
      cat "$M/file" || exit 2
      umount "$M"
    `);
    expect(stdout).toMatch(/ fuse\.larder \S*\bnoexec\b/);
    expect(stdout).toContain(BYTES);
    expect(code).toBe(0);
    await expectNoProcesses();
  });

  test('a mount whose processes were killed is made anew', async ({ skip }) => {
    if (unavailable !== undefined) return skip(unavailable);
    const { code, stdout, stderr } = await inNamespace(`
      mount -t larder data "$M" -o ro,master=$MASTER || exit 1
      pids=$(grep -l 'mnt with blank' "$LARDER_RUNTIME_DIR"/instances/*.json | sed 's/.*\\///; s/.json//')
      kill -STOP $pids; kill -KILL $pids; sleep 1
      cat "$M/file" 2>/dev/null && exit 2
      mount -t larder data "$M" -o ro,master=$MASTER || exit 3
      cat "$M/file" || exit 4
      umount "$M" || exit 5
      mountpoint -q "$M" && exit 6
      exit 0
    `);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: BYTES, stderr: '' });
    await expectNoProcesses();
  });
});

describe('fstab', () => {
  test('mount -a mounts, and again changes nothing; mount DIR and umount DIR work', async ({
    skip,
  }) => {
    if (unavailable !== undefined) return skip(unavailable);
    const fstab = path.join(larder.directory, 'fstab');
    const where = mountpoint.replaceAll(' ', '\\040');
    const options =
      `ro,nofail,_netdev,users,exec,allow_other,x-systemd.requires=larder-worker.service,` +
      `open-mode=auto,master=${master}`;
    fs.writeFileSync(fstab, `data@v1 ${where} larder ${options} 0 0\n`);
    const { code, stdout, stderr } = await inNamespace(`
      mount -a -T ${fstab} || exit 1
      cat "$M/file" || exit 2
      mount -a -T ${fstab} || exit 3
      grep -c 'mnt.040with.040blank fuse.larder' /proc/self/mounts
      umount "$M" || exit 4
      mount -T ${fstab} "$M" || exit 5
      cat "$M/file" || exit 6
      umount "$M" || exit 7
    `);
    expect(stderr).toBe(`larder: data@v1 is already mounted on ${mountpoint}.\n`);
    expect(stdout).toBe(`${BYTES}1\n${BYTES}`);
    expect(code).toBe(0);
    await expectNoProcesses();
  });

  test('another version that is mounted there is not taken for this one', async ({ skip }) => {
    if (unavailable !== undefined) return skip(unavailable);
    const { code, stderr } = await inNamespace(`
      mount -t larder data@v1 "$M" -o ro,master=$MASTER || exit 1
      mount -t larder data@v2 "$M" -o ro,master=$MASTER; code=$?
      umount "$M"; exit $code
    `);
    expect(stderr).toContain('already mounted: larder:data@v1');
    expect(code).toBe(32);
  });
});

describe('larder-mount@.service', () => {
  test('starts, stays while in use, stops, with no more rights than it has', async ({ skip }) => {
    if (unavailable !== undefined) return skip(unavailable);
    const unit = parseUnit(
      fs.readFileSync(path.join(root, 'etc/systemd/system/larder-mount@.service'), 'utf8'),
    );
    const environment = { DATASET: 'data', OPTIONS: `master=${master}` };
    const context = { environment, path: mountpoint };
    const confined = [
      ...['env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin'],
      ...[`LARDER_RUNTIME_DIR=${larder.env['LARDER_RUNTIME_DIR']!}`],
      'setpriv',
      ...confinement(unit),
    ];
    const [start, stop] = ['ExecStart', 'ExecStop'].map((key) =>
      [...confined, ...unit.command(key, context)].map((word) => `'${word}'`).join(' '),
    ) as [string, string];
    const { code, stdout, stderr } = await inNamespace(`
      ${start} || exit 1
      cat "$M/file" || exit 2
      ${start} || exit 3
      sleep 300 < "$M/file" & user=$!
      ${stop}; echo "stop while in use: $?"
      cat "$M/file" || exit 4
      kill $user; wait $user
      ${stop} || exit 5
      mountpoint -q "$M" && exit 6
      ${stop} || exit 7
    `);
    expect(stderr).toContain('already mounted');
    expect(stderr).toMatch(/MOUNTPOINT_BUSY.*sleep \d+ fd\/0/);
    expect(stdout).toContain(`${BYTES}stop while in use: 7\n${BYTES}`);
    expect(code).toBe(0);
    await expectNoProcesses();
  });
});
