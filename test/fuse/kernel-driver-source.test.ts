/** What a mount does when its source is slow, fails, hangs, lies, or has the bytes on this node. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually, FUSE_MISSING, MountUnderTest, run, start } from '../support/fuse-mount.ts';

const FILE_BYTES = 3_000_000;

describe.skipIf(FUSE_MISSING !== undefined)('a mount and its source', () => {
  let mount: MountUnderTest;
  let next = 0;

  beforeAll(async () => {
    mount = await new MountUnderTest((tree) => fill(tree, 40)).start({ complete: true });
  });
  afterEach(() => {
    mount.rules();
  });
  afterAll(async () => {
    await mount[Symbol.asyncDispose]();
  });

  /** A file that nobody has read yet: nothing of it is in the page cache. */
  const fresh = () => `file-${String(next++)}`;

  test.each([
    ['ORIGIN_CHANGED', 'ESTALE'],
    ['DEADLINE_EXCEEDED', 'ETIMEDOUT'],
    ['ORIGIN_UNREACHABLE', 'EIO'],
    ['ORIGIN_DENIED', 'EACCES'],
  ] as const)('%s becomes %s, and the next read is another chance', async (fail, errno) => {
    const name = fresh();
    mount.rules({ path: name, fail });
    expect(await errnoOf(readDirect(mount.at(name)))).toBe(errno);
    expect(await errnoOf(fs.promises.readFile(mount.at(name)))).toBe(errno);
    mount.rules();
    expect(await isRight(mount, name)).toBe(true);
  });

  test('fewer bytes than asked for are EIO, never a short file', async () => {
    const name = fresh();
    mount.rules({ path: name, shortBy: 1 });
    await expect(fs.promises.readFile(mount.at(name))).rejects.toThrow('EIO');
  });

  test('a slow source holds up its own readers only', async () => {
    const slow = fresh();
    mount.rules({ path: slow, delayMs: 1500 });
    const reading = isRight(mount, slow);
    const begin = Date.now();
    expect(await isRight(mount, fresh())).toBe(true);
    await fs.promises.readdir(mount.mountpoint);
    expect(Date.now() - begin).toBeLessThan(1200);
    expect(await reading).toBe(true);
  });

  test('a reader that is killed ends, and so does what the source did for it', async () => {
    const name = fresh();
    mount.rules({ path: name, hang: true });
    const reader = start('dd', [
      `if=${mount.at(name)}`,
      'of=/dev/null',
      'bs=4096',
      'count=1',
      'iflag=direct',
    ]);
    await eventually('the read', 5000, () => (mount.log().length > 0 ? true : undefined));
    await new Promise((resolve) => setTimeout(resolve, 200));
    reader.child.kill('SIGKILL');
    expect(await reader.result).toMatchObject({ signal: 'SIGKILL' });
    await eventually('the end of the source’s read', 5000, () =>
      mount.log().includes(`ended ${name}`) ? true : undefined,
    );
    mount.rules();
    expect(await isRight(mount, name)).toBe(true);
  });

  test('a reader that survives a signal gets its bytes', async () => {
    const name = fresh();
    mount.rules({ path: name, delayMs: 800 });
    const script = `trap 'echo signalled >&2' USR1; exec 3<"$1"; dd iflag=direct bs=4096 count=1 <&3 2>/dev/null | md5sum & wait $!; wait`;
    const reader = start('bash', ['-c', script, 'bash', mount.at(name)]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    reader.child.kill('SIGUSR1');
    const expected = createHash('md5').update(bytesOf(mount, name).subarray(0, 4096)).digest('hex');
    const { stdout, stderr } = await reader.result;
    expect(stderr).toContain('signalled');
    expect(stdout).toContain(expected);
  });

  test('a complete object is read from its file, and the source hears what was read', async () => {
    const name = fresh();
    mount.complete(name);
    mount.rules({ path: name, fail: 'UNAVAILABLE' });
    expect(await isRight(mount, name)).toBe(true);
    const touched = await eventually('the report', 5000, () => {
      const lines = mount.log().filter((line) => line.startsWith(`touched ${name} `));
      const bytes = lines.reduce((sum, line) => sum + Number(line.split(' ')[3]), 0);
      return bytes >= FILE_BYTES ? { lines, bytes } : undefined;
    });
    expect(touched.bytes).toBe(FILE_BYTES);
    expect(touched.lines[0]).toContain(' 0+');
  });

  test('a complete object of the wrong size is not served', async () => {
    const name = fresh();
    fs.truncateSync(mount.complete(name), FILE_BYTES - 1);
    expect(await isRight(mount, name)).toBe(true);
  });

  test('an evicted object is let go of by every thread, also by idle ones', async () => {
    const name = fresh();
    const file = mount.complete(name);
    const fds = () =>
      fs
        .readdirSync(`/proc/${String(mount.serverPid)}/fd`)
        .map((fd) => linkOf(`/proc/${String(mount.serverPid)}/fd/${fd}`))
        .filter((target) => target.includes(path.basename(file)));
    await Promise.all([
      isRight(mount, name),
      readDirect(mount.at(name)),
      readDirect(mount.at(name)),
    ]);
    expect(fds().length).toBeGreaterThan(0);
    fs.unlinkSync(file);
    fs.appendFileSync(path.join(mount.work, 'evicted'), `${path.basename(file)}\n`);
    await eventually('the fds to be closed', 5000, () => (fds().length === 0 ? true : undefined));
    expect(await isRight(mount, name)).toBe(true);
  });

  test('a growing object is read from its file as far as the worker said, and no further', async () => {
    const name = fresh();
    const toBytes = 2 << 20;
    const hole = FILE_BYTES - toBytes;
    mount.growing(
      name,
      77,
      Buffer.concat([bytesOf(mount, name).subarray(0, toBytes), Buffer.alloc(hole)]),
    );
    mount.rules({ path: name, log: true, heldAt: { incarnation: 77, toBytes } });
    expect(await isRight(mount, name)).toBe(true);
    const lines = () => mount.log().filter((line) => line.includes(`${name} `));
    expect(lines().filter((line) => line.startsWith('hold '))).toHaveLength(1);
    expect(lines().filter((line) => line.startsWith('read '))).not.toHaveLength(0);
    const touchedBytes = () =>
      lines()
        .filter((line) => line.startsWith('touched '))
        .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    await eventually('the touches', 5000, () => (touchedBytes() >= toBytes ? true : undefined));
    expect(touchedBytes()).toBe(toBytes);
  });

  test('after the connection to the worker ended, it is asked again', async () => {
    const name = fresh();
    const file = mount.growing(name, 78, bytesOf(mount, name));
    const at = { incarnation: 78, toBytes: FILE_BYTES };
    mount.rules({ path: name, log: true, heldAt: at });
    const holds = () => mount.log().filter((line) => line.startsWith(`hold ${name} `)).length;
    expect(await readDirect(mount.at(name))).toBe(8192);
    expect(await readDirect(mount.at(name))).toBe(8192);
    expect(holds()).toBe(1);
    // Another worker at the same socket has another file there, with holes.
    fs.unlinkSync(file);
    mount.growing(name, 78, Buffer.alloc(FILE_BYTES));
    mount.rules({ path: name, log: true });
    fs.appendFileSync(path.join(mount.work, 'evicted'), 'disconnected\n');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await isRight(mount, name)).toBe(true);
  });

  test('of an object that was evicted and fetched again nothing is read that was said of the old file', async () => {
    const name = fresh();
    const old = mount.growing(name, 80, bytesOf(mount, name));
    mount.rules({ path: name, log: true, heldAt: { incarnation: 80, toBytes: FILE_BYTES } });
    expect(await readDirect(mount.at(name))).toBe(8192);
    fs.unlinkSync(old);
    fs.appendFileSync(path.join(mount.work, 'evicted'), `${mount.objectId(name)}\n`);
    // The new file has only its second MiB: the rest are holes.
    const parts = [Buffer.alloc(1 << 20), bytesOf(mount, name).subarray(1 << 20, 2 << 20)];
    mount.growing(name, 81, Buffer.concat([...parts, Buffer.alloc(FILE_BYTES - (2 << 20))]));
    mount.rules({ path: name, log: true, heldAt: { incarnation: 81, toBytes: 2 << 20 } });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await readDirect(mount.at(name), 1 << 20)).toBe(8192);
    mount.rules();
    expect(await isRight(mount, name)).toBe(true);
  });

  test('a file that is not where the worker said is asked for', async () => {
    const name = fresh();
    mount.rules({ path: name, heldAt: { incarnation: 79, toBytes: FILE_BYTES } });
    expect(await isRight(mount, name)).toBe(true);
  });

  test('what is open is reported, and what is closed', async () => {
    const name = fresh();
    const id = mount.objectId(name);
    const reports = () => mount.log().filter((line) => line.endsWith(id));
    const file = await fs.promises.open(mount.at(name));
    await eventually('open', 5000, () => (reports().length > 0 ? true : undefined));
    await file.close();
    await eventually('closed', 5000, () => (reports().length > 1 ? true : undefined));
    expect(reports()).toEqual([`open ${id}`, `closed ${id}`]);
  });

  test('64 readers of files that the source is slow with', async () => {
    mount.rules({ path: 'file-', delayMs: 50 });
    const names = Array.from({ length: 64 }, (_, index) => `file-${String(20 + (index % 16))}`);
    expect(await Promise.all(names.map((name) => isRight(mount, name)))).not.toContain(false);
  });
});

