/** What is particular to a directory as an origin: kinds of files, symlinks, rights, what changes. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ListingEntry } from '../../common/index.ts';
import {
  directoryHarness,
  entryOf,
  listAll,
  readBytes,
  type DirectoryHarness,
} from '../support/origin-harness.ts';
import type { Origin } from '../../worker/origins/index.ts';

let harness: DirectoryHarness;
let origin: Origin;
beforeEach(async () => {
  harness = await directoryHarness();
  origin = harness.open();
});
afterEach(() => harness[Symbol.asyncDispose]());

const at = (...names: string[]) => path.join(harness.root, ...names);

describe('a listing', () => {
  it('sorts a file as its name and a directory as its name and a slash', async () => {
    for (const name of ['blue/x', 'blue-1', 'blue.txt', 'blue0', 'a/b/c', 'a/b.c', 'a/b-c']) {
      await harness.put(name, Buffer.from('x'));
    }
    fs.mkdirSync(at('empty'));
    const { entries } = await listAll(origin);
    expect(entries.map(({ key }) => key.toString())).toEqual([
      'a/',
      'a/b-c',
      'a/b.c',
      'a/b/',
      'a/b/c',
      'blue-1',
      'blue.txt',
      'blue/',
      'blue/x',
      'blue0',
      'empty/',
    ]);
  });

  it('has kind, mode, owner, times and identity', async () => {
    await harness.put('folder/file', Buffer.from('12345'));
    fs.chmodSync(at('folder', 'file'), 0o640);
    fs.chmodSync(at('folder'), 0o2750);
    fs.utimesSync(at('folder', 'file'), new Date(0), new Date(-1_250));
    const { byKey } = await listAll(origin);
    const stats = fs.lstatSync(at('folder', 'file'), { bigint: true });
    const file = byKey.get('folder/file');
    expect(file).toMatchObject({
      kind: 'file',
      sizeBytes: 5,
      mode: 0o640,
      uid: Number(stats.uid),
      gid: Number(stats.gid),
      mtimeS: -2,
      mtimeNs: 750_000_000,
    });
    const identity = file?.validator.kind === 'file' ? file.validator.identity : Buffer.alloc(0);
    expect(identity).toHaveLength(28);
    expect(identity.readBigUInt64LE(0)).toBe(stats.dev);
    expect(identity.readBigUInt64LE(8)).toBe(stats.ino);
    const ctimeNs =
      identity.readBigInt64LE(16) * 1_000_000_000n + BigInt(identity.readUInt32LE(24));
    expect(ctimeNs).toBe(stats.ctimeNs);
    expect(byKey.get('folder/')).toMatchObject({ kind: 'directory', mode: 0o2750, sizeBytes: 0 });
  });

  it('keeps symlinks and does not follow them', async () => {
    await harness.put('real/file', Buffer.from('x'));
    fs.symlinkSync('real', at('to-directory'));
    fs.symlinkSync('/etc/passwd', at('outside'));
    fs.symlinkSync(Buffer.from([0x64, 0xff, 0x0a]), at('odd'));
    const { entries, byKey } = await listAll(origin);
    expect(entries.map(({ key }) => key.toString())).toEqual([
      'odd',
      'outside',
      'real/',
      'real/file',
      'to-directory',
    ]);
    expect(byKey.get('to-directory')).toMatchObject({
      kind: 'symlink',
      sizeBytes: 4,
      symlinkTarget: Buffer.from('real'),
    });
    expect(byKey.get('odd')?.symlinkTarget).toEqual(Buffer.from([0x64, 0xff, 0x0a]));
  });

  it('names what cannot be an entry, with the reason', async () => {
    await harness.put('file', Buffer.from('x'));
    execFileSync('/usr/bin/mkfifo', [at('fifo')]);
    const server = createServer().listen(at('socket'));
    await once(server, 'listening');
    const { entries, skipped } = await listAll(origin);
    server.close();
    expect(entries.map(({ key }) => key.toString())).toEqual(['file']);
    expect(skipped.map(({ key, reason }) => `${key.toString()}: ${reason}`)).toEqual([
      'fifo: fifo',
      'socket: socket',
    ]);
  });

  it('keeps names that are not text', async () => {
    const name = Buffer.from([0xff, 0x2d, 0x80, 0x0a]);
    fs.writeFileSync(Buffer.concat([Buffer.from(`${harness.root}/`), name]), 'content');
    const entry = await entryOf(origin, name);
    expect(entry.key.equals(name)).toBe(true);
    expect(String(await readBytes(origin, entry))).toBe('content');
  });

  it('of many names in one directory is in order, also beyond one sorted run', async () => {
    const count = 40_000;
    fs.mkdirSync(at('flat'));
    for (let i = 0; i < count; i += 1) {
      fs.closeSync(fs.openSync(at('flat', String((i * 7_919) % count)), 'w'));
    }
    const { entries } = await listAll(origin);
    const names = entries.map(({ key }) => key.toString('latin1'));
    expect(names).toHaveLength(count + 1);
    expect(names).toEqual([...names].sort());
  });

  it('goes as deep as paths may, and closes what it opened', async () => {
    const depth = 300;
    fs.mkdirSync(at(...Array.from({ length: depth }, () => 'd')), { recursive: true });
    const before = fs.readdirSync('/proc/self/fd').length;
    const { entries } = await listAll(origin);
    expect(entries).toHaveLength(depth);
    for await (const _batch of origin.list(new AbortController().signal)) break;
    expect(fs.readdirSync('/proc/self/fd')).toHaveLength(before);
  });

  it('of a file instead of a directory is ORIGIN_NOT_FOUND', async () => {
    await harness.put('file', Buffer.from('x'));
    const wrong = harness.open({ origin: `file://${at('file')}` });
    await expect(listAll(wrong)).rejects.toMatchObject({ code: 'ORIGIN_NOT_FOUND' });
  });

  it('follows a symlink that is the root itself', async () => {
    await harness.put('file', Buffer.from('x'));
    fs.symlinkSync(harness.root, `${harness.root}-link`);
    const linked = harness.open({ origin: `file://${harness.root}-link` });
    const entry = await entryOf(linked, 'file');
    expect(String(await readBytes(linked, entry))).toBe('x');
  });
});

describe('a read stays beneath the root, and refuses', () => {
  let secret: string;
  let object: ListingEntry;
  beforeEach(async () => {
    secret = `${harness.root}-secret`;
    fs.mkdirSync(path.join(secret, 'b'), { recursive: true });
    fs.writeFileSync(path.join(secret, 'b', 'file'), 'secret!');
    await harness.put('a/b/file', Buffer.from('content'));
    object = await entryOf(origin, 'a/b/file');
  });
  const refused = { code: 'ORIGIN_CHANGED' };

  it('a file that became a symlink', async () => {
    fs.rmSync(at('a/b/file'));
    fs.symlinkSync(path.join(secret, 'b', 'file'), at('a/b/file'));
    await expect(readBytes(origin, object)).rejects.toMatchObject(refused);
  });

  it('a directory that became a symlink, at any depth', async () => {
    fs.renameSync(at('a/b'), at('a/former'));
    fs.symlinkSync(path.join(secret, 'b'), at('a/b'));
    await expect(readBytes(origin, object)).rejects.toMatchObject(refused);
    fs.renameSync(at('a'), at('former'));
    fs.symlinkSync(secret, at('a'));
    await expect(readBytes(origin, object)).rejects.toMatchObject(refused);
  });

  it('a FIFO in the place of a file, without waiting for a writer', async () => {
    fs.rmSync(at('a/b/file'));
    execFileSync('/usr/bin/mkfifo', [at('a/b/file')]);
    await expect(readBytes(origin, object)).rejects.toMatchObject(refused);
  });

  it('another file of the same size and mtime', async () => {
    const { atime, mtime } = fs.statSync(at('a/b/file'));
    fs.writeFileSync(at('other'), 'CONTENT');
    fs.utimesSync(at('other'), atime, mtime);
    fs.renameSync(at('other'), at('a/b/file'));
    await expect(readBytes(origin, object)).rejects.toMatchObject(refused);
  });

  it('a file that is written to while it is read', async () => {
    fs.writeFileSync(at('big'), Buffer.alloc(3_000_000, 1));
    const big = await entryOf(origin, 'big');
    let pieces = 0;
    const { signal } = new AbortController();
    const read = origin.read(
      { object: big, offsetBytes: 0, lengthBytes: big.sizeBytes, signal },
      async () => {
        pieces += 1;
        if (pieces > 1) return;
        await new Promise((done) => setTimeout(done, 20));
        fs.writeFileSync(at('big'), Buffer.alloc(3_000_000, 2));
      },
    );
    await expect(read).rejects.toMatchObject(refused);
  });

  it('a file that is cut while it is read', async () => {
    fs.writeFileSync(at('big'), Buffer.alloc(3_000_000, 1));
    const big = await entryOf(origin, 'big');
    const { signal } = new AbortController();
    const read = origin.read(
      { object: big, offsetBytes: 0, lengthBytes: big.sizeBytes, signal },
      () => {
        fs.truncateSync(at('big'), 10);
        return undefined;
      },
    );
    await expect(read).rejects.toMatchObject(refused);
  });

  it.each(['../root-secret/b/file', 'a/../a/b/file', 'a//b/file', './a/b/file', 'a/b/file\0'])(
    'the key %j, which no listing has',
    async (key) => {
      const read = readBytes(origin, { ...object, key: Buffer.from(key) });
      await expect(read).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    },
  );

  it('and says ORIGIN_NOT_FOUND when the root itself is gone', async () => {
    fs.renameSync(harness.root, `${harness.root}-gone`);
    await expect(readBytes(origin, object)).rejects.toMatchObject({ code: 'ORIGIN_NOT_FOUND' });
  });
});

describe('files and directories that the worker may not read', () => {
  /** Lists and reads everything as another user, because root may read whatever it likes. */
  const script = `
    import { DEFAULT_SETTINGS, silentLogger, systemClock, systemRandom } from ${here('common/index.ts')};
    import { openOrigin } from ${here('worker/origins/index.ts')};
    const origin = openOrigin({ origin: process.argv[1], settings: DEFAULT_SETTINGS,
      clock: systemClock, random: systemRandom, log: silentLogger });
    const signal = new AbortController().signal;
    const found = { entries: [], skipped: [], failures: [] };
    for await (const batch of origin.list(signal)) {
      for (const object of batch.entries) {
        found.entries.push(object.key.toString());
        if (object.kind !== 'file') continue;
        const read = { object, offsetBytes: 0, lengthBytes: object.sizeBytes, signal };
        await origin.read(read, () => undefined).catch(({ code }) => {
          found.failures.push(object.key.toString() + ' ' + code);
        });
      }
      for (const { key, reason } of batch.skipped) found.skipped.push(key.toString() + ': ' + reason);
    }
    process.stdout.write(JSON.stringify(found));
  `;

  it('are ORIGIN_DENIED, or skipped with the reason', async () => {
    await harness.put('closed/file', Buffer.from('x'));
    await harness.put('open', Buffer.from('x'));
    await harness.put('unreadable', Buffer.from('x'));
    fs.chmodSync(path.dirname(harness.root), 0o755);
    fs.chmodSync(at('closed'), 0o000);
    fs.chmodSync(at('unreadable'), 0o000);
    const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    const args = ['--input-type=module-typescript', '-e', script, `file://${harness.root}`];
    const child = spawn(process.execPath, args, { ...nobody, cwd: '/', stdio: 'pipe' });
    let output = '';
    child.stdout.on('data', (text: Buffer) => (output += text.toString()));
    child.stderr.on('data', (text: Buffer) => (output += text.toString()));
    await once(child, 'close');
    fs.chmodSync(at('closed'), 0o755);
    expect(JSON.parse(output)).toEqual({
      entries: ['closed/', 'open', 'unreadable'],
      skipped: ['closed/: permission-denied'],
      failures: ['unreadable ORIGIN_DENIED'],
    });
  });
});

function here(file: string): string {
  return JSON.stringify(path.resolve(import.meta.dirname, '../..', file));
}
