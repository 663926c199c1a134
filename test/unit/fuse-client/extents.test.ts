import { expect, test } from 'vitest';
import { ExtentTable } from '../../../fuse-client/extents.ts';

const MIB = 1024 * 1024;
const FAR = 2 ** 41;
const INCARNATION = 2 ** 40 + 3;

/** What one thread finds of what the event loop has added. */
function tables(): {
  loop: ExtentTable;
  found: (ordinal: number, from: number, to: number) => number;
} {
  const loop = new ExtentTable();
  const thread = new ExtentTable(loop.memory);
  const found = (ordinal: number, from: number, to: number) =>
    thread.incarnationWith({ ordinal, offsetBytes: from, lengthBytes: to - from });
  return { loop, found };
}

test('a range is found where one extent has all of it', () => {
  const { loop, found } = tables();
  loop.add({
    ordinal: 4_000_000_000,
    incarnation: INCARNATION,
    fromBytes: FAR,
    toBytes: FAR + MIB,
  });
  expect(found(4_000_000_000, FAR, FAR + MIB)).toBe(INCARNATION);
  expect(found(4_000_000_000, FAR + 10, FAR + 20)).toBe(INCARNATION);
  expect(found(4_000_000_000, FAR - 1, FAR + 20)).toBe(0);
  expect(found(4_000_000_000, FAR + 10, FAR + MIB + 1)).toBe(0);
  expect(found(4_000_000_064, FAR, FAR + MIB)).toBe(0);
  expect(found(0, 0, 0)).toBe(0);
});

test('adjacent extents of one file grow together; those of another incarnation take their place', () => {
  const { loop, found } = tables();
  const add = (incarnation: number, fromBytes: number, toBytes: number) => {
    loop.add({ ordinal: 5, incarnation, fromBytes, toBytes });
  };
  add(7, 0, 100);
  add(7, 100, 300);
  add(7, 250, 400);
  expect(found(5, 0, 400)).toBe(7);
  add(7, 1_000, 1_100);
  add(8, 50, 60);
  expect(found(5, 50, 60)).toBe(8);
  expect(found(5, 0, 400)).toBe(0);
  expect(found(5, 1_000, 1_100)).toBe(0);
});

test('four places of one file are known at once, and the table never says more than it was told', () => {
  const { loop, found } = tables();
  const starts = [0, 10, 20, 30].map((index) => index * MIB);
  for (const fromBytes of starts) {
    loop.add({ ordinal: 9, incarnation: 1, fromBytes, toBytes: fromBytes + MIB });
  }
  expect(starts.map((start) => found(9, start, start + MIB))).toEqual([1, 1, 1, 1]);
  for (let ordinal = 0; ordinal < 1_000; ordinal += 1) {
    loop.add({ ordinal, incarnation: ordinal + 1, fromBytes: 0, toBytes: 10 });
    expect(found(ordinal, 0, 10)).toBe(ordinal + 1);
  }
  for (let ordinal = 0; ordinal < 1_000; ordinal += 1) {
    expect([0, ordinal + 1]).toContain(found(ordinal, 0, 10));
    expect(found(ordinal, 0, 2 * MIB)).toBe(0);
  }
});

test('nothing is found after it was cleared', () => {
  const { loop, found } = tables();
  for (let ordinal = 0; ordinal < 300; ordinal += 1) {
    loop.add({ ordinal, incarnation: 3, fromBytes: 0, toBytes: MIB });
  }
  loop.clear();
  for (let ordinal = 0; ordinal < 300; ordinal += 1) expect(found(ordinal, 0, 1)).toBe(0);
});
