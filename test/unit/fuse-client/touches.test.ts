import { expect, test } from 'vitest';
import { joinTouched, TouchRing } from '../../../fuse-client/touches.ts';
import type { Touched } from '../../../fuse-client/touches.ts';

const MIB = 1024 * 1024;

function taken(...rings: TouchRing[]): Touched[] {
  const reads: Touched[] = [];
  for (const ring of rings) ring.take(reads);
  return reads;
}

test('the ring brings reads to the other side', () => {
  const ring = new TouchRing();
  ring.add(4_000_000_000, 2 ** 40, 10);
  ring.add(1, 0, 4096);
  expect(taken(new TouchRing(ring.memory))).toEqual([
    { ordinal: 4_000_000_000, offsetBytes: 2 ** 40, endBytes: 2 ** 40 + 10, bytes: 10 },
    { ordinal: 1, offsetBytes: 0, endBytes: 4096, bytes: 4096 },
  ]);
  expect(taken(ring)).toEqual([]);
});

test('the ring loses reads rather than wait, and goes on after', () => {
  const ring = new TouchRing();
  for (let i = 0; i < 20_000; i++) ring.add(1, i, 1);
  expect(taken(ring)).toHaveLength(16_384);
  ring.add(2, 0, 1);
  expect(taken(ring)).toHaveLength(1);
});

test('reads of two threads that follow each other are one span', () => {
  const [one, two] = [new TouchRing(), new TouchRing()];
  for (let i = 0; i < 100; i += 1) (i % 2 === 0 ? one : two).add(7, i * MIB, MIB);
  one.add(8, 6_000_000 * MIB, 10);
  expect(joinTouched(taken(one, two), 4)).toEqual([
    { ordinal: 7, offsetBytes: 0, endBytes: 100 * MIB, bytes: 100 * MIB },
    { ordinal: 8, offsetBytes: 6_000_000 * MIB, endBytes: 6_000_000 * MIB + 10, bytes: 10 },
  ]);
  expect(taken(one, two)).toEqual([]);
});

test('files are told in the order in which they were read', () => {
  const [one, two] = [new TouchRing(), new TouchRing()];
  for (const ordinal of [9, 3, 7, 3, 1]) one.add(ordinal, 0, 10);
  two.add(2, 0, 10);
  const told = joinTouched(taken(one, two), 64).map(({ ordinal }) => ordinal);
  expect(told).toEqual([9, 3, 7, 1, 2]);
});

test('what lies between two reads is not said to be read', () => {
  const ring = new TouchRing();
  ring.add(1, 900 * MIB, 4096);
  ring.add(1, 0, 4096);
  ring.add(1, 2048, 4096);
  expect(joinTouched(taken(ring), 64)).toEqual([
    { ordinal: 1, offsetBytes: 0, endBytes: 6144, bytes: 8192 },
    { ordinal: 1, offsetBytes: 900 * MIB, endBytes: 900 * MIB + 4096, bytes: 4096 },
  ]);
});

test('of a file that is read in many places some are named, and the bytes of all', () => {
  const ring = new TouchRing();
  for (let i = 0; i < 1_000; i += 1) ring.add(1, i * MIB, 4096);
  ring.add(2, 5, 5);
  const spans = joinTouched(taken(ring), 64);
  expect(spans).toHaveLength(65);
  expect(spans.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(1_000 * 4096 + 5);
  const covered = spans.reduce((sum, span) => sum + span.endBytes - span.offsetBytes, 0);
  expect(covered).toBe(64 * 4096 + 5);
});
