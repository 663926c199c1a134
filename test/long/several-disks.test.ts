/** A worker with two disks under a mount in daemon mode: each fails alone, and no read fails. More: test/fuse. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FAILING_DISK_MISSING } from '../support/failing-disk.ts';
import { eventually } from '../support/larder.ts';
import { SmallDisk } from '../support/small-disk.ts';
import { completeIn, FILES, MIB, TwoDisks } from '../support/two-disks.ts';

let two: TwoDisks;

beforeEach((context) => {
  if (FAILING_DISK_MISSING !== undefined) context.skip(FAILING_DISK_MISSING);
  two = new TwoDisks();
});

afterEach(async () => {
  await two[Symbol.asyncDispose]();
});

test('objects are spread over both, whole, and both survive kill -9 and a restart', async () => {
  const part = await two.start();
  await two.readsRight();
  await two.allHeld();
  const [one, other] = [completeIn(two.goodDirectory), completeIn(two.otherDirectory)];
  expect(one.length + other.length).toBe(FILES);
  expect(Math.min(one.length, other.length)).toBeGreaterThan(FILES / 8);
  const shown = await two.disks();
  expect(shown.map(({ state, objects }) => [state, objects])).toEqual([
    ['good', one.length],
    ['good', other.length],
  ]);
  part.process.kill('SIGKILL');
  await eventually(() => (part.process.signalCode === null ? undefined : true));
  await two.worker(two.otherDirectory, two.goodDirectory);
  await two.allHeld();
  const { origin: before } = await two.parts.larder.status();
  await two.readsRight();
  expect((await two.parts.larder.status()).origin.bytes - before.bytes).toBe(0);
});

test('one fails, and is well again: readers on other nodes get every byte', async () => {
  await two.start();
  await two.readsRightFromAfar();
  await two.allHeld();
  const before = await two.originBytes();
  await two.readsRightFromAfar();
  expect(await two.originBytes()).toBe(before);
  two.failing.forgetObjects();
  two.failing.fail('reads');
  await two.readsRightFromAfar();
  await two.isState(two.otherDirectory, 'bad');
  await two.readsRightFromAfar();
  await two.allHeld();
  two.failing.fail();
  await two.isState(two.otherDirectory, 'good');
  await two.allHeld();
  const after = await two.originBytes();
  await two.readsRightFromAfar();
  expect(await two.originBytes()).toBe(after);
});

test('one fails every write: nothing of it is served wrong, and all is kept on the other', async () => {
  await two.start();
  two.failing.fail('writes');
  // Bytes reach the page cache; it is the file system that finds out.
  await two.readsRight();
  await eventually(async () => {
    await two.readsRight();
    return (await two.stateOf(two.otherDirectory)) === 'bad' ? true : undefined;
  }, 60_000);
  await eventually(async () => {
    await two.readsRight();
    return completeIn(two.goodDirectory).length === FILES ? true : undefined;
  }, 30_000);
  await two.allHeld();
});

test('one hangs: readers on other nodes wait for a while, and get every byte', async () => {
  await two.start();
  await two.readsRightFromAfar();
  await two.allHeld();
  expect(completeIn(two.otherDirectory).length).toBeGreaterThan(0);
  two.failing.forgetObjects();
  two.failing.hang();
  await two.readsRightFromAfar();
  await two.isState(two.otherDirectory, 'bad');
  await two.readsRightFromAfar();
  await two.allHeld();
  two.failing.goOn();
  await two.isState(two.otherDirectory, 'good');
  await two.readsRightFromAfar();
});

test('one is not mounted at the start: the worker goes on, and nothing is put in its mount point', async () => {
  const folder = two.parts.larder.folder('second');
  const second = new SmallDisk(folder, 'size=256m');
  const cache = path.join(folder, 'cache');
  await two.parts.master();
  const part = await two.worker(two.goodDirectory, cache);
  await two.parts.dataset('d', `file://${two.origin}`);
  await two.readsRight();
  await two.allHeld();
  const before = completeIn(cache).length;
  expect(before).toBeGreaterThan(0);
  part.process.kill('SIGTERM');
  await eventually(() => (part.process.exitCode === null ? undefined : true));
  second[Symbol.dispose]();
  fs.mkdirSync(cache);
  await two.worker(two.goodDirectory, cache);
  await two.isState(cache, 'missing');
  await two.readsRight();
  expect(fs.readdirSync(cache)).toEqual([]);
  const found = (await two.disks()).find((disk) => disk.path === cache);
  expect(found?.problem).toBe(`${folder} is not mounted`);
  await two.allHeld();
  // Mounted, as a new disk: it is used from then on.
  fs.rmdirSync(cache);
  const again = new SmallDisk(folder, 'size=256m');
  try {
    await two.isState(cache, 'good');
    await two.readsRight();
  } finally {
    again[Symbol.dispose]();
  }
});

test('the only one fails: reads go through', async () => {
  await two.makeFailing();
  await two.parts.master();
  await two.worker(two.otherDirectory);
  await two.parts.dataset('d', `file://${two.origin}`);
  await two.readsRight();
  await two.allHeld();
  two.failing.forgetObjects();
  two.failing.fail('reads');
  await two.readsRight();
  await two.isState(two.otherDirectory, 'bad');
  await two.readsRight();
  expect((await two.parts.larder.status()).datasets[0]?.heldBytes).toBe(0);
});

test('one hangs: readers wait for a while, and go elsewhere', async () => {
  await two.start();
  await two.readsRight();
  await two.allHeld();
  expect(completeIn(two.otherDirectory).length).toBeGreaterThan(0);
  two.failing.forgetObjects();
  two.failing.hang();
  await two.readsRight();
  await two.isState(two.otherDirectory, 'bad');
  await two.readsRight();
  await two.allHeld();
  expect(completeIn(two.goodDirectory).length).toBe(FILES);
  two.failing.goOn();
  await two.isState(two.otherDirectory, 'good');
  await two.readsRight();
});

test('one is full: it has what it holds, and the rest goes to the other', async () => {
  const small = new SmallDisk(two.parts.larder.folder('small'), 'size=48m');
  try {
    await two.parts.master();
    const cache = path.join(small.path, 'cache');
    await two.worker(cache, two.goodDirectory);
    small.fill(2 * MIB);
    await two.parts.dataset('d', `file://${two.origin}`);
    await two.readsRight();
    await eventually(async () => {
      await two.readsRight();
      const { datasets } = await two.parts.larder.status();
      return (datasets[0]?.heldBytes ?? 0) > FILES * MIB ? true : undefined;
    }, 30_000);
    expect(await two.stateOf(cache)).toBe('good');
    expect(completeIn(two.goodDirectory).length).toBeGreaterThan(FILES / 2);
  } finally {
    small[Symbol.dispose]();
  }
});
