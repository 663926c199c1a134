/** A file system that is full, of bytes or of inodes, under the cache and under the master's data. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually, isRunning } from '../support/larder.ts';
import { TestParts } from '../support/parts.ts';
import { SmallDisk } from '../support/small-disk.ts';
import { differences } from '../support/trees.ts';

const MIB = 1024 * 1024;

let parts: TestParts;
let origin: string;
let disk: SmallDisk | undefined;

beforeEach(() => {
  parts = new TestParts();
  origin = parts.larder.folder('origin');
});

afterEach(async () => {
  disk?.free();
  disk?.[Symbol.dispose]();
  disk = undefined;
  await parts[Symbol.asyncDispose]();
});

const write = (name: string, bytes: Buffer | string) => {
  fs.writeFileSync(path.join(origin, name), bytes);
};

const held = async () => (await parts.larder.status()).datasets[0]?.heldBytes ?? 0;

describe('under the cache', () => {
  /** The worker believes in 4 GiB: it is the disk that says no. */
  async function start(options: string): Promise<string> {
    const cache = parts.larder.folder('small');
    disk = new SmallDisk(cache, options);
    await parts.master();
    await parts.worker({ flags: ['--cache-dir', cache, '--cache-size', '4GiB'] });
    await parts.dataset('d', `file://${origin}`);
    return await parts.mount('d');
  }

  test('no bytes left: reads are right, and what fits is kept again when there is room', async () => {
    for (let i = 0; i < 6; i += 1) write(`before-${String(i)}`, randomBytes(2 * MIB));
    for (let i = 0; i < 6; i += 1) write(`full-${String(i)}`, randomBytes(2 * MIB + i));
    const mountpoint = await start('size=128m');
    disk?.fill();
    expect(await differences(origin, mountpoint)).toBe('');
    disk?.free();
    const again = await parts.mount('d');
    await eventually(async () => {
      expect(await differences(origin, again)).toBe('');
      return (await held()) >= 12 * MIB ? true : undefined;
    }, 20_000);
  });

  test('no inodes left: reads are right, and files are kept again when there are some', async () => {
    for (let i = 0; i < 40; i += 1) write(`f${String(i)}`, `file ${String(i)}\n`);
    const mountpoint = await start('size=128m,nr_inodes=400');
    disk?.fillInodes();
    expect(await differences(origin, mountpoint)).toBe('');
    disk?.free();
    const again = await parts.mount('d');
    await eventually(async () => {
      expect(await differences(origin, again)).toBe('');
      return (await held()) > 100 ? true : undefined;
    }, 20_000);
  });
});

describe('under the master', () => {
  test('no bytes left: what exists is served, a create fails and says why, and works with room', async () => {
    for (let i = 0; i < 50; i += 1) write(`f${String(i)}`, `file ${String(i)}\n`);
    const data = parts.larder.folder('small');
    disk = new SmallDisk(data, 'size=32m');
    const master = await parts.master({ flags: ['--data-dir', data] });
    await parts.worker();
    await parts.dataset('first', `file://${origin}`);
    disk.fill();
    const create = [
      'dataset',
      'create',
      'second',
      `file://${origin}`,
      '--master',
      parts.masterAddress,
    ];
    const refused = await parts.larder.run(create);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('[DATA_DIR_FULL]');
    expect(isRunning(master.pid)).toBe(true);
    const mountpoint = await parts.mount('first');
    expect(await differences(origin, mountpoint)).toBe('');
    disk.free();
    await parts.larder.ok(create);
    expect(await differences(origin, await parts.mount('second'))).toBe('');
  });
});
