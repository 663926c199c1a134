/** A worker with two disks, one of which fails reads, hangs or is full: no read fails, and the other takes over. */
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

test('one fails every read: its objects come from the origin, and it is given up', async () => {
  await two.start();
  await two.readsRight();
  await two.allHeld();
  const lost = completeIn(two.otherDirectory).length;
  two.failing.forgetObjects();
  two.failing.fail('reads');
  await two.readsRight();
  await two.isState(two.otherDirectory, 'bad');
  expect(lost).toBeGreaterThan(0);
  // What was on it is kept on the other from now on, and the master is told.
  await two.readsRight();
  await two.allHeld();
  expect(completeIn(two.goodDirectory).length).toBe(FILES);
  const status = await two.parts.larder.ok(['status', '--master', two.parts.masterAddress]);
  expect(status).toMatch(/bad \(.*EIO/);
  expect((await two.parts.larder.status()).workers[0]?.capacityBytes).toBe(128 * MIB);
  // It is well again: what is on it is checked, and copies of what the other has go.
  two.failing.fail();
  await two.isState(two.otherDirectory, 'good');
  await two.allHeld();
  await two.readsRight();
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
