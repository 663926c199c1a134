/** A worker with two disks under a mount in daemon mode: each fails alone, and no read fails. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connect } from '../../sdk/index.ts';
import { createFailingDisk, FAILING_DISK_MISSING } from '../support/failing-disk.ts';
import type { FailingDisk } from '../support/failing-disk.ts';
import { eventually } from '../support/larder.ts';
import { TestParts } from '../support/parts.ts';
import type { Part } from '../support/parts.ts';
import { SmallDisk } from '../support/small-disk.ts';
import { differences } from '../support/trees.ts';

const MIB = 1024 * 1024;
const FILES = 24;
/** Scaled down, so that a disk is given up, and tried again, within a test. */
const TIMES = {
  LARDER_DISK_HUNG_AFTER_MS: '1500',
  LARDER_DISK_ERRORS: '3',
  LARDER_DISK_RETRY_MS: '500',
};

let parts: TestParts;
let origin: string;
let good: SmallDisk;
let failing: FailingDisk | undefined;

beforeEach((context) => {
  if (FAILING_DISK_MISSING !== undefined) context.skip(FAILING_DISK_MISSING);
  parts = new TestParts();
  origin = parts.larder.folder('origin');
  for (let i = 0; i < FILES; i += 1) {
    fs.writeFileSync(path.join(origin, `f${String(i)}`), randomBytes(MIB + i));
  }
  good = new SmallDisk(parts.larder.folder('good'), 'size=256m');
});

afterEach(async () => {
  failing?.goOn();
  good[Symbol.dispose]();
  await parts[Symbol.asyncDispose]();
  failing?.[Symbol.dispose]();
  failing = undefined;
});

const goodDirectory = () => path.join(good.path, 'cache');
const otherDirectory = () => path.join(failing?.path ?? '', 'cache');

async function worker(...directories: readonly string[]): Promise<Part> {
  const flags = directories.flatMap((directory) => ['--cache-dir', directory]);
  return await parts.worker({ flags: [...flags, '--cache-size', '128MiB'], env: TIMES });
}

async function start(): Promise<Part> {
  failing = await createFailingDisk();
  await parts.master();
  const part = await worker(goodDirectory(), otherDirectory());
  await parts.dataset('d', `file://${origin}`);
  return part;
}

const mountDaemon = () => parts.mount('d', { flags: ['--open-mode', 'daemon'] });

/** Each with a mount of its own: what one has read is in its page cache. */
async function readsRight(): Promise<void> {
  expect(await differences(origin, await mountDaemon())).toBe('');
}

