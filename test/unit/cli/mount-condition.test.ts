import { expect, test } from 'vitest';
import {
  conditionRecord,
  describeCondition,
  shownCondition,
} from '../../../cli/mount-condition.ts';
import type { MountCondition } from '../../../fuse-client/index.ts';

const TROUBLE = {
  failures: 12,
  nextTryInMs: 7_600,
  readsFailInMs: 279_100,
  lastError: 'exit code 1',
} as const;

test.each<[MountCondition, string | undefined]>([
  [{ state: 'serving' }, undefined],
  [
    { ...TROUBLE, state: 'restarted', failures: 1 },
    'restarted: server failed once, the last with: exit code 1',
  ],
  [
    { ...TROUBLE, state: 'waiting' },
    'waiting: server failed 12 times, next try in 8 s, reads fail in 280 s; the last with: exit code 1',
  ],
  [
    { ...TROUBLE, state: 'failing', readsFailInMs: 0 },
    'failing: server failed 12 times, reads fail with EIO, next try in 8 s; the last with: exit code 1',
  ],
])('%o', (condition, text) => {
  expect(describeCondition(condition)).toBe(text);
});

test('what was written down is shown with the time that is left', () => {
  const condition: MountCondition = { ...TROUBLE, state: 'waiting' };
  const { condition: record } = conditionRecord(condition);
  const shown = shownCondition(record);
  expect(shown).toMatchObject({ state: 'waiting', failures: 12, lastError: 'exit code 1' });
  const { nextTryInMs, readsFailInMs } = shown as typeof TROUBLE;
  expect(nextTryInMs).toBeLessThanOrEqual(TROUBLE.nextTryInMs);
  expect(nextTryInMs).toBeGreaterThan(TROUBLE.nextTryInMs - 2_000);
  expect(readsFailInMs).toBeGreaterThan(TROUBLE.readsFailInMs - 2_000);
  expect(shownCondition({ ...record!, nextTryAtMs: 0 })).toMatchObject({ nextTryInMs: 0 });
  expect(shownCondition(conditionRecord({ state: 'serving' }).condition)).toEqual({
    state: 'serving',
  });
});
