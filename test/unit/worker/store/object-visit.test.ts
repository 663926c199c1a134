/** What is freed, what stays, and what is found wrong, on one disk. */
import * as fs from 'node:fs';
import { RoaringBitmap32 } from 'roaring-wasm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { completePath } from '../../../../common/object-paths.ts';
import { Larder } from '../fetching/larder.ts';
import { refOf } from '../fetching/memory-origin.ts';

const MIB = 1024 * 1024;
const SIGNAL = new AbortController().signal;
let larder: Larder;
beforeEach(async () => {
  larder = await Larder.open({ smallObjectBytes: 0 });
});
afterEach(async () => {
  await larder[Symbol.asyncDispose]();
});

const a = refOf('a', 2 * MIB + 5);
const b = refOf('b', MIB, { firstBlock: 10 });
const part = refOf('part', 8 * MIB, { firstBlock: 20 });
const other = refOf('other', MIB, { datasetId: 2, firstBlock: 0 });

async function fill(): Promise<void> {
  for (const ref of [a, b, other]) await larder.reader.fetchWhole(ref, SIGNAL);
  await larder.readsRight(part, 5 * MIB, 10);
  await larder.reader.settled();
}

async function visit(action: 'free' | 'look' | 'verify', blocks = [0, 10, 20]) {
  const named = RoaringBitmap32.from(blocks);
  const seen: [string, string | undefined, number][] = [];
  for await (const { what, by, bytes } of larder.store.visit(
    { datasetId: 1, blocks: named, action },
    SIGNAL,
  )) {
    seen.push([what, by, bytes]);
  }
  named.dispose();
  return seen.sort(([, , one], [, , two]) => one - two);
}

const held = () =>
  [a, b, part, other].map(({ objectId }) => larder.reader.held(objectId).heldBytes);

test('what is named is freed, whole or not, and nothing else', async () => {
  await fill();
  const before = held();
  expect(await visit('look')).toHaveLength(3);
  expect(held()).toEqual(before);
  const [, bBytes = 0, partBytes = 0] = before;
  expect(await visit('free', [10, 20])).toEqual(
    [bBytes, partBytes].map((bytes) => ['freed', undefined, bytes]),
  );
  expect(held()).toEqual([a.sizeBytes, 0, 0, other.sizeBytes]);
  expect(larder.heldBlocks(1)).toEqual([0, 1, 2]);
  expect(await larder.readsRight(b)).toBe(true);
});

test('what somebody has open, or is reading, stays', async () => {
  await fill();
  larder.store.setOpen(a.objectId, 1);
  const reading = larder.store.pin(b);
  expect((await visit('free', [0, 10])).map(([what]) => what)).toEqual(['open', 'open']);
  larder.store.setOpen(a.objectId, -1);
  larder.store.unpin(reading);
  expect((await visit('free', [0, 10])).map(([what]) => what)).toEqual(['freed', 'freed']);
});

test('what is protected stays, and by what is said; a pin first', async () => {
  await fill();
  const { policies } = larder.store;
  policies.protect('preload/7/0', { datasetId: 1, covers: () => true, untilMs: 1e12 });
  policies.protect('pin/9/0', { datasetId: 1, covers: ({ firstBlock }) => firstBlock === 0 });
  const told = await visit('free', [0, 10]);
  expect(told.map(([what, by]) => [what, by])).toEqual([
    ['protected', 'preload/7/0'],
    ['protected', 'pin/9/0'],
  ]);
  policies.unprotect('preload/7/0');
  policies.unprotect('pin/9/0');
  expect((await visit('free', [0, 10])).map(([what]) => what)).toEqual(['freed', 'freed']);
});

test('what another dataset has too stays', async () => {
  await fill();
  larder.store.unpin(larder.store.pin({ ...b, datasetId: 2, firstBlock: 50 }));
  expect(await visit('free', [10])).toEqual([['shared', undefined, MIB]]);
  // Of that one it is shared as well, and protected where that is.
  larder.store.policies.protect('pin/3/0', { datasetId: 2 });
  expect(await visit('free', [10])).toEqual([['protected', 'pin/3/0', MIB]]);
});

test('what is wrong on the disk is found and dropped, the rest is sound', async () => {
  await fill();
  expect((await visit('verify')).map(([what]) => what)).toEqual(['sound', 'sound', 'sound']);
  const file = fs.openSync(completePath(larder.completeDirectory, a.objectId), 'r+');
  fs.writeSync(file, 'x', 2 * MIB + 1);
  fs.closeSync(file);
  const seen = await visit('verify', [0, 10]);
  expect(seen).toEqual([
    ['sound', undefined, MIB],
    ['damaged', undefined, a.sizeBytes],
  ]);
  expect(larder.reader.held(a.objectId).heldBytes).toBe(0);
  expect(await larder.readsRight(a)).toBe(true);
});
