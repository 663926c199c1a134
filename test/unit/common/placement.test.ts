import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Placement } from '../../../common/index.ts';
import type { PlacementMember } from '../../../common/index.ts';
import { sha256, workers } from '../../support/placements.ts';

const OBJECTS = Array.from({ length: 20_000 }, (_, i) => sha256(i));

const owners = (members: readonly PlacementMember[], objects = OBJECTS) => {
  const placement = new Placement(1, members);
  return objects.map((id) => placement.owner(id)?.workerId);
};

test('each worker owns its share by weight, whatever the weights', () => {
  const weights = [1, 1, 2, 4, 8];
  const owned = owners(workers(5, (i) => ({ weightBytes: (weights[i] ?? 1) * 2 ** 40 })));
  for (const [i, weight] of weights.entries()) {
    const share = owned.filter((id) => id === `worker-${String(i)}`).length / OBJECTS.length;
    // Five standard deviations of a binomial of 20,000.
    const tolerance = 5 * Math.sqrt((weight / 16) * (1 - weight / 16) * (1 / OBJECTS.length));
    expect(Math.abs(share - weight / 16)).toBeLessThan(tolerance);
  }
});

test('a leave moves what the one that left owned, to many, and nothing else', () => {
  const members = workers(20);
  const before = owners(members);
  for (const gone of ['worker-0', 'worker-13']) {
    const after = owners(members.filter(({ workerId }) => workerId !== gone));
    const moved = before.flatMap((owner, i) => (owner === after[i] ? [] : [i]));
    expect(new Set(moved.map((i) => before[i]))).toEqual(new Set([gone]));
    expect(moved.length).toBeLessThanOrEqual((1.1 / 20) * OBJECTS.length);
    expect(new Set(moved.map((i) => after[i])).size).toBe(19);
  }
});

test('of a thousand workers a leave moves at most 1.1/N', () => {
  const members = workers(1000);
  const before = owners(members);
  // Forty at once: one alone owns so few of these objects that chance may give it a tenth more.
  const leavers = new Set(Array.from({ length: 40 }, (_, i) => `worker-${String(24 * i)}`));
  const after = owners(members.filter(({ workerId }) => !leavers.has(workerId)));
  const moved = before.flatMap((owner, i) => (owner === after[i] ? [] : [owner]));
  expect(moved.every((owner) => owner !== undefined && leavers.has(owner))).toBe(true);
  expect(moved.length).toBeLessThanOrEqual((1.1 * 40 * OBJECTS.length) / 1000);
});

test('a worker that drains moves what one that leaves moves', () => {
  const members = workers(10);
  const drained = members.map((member, i) =>
    i === 3 ? { ...member, state: 'leaving' as const } : member,
  );
  const left = members.filter((_, i) => i !== 3);
  expect(owners(drained)).toEqual(owners(left));
  const placement = new Placement(1, drained);
  expect(placement.leaving.map(({ workerId }) => workerId)).toEqual(['worker-3']);
  expect(placement.everyone).toHaveLength(10);
  expect(placement.candidates(sha256(1))).toHaveLength(9);
});

test('where everyone leaves, they own until somebody comes', () => {
  const leaving = workers(3, () => ({ state: 'leaving' as const }));
  expect(owners(leaving)).toEqual(owners(workers(3)));
  const placement = new Placement(1, [...leaving, ...workers(1, () => ({ workerId: 'new' }))]);
  expect(placement.owner(sha256(1))?.workerId).toBe('new');
});

test('a join moves its share to the newcomer alone', () => {
  const before = owners(workers(9));
  const after = owners(workers(10));
  const moved = before.flatMap((owner, i) => (owner === after[i] ? [] : [after[i]]));
  expect(new Set(moved)).toEqual(new Set(['worker-9']));
  expect(moved.length).toBeGreaterThan((0.9 / 10) * OBJECTS.length);
  expect(moved.length).toBeLessThan((1.1 / 10) * OBJECTS.length);
});

test('a change of one weight moves the difference of the shares, to or from that one alone', () => {
  const members = workers(10);
  const doubled = workers(10, (i) => (i === 4 ? { weightBytes: 2 ** 41 } : {}));
  const before = owners(members);
  const after = owners(doubled);
  const moved = before.flatMap((owner, i) => (owner === after[i] ? [] : [after[i]]));
  expect(new Set(moved)).toEqual(new Set(['worker-4']));
  expect(moved.length / OBJECTS.length).toBeLessThan(1.1 * (2 / 11 - 1 / 10));
});

const anyMembers = fc
  .uniqueArray(fc.tuple(fc.string({ minLength: 1 }), fc.integer({ min: 1, max: 2 ** 44 })), {
    selector: ([workerId]) => workerId,
    maxLength: 60,
  })
  .map((pairs) =>
    workers(pairs.length, (i) => ({
      workerId: pairs[i]?.[0] ?? '',
      weightBytes: pairs[i]?.[1] ?? 1,
    })),
  );

test('the owner and the best few are the head of the whole order', () => {
  fc.assert(
    fc.property(anyMembers, fc.string(), fc.nat(9), fc.nat(70), (members, id, stripe, count) => {
      const placement = new Placement(1, members);
      const order = placement.candidates(id, stripe);
      expect(order).toHaveLength(members.length);
      expect(placement.owner(id, stripe)).toBe(order[0]);
      expect(placement.candidates(id, stripe, count)).toEqual(order.slice(0, count));
    }),
  );
});

test('the order does not depend on the order in which members are named, and shares no weight 0', () => {
  fc.assert(
    fc.property(anyMembers, fc.string(), (members, id) => {
      const order = new Placement(1, members).candidates(id);
      const none = workers(1, () => ({ workerId: '', weightBytes: 0 }));
      expect(new Placement(1, [...none, ...[...members].reverse()]).candidates(id)).toEqual(order);
    }),
  );
});

test('two workers whose ids have the same hash are ordered by their ids', () => {
  const ids = ['worker-23919', 'worker-5370'];
  const members = workers(2, (i) => ({ workerId: ids[i] ?? '' }));
  const placement = new Placement(1, [...members].reverse());
  for (const object of OBJECTS.slice(0, 100)) {
    expect(placement.candidates(object).map(({ workerId }) => workerId)).toEqual(ids);
    expect(placement.owner(object)?.workerId).toBe(ids[0]);
    expect(placement.candidates(object, 0, 1)).toHaveLength(1);
  }
});
