import { afterEach, expect, test } from 'vitest';
import { Receipts } from '../../../../worker/moves/receipts.ts';
import { workers } from '../../../support/placements.ts';
import { clock, log, placementOf, Sent } from './support.ts';

let receipts: Receipts;

afterEach(async () => {
  await receipts[Symbol.asyncDispose]();
});

test('many are told at once, and who cannot be reached is told when it can be', async () => {
  const sent = new Sent();
  let placement = placementOf(3);
  const { send } = sent;
  const workerId = 'worker-0';
  receipts = new Receipts({ workerId, placement: () => placement, send, clock, log });
  const [, second, third] = workers(3);
  const tell = (member: typeof second, ordinal: number) => {
    receipts.add(member!, { datasetId: 1, version: 2, ordinal, what: 'taken' });
  };
  sent.away.add('worker-1');
  for (const ordinal of [7, 8]) tell(second, ordinal);
  for (const ordinal of [9, 10]) tell(third, ordinal);
  await expect.poll(() => sent.ordinals('worker-2')).toEqual([9, 10]);
  expect(sent.lists).toHaveLength(1);
  sent.away.clear();
  await expect.poll(() => sent.ordinals('worker-1'), { timeout: 5000 }).toEqual([7, 8]);
  // Who is no member any more is not waited for.
  sent.away.add('worker-1');
  tell(second, 11);
  placement = placementOf(1);
  tell(third, 12);
  await expect.poll(() => sent.ordinals('worker-2')).toEqual([9, 10, 12]);
  sent.away.clear();
  await new Promise((resolve) => setTimeout(resolve, 1200));
  expect(sent.ordinals('worker-1')).toEqual([7, 8]);
});