describe.skipIf(FUSE_MISSING !== undefined)('a mount whose manifest arrives late', () => {
  test('waits for each page, and shows all', async () => {
    await using mount = new MountUnderTest((tree) => {
      fill(tree, 3);
      fs.mkdirSync(path.join(tree, 'many'));
      for (let i = 0; i < 9000; i++) fs.writeFileSync(path.join(tree, 'many', `f${String(i)}`), '');
    });
    await mount.start({ source: { manifestDelayMs: 150 } });
    expect(fs.statSync(mount.at('many', 'f8999')).size).toBe(0);
    expect(() => fs.statSync(mount.at('many', 'f9000'))).toThrow('ENOENT');
    const result = await run('diff', '-r', '--no-dereference', mount.tree, mount.mountpoint);
    expect(result).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const fetched = mount.log().filter((line) => line.startsWith('manifest '));
    expect(new Set(fetched).size).toBeGreaterThanOrEqual(4);
  });
});

function fill(tree: string, files: number): void {
  for (let index = 0; index < files; index++) {
    const bytes = Buffer.alloc(FILE_BYTES, `contents of file ${String(index)} `);
    bytes.writeUInt32LE(index, FILE_BYTES - 4);
    fs.writeFileSync(path.join(tree, `file-${String(index)}`), bytes);
  }
}

function bytesOf(mount: MountUnderTest, name: string): Buffer {
  return fs.readFileSync(path.join(mount.tree, name));
}

async function isRight(mount: MountUnderTest, name: string): Promise<boolean> {
  return (await fs.promises.readFile(mount.at(name))).equals(bytesOf(mount, name));
}

/** One read that bypasses the page cache. */
async function readDirect(file: string, offsetBytes = 0): Promise<number> {
  const handle = await fs.promises.open(file, fs.constants.O_RDONLY | fs.constants.O_DIRECT);
  try {
    return (await handle.read(Buffer.from(new ArrayBuffer(8192)), 0, 8192, offsetBytes)).bytesRead;
  } finally {
    await handle.close();
  }
}

/** The name of the errno that a call failed with; Node knows no name of ESTALE. */
async function errnoOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => undefined,
    (failure: unknown) => failure as NodeJS.ErrnoException,
  );
  const found = Object.entries(constants.errno).find(([, value]) => value === -(error?.errno ?? 0));
  return found?.[0] ?? 'no error';
}

function linkOf(file: string): string {
  try {
    return fs.readlinkSync(file);
  } catch {
    return '';
  }
}
