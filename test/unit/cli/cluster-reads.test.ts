import { describe, expect, it } from 'vitest';
import { describeBudgets, describeDecisions, describeTransit } from '../../../cli/cluster-reads.ts';
import { MIB } from '../../../common/index.ts';

describe('describeTransit', () => {
  const none = { memoryBytes: 0, limitBytes: MIB, straightBytes: 0, keptBytes: 0, writtenBytes: 0 };

  it('adds up what passed on all workers, and says nothing where all is kept', () => {
    const passed = { transit: { ...none, passedBytes: 3 * MIB, spilledBytes: 0 } };
    const spilled = { transit: { ...none, passedBytes: MIB, spilledBytes: 2 * MIB } };
    expect(describeTransit([passed, spilled])).toBe(
      'not kept: 4.0 MiB passed through memory, 2.0 MiB through the disks, because memory was full',
    );
    const straight = { transit: { ...spilled.transit, straightBytes: 3 * MIB } };
    expect(describeTransit([straight])).toBe(
      'not kept: 1.0 MiB passed through memory, 2.0 MiB through the disks, because memory was full; ' +
        '3.0 MiB went straight to a reader, because the disks were too',
    );
    expect(describeTransit([{ transit: { ...none, passedBytes: 0, spilledBytes: 0 } }])).toBe(
      undefined,
    );
  });
});

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
