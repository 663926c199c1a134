import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LookAhead } from '../../../../worker/admission/index.ts';

const orderOf = (...rows: number[]) => Uint32Array.from(rows);
const FROM_ZERO = { startsAt: 0, perObject: 1 };

describe('when an object is used next', () => {
  test('is its position in the plan, on the common time line', () => {
    const ahead = new LookAhead();
    ahead.addEpoch('a', 0, orderOf(2, 0, 1), { startsAt: 100, perObject: 10 });
    expect([0, 1, 2].map((row) => ahead.nextUse(row))).toEqual([110, 120, 100]);
  });

  test('is never, where no plan names it', () => {
    const ahead = new LookAhead();
    expect(ahead.nextUse(0)).toBe(Infinity);
    ahead.addEpoch('a', 0, orderOf(5, 1), FROM_ZERO);
    expect([0, 2, 6, 1_000_000].map((row) => ahead.nextUse(row))).toEqual(Array(4).fill(Infinity));
  });

  test('is the earliest of all jobs and epochs', () => {
    const ahead = new LookAhead();
    ahead.addEpoch('a', 0, orderOf(0, 1, 2), FROM_ZERO);
    ahead.addEpoch('a', 1, orderOf(2, 1, 0), { startsAt: 3, perObject: 1 });
    ahead.addEpoch('b', 7, orderOf(2, 0, 1), { startsAt: 0.5, perObject: 1 });
    expect([0, 1, 2].map((row) => ahead.nextUse(row))).toEqual([0, 1, 0.5]);
    ahead.advance('a', 0, 3);
    ahead.advance('b', 7, 2);
    expect([0, 1, 2].map((row) => ahead.nextUse(row))).toEqual([5, 2.5, 3]);
  });

  test('moves on to the next of several times in one order, as padding and sampling with replacement make them', () => {
    const ahead = new LookAhead();
    ahead.addEpoch('a', 0, orderOf(3, 1, 3, 0, 3, 1), FROM_ZERO);
    const uses: number[] = [];
    for (let position = 0; position < 6; position += 1) {
      ahead.advance('a', 0, position);
      uses.push(ahead.nextUse(3));
    }
    expect(uses).toEqual([0, 2, 2, 4, 4, Infinity]);
    expect(ahead.nextUse(1)).toBe(5);
  });
});

describe('a job that moves on', () => {
  test('a position that was told late changes nothing', () => {
    const ahead = new LookAhead();
    ahead.addEpoch('a', 0, orderOf(0, 1, 2), FROM_ZERO);
    ahead.advance('a', 0, 2);
    ahead.advance('a', 0, 1);
    expect([0, 1, 2].map((row) => ahead.nextUse(row))).toEqual([Infinity, Infinity, 2]);
  });

  test('an epoch takes those before it away, also when their end was never told', () => {
    const ahead = new LookAhead();
    ahead.addEpoch('a', 0, orderOf(0, 1), FROM_ZERO);
    ahead.addEpoch('a', 1, orderOf(1, 0), { startsAt: 2, perObject: 1 });
    ahead.advance('a', 1, 0);
    expect([0, 1].map((row) => ahead.nextUse(row))).toEqual([3, 2]);
  });

  test('a plan that is told again replaces the one before, at the position that was reached', () => {
    const ahead = new LookAhead();
    ahead.addEpoch('a', 0, orderOf(0, 1, 2), FROM_ZERO);
    ahead.advance('a', 0, 1);
    ahead.addEpoch('a', 0, orderOf(0, 1, 2), { startsAt: 50, perObject: 2 });
    expect([0, 1, 2].map((row) => ahead.nextUse(row))).toEqual([Infinity, 52, 54]);
  });

  test('a job that is gone, unknown or empty says nothing', () => {
    const ahead = new LookAhead();
    ahead.addEpoch('a', 0, orderOf(0), FROM_ZERO);
    ahead.addEpoch('b', 0, orderOf(), FROM_ZERO);
    ahead.remove('a');
    ahead.remove('nobody');
    ahead.advance('a', 0, 1);
    expect(ahead.nextUse(0)).toBe(Infinity);
  });
});

test('agrees with a search through the orders, whatever is told', () => {
  const plan = fc.record({
    job: fc.constantFrom('a', 'b'),
    epoch: fc.nat(2),
    order: fc.array(fc.nat(9), { maxLength: 12 }),
    startsAt: fc.nat(30),
  });
  const step = fc.record({
    job: fc.constantFrom('a', 'b'),
    epoch: fc.nat(2),
    position: fc.nat(12),
  });
  fc.assert(
    fc.property(
      fc.array(plan, { maxLength: 6 }),
      fc.array(step, { maxLength: 8 }),
      (plans, steps) => {
        const ahead = new LookAhead();
        const model = new Map<string, { order: number[]; startsAt: number; position: number }>();
        const name = (job: string, epoch: number) => `${job}${String(epoch)}`;
        for (const { job, epoch, order, startsAt } of plans) {
          ahead.addEpoch(job, epoch, Uint32Array.from(order), { startsAt, perObject: 1 });
          model.set(name(job, epoch), { order, startsAt, position: 0 });
        }
        for (const { job, epoch, position } of steps) {
          ahead.advance(job, epoch, position);
          for (let before = 0; before < epoch; before += 1) model.delete(name(job, before));
          const told = model.get(name(job, epoch));
          if (told !== undefined) told.position = Math.max(told.position, position);
        }
        for (let row = 0; row < 10; row += 1) {
          const uses = [...model.values()].flatMap(({ order, startsAt, position }) =>
            order.flatMap((other, i) => (other === row && i >= position ? [startsAt + i] : [])),
          );
          expect(ahead.nextUse(row)).toBe(Math.min(Infinity, ...uses));
        }
      },
    ),
  );
});
