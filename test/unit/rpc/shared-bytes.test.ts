import { expect, test } from 'vitest';
import { SharedBytes } from '../../../rpc/data/shared-bytes.ts';

const never = new AbortController().signal;

test('who asks for everything gets half, the next half of the rest', () => {
  const memory = new SharedBytes(1024);
  const taken = [0, 0, 0].map((_, i) => {
    const share = memory.share();
    while (share.tryTake(1) !== undefined);
    return { i, bytes: share.usedBytes };
  });
  expect(taken).toEqual([
    { i: 0, bytes: 512 },
    { i: 1, bytes: 256 },
    { i: 2, bytes: 128 },
  ]);
});

test('who has nothing is served as long as there is something', () => {
  const memory = new SharedBytes(100);
  const [greedy, modest] = [memory.share(), memory.share()];
  while (greedy.tryTake(10) !== undefined);
  expect(greedy.usedBytes).toBe(50);
  expect(modest.tryTake(50)).toBeDefined();
  expect(memory.usedBytes).toBe(100);
  expect(memory.share().tryTake(1)).toBeUndefined();
});

test('those that wait are served in turn when something is given back', async () => {
  const memory = new SharedBytes(10);
  const [a, b] = [memory.share(), memory.share()];
  const release = memory.share().tryTake(10)!;
  const order: string[] = [];
  const waits = [a, a, b].map(async (share, i) => {
    const done = await share.take(4, never);
    order.push(`${share === a ? 'a' : 'b'}${String(i)}`);
    done();
  });
  release();
  await Promise.all(waits);
  expect(order).toEqual(['a0', 'b2', 'a1']);
  expect(memory.usedBytes).toBe(0);
});

test('one that is aborted lets the smaller one behind it go', async () => {
  const memory = new SharedBytes(10);
  memory.share().tryTake(5);
  const share = memory.share();
  const controller = new AbortController();
  const large = share.take(8, controller.signal);
  const small = share.take(2, never);
  controller.abort();
  await expect(large).rejects.toThrow();
  (await small)();
  expect(memory.usedBytes).toBe(5);
});

test('more than there is at all is served alone', () => {
  const memory = new SharedBytes(10);
  const release = memory.share().tryTake(100);
  expect(release).toBeDefined();
  expect(memory.share().tryTake(1)).toBeUndefined();
  release?.();
  expect(memory.usedBytes).toBe(0);
});
