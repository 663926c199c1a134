import { describe, expect, it } from 'vitest';
import { describeBudgets, describeDecisions } from '../../../cli/cluster-reads.ts';
import { MIB } from '../../../common/index.ts';

describe('describeBudgets', () => {
  it('says what is used of what, and that an origin has throttled, and nothing where there is no budget', () => {
    const full = { budget: 300 * MIB, now: 300 * MIB, used: 12.5 * MIB };
    const slowed = { ...full, now: 210 * MIB };
    expect(
      describeBudgets([
        { name: 'free' },
        { name: 'full', originBudget: full },
        { name: 'slowed', originBudget: slowed },
      ]),
    ).toEqual([
      'origin of full: 12.5 MiB/s of 300.0 MiB/s',
      'origin of slowed: 12.5 MiB/s of 300.0 MiB/s, now 210.0 MiB/s: it has throttled',
    ]);
  });
});

describe('describeDecisions', () => {
  it('says of all workers where objects went and why, and nothing of what did not happen', () => {
    const decision = (of: string, reason: string, count: number) => ({
      decision: of,
      reason,
      count,
    });
    expect(
      describeDecisions([
        {
          decisions: [decision('kept', 'below threshold', 900), decision('evicted', 'transit', 7)],
        },
        { decisions: [decision('kept', 'fits', 950), decision('kept', 'below threshold', 300)] },
      ]),
    ).toEqual(['objects kept: below threshold 1,200, fits 950\nobjects evicted: transit 7']);
    expect(describeDecisions([{ decisions: [] }])).toEqual([]);
  });
});
