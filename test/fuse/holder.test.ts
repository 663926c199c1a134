/** Servers and holders that die, hang, or are told to stop, under readers that must not notice. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  checkMountpoint,
  findHolders,
  findMount,
  isMounted,
  listMounts,
  unmount,
} from '../../fuse-client/index.ts';
import { eventually, FUSE_MISSING, MountUnderTest, run, start } from '../support/fuse-mount.ts';

const BIG_BYTES = 512 << 20;

describe.skipIf(FUSE_MISSING !== undefined).each(['resend', 'slots'] as const)(
  'recovery by %s',
  (recovery) => {
    let mount: MountUnderTest;
    let md5: string;

    beforeAll(() => {
      mount = new MountUnderTest((tree) => {
        md5 = writeBig(path.join(tree, 'big.bin'), BIG_BYTES);
        fs.writeFileSync(path.join(tree, 'small.txt'), 'small');
      });
    });
    afterAll(async () => {
      await mount[Symbol.asyncDispose]();
    });

    test('a server that is killed six times during one read is not noticed', async () => {
      mount.rules({ path: 'big.bin', delayMs: 5 });
      await mount.start({ mount: { recovery } });
      const reader = start('md5sum', [mount.at('big.bin')]);
      // Open through all of it: an OPEN or RELEASE that is repeated must not confuse the count.
      const open = fs.openSync(mount.at('small.txt'), 'r');
      for (let kills = 1; kills <= 6; kills++) {
        await mount.event('server-started', kills);
        await sleep(350);
        expect(reader.child.exitCode, 'the reader still reads').toBe(null);
        process.kill(mount.serverPid, 'SIGKILL');
      }
      expect(await reader.result).toMatchObject({ code: 0, stderr: '' });
      expect((await reader.result).stdout).toContain(md5);
      expect((await mount.event('server-started', 7)).pid).toBeGreaterThan(0);
      fs.closeSync(open);
      const id = mount.objectId('small.txt');
      await eventually('the last close', 5000, () =>
        mount.log().at(-1) === `closed ${id}` || mount.log().includes(`closed ${id}`)
          ? true
          : undefined,
      );
    });

    test('a server that hangs is replaced', async () => {
      await using other = new MountUnderTest((tree) => {
        fs.writeFileSync(path.join(tree, 'a'), 'contents');
        fs.writeFileSync(path.join(tree, 'b'), 'more');
      });
      await other.start({ mount: { recovery, timings: { silenceMs: 800, heartbeatMs: 100 } } });
      other.rules({ path: 'b', delayMs: 300 });
      const before = other.serverPid;
      const reading = fs.promises.readFile(other.at('b'), 'utf8');
      await eventually('the read', 5000, () =>
        fs.existsSync(path.join(other.work, 'behaviour.json')) ? true : undefined,
      );
      await sleep(100);
      process.kill(before, 'SIGSTOP');
      expect(await fs.promises.readFile(other.at('a'), 'utf8')).toBe('contents');
      expect(await reading).toBe('more');
      expect(other.events().find((event) => event.kind === 'server-lost')).toMatchObject({
        pid: before,
        why: 'silent',
      });
      expect(other.serverPid).not.toBe(before);
    });

    test('metadata and opens go on while servers are killed', async () => {
      await using other = new MountUnderTest((tree) => {
        for (let d = 0; d < 20; d++) {
          fs.mkdirSync(path.join(tree, `d${String(d)}`));
          for (let f = 0; f < 100; f++)
            fs.writeFileSync(
              path.join(tree, `d${String(d)}`, `f${String(f)}`),
              `${String(d)}/${String(f)}`,
            );
        }
      });
      await other.start({ mount: { recovery } });
      const diff = start('diff', ['-r', other.tree, other.mountpoint]);
      for (let kills = 1; kills <= 3; kills++) {
        await other.event('server-started', kills);
        await sleep(150);
        process.kill(other.serverPid, 'SIGKILL');
      }
      expect(await diff.result).toMatchObject({ code: 0, stdout: '', stderr: '' });
    });
  },
);

describe.skipIf(FUSE_MISSING !== undefined)('the holder', () => {
  test('is replaced by its server when it is killed, and then replaces that server', async () => {
    await using mount = await smallMount().start();
    const first = mount.holder!.pid!;
    const server = mount.serverPid;
    process.kill(first, 'SIGKILL');
    const second = await mount.event('took-over');
    expect(second).toMatchObject({ serverPid: server });
    expect(second.holder).not.toBe(first);
    expect(fs.readFileSync(mount.at('a'), 'utf8')).toBe('contents');
    process.kill(server, 'SIGKILL');
    const started = await mount.event('server-started', 2);
    expect(started.holder).toBe(second.holder);
    expect(fs.readFileSync(mount.at('b'), 'utf8')).toBe('more');
    process.kill(second.holder, 'SIGTERM');
    expect(await mount.event('end')).toMatchObject({ how: 'unmounted' });
    expect(isMounted(mount.mountpoint)).toBe(false);
  });

  test.skipIf(!mayLowerOomScore())(
    'is not killed for want of memory, and its server is as any other process',
    async () => {
      await using mount = await smallMount().start();
      const score = (pid: number) =>
        fs.readFileSync(`/proc/${String(pid)}/oom_score_adj`, 'utf8').trim();
      expect(score(mount.holder!.pid!)).toBe('-1000');
      expect(score(mount.serverPid)).toBe(
        fs.readFileSync('/proc/self/oom_score_adj', 'utf8').trim(),
      );
    },
  );

  test('unmounts on SIGTERM and ends with everything', async () => {
    await using mount = await smallMount().start();
    const server = mount.serverPid;
    mount.holder!.kill('SIGTERM');
    expect(await mount.exitCode()).toBe(0);
    expect(isMounted(mount.mountpoint)).toBe(false);
    expect(mount.log()).toContain('disposed');
    await eventually('the end of the server', 2000, () => (isGone(server) ? true : undefined));
  });

  test('ends with exit code 0 after somebody else has unmounted', async () => {
    await using mount = await smallMount().start();
    expect((await run('umount', mount.mountpoint)).code).toBe(0);
    expect(await mount.exitCode()).toBe(0);
    expect(mount.events().at(-1)).toMatchObject({ kind: 'end', how: 'unmounted' });
  });

  test('names who keeps the mount busy, stays, and unmounts when they are gone', async () => {
    await using mount = await smallMount().start();
    const user = start('sleep', ['60'], { cwd: mount.mountpoint });
    const mapper = start('sh', ['-c', 'exec 7<"$1"; exec sleep 60', 'sh', mount.at('a')]);
    await eventually('both users, each as sleep', 5000, () => {
      const commands = findHolders(mount.mountpoint).map(({ command }) => command);
      return commands.join() === 'sleep,sleep' ? true : undefined;
    });
    expect(() => {
      unmount(mount.mountpoint);
    }).toThrow(`sleep ${String(user.child.pid)} cwd`);
    mount.holder!.kill('SIGTERM');
    const busy = await mount.event('busy');
    expect(busy).toMatchObject({
      users: expect.arrayContaining([
        { pid: user.child.pid, command: 'sleep', by: 'cwd' },
        { pid: mapper.child.pid, command: 'sleep', by: 'fd/7' },
      ]) as unknown,
    });
    expect(isMounted(mount.mountpoint)).toBe(true);
    user.child.kill('SIGKILL');
    mapper.child.kill('SIGKILL');
    await Promise.all([user.result, mapper.result]);
    expect(await mount.exitCode()).toBe(0);
    expect(isMounted(mount.mountpoint)).toBe(false);
  });

  test('detaches a busy mount where it is told to, and serves its users to their end', async () => {
    await using mount = await smallMount().start({ mount: { whenBusy: 'lazy' } });
    const fd = fs.openSync(mount.at('a'), 'r');
    mount.holder!.kill('SIGTERM');
    await eventually('the detaching', 5000, () => (isMounted(mount.mountpoint) ? undefined : true));
    expect(await promisedRead(fd)).toBe('contents');
    fs.closeSync(fd);
    expect(await mount.exitCode()).toBe(0);
  });

  test('fails the users of a busy mount where it is told to', async () => {
    await using mount = await smallMount().start({ mount: { whenBusy: 'abort' } });
    const fd = fs.openSync(mount.at('a'), 'r');
    mount.holder!.kill('SIGTERM');
    expect(await mount.exitCode()).toBe(0);
    await expect(promisedRead(fd)).rejects.toThrow();
    fs.closeSync(fd);
    expect(isMounted(mount.mountpoint)).toBe(false);
  });

  test('ends at once where the first server cannot connect, and says why', async () => {
    await using mount = await smallMount().start({
      source: { connectFails: 'NOT_FOUND' },
      wait: false,
    });
    expect(await mount.exitCode()).toBe(1);
    expect(mount.events().at(-1)).toMatchObject({ how: 'failed', code: 'NOT_FOUND' });
    expect(isMounted(mount.mountpoint)).toBe(false);
  });

  test('a successor answers before it has connected', async () => {
    await using mount = await smallMount().start({ complete: true });
    mount.complete('a');
    const specFile = path.join(mount.work, 'spec.json');
    const spec = JSON.parse(fs.readFileSync(specFile, 'utf8')) as { source: object };
    fs.writeFileSync(
      specFile,
      JSON.stringify({ ...spec, source: { ...spec.source, connectMs: 60_000 } }),
    );
    process.kill(mount.serverPid, 'SIGKILL');
    await mount.event('server-started', 2);
    expect(fs.readFileSync(mount.at('a'), 'utf8')).toBe('contents');
  });

  test('a successor that finds its source elsewhere begins again with that', async () => {
    await using mount = await smallMount().start({ complete: true });
    const specFile = path.join(mount.work, 'spec.json');
    const spec = JSON.parse(fs.readFileSync(specFile, 'utf8')) as { source: object };
    const elsewhere = path.join(mount.work, 'elsewhere');
    fs.renameSync(path.dirname(path.dirname(path.dirname(mount.complete('a')))), elsewhere);
    fs.writeFileSync(
      specFile,
      JSON.stringify({ ...spec, source: { ...spec.source, completeDirectory: elsewhere } }),
    );
    mount.rules({ path: 'a', fail: 'UNAVAILABLE' });
    process.kill(mount.serverPid, 'SIGKILL');
    await mount.event('server-started', 3);
    expect(fs.readFileSync(mount.at('a'), 'utf8')).toBe('contents');
  });
});

describe.skipIf(FUSE_MISSING !== undefined)('mount points', () => {
  test('are checked, each fault by name', async () => {
    await using mount = await smallMount().start();
    const entry = findMount(mount.mountpoint);
    expect(entry).toMatchObject({ mountpoint: mount.mountpoint, source: 'larder:kitchen@v3' });
    expect(listMounts()).toContainEqual(entry);
    expect(() => checkMountpoint(mount.mountpoint)).toThrow('already mounted: larder:kitchen@v3');
    expect(() => checkMountpoint(path.join(mount.work, 'nowhere'))).toThrow('does not exist');
    expect(() => checkMountpoint(path.join(mount.work, 'spec.json'))).toThrow('not a directory');
    expect(() => checkMountpoint(mount.work)).toThrow('not empty');
    expect(() => unmount(mount.work)).toThrow('NOT_MOUNTED');
    expect(isMounted(mount.work)).toBe(false);
  });
});

/** Not in every container: it needs CAP_SYS_RESOURCE. */
function mayLowerOomScore(): boolean {
  const set = 'echo -1000 > /proc/self/oom_score_adj';
  return spawnSync('sh', ['-c', set], { stdio: 'ignore' }).status === 0;
}

function smallMount(): MountUnderTest {
  return new MountUnderTest((tree) => {
    fs.writeFileSync(path.join(tree, 'a'), 'contents');
    fs.writeFileSync(path.join(tree, 'b'), 'more');
  });
}

async function promisedRead(fd: number): Promise<string> {
  return await new Promise((resolve, reject) => {
    fs.read(fd, Buffer.alloc(100), 0, 100, 0, (error, got, bytes) => {
      if (error === null) resolve(bytes.toString('utf8', 0, got));
      else reject(error);
    });
  });
}

/** Bytes that differ everywhere, so that a piece in the wrong place shows. */
function writeBig(file: string, sizeBytes: number): string {
  const hash = createHash('md5');
  const chunk = Buffer.alloc(1 << 20);
  const fd = fs.openSync(file, 'w');
  for (let at = 0; at < sizeBytes; at += chunk.length) {
    for (let word = 0; word < chunk.length; word += 4096)
      chunk.writeUInt32LE((at + word) >>> 0, word);
    hash.update(chunk);
    fs.writeSync(fd, chunk);
  }
  fs.closeSync(fd);
  return hash.digest('hex');
}

function isGone(pid: number): boolean {
  return !fs.existsSync(`/proc/${String(pid)}`);
}
