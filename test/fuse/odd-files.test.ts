/** A directory origin with what directories can hold: every kind of file, link and name. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { below, readTree, treeOf } from '../support/byte-tree.ts';
import { TestLarder } from '../support/larder.ts';
import { contentOf, SHOWN_KEYS } from '../support/odd-keys.ts';
import { patternBytes } from '../support/s3/index.ts';

let larder: TestLarder;
let origin: string;
const at = (...names: string[]) => path.join(origin, ...names);
beforeEach(() => {
  larder = new TestLarder();
  origin = larder.folder('origin');
});
afterEach(async () => {
  await larder[Symbol.asyncDispose]();
});

const leftOut = async (): Promise<string[]> => {
  const { skipped } = JSON.parse(
    await larder.ok(['dataset', 'show', 'origin', '--skipped', '--json']),
  ) as { skipped: { key: string; reason: string }[] };
  return skipped.map(({ key, reason }) => `${key}: ${reason}`);
};

describe('a directory of odd files', () => {
  test('names of every kind, to the byte', async () => {
    for (const key of SHOWN_KEYS) {
      const file = below(origin, key);
      fs.mkdirSync(file.subarray(0, file.lastIndexOf('/')), { recursive: true });
      if (file.at(-1) !== '/'.charCodeAt(0)) fs.writeFileSync(file, contentOf(key));
    }
    const mountpoint = await larder.up(`file://${origin}`);
    expect(await readTree(mountpoint)).toEqual(treeOf(SHOWN_KEYS, contentOf));
  });

  test('symlinks are shown as they are and never followed into the origin', async () => {
    const secret = path.join(larder.folder('beside'), 'secret');
    fs.writeFileSync(secret, 'secret');
    fs.writeFileSync(at('file'), 'bytes');
    fs.mkdirSync(at('folder'));
    fs.writeFileSync(at('folder', 'inner'), 'inner');
    const links = {
      'to-file': 'file',
      'to-folder': 'folder',
      dangling: 'nowhere',
      'circle-1': 'circle-2',
      'circle-2': 'circle-1',
      self: 'self',
      'folder/up': '../..',
      absolute: secret,
      'leaving-the-root': '../beside/secret',
      long: `${'./'.repeat(2_000)}file`,
    };
    for (const [name, target] of Object.entries(links)) fs.symlinkSync(target, at(name));
    const mountpoint = await larder.up(`file://${origin}`);
    const shown = await readTree(mountpoint);
    expect(shown).toEqual(await readTree(origin));
    expect(Object.values(shown).filter((what) => what.startsWith('link to'))).toHaveLength(10);
    expect(await leftOut()).toEqual([]);
    const read = (name: string) => fs.promises.readFile(path.join(mountpoint, name), 'utf8');
    expect(await read('to-file')).toBe('bytes');
    expect(await read('to-folder/inner')).toBe('inner');
    expect(await read('long')).toBe('bytes');
    await expect(read('dangling')).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(read('circle-1')).rejects.toMatchObject({ code: 'ELOOP' });
    // Relative links that leave the mount lead where the reader's own file system says.
    await expect(read('leaving-the-root')).resolves.toBe('secret');
  });

  test('FIFOs and sockets are left out, by name; special bits stay', async () => {
    fs.writeFileSync(at('set-user-id'), 'x');
    fs.chmodSync(at('set-user-id'), 0o4755);
    fs.writeFileSync(at('.larder'), 'reserved');
    fs.mkdirSync(at('deep'));
    execFileSync('mkfifo', [at('deep', 'fifo')]);
    const server = createServer().listen(at('socket'));
    await once(server, 'listening');
    const mountpoint = await larder.up(`file://${origin}`);
    server.close();
    expect(Object.keys(await readTree(mountpoint)).sort()).toEqual(
      ['deep', 'set-user-id'].map((name) => Buffer.from(name).toString('hex')),
    );
    expect((await leftOut()).sort()).toEqual([
      '.larder: reserved-name',
      'deep/fifo: fifo',
      'socket: socket',
    ]);
    const { mode } = await fs.promises.stat(path.join(mountpoint, 'set-user-id'));
    expect(mode & 0o7777).toBe(0o4755);
    const mountinfo = fs.readFileSync('/proc/self/mountinfo', 'utf8');
    const line = mountinfo.split('\n').find((one) => one.includes(` ${mountpoint} `));
    expect(line).toContain('nosuid,nodev');
  });

  test('devices are left out, by name', async ({ skip }) => {
    try {
      execFileSync('mknod', [at('null'), 'c', '1', '3'], { stdio: 'pipe' });
      execFileSync('mknod', [at('loop'), 'b', '7', '0'], { stdio: 'pipe' });
    } catch (error) {
      skip(`this machine does not let us make devices: ${String(error)}`);
    }
    fs.writeFileSync(at('file'), 'x');
    const mountpoint = await larder.up(`file://${origin}`);
    expect(await fs.promises.readdir(mountpoint)).toEqual(['file']);
    expect(await leftOut()).toEqual(['loop: block-device', 'null: character-device']);
  });

  test('a sparse file of 20 GiB is right at its beginning, end and holes', async () => {
    const sizeBytes = 20 * 2 ** 30;
    const pieces = new Map([
      [0, patternBytes(1, 0, 5_000)],
      [sizeBytes / 2 - 1_000, patternBytes(2, 0, 5_000)],
      [sizeBytes - 5_000, patternBytes(3, 0, 5_000)],
    ]);
    const made = fs.openSync(at('sparse'), 'w');
    fs.ftruncateSync(made, sizeBytes);
    for (const [offset, bytes] of pieces) fs.writeSync(made, bytes, 0, bytes.length, offset);
    fs.closeSync(made);
    const mountpoint = await larder.up(`file://${origin}`);
    await using file = await fs.promises.open(path.join(mountpoint, 'sparse'));
    expect((await file.stat()).size).toBe(sizeBytes);
    const read = async (offset: number) =>
      (await file.read(Buffer.alloc(5_000, 0xff), 0, 5_000, offset)).buffer;
    for (const [offset, bytes] of pieces) {
      expect((await read(offset)).equals(bytes), `at ${String(offset)}`).toBe(true);
    }
    expect((await read(7 * 2 ** 30 + 3)).equals(Buffer.alloc(5_000))).toBe(true);
    expect((await file.read(Buffer.alloc(10), 0, 10, sizeBytes)).bytesRead).toBe(0);
  });
});
