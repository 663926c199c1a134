import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PlacementMember } from '../../../common/index.ts';
import { Membership } from '../../../master/membership.ts';

const TIMES = { leaseMs: 10, graceMs: 100 };
const member = (workerId: string, weightBytes = 1): PlacementMember => ({
  workerId,
  weightBytes,
  dataAddress: 'h:1',
  state: 'active',
  node: 'h',
});

test('the number grows with each change of the members, and with nothing else', () => {
  const membership = new Membership(TIMES, { number: 5, members: [] }, 0);
  expect(membership.hello(member('a'), 'i1', 0)).toEqual({
    placementChanged: true,
    restarted: true,
  });
  expect(membership.hello(member('a'), 'i1', 1)).toEqual({
    placementChanged: false,
    restarted: false,
  });
  expect(membership.hello(member('a'), 'i2', 2)).toEqual({
    placementChanged: false,
    restarted: true,
  });
  expect(membership.hello(member('a', 2), 'i2', 3).placementChanged).toBe(true);
  expect(membership.placement()).toEqual({ number: 7, members: [member('a', 2)] });
});

test('silent: away after the lease, removed after the grace time; a heartbeat brings it back', () => {
  const membership = new Membership(TIMES, { number: 0, members: [] }, 0);
  membership.hello(member('a'), 'i', 0);
  expect(membership.tick(9).lapsed).toEqual([]);
  expect(membership.tick(10).lapsed).toEqual(['a']);
  expect(membership.isAlive('a')).toBe(false);
  expect(membership.placement().members).toHaveLength(1);
  membership.heartbeat('a', 50);
  expect(membership.isAlive('a')).toBe(true);
  expect(membership.tick(159)).toMatchObject({ lapsed: ['a'], removed: [] });
  expect(membership.tick(160)).toEqual({ placementChanged: true, lapsed: [], removed: ['a'] });
  expect(membership.placement()).toEqual({ number: 2, members: [] });
  membership.heartbeat('a', 161);
  expect(membership.states()).toEqual([]);
});

test('another grace time counts for those that are away already', () => {
  const membership = new Membership(TIMES, { number: 0, members: [] }, 0);
  membership.hello(member('a'), 'i', 0);
  membership.tick(10);
  membership.setGrace(1_000);
  expect(membership.tick(110).removed).toEqual([]);
  membership.setGrace(50);
  expect(membership.tick(111).removed).toEqual(['a']);
});

test('after a restart of the master the members are away, and keep their place for the grace time', () => {
  const membership = new Membership(TIMES, { number: 3, members: [member('a')] }, 1000);
  expect(membership.isAlive('a')).toBe(false);
  expect(membership.tick(1099).removed).toEqual([]);
  expect(membership.hello(member('a'), 'i', 1099).placementChanged).toBe(false);
  expect(membership.tick(1105).removed).toEqual([]);
  expect(membership.placement().number).toBe(3);
});

test('any sequence: the number never goes back, and changes exactly when the members do', () => {
  const worker = fc.constantFrom('a', 'b', 'c');
  const event = fc.oneof(
    fc.record({
      kind: fc.constant('hello' as const),
      worker,
      weight: fc.integer({ min: 1, max: 2 }),
    }),
    fc.record({ kind: fc.constant('heartbeat' as const), worker, weight: fc.constant(0) }),
    fc.record({ kind: fc.constant('tick' as const), worker, weight: fc.constant(0) }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(event, fc.integer({ min: 0, max: 60 }))), (events) => {
      const membership = new Membership(TIMES, { number: 0, members: [] }, 0);
      let nowMs = 0;
      for (const [{ kind, worker: id, weight }, laterMs] of events) {
        nowMs += laterMs;
        const before = membership.placement();
        if (kind === 'hello') membership.hello(member(id, weight), 'i', nowMs);
        else if (kind === 'heartbeat') membership.heartbeat(id, nowMs);
        else membership.tick(nowMs);
        const after = membership.placement();
        const same = JSON.stringify(before.members) === JSON.stringify(after.members);
        expect(after.number).toBe(same ? before.number : before.number + 1);
      }
    }),
  );
});
