/** A file system that is full, of bytes or of inodes, under the cache and under the master's data. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEFAULT_SETTINGS } from '../../common/index.ts';
import { LmdbStore } from '../../master/lmdb-store.ts';
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
    // For 5 s after a failed write nothing is kept, and a mount that was read is in the page cache.
    await eventually(async () => {
      expect(await differences(origin, await parts.mount('d'))).toBe('');
      return (await held()) >= 12 * MIB ? true : undefined;
    }, 20_000);
  });

  test('no inodes left: reads are right, and files are kept again when there are some', async () => {
    for (let i = 0; i < 40; i += 1) write(`f${String(i)}`, `file ${String(i)}\n`);
    const mountpoint = await start('size=128m,nr_inodes=400');
    disk?.fillInodes();
    expect(await differences(origin, mountpoint)).toBe('');
    disk?.free();
    // For 5 s after a failed write nothing is kept, and a mount that was read is in the page cache.
    await eventually(async () => {
      expect(await differences(origin, await parts.mount('d'))).toBe('');
      return (await held()) > 100 ? true : undefined;
    }, 20_000);
  });

  test('the worker’s own small files use up the inodes: it evicts, and goes on keeping', async () => {
    for (let i = 0; i < 600; i += 1) write(`f${String(i)}`, `file ${String(i)}\n`);
    const mountpoint = await start('size=128m,nr_inodes=400');
    expect(await differences(origin, mountpoint)).toBe('');
    const status = await eventually(async () => {
      const { workers } = await parts.larder.status();
      return workers[0]?.decisions.some(({ decision }) => decision === 'evicted')
        ? workers[0]
        : undefined;
    });
    expect(status.disks[0]).toMatchObject({ state: 'good', errors: 0 });
    expect(status.disks[0]?.objects).toBeGreaterThan(50);
    expect(await differences(origin, await parts.mount('d'))).toBe('');
    // What is read now is kept: others leave for it.
    write('late', 'late');
    await parts.larder.ok(['dataset', 'refresh', 'd', '--master', parts.masterAddress]);
    expect(fs.readFileSync(path.join(await parts.mount('d'), 'late'), 'utf8')).toBe('late');
    expect((await parts.larder.status()).workers[0]?.disks[0]?.objects).toBeGreaterThan(50);
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

  test('no inodes left: a create fails and says why, and works with some', async () => {
    write('file', 'file');
    const data = parts.larder.folder('small');
    disk = new SmallDisk(data, 'size=32m,nr_inodes=100');
    const master = await parts.master({ flags: ['--data-dir', data] });
    await parts.worker();
    disk.fillInodes();
    const create = ['dataset', 'create', 'd', `file://${origin}`, '--master', parts.masterAddress];
    const refused = await parts.larder.run(create);
    expect(refused.stderr).toContain('[DATA_DIR_FULL]');
    expect(isRunning(master.pid)).toBe(true);
    disk.free();
    await parts.larder.ok(create);
  });

  test('a catalog without room of its own: a write fails, and the next one with room does not', async () => {
    const folder = parts.larder.folder('small');
    // Less than what a catalog keeps for itself.
    disk = new SmallDisk(folder, 'size=2m');
    const dataset = (id: number) => ({
      ...{ id, name: 'n'.repeat(200), origin: 'file:///x', settings: DEFAULT_SETTINGS },
      ...{ createdAtMs: 0, latestVersion: 0, nextBlock: 0, deletions: 0 },
    });
    const store = new LmdbStore(path.join(folder, 'catalog.lmdb'));
    try {
      for (let id = 1; id <= 20; id += 1) await store.putDataset(dataset(id));
      disk.fill();
      const failures: unknown[] = [];
      for (let id = 21; id <= 60; id += 1) {
        await store.putDataset(dataset(id)).catch((error: unknown) => failures.push(error));
      }
      expect(failures.length).toBeGreaterThan(0);
      for (const failure of failures) expect(failure).toMatchObject({ code: 'DATA_DIR_FULL' });
      disk.free();
      await store.putDataset(dataset(61));
      const ids = (await store.load()).datasets.map(({ id }) => id);
      expect(ids).toHaveLength(61 - failures.length);
    } finally {
      await store[Symbol.asyncDispose]();
    }
  });
});

test('one full file system under cache, catalog, runtime directory and logs: no wrong byte, clear errors', async () => {
  for (let i = 0; i < 4; i += 1) write(`before-${String(i)}`, randomBytes(2 * MIB));
  const all = parts.larder.folder('small');
  disk = new SmallDisk(all, 'size=160m');
  const log = path.join(all, 'log');
  const logged = { through: ['sh', '-c', 'exec "$@" 2>>"$0"', log] };
  parts.larder.env['LARDER_RUNTIME_DIR'] = path.join(all, 'run');
  parts.larder.env['LARDER_CACHE_HOME'] = path.join(all, 'home');
  parts.larder.env['LARDER_LOG_LEVEL'] = 'debug';
  const master = await parts.master({ ...logged, flags: ['--data-dir', path.join(all, 'master')] });
  fs.mkdirSync(path.join(all, 'cache'));
  const cache = ['--cache-dir', path.join(all, 'cache'), '--cache-size', '4GiB'];
  const worker = await parts.worker({ ...logged, flags: cache });
  await parts.dataset('d', `file://${origin}`);
  const mountpoint = await parts.mount('d', logged);
  expect(await differences(origin, mountpoint)).toBe('');
  for (let i = 0; i < 30; i += 1) write(`full-${String(i)}`, randomBytes(2 * MIB + i));
  await parts.larder.ok(['dataset', 'refresh', 'd', '--master', parts.masterAddress]);
  const second = await parts.mount('d', logged);
  disk.fill();
  const logBytes = fs.statSync(log).size;
  expect(await differences(origin, second)).toBe('');
  const args = ['dataset', 'create', 'other', `file://${origin}`];
  const refused = await parts.larder.run([...args, '--master', parts.masterAddress]);
  expect(refused.stderr).toContain('[DATA_DIR_FULL]');
  const started = ['master', '--listen', '127.0.0.1:0', '--data-dir', path.join(all, 'master-2')];
  expect((await parts.larder.run(started)).stderr).toMatch(
    /\[(DATA_DIR_FULL|RUNTIME_DIR_UNUSABLE)\]/,
  );
  const another = ['worker', '--master', parts.masterAddress, '--cache-dir', path.join(all, 'new')];
  expect((await parts.larder.run(another)).stderr).toMatch(/full|RUNTIME_DIR_UNUSABLE/);
  for (const { pid } of [master, worker]) expect(isRunning(pid)).toBe(true);
  expect(fs.statSync(log).size).toBeLessThan(logBytes + MIB);

  disk.free();
  await parts.larder.ok([...args, '--master', parts.masterAddress]);
  expect(await differences(origin, await parts.mount('other'))).toBe('');
  await eventually(() => (fs.statSync(log).size > logBytes ? true : undefined));
});

test('a runtime directory that is full: a start says so, and works with room', async () => {
  write('file', 'file');
  const run = parts.larder.folder('small');
  disk = new SmallDisk(run, 'size=1m');
  disk.fill();
  const env = { LARDER_RUNTIME_DIR: path.join(run, 'larder') };
  const args = ['master', '--listen', '127.0.0.1:0', '--data-dir', parts.larder.folder('master')];
  const refused = await parts.larder.run(args, env);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('[RUNTIME_DIR_UNUSABLE]');
  disk.free();
  await parts.master({ env });
  expect(fs.readdirSync(path.join(run, 'larder/instances'))).toHaveLength(1);
});
