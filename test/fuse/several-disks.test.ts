/** A worker with two disks, one of which fails: no read fails, and the other takes over. More: test/long. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FAILING_DISK_MISSING } from '../support/failing-disk.ts';
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
