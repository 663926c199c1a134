/**
 * A directory origin with what directories can hold: every kind of file, link and name. One mount for
 * all tests, each of which looks at its own part.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { below, readTree, treeOf } from '../support/byte-tree.ts';
import { TestLarder } from '../support/larder.ts';
import { contentOf, SHOWN_KEYS } from '../support/odd-keys.ts';
import { patternBytes } from '../support/s3/index.ts';

const SPARSE_BYTES = 20 * 2 ** 30;
/** All that is not a hole, by offset. */
const PIECES: ReadonlyMap<number, Buffer> = new Map([
  [0, patternBytes(1, 0, 5_000)],
  [SPARSE_BYTES / 2 - 1_000, patternBytes(2, 0, 5_000)],
  [SPARSE_BYTES - 5_000, patternBytes(3, 0, 5_000)],
]);

const LINKS: Readonly<Record<string, string>> = {
  'to-file': 'file',
  'to-folder': 'folder',
  dangling: 'nowhere',
  'circle-1': 'circle-2',
  'circle-2': 'circle-1',
  self: 'self',
  'folder/up': '../..',
  absolute: '/etc/passwd',
  'leaving-the-root': '../../beside/secret',
  long: `${'./'.repeat(2_000)}file`,
};

let larder: TestLarder;
let origin: string;
let mountpoint: string;
/** Why there are no devices in the origin; undefined where there are. */
let noDevices: string | undefined;

beforeAll(async () => {
  larder = new TestLarder();
  origin = larder.folder('origin');
  for (const folder of ['names', 'links/folder', 'kinds']) larder.folder(`origin/${folder}`);
  makeNames(path.join(origin, 'names'));
  makeLinks(path.join(origin, 'links'));
  await makeKinds(path.join(origin, 'kinds'));
  fs.writeFileSync(path.join(origin, '.larder'), 'reserved');
  makeSparse(path.join(origin, 'sparse'));
  mountpoint = await larder.up(`file://${origin}`);
});
afterAll(async () => {
  await larder[Symbol.asyncDispose]();
});

const shown = (...names: string[]) => path.join(mountpoint, ...names);

function makeNames(folder: string): void {
  for (const key of SHOWN_KEYS) {
    const file = below(folder, key);
    fs.mkdirSync(file.subarray(0, file.lastIndexOf('/')), { recursive: true });
    if (!file.toString('latin1').endsWith('/')) fs.writeFileSync(file, contentOf(key));
  }
}

function makeLinks(folder: string): void {
  fs.writeFileSync(path.join(larder.folder('beside'), 'secret'), 'secret');
  fs.writeFileSync(path.join(folder, 'file'), 'bytes');
  fs.writeFileSync(path.join(folder, 'folder/inner'), 'inner');
  for (const [name, target] of Object.entries(LINKS))
    fs.symlinkSync(target, path.join(folder, name));
}

async function makeKinds(folder: string): Promise<void> {
  const at = (name: string) => path.join(folder, name);
  fs.writeFileSync(at('set-user-id'), 'x');
  fs.chmodSync(at('set-user-id'), 0o4755);
  execFileSync('/usr/bin/mkfifo', [at('fifo')]);
  // The file of a socket stays when who listened is gone without a word.
  const server = createServer().listen(at('listening'));
  await once(server, 'listening');
  fs.linkSync(at('listening'), at('socket'));
  server.close();
  try {
    execFileSync('mknod', [at('null'), 'c', '1', '3'], { stdio: 'pipe' });
    execFileSync('mknod', [at('loop'), 'b', '7', '0'], { stdio: 'pipe' });
  } catch (error) {
    noDevices = `this machine does not let us make devices: ${String(error)}`;
  }
}

function makeSparse(file: string): void {
  const fd = fs.openSync(file, 'w');
  fs.ftruncateSync(fd, SPARSE_BYTES);
  for (const [offset, bytes] of PIECES) fs.writeSync(fd, bytes, 0, bytes.length, offset);
  fs.closeSync(fd);
}

describe('a directory of odd files', () => {
  test('names of every kind, to the byte', async () => {
    expect(await readTree(shown('names'))).toEqual(treeOf(SHOWN_KEYS, contentOf));
  });

  test('symlinks are shown as they are and never followed into the origin', async () => {
    const tree = await readTree(shown('links'));
    expect(tree).toEqual(await readTree(path.join(origin, 'links')));
    const links = Object.values(tree).filter((what) => what.startsWith('link to'));
    expect(links).toHaveLength(Object.keys(LINKS).length);
    const read = (name: string) => fs.promises.readFile(shown('links', name), 'utf8');
    expect(await read('to-file')).toBe('bytes');
    expect(await read('to-folder/inner')).toBe('inner');
    expect(await read('long')).toBe('bytes');
    await expect(read('dangling')).rejects.toMatchObject({ code: 'ENOENT' });
    for (const name of ['circle-1', 'self']) {
      await expect(read(name)).rejects.toMatchObject({ code: 'ELOOP' });
    }
    // Where a link leads is decided where it is read: here, beside the mount.
    expect(await read('leaving-the-root')).toBe('secret');
  });

  test('FIFOs, sockets and devices are left out, by name; special bits stay', async ({ skip }) => {
    expect(await fs.promises.readdir(shown('kinds'))).toEqual(['set-user-id']);
    const { mode } = await fs.promises.stat(shown('kinds', 'set-user-id'));
    expect(mode & 0o7777).toBe(0o4755);
    const mountinfo = fs.readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
    const line = mountinfo.find((one) => one.includes(` ${mountpoint} `));
    expect(line).toContain('nosuid,nodev');

    const json = await larder.ok(['dataset', 'show', 'origin', '--skipped', '--json']);
    const { skipped } = JSON.parse(json) as { skipped: { key: string; reason: string }[] };
    const named = skipped.map(({ key, reason }) => `${key}: ${reason}`).sort();
    const devices = ['kinds/loop: block-device', 'kinds/null: character-device'];
    const expected = ['.larder: reserved-name', 'kinds/fifo: fifo', 'kinds/socket: socket'];
    const possible = noDevices === undefined ? [...expected, ...devices] : expected;
    expect(named).toEqual(possible.sort());
    if (noDevices !== undefined) skip(noDevices);
  });

  test('a sparse file of 20 GiB is right at its beginning, end and holes', async () => {
    await using file = await fs.promises.open(shown('sparse'));
    expect((await file.stat()).size).toBe(SPARSE_BYTES);
    const read = async (offset: number) =>
      (await file.read(Buffer.alloc(5_000, 0xff), 0, 5_000, offset)).buffer;
    for (const [offset, bytes] of PIECES) {
      expect((await read(offset)).equals(bytes), `at ${String(offset)}`).toBe(true);
    }
    expect((await read(7 * 2 ** 30 + 3)).equals(Buffer.alloc(5_000))).toBe(true);
    expect((await file.read(Buffer.alloc(10), 0, 10, SPARSE_BYTES)).bytesRead).toBe(0);
  });
});
