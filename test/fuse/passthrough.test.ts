/** Files that the kernel reads by itself: which, for how long, and what becomes of them when processes die. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, FUSE_MISSING, run } from '../support/fuse-mount.ts';
import type { MountUnderTest } from '../support/fuse-mount.ts';
import { Mapping, readMapped } from '../support/libc.ts';
import {
  bytesOf,
  closed,
  fdsOf,
  FILE_BYTES,
  freeBytes,
  manyFiles,
  modeOf,
  PASSTHROUGH,
  readAll,
  readOnce,
  spaceComesBack,
} from '../support/passthrough.ts';
import { SmallDisk } from '../support/small-disk.ts';

describe.skipIf(FUSE_MISSING !== undefined)('passthrough', () => {
  let mount: MountUnderTest;
  let next = 0;

  beforeAll(async () => {
    mount = await manyFiles(12).start(PASSTHROUGH);
  });
  afterAll(async () => {
    await mount[Symbol.asyncDispose]();
  });

  /** A complete file that nobody has read yet. */
  const complete = () => {
    const name = `file-${String(next++)}`;
    return { name, object: mount.complete(name) };
  };

  test('reads, maps and copies of a complete file give its bytes, without the server', async () => {
    const { name } = complete();
    const fd = fs.openSync(mount.at(name), 'r');
    const server = mount.serverPid;
    process.kill(server, 'SIGSTOP');
    try {
      const bytes = Buffer.alloc(FILE_BYTES + 10);
      expect(fs.readSync(fd, bytes, 0, bytes.length, 0)).toBe(FILE_BYTES);
      expect(bytes.subarray(0, FILE_BYTES).equals(bytesOf(mount, name))).toBe(true);
      expect(readMapped(fd, FILE_BYTES).equals(bytesOf(mount, name))).toBe(true);
    } finally {
      process.kill(server, 'SIGCONT');
    }
    expect(modeOf(mount.at(name))).toBe('passthrough');
    fs.closeSync(fd);
    const copied = await run('cmp', mount.at(name), path.join(mount.tree, name));
    expect(copied).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  test('what a file would be is told before it is opened', () => {
    const { name } = complete();
    expect(modeOf(mount.at(name))).toBe('passthrough');
    expect(modeOf(mount.at('empty'))).toBe('daemon (empty)');
    expect(modeOf(mount.at('file-11'))).toBe('daemon (incomplete)');
  });

  test('a file that is opened while it is incomplete stays in daemon mode until its last close', async () => {
    const name = `file-${String(next++)}`;
    const first = fs.openSync(mount.at(name), 'r');
    expect(modeOf(mount.at(name))).toBe('daemon (incomplete)');
    mount.complete(name);
    const second = fs.openSync(mount.at(name), 'r');
    fs.closeSync(first);
    expect(modeOf(mount.at(name))).toBe('daemon (incomplete)');
    expect(readAll(second).equals(bytesOf(mount, name))).toBe(true);
    fs.closeSync(second);
    await closed(mount, name);
    expect(readOnce(mount, name)).toBe('passthrough');
  });

  test('a file of the wrong size is not given to the kernel', async () => {
    const { name, object } = complete();
    fs.truncateSync(object, FILE_BYTES - 1);
    expect(modeOf(mount.at(name))).toBe('daemon (incomplete)');
    expect((await fs.promises.readFile(mount.at(name))).equals(bytesOf(mount, name))).toBe(true);
  });

  test('an object that is evicted while it is open is read on, by new opens too', async () => {
    const { name, object } = complete();
    const objectId = path.basename(object);
    const fd = fs.openSync(mount.at(name), 'r');
    expect(modeOf(mount.at(name))).toBe('passthrough');
    const reports = () => mount.log().filter((line) => line.endsWith(objectId));
    await eventually('the report', 5000, () => (reports().length > 0 ? true : undefined));
    fs.unlinkSync(object);
    fs.appendFileSync(path.join(mount.work, 'evicted'), `${objectId}\n`);
    expect(readAll(fd).equals(bytesOf(mount, name))).toBe(true);
    expect(fdsOf(mount, objectId)).toEqual([]);
    expect(readOnce(mount, name)).toBe('passthrough');
    fs.closeSync(fd);
    await eventually('the last close', 5000, () => (reports().length > 1 ? true : undefined));
    expect(reports()).toEqual([`open ${objectId}`, `closed ${objectId}`]);
    expect(modeOf(mount.at(name))).toBe('daemon (incomplete)');
  });
});

describe.skipIf(FUSE_MISSING !== undefined)('what passthrough takes is given back', () => {
  test('20,000 opens and closes keep no backing id and no fd', async () => {
    await using mount = manyFiles(4);
    using disk = new SmallDisk(mount.completeDirectory, 'size=64m');
    await mount.start(PASSTHROUGH);
    const freeBefore = freeBytes(disk.path);
    const names = ['file-0', 'file-1', 'file-2', 'file-3'];
    const objects = names.map((name) => mount.complete(name));
    // A server that has just begun opens files of its own now and then.
    for (let cycle = 0; cycle < 50; cycle++) {
      for (const name of names) expect(readOnce(mount, name)).toBe('passthrough');
    }
    const fdsBefore = fdsOf(mount).length;
    for (let cycle = 0; cycle < 5_000; cycle++) {
      const fds = names.map((name) => fs.openSync(mount.at(name), 'r'));
      for (const fd of fds) fs.closeSync(fd);
    }
    for (const name of names) await closed(mount, name);
    expect(fdsOf(mount).length).toBeLessThanOrEqual(fdsBefore);
    // A backing id that is left keeps the bytes of its file.
    for (const object of objects) fs.unlinkSync(object);
    await spaceComesBack(disk.path, freeBefore);
  });

  test('the space of what was evicted comes back at the end of its last mapping', async () => {
    await using mount = manyFiles(1);
    using disk = new SmallDisk(mount.completeDirectory, 'size=64m');
    await mount.start(PASSTHROUGH);
    const freeBefore = freeBytes(disk.path);
    const object = mount.complete('file-0');
    const fd = fs.openSync(mount.at('file-0'), 'r');
    const mapping = new Mapping(fd, FILE_BYTES);
    fs.closeSync(fd);
    fs.unlinkSync(object);
    expect(mapping.copy().equals(bytesOf(mount, 'file-0'))).toBe(true);
    // The mapping is one of the object itself: for the mount the file is closed.
    await closed(mount, 'file-0');
    expect(freeBytes(disk.path)).toBeLessThanOrEqual(freeBefore - FILE_BYTES);
    mapping[Symbol.dispose]();
    await spaceComesBack(disk.path, freeBefore);
    expect(modeOf(mount.at('file-0'))).toBe('daemon (incomplete)');
  });
});
