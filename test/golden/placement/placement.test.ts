/**
 * Who owns what: every process of every release has to find the same order, because nobody stores it.
 * If this fails, all objects would change their owners: do not change the vectors, mend the code.
 */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { Placement } from '../../../common/index.ts';
import { sha256, workers } from '../../support/placements.ts';

const TWELVE = workers(12, (i) => ({
  workerId: `worker-${String(i).padStart(2, '0')}`,
  weightBytes: (1 + (i % 4)) * 2 ** 40,
}));

test.each([
  [0, 0, '11 2 7 3 10 5 9 6 0 1 4 8'],
  [0, 1, '1 7 2 11 3 0 10 9 5 6 4 8'],
  [0, 5, '11 7 2 1 10 6 5 3 8 4 9 0'],
  [1, 0, '11 7 4 8 3 1 0 2 5 10 6 9'],
  [1, 1, '8 10 5 4 9 7 1 11 0 6 2 3'],
  [1, 5, '7 3 0 11 6 5 1 9 10 2 4 8'],
  [2, 0, '8 7 6 5 3 10 11 9 1 2 4 0'],
  [2, 1, '3 0 2 7 10 6 11 1 4 5 8 9'],
  [2, 5, '9 3 11 1 7 2 5 6 10 4 0 8'],
  [3, 0, '10 5 3 7 2 9 6 11 4 1 0 8'],
  [3, 1, '11 1 9 5 3 7 6 10 4 2 8 0'],
  [3, 5, '1 11 7 5 2 3 6 10 8 9 0 4'],
])('the order of twelve workers for object %i, stripe %i', (object, stripe, order) => {
  const candidates = new Placement(1, TWELVE).candidates(sha256(object), stripe);
  expect(candidates.map(({ workerId }) => Number(workerId.slice(7))).join(' ')).toBe(order);
});

test('the order of two hundred workers for two thousand objects', () => {
  const placement = new Placement(
    1,
    workers(200, (i) => ({ workerId: `w${String(i)}`, weightBytes: (1 + (i % 7)) * 2 ** 40 })),
  );
  const hash = createHash('sha256');
  for (let i = 0; i < 2000; i += 1) {
    const order = placement.candidates(sha256(i), i % 3).map(({ workerId }) => workerId);
    hash.update(`${order.join(' ')}\n`);
  }
  expect(hash.digest('hex')).toBe(
    '5effd5faf54f32ddda2d2f164bd9111b7bc5af2cf3f84e96481ba1e98c0a2e63',
  );
});
