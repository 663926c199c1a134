import { expect, test } from 'vitest';
import { Tap } from '../../../../worker/fetching/tap.ts';

const never = new Promise<never>(() => undefined);

test('everybody who waits until the reader has taken what is there is told', async () => {
  const tap = new Tap({ fromBytes: 0, toBytes: 100 }, 10);
  tap.offer(0, Buffer.alloc(20));
  const first = tap.drained();
  // What came with the same bytes of the network follows in spite of the first.
  tap.offer(20, Buffer.alloc(20));
  const second = tap.drained();
  const pieces = tap.pieces(never);
  for (let piece = 0; piece < 2; piece += 1) await pieces.next();
  expect(await Promise.all([first, second])).toEqual([undefined, undefined]);
});

test('a reader that leaves holds nobody back', async () => {
  const tap = new Tap({ fromBytes: 0, toBytes: 100 }, 10);
  tap.offer(0, Buffer.alloc(20));
  const waiting = [tap.drained(), tap.drained()];
  const pieces = tap.pieces(never);
  await pieces.next();
  await pieces.return(undefined);
  expect(await Promise.all(waiting)).toHaveLength(2);
});
