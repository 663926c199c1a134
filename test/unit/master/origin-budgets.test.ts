import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MIB } from '../../../common/index.ts';
import { divideBandwidth } from '../../../master/divide-bandwidth.ts';
import { OriginBudgets } from '../../../master/origin-budgets.ts';
import type { BudgetMember, Share, WorkerDemand } from '../../../master/origin-budgets.ts';

const BUDGET = { datasetId: 7, bytesPerSecond: 100 * MIB };
const SECOND = 1_000;

function member(workerId: string, isConnected = true, weightBytes = 100): BudgetMember {
  return { workerId, weightBytes, isConnected };
}

function demand(mibPerSecond: number, waits: boolean, refusals = 0): WorkerDemand {
  return { datasetId: 7, bytesPerSecond: mibPerSecond * MIB, waits, refusals };
}

function rate(news: ReadonlyMap<string, readonly Share[]>, worker: string): number {
  return (news.get(worker)?.[0]?.bytesPerSecond ?? Number.NaN) / MIB;
}

describe('divideBandwidth', () => {
  it('gives all of it away, whatever is wanted', () => {
    const claim = fc.record({
      workerId: fc.uuid(),
      bytesPerSecond: fc.nat({ max: 2e9 }),
      waits: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(claim, { minLength: 1, maxLength: 30, selector: (it) => it.workerId }),
        fc.integer({ min: 1, max: 1e10 }),
        (claims, budget) => {
          const parts = [...divideBandwidth(budget, claims).values()];
          const sum = parts.reduce((all, part) => all + part, 0);
          expect(Math.abs(sum - budget)).toBeLessThan(budget * 1e-9 + 1e-6);
          for (const part of parts) {
            expect(part).toBeGreaterThanOrEqual((budget / claims.length) * 0.019);
          }
        },
      ),
    );
  });

  it('gives those that wait what the others leave, in equal parts', () => {
    const parts = divideBandwidth(1_000, [
      { workerId: 'a', bytesPerSecond: 80, waits: false },
      { workerId: 'b', bytesPerSecond: 300, waits: true },
      { workerId: 'c', bytesPerSecond: 250, waits: true },
      { workerId: 'd', bytesPerSecond: 0, waits: false },
    ]);
    expect(Object.fromEntries(parts)).toEqual({ a: 100, b: 447.5, c: 447.5, d: 5 });
  });

  it('gives one that has just begun to wait a part at once, and more as it uses it', () => {
    const old = { workerId: 'old', bytesPerSecond: 900, waits: true };
    const parts = [0, 125, 250, 500].map((bytesPerSecond) =>
      divideBandwidth(1_000, [old, { workerId: 'new', bytesPerSecond, waits: true }]).get('new'),
    );
    expect(parts).toEqual([125, 250, 500, 500]);
  });
});

describe('OriginBudgets', () => {
  it('divides by what the workers told, and tells only what is news', () => {
    const budgets = new OriginBudgets();
    const members = [member('a'), member('b')];
    const first = budgets.divide([BUDGET], members, 0);
    expect([rate(first, 'a'), rate(first, 'b')]).toEqual([50, 50]);
    budgets.heard('a', [demand(50, true)], SECOND);
    const second = budgets.divide([BUDGET], members, SECOND);
    expect([rate(second, 'a'), rate(second, 'b')]).toEqual([99, 1]);
    expect(budgets.divide([BUDGET], members, 2 * SECOND).size).toBe(0);
    budgets.untold('a');
    expect([...budgets.divide([BUDGET], members, 2 * SECOND).keys()]).toEqual(['a']);
  });

  it('keeps aside what a silent worker may read: what it was told, at most its part by weight', () => {
    const budgets = new OriginBudgets();
    const told = budgets.divide([BUDGET], [member('a'), member('b')], 0);
    expect(rate(told, 'b')).toBe(50);
    const weights = [member('a', true, 300), member('b', false, 100)];
    expect(rate(budgets.divide([BUDGET], weights, SECOND), 'a')).toBe(75);
    // Of one that it never told anything, the master before may have.
    const unknown = [member('a', true, 300), member('z', false, 300)];
    expect(rate(budgets.divide([BUDGET], unknown, SECOND), 'a')).toBe(50);
    expect(rate(budgets.divide([BUDGET], [member('a')], SECOND), 'a')).toBe(100);
  });

  it('slows all down once for a storm of refusals, and recovers', () => {
    const budgets = new OriginBudgets();
    const members = [member('a'), member('b')];
    budgets.heard('a', [demand(50, true)], 0);
    budgets.heard('b', [demand(50, true)], 0);
    budgets.divide([BUDGET], members, 0);
    budgets.heard('a', [demand(50, true, 3)], SECOND);
    budgets.heard('b', [demand(50, true, 2)], SECOND + 500);
    const slowed = budgets.divide([BUDGET], members, SECOND);
    expect(rate(slowed, 'a') + rate(slowed, 'b')).toBeCloseTo(70, 3);
    expect(budgets.state(BUDGET, SECOND)).toMatchObject({ budget: 100 * MIB, now: 70 * MIB });
    // The same counts again are no new refusals.
    budgets.heard('a', [demand(50, true, 3)], 7 * SECOND);
    expect(budgets.state(BUDGET, 7 * SECOND)).toMatchObject({ now: 80 * MIB, used: 100 * MIB });
    budgets.heard('a', [demand(50, true, 4)], 7 * SECOND);
    expect(budgets.state(BUDGET, 7 * SECOND)).toMatchObject({ now: 56 * MIB });
    const later = budgets.divide([BUDGET], members, 60 * SECOND);
    expect(rate(later, 'a') + rate(later, 'b')).toBeCloseTo(100, 3);
  });

  it('tells workers that a budget is gone', () => {
    const budgets = new OriginBudgets();
    const members = [member('a')];
    expect(budgets.divide([], members, 0).size).toBe(0);
    budgets.divide([BUDGET], members, 0);
    expect(budgets.divide([], members, 0).get('a')).toEqual([]);
    expect(budgets.divide([], members, 0).size).toBe(0);
  });
});
