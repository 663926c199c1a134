/**
 * The contract of a driver: a mount shows what its directory shows, and changes nothing. What a driver
 * does not declare is skipped, or its opposite is tested.
 */
import fs from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestContext } from 'vitest';
import { DRIVERS, findHolders, isMounted } from '../../fuse-client/index.ts';
import type { DriverCapabilities } from '../../fuse-client/index.ts';
import {
  DirectoryStream,
  getxattr,
  getxattrInto,
  listxattr,
  lseek,
  readMapped,
  setxattr,
  SEEK_DATA,
  SEEK_HOLE,
} from '../support/libc.ts';
import { eventually, FUSE_MISSING, MountUnderTest, run } from '../support/fuse-mount.ts';
import type { MountTestOptions } from '../support/fuse-mount.ts';

const MANY = 5000;
const BIG_BYTES = 5_000_000;
const DRIVER_LIST = Object.values(DRIVERS);

describe.skipIf(FUSE_MISSING !== undefined).each(DRIVER_LIST)('a mount by $name', (driver) => {
  const { capabilities } = driver;
  let mount: MountUnderTest;
  const needs = (what: keyof DriverCapabilities, context: TestContext) => {
    if (capabilities[what] === false) context.skip(`${driver.name} does not declare ${what}`);
  };

  beforeAll(async () => {
    mount = await new MountUnderTest((tree) => {
      fillTree(tree, capabilities);
    }).start({ driver: driver.name });
  });
  afterAll(async () => {
    await mount[Symbol.asyncDispose]();
  });

  test('equals the directory that it shows', async () => {
    const result = await run('diff', '-r', '--no-dereference', mount.tree, mount.mountpoint);
    expect(result).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  test('lists every name with its kind, mode, size, time and owner, cold and warm', async () => {
    const format = '%P\\0%y %m %s %T@ %U %G %l\\0';
    const list = async (root: string) => {
      // A directory's size is its file system's own affair.
      const { stdout } = await run(
        'find',
        root,
        '-mindepth',
        '1',
        '(',
        '-type',
        'd',
        '-printf',
        '%P/ %m %T@\\0',
        ')',
        '-o',
        '-printf',
        format,
      );
      return stdout.split('\0').sort();
    };
    const expected = await list(mount.tree);
    expect(expected.length).toBeGreaterThan(MANY);
    expect(await list(mount.mountpoint)).toEqual(expected);
    expect(await list(mount.mountpoint)).toEqual(expected);
  });

  test('names are bytes', (context) => {
    needs('byteNames', context);
    const names = (root: string) =>
      fs
        .readdirSync(path.join(root, 'odd'), { encoding: 'buffer' })
        .map((name) => name.toString('hex'))
        .sort();
    expect(names(mount.mountpoint)).toEqual(names(mount.tree));
    expect(names(mount.mountpoint)).toContain('fffe80');
  });

  test('a directory can be read from any place that was told', () => {
    using stream = new DirectoryStream(mount.at('many'));
    const names: string[] = [];
    const places: number[] = [];
    for (;;) {
      places.push(stream.tell());
      const name = stream.next();
      if (name === undefined) break;
      names.push(name);
    }
    expect(names.slice(0, 2)).toEqual(['.', '..']);
    expect(new Set(names).size).toBe(MANY + 2);
    for (const index of [0, 1, 2, 3, 777, MANY - 1, MANY + 1, 5]) {
      stream.seek(places[index]!);
      expect(stream.next(), `place ${String(index)}`).toBe(names[index]);
    }
  });

  test('node numbers are the same in readdir, lookup and for `.` and `..`', async () => {
    const { stdout } = await run('ls', '-ai', mount.at('nested', 'a'));
    const listed = new Map(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.trim().split(' ').reverse() as [string, string]),
    );
    expect(listed.get('.')).toBe(String(fs.statSync(mount.at('nested', 'a')).ino));
    expect(listed.get('..')).toBe(String(fs.statSync(mount.at('nested')).ino));
    expect(listed.get('b')).toBe(String(fs.statSync(mount.at('nested', 'a', 'b')).ino));
    expect(fs.statSync(mount.mountpoint).ino).toBe(1);
  });

  test('stat tells blocks, so that a file does not look like a hole', () => {
    expect(fs.statSync(mount.at('big.bin')).blocks).toBe(Math.ceil(BIG_BYTES / 512));
    expect(fs.statSync(mount.at('empty')).blocks).toBe(0);
    expect(fs.statSync(mount.at('many')).nlink).toBe(1);
  });

  test('reads at odd places give what is there', () => {
    const fd = fs.openSync(mount.at('big.bin'), 'r');
    const expected = fs.readFileSync(path.join(mount.tree, 'big.bin'));
    for (const [offset, length] of [
      [0, 1],
      [4095, 2],
      [1_048_575, 1_048_580],
      [BIG_BYTES - 3, 10],
      [BIG_BYTES, 10],
      [BIG_BYTES + 9, 1],
    ] as const) {
      const bytes = Buffer.alloc(length);
      const got = fs.readSync(fd, bytes, 0, length, offset);
      expect(
        bytes.subarray(0, got).equals(expected.subarray(offset, offset + length)),
        `${String(offset)}+${String(length)}`,
      ).toBe(true);
    }
    fs.closeSync(fd);
  });

  test('tar --sparse keeps the bytes', async () => {
    const archive = path.join(mount.work, 'sparse.tar');
    const out = fs.mkdtempSync(path.join(mount.work, 'untar-'));
    expect(
      (await run('tar', '--sparse', '-C', mount.mountpoint, '-cf', archive, 'big.bin')).code,
    ).toBe(0);
    expect((await run('tar', '-C', out, '-xf', archive)).code).toBe(0);
    expect(
      fs
        .readFileSync(path.join(out, 'big.bin'))
        .equals(fs.readFileSync(path.join(mount.tree, 'big.bin'))),
    ).toBe(true);
  });

  test('a file is all data and no hole', () => {
    const fd = fs.openSync(mount.at('big.bin'), 'r');
    expect(lseek(fd, 12_345, SEEK_DATA)).toBe(12_345);
    expect(lseek(fd, 12_345, SEEK_HOLE)).toBe(BIG_BYTES);
    expect(() => lseek(fd, BIG_BYTES, SEEK_DATA)).toThrow('ENXIO');
    fs.closeSync(fd);
  });

  test('symlinks, dangling ones too', () => {
    expect(fs.readlinkSync(mount.at('links', 'dangling'))).toBe('no/such/place');
    expect(fs.readFileSync(mount.at('links', 'to-empty'), 'utf8')).toBe('');
  });

  test('extended attributes tell what a file is', () => {
    const file = mount.at('big.bin');
    expect(getxattr(file, 'user.larder.dataset')).toBe('kitchen');
    expect(getxattr(file, 'user.larder.version')).toBe('3');
    expect(getxattr(file, 'user.larder.key')).toBe('big.bin');
    expect(getxattr(file, 'user.larder.validator')).toMatch(/^file:[0-9a-f]{56}$/);
    expect(getxattr(file, 'user.larder.held')).toBe(String(BIG_BYTES / 2));
    expect(getxattr(file, 'user.larder.status')).toBe('partial');
    expect(getxattr(file, 'user.larder.mode')).toMatch(/^daemon( \(asked\))?$/);
    expect(listxattr(file)).toContain('user.larder.held');
    expect(getxattr(mount.at('many'), 'user.larder.files')).toBe(String(MANY));
    expect(() => getxattr(file, 'user.larder.nothing')).toThrow('ENODATA');
    expect(() => getxattr(file, 'user.other')).toThrow('ENODATA');
    for (const name of listxattr(file)) expect(getxattr(file, name)).not.toBe('');
  });

  test('statfs tells the totals of the version', () => {
    const totals = fs.statfsSync(mount.mountpoint);
    expect(totals.bfree).toBe(0);
    expect(totals.blocks * totals.bsize).toBeGreaterThan(BIG_BYTES);
    expect(totals.files).toBeGreaterThan(MANY);
  });

  describe('everything that writes', () => {
    test.each<[string, (file: string) => void]>([
      ['open for writing', (file) => fs.openSync(file, 'r+')],
      ['open for appending', (file) => fs.openSync(file, 'a')],
      ['create', (file) => fs.openSync(`${file}.new`, 'w')],
      ['truncate', (file) => fs.truncateSync(file, 1)],
      ['unlink', (file) => fs.unlinkSync(file)],
      ['mkdir', (file) => fs.mkdirSync(`${file}.d`)],
      ['rmdir', (file) => fs.rmdirSync(path.join(path.dirname(file), 'nested', 'a', 'b'))],
      ['rename', (file) => fs.renameSync(file, `${file}.moved`)],
      ['link', (file) => fs.linkSync(file, `${file}.link`)],
      ['symlink', (file) => fs.symlinkSync('x', `${file}.symlink`)],
      ['chmod', (file) => fs.chmodSync(file, 0o777)],
      ['utimes', (file) => fs.utimesSync(file, 1, 1)],
      ['setxattr', (file) => setxattr(file, 'user.x', '1')],
    ])('%s is EROFS', (_, change) => {
      expect(() => change(mount.at('big.bin'))).toThrow('EROFS');
    });
  });

  test('what is not there is ENOENT, what is no directory ENOTDIR', () => {
    expect(() => fs.statSync(mount.at('many', 'nobody'))).toThrow('ENOENT');
    expect(() => fs.statSync(mount.at('many', 'nobody'))).toThrow('ENOENT');
    expect(() => fs.statSync(mount.at('big.bin', 'x'))).toThrow('ENOTDIR');
    expect(() => fs.readFileSync(mount.at('many'))).toThrow('EISDIR');
    expect(() => fs.statSync(mount.at('x'.repeat(256)))).toThrow('ENAMETOOLONG');
  });

  test('64 readers at once', async () => {
    const expected = fs.readFileSync(path.join(mount.tree, 'big.bin'));
    const reads = Array.from({ length: 64 }, async (_, index) => {
      const file = await fs.promises.open(mount.at(index % 2 === 0 ? 'big.bin' : 'also-big.bin'));
      const from = index * 7001;
      const { buffer } = await file.read(Buffer.alloc(100_000), 0, 100_000, from);
      await file.close();
      return buffer.equals(expected.subarray(from, from + 100_000));
    });
    expect(await Promise.all(reads)).toEqual(new Array(64).fill(true));
  });

  test('a mapping of a file shows its bytes', () => {
    const fd = fs.openSync(mount.at('also-big.bin'), 'r');
    const expected = fs.readFileSync(path.join(mount.tree, 'also-big.bin'));
    expect(readMapped(fd, BIG_BYTES).equals(expected)).toBe(true);
    fs.closeSync(fd);
  });
});

describe.skipIf(FUSE_MISSING !== undefined).each(DRIVER_LIST)('a mount by $name', (driver) => {
  const { capabilities } = driver;
  const small = async (options: MountTestOptions = {}) =>
    await new MountUnderTest((tree) => {
      fs.writeFileSync(path.join(tree, 'a'), Buffer.alloc(8 << 20, 'a'));
    }).start({ driver: driver.name, ...options });

  test('outlives its server', async (context) => {
    if (!capabilities.recovery) context.skip(`${driver.name} does not declare recovery`);
    await using mount = await small();
    mount.rules({ path: 'a', delayMs: 200 });
    const reading = fs.promises.readFile(mount.at('a'));
    process.kill(mount.serverPid, 'SIGKILL');
    expect((await reading).equals(Buffer.alloc(8 << 20, 'a'))).toBe(true);
    await mount.event('server-started', 2);
  });

  test('or ends with it, and says so: readers get errors, never an empty directory', async (context) => {
    if (capabilities.recovery) context.skip(`${driver.name} declares recovery`);
    await using mount = await small();
    mount.rules({ path: 'a', delayMs: 2_000 });
    const reading = run('cat', mount.at('a'));
    await eventually('the open', 5_000, () =>
      findHolders(mount.mountpoint).length > 0 ? true : undefined,
    );
    process.kill(mount.serverPid, 'SIGKILL');
    expect((await reading).code).not.toBe(0);
    expect(await mount.event('server-lost')).toMatchObject({ why: 'died' });
    expect(await mount.event('end')).toMatchObject({ how: 'gave-up' });
    expect(() => fs.readdirSync(mount.mountpoint)).toThrow('ENOTCONN');
  });

  test('a server that hangs is noticed', async () => {
    await using mount = await small({ mount: { timings: { silenceMs: 800, heartbeatMs: 100 } } });
    process.kill(mount.serverPid, 'SIGSTOP');
    expect(await mount.event('server-lost')).toMatchObject({ why: 'silent' });
  });

  test('ends on SIGTERM, when nobody uses it any more', async () => {
    await using mount = await small();
    const fd = fs.openSync(mount.at('a'), 'r');
    process.kill(mount.holder!.pid!, 'SIGTERM');
    await mount.event('busy');
    expect(isMounted(mount.mountpoint)).toBe(true);
    fs.closeSync(fd);
    expect(await mount.event('end')).toMatchObject({ how: 'unmounted' });
    expect(isMounted(mount.mountpoint)).toBe(false);
  });

  test('goes on without its holder, or ends with it', async () => {
    await using mount = await small();
    process.kill(mount.holder!.pid!, 'SIGKILL');
    if (capabilities.holderRecovery) {
      await mount.event('took-over');
      expect(fs.readFileSync(mount.at('a'))).toHaveLength(8 << 20);
    } else {
      await eventually('the end of the mount', 10_000, () => {
        try {
          fs.readdirSync(mount.mountpoint);
          return undefined;
        } catch (error) {
          return (error as NodeJS.ErrnoException).code;
        }
      });
      expect(() => fs.readdirSync(mount.mountpoint)).toThrow('ENOTCONN');
    }
  });

  test('pages of the manifest that are not here yet are waited for', async () => {
    await using mount = await small({ source: { manifestDelayMs: 300 } });
    expect(fs.readFileSync(mount.at('a'))).toHaveLength(8 << 20);
  });

  test('errors of the source are errnos', async () => {
    await using mount = await small();
    mount.rules({ path: 'a', fail: 'ORIGIN_CHANGED' });
    await expect(fs.promises.readFile(mount.at('a'))).rejects.toMatchObject({
      errno: -constants.errno.ESTALE,
    });
    mount.rules({ path: 'a', shortBy: 1 });
    await expect(fs.promises.readFile(mount.at('a'))).rejects.toThrow('EIO');
    mount.rules();
    expect(fs.readFileSync(mount.at('a'))).toHaveLength(8 << 20);
  });

  test('a mount that cannot connect says why', async () => {
    await using mount = await small({ source: { connectFails: 'NO_WORKER' }, wait: false });
    expect(await mount.event('end')).toMatchObject({ how: 'failed', code: 'NO_WORKER' });
    expect(isMounted(mount.mountpoint)).toBe(false);
  });

  test.each(['big enough', 'too small'])('a value for which the room is %s', async (room) => {
    await using mount = await small();
    const bytes = room === 'too small' ? 2 : 64;
    const value = () => getxattrInto(mount.at('a'), 'user.larder.dataset', bytes);
    if (room === 'too small') expect(value).toThrow('ERANGE');
    else expect(value()).toBe('kitchen');
  });
});

function fillTree(tree: string, { byteNames, nanoseconds }: DriverCapabilities): void {
  const write = (name: string, bytes: string | Buffer, mode = 0o644) => {
    fs.mkdirSync(path.dirname(path.join(tree, name)), { recursive: true });
    fs.writeFileSync(path.join(tree, name), bytes, { mode });
    fs.chmodSync(path.join(tree, name), mode);
  };
  const big = Buffer.alloc(BIG_BYTES);
  for (let i = 0; i < BIG_BYTES; i++) big[i] = (i * 2_654_435_761) >>> 24;
  write('big.bin', big);
  write('also-big.bin', big);
  write('empty', '');
  write('nested/a/b/c/d/e/deep.txt', 'deep');
  write('modes/executable', '#!/bin/sh\n', 0o755);
  write('modes/private', 'x', 0o600);
  write('modes/sticky', 'x', 0o4711);
  write('times/old', 'x');
  fs.utimesSync(path.join(tree, 'times/old'), 12_345.678, 12_345.678);
  fs.chownSync(path.join(tree, 'modes/private'), 1234, 5678);
  fs.mkdirSync(path.join(tree, 'hollow'));
  fs.mkdirSync(path.join(tree, 'links'));
  fs.symlinkSync('no/such/place', path.join(tree, 'links/dangling'));
  fs.symlinkSync('../empty', path.join(tree, 'links/to-empty'));
  fs.mkdirSync(path.join(tree, 'many'));
  for (let i = 0; i < MANY; i++)
    fs.writeFileSync(path.join(tree, 'many', `file-${String(i)}`), String(i));
  fs.mkdirSync(path.join(tree, 'odd'));
  const odd = [
    ...(byteNames ? [Buffer.from('fffe80', 'hex')] : []),
    ' space ',
    'new\nline',
    'ü😀',
    'a'.repeat(255),
    '-rf',
    '%2F',
    'blue',
    'blue-1',
    'blue.txt',
  ];
  for (const name of odd)
    fs.writeFileSync(Buffer.concat([Buffer.from(`${tree}/odd/`), Buffer.from(name)]), 'odd');
  fs.mkdirSync(path.join(tree, 'odd', 'blue0'));
  // Neighbours of a name in the order of a listing, in which a directory sorts as `name/`.
  fs.mkdirSync(path.join(tree, 'odd', 'blue-2'));
  if (!nanoseconds) roundTimes(tree);
}

/** To seconds, of all that is there: utimes(2) is given what a double can say. */
function roundTimes(directory: string): void {
  for (const entry of fs.readdirSync(directory, { withFileTypes: true })) {
    const file = path.join(directory, entry.name);
    if (entry.isDirectory()) roundTimes(file);
    const seconds = Math.floor(fs.lstatSync(file).mtimeMs / 1000);
    fs.lutimesSync(file, seconds, seconds);
  }
}