function completeIn(directory: string): string[] {
  const names = fs.readdirSync(directory, { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => /^complete\/..\/..\/[0-9a-f]{40}$/.test(name))
    .map((name) => path.basename(name));
}

async function disks() {
  const { workers } = await parts.larder.status();
  return workers[0]?.disks ?? [];
}

const stateOf = async (directory: string) =>
  (await disks()).find((disk) => disk.path === directory)?.state;

/** The master's view is what the disks have. */
async function allHeld(): Promise<void> {
  const bytes = fs
    .readdirSync(origin)
    .reduce((sum, name) => sum + fs.statSync(path.join(origin, name)).size, 0);
  await eventually(async () => {
    const { datasets } = await parts.larder.status();
    return datasets[0]?.heldBytes === bytes ? true : undefined;
  }, 20_000);
}

async function isState(directory: string, state: string): Promise<void> {
  await eventually(async () => ((await stateOf(directory)) === state ? true : undefined), 30_000);
}

test('objects are spread over both, whole, and both survive kill -9 and a restart', async () => {
  const part = await start();
  await readsRight();
  await allHeld();
  const [one, other] = [completeIn(goodDirectory()), completeIn(otherDirectory())];
  expect(one.length + other.length).toBe(FILES);
  expect(Math.min(one.length, other.length)).toBeGreaterThan(FILES / 8);
  const shown = await disks();
  expect(shown.map(({ state, objects }) => [state, objects])).toEqual([
    ['good', one.length],
    ['good', other.length],
  ]);
  part.process.kill('SIGKILL');
  await eventually(() => (part.process.signalCode === null ? undefined : true));
  await worker(otherDirectory(), goodDirectory());
  await allHeld();
  const { origin: before } = await parts.larder.status();
  await readsRight();
  expect((await parts.larder.status()).origin.bytes - before.bytes).toBe(0);
});

test('one fails every read: its objects come from the origin, and it is given up', async () => {
  await start();
  await readsRight();
  await allHeld();
  const lost = completeIn(otherDirectory()).length;
  failing!.forgetObjects();
  failing!.fail('reads');
  await readsRight();
  await isState(otherDirectory(), 'bad');
  expect(lost).toBeGreaterThan(0);
  // What was on it is kept on the other from now on, and the master is told.
  await readsRight();
  await allHeld();
  expect(completeIn(goodDirectory()).length).toBe(FILES);
  const status = await parts.larder.ok(['status', '--master', parts.masterAddress]);
  expect(status).toMatch(/bad \(.*EIO/);
  expect((await parts.larder.status()).workers[0]?.capacityBytes).toBe(128 * MIB);
  // It is well again: what is on it is checked, and copies of what the other has go.
  failing!.fail();
  await isState(otherDirectory(), 'good');
  await allHeld();
  await readsRight();
});

/** Over TCP, as on another node: what is whole is sent by serving threads. */
async function readsRightFromAfar(): Promise<void> {
  // One try has all the time that a read has: who waits for the disk itself fails.
  const times = { readTimeoutMs: 20_000, attemptTimeoutMs: 20_000 };
  await using larder = connect({ master: parts.masterAddress, ...times });
  await using dataset = await larder.datasets.get('d');
  for (const name of fs.readdirSync(origin)) {
    const expected = fs.readFileSync(path.join(origin, name));
    await using file = await dataset.open(name);
    expect((await file.read(0, expected.length)).equals(expected)).toBe(true);
  }
}

const originBytes = async () => (await parts.larder.status()).origin.bytes;

test('one fails, and is well again: readers on other nodes get every byte', async () => {
  await start();
  await readsRightFromAfar();
  await allHeld();
  const before = await originBytes();
  await readsRightFromAfar();
  expect(await originBytes()).toBe(before);
  failing!.forgetObjects();
  failing!.fail('reads');
  await readsRightFromAfar();
  await isState(otherDirectory(), 'bad');
  await readsRightFromAfar();
  await allHeld();
  failing!.fail();
  await isState(otherDirectory(), 'good');
  await allHeld();
  const after = await originBytes();
  await readsRightFromAfar();
  expect(await originBytes()).toBe(after);
});

test('one fails every write: nothing of it is served wrong, and all is kept on the other', async () => {
  await start();
  failing!.fail('writes');
  // Bytes reach the page cache; it is the file system that finds out.
  await readsRight();
  await eventually(async () => {
    await readsRight();
    return (await stateOf(otherDirectory())) === 'bad' ? true : undefined;
  }, 60_000);
  await eventually(async () => {
    await readsRight();
    return completeIn(goodDirectory()).length === FILES ? true : undefined;
  }, 30_000);
  await allHeld();
});

test('one hangs: readers wait for a while, and go elsewhere', async () => {
  await start();
  await readsRight();
  await allHeld();
  expect(completeIn(otherDirectory()).length).toBeGreaterThan(0);
  failing!.forgetObjects();
  failing!.hang();
  await readsRight();
  await isState(otherDirectory(), 'bad');
  await readsRight();
  await allHeld();
  expect(completeIn(goodDirectory()).length).toBe(FILES);
  failing!.goOn();
  await isState(otherDirectory(), 'good');
  await readsRight();
});

test('one hangs: readers on other nodes wait for a while, and get every byte', async () => {
  await start();
  await readsRightFromAfar();
  await allHeld();
  expect(completeIn(otherDirectory()).length).toBeGreaterThan(0);
  failing!.forgetObjects();
  failing!.hang();
  await readsRightFromAfar();
  await isState(otherDirectory(), 'bad');
  await readsRightFromAfar();
  await allHeld();
  failing!.goOn();
  await isState(otherDirectory(), 'good');
  await readsRightFromAfar();
});

test('one is full: it has what it holds, and the rest goes to the other', async () => {
  const small = new SmallDisk(parts.larder.folder('small'), 'size=48m');
  try {
    await parts.master();
    const cache = path.join(small.path, 'cache');
    await worker(cache, goodDirectory());
    small.fill(2 * MIB);
    await parts.dataset('d', `file://${origin}`);
    await readsRight();
    await eventually(async () => {
      await readsRight();
      const { datasets } = await parts.larder.status();
      return (datasets[0]?.heldBytes ?? 0) > FILES * MIB ? true : undefined;
    }, 30_000);
    expect(await stateOf(cache)).toBe('good');
    expect(completeIn(goodDirectory()).length).toBeGreaterThan(FILES / 2);
  } finally {
    small[Symbol.dispose]();
  }
});

test('one is not mounted at the start: the worker goes on, and nothing is put in its mount point', async () => {
  const folder = parts.larder.folder('second');
  const second = new SmallDisk(folder, 'size=256m');
  const cache = path.join(folder, 'cache');
  await parts.master();
  const part = await worker(goodDirectory(), cache);
  await parts.dataset('d', `file://${origin}`);
  await readsRight();
  await allHeld();
  const before = completeIn(cache).length;
  expect(before).toBeGreaterThan(0);
  part.process.kill('SIGTERM');
  await eventually(() => (part.process.exitCode === null ? undefined : true));
  second[Symbol.dispose]();
  fs.mkdirSync(cache);
  await worker(goodDirectory(), cache);
  await isState(cache, 'missing');
  await readsRight();
  expect(fs.readdirSync(cache)).toEqual([]);
  const found = (await disks()).find((disk) => disk.path === cache);
  expect(found?.problem).toBe(`${folder} is not mounted`);
  await allHeld();
  // Mounted, as a new disk: it is used from then on.
  fs.rmdirSync(cache);
  const again = new SmallDisk(folder, 'size=256m');
  try {
    await isState(cache, 'good');
    await readsRight();
  } finally {
    again[Symbol.dispose]();
  }
});

test('the only one fails: reads go through', async () => {
  failing = await createFailingDisk();
  await parts.master();
  await worker(otherDirectory());
  await parts.dataset('d', `file://${origin}`);
  await readsRight();
  await allHeld();
  failing.forgetObjects();
  failing.fail('reads');
  await readsRight();
  await isState(otherDirectory(), 'bad');
  await readsRight();
  expect((await parts.larder.status()).datasets[0]?.heldBytes).toBe(0);
});
