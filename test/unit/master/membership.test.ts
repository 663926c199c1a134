import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LarderError } from '../../../common/index.ts';
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
  expect(membership.placement()).toEqual({ number: 7, members: [member('a', 2)], drained: [] });
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
  expect(membership.placement()).toEqual({ number: 2, members: [], drained: [] });
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

test('time in which the master stood still counts for nobody, alive or away', () => {
  const membership = new Membership(TIMES, { number: 0, members: [] }, 0);
  membership.hello(member('a'), 'i', 0);
  membership.hello(member('b'), 'i', 0);
  membership.tick(10);
  membership.heartbeat('b', 10);
  membership.stoodStill(1_000_000);
  expect(membership.tick(1_000_019)).toMatchObject({ lapsed: [], removed: [] });
  expect(membership.tick(1_000_020)).toMatchObject({ lapsed: ['b'], removed: [] });
  expect(membership.tick(1_000_109).removed).toEqual([]);
  expect(membership.tick(1_000_110).removed).toEqual(['a']);
});

test('drained: leaving, whatever restarts, until it is cancelled', () => {
  const membership = new Membership(TIMES, { number: 0, members: [] }, 0);
  for (const id of ['a', 'b', 'c']) membership.hello(member(id), 'i', 0);
  expect(membership.drain('a', true)).toEqual(['a']);
  expect(membership.placement()).toMatchObject({ number: 4, drained: ['a'] });
  expect(membership.drain('a', true)).toEqual(['a']);
  expect(membership.placement().number).toBe(4);
  // Another process of the worker, which says that it is active.
  expect(membership.hello(member('a'), 'i2', 5)).toEqual({
    placementChanged: false,
    restarted: true,
  });
  const again = new Membership(TIMES, membership.placement(), 1000);
  expect(again.placement()).toEqual(membership.placement());
  again.hello(member('b'), 'i', 1000);
  again.hello(member('c'), 'i', 1000);
  again.tick(1100);
  expect(again.state('a')).toBeUndefined();
  again.hello(member('a'), 'i3', 1101);
  expect(again.state('a')?.member.state).toBe('leaving');
  expect(again.drain('a', false)).toEqual(['a']);
  expect(again.state('a')?.member.state).toBe('active');
});

test('a node is drained with all its workers; the last active one is not', () => {
  const membership = new Membership(TIMES, { number: 0, members: [] }, 0);
  for (const id of ['a', 'b']) membership.hello(member(id), 'i', 0);
  membership.hello({ ...member('c'), node: 'other' }, 'i', 0);
  expect(membership.drain('h', true)).toEqual(['a', 'b']);
  const drainLast = () => membership.drain('other', true);
  expect(drainLast).toThrow(expect.objectContaining({ code: 'NO_ROOM_ELSEWHERE' }) as Error);
  expect(() => membership.drain('d', true)).toThrow(/NOT_FOUND/);
  expect(membership.drain('h', false)).toEqual(['a', 'b']);
  expect(membership.placement().members.every(({ state }) => state === 'active')).toBe(true);
});

test('a worker that was drained and is gone can be called back, or forgotten', () => {
  const membership = new Membership(TIMES, { number: 8, members: [], drained: ['x', 'y'] }, 0);
  expect(membership.drain('x', false)).toEqual(['x']);
  expect(membership.placement()).toEqual({ number: 9, members: [], drained: ['y'] });
});

test('forget: one that is away is no member at once, one that is alive is refused', () => {
  const membership = new Membership(TIMES, { number: 0, members: [] }, 0);
  membership.hello(member('a'), 'i', 0);
  expect(() => membership.forget('a')).toThrow(/alive=a/);
  membership.tick(10);
  expect(membership.forget('a')).toEqual(['a']);
  expect(membership.placement()).toEqual({ number: 2, members: [], drained: [] });
  expect(() => membership.forget('a')).toThrow(/NOT_FOUND/);
});

test('an identity: a restarted process gets in, a copy on another host waits for the lease', () => {
  const membership = new Membership(TIMES, { number: 0, members: [] }, 0);
  const here = member('a');
  const elsewhere = { ...member('a'), node: 'other' };
  expect(membership.claim(here, 'i1', 0)).toBe('admit');
  membership.hello(here, 'i1', 0);
  expect(membership.claim(here, 'i1', 5)).toBe('admit');
  expect(membership.claim(here, 'i2', 5)).toBe('ask-first');
  expect(membership.claim(elsewhere, 'i2', 5)).toBe('refuse');
  membership.tick(10);
  expect(membership.claim(here, 'i2', 10)).toBe('admit');
  expect(membership.claim(elsewhere, 'i2', 10)).toBe('admit');
});

test('after a restart of the master the host that a worker was on comes first', () => {
  const membership = new Membership(TIMES, { number: 3, members: [member('a')] }, 1000);
  const elsewhere = { ...member('a'), node: 'other' };
  expect(membership.claim(elsewhere, 'i2', 1009)).toBe('refuse');
  expect(membership.claim(member('a'), 'i1', 1009)).toBe('admit');
  expect(membership.claim(elsewhere, 'i2', 1010)).toBe('admit');
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
    fc.record({ kind: fc.constant('drain' as const), worker, weight: fc.nat(1) }),
    fc.record({ kind: fc.constant('forget' as const), worker, weight: fc.constant(0) }),
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
        else if (kind === 'tick') membership.tick(nowMs);
        else if (kind === 'drain') attempt(() => membership.drain(id, weight === 1));
        else attempt(() => membership.forget(id));
        const after = membership.placement();
        const same =
          JSON.stringify({ ...before, number: 0 }) === JSON.stringify({ ...after, number: 0 });
        expect(after.number).toBe(same ? before.number : before.number + 1);
      }
    }),
  );
});

/** What the rules refuse changes nothing. */
function attempt(change: () => unknown): void {
  try {
    change();
  } catch (error) {
    expect(error).toBeInstanceOf(LarderError);
  }
}
