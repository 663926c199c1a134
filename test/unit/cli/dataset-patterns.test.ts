/** What `larder status` says of how datasets are read. */
import { expect, test } from 'vitest';
import { describePatterns } from '../../../cli/dataset-patterns.ts';
import type { PatternStatus } from '../../../sdk/index.ts';

const pattern: PatternStatus = {
  ...{ version: 1, passes: 3, seenShare: 0.97, orderCorrelation: 0.012, sameNodeShare: null },
  ...{ kind: 'shuffled', nodes: 1 },
};
const dataset = { name: 'imagenet', policy: 'auto', keptBy: 'owner', pattern } as const;

test('the pattern comes with its evidence', () => {
  expect(describePatterns([dataset])).toEqual([
    'imagenet: new order each pass (3 passes seen, order correlation 0.01, 97 % of touches)',
  ]);
  const parts = { ...pattern, kind: 'partitioned', sameNodeShare: 0.984, nodes: 4 } as const;
  expect(describePatterns([{ ...dataset, pattern: parts }])[0]).toBe(
    'imagenet: each node reads its own part (3 passes seen, order correlation 0.01, 97 % of touches, ' +
      '98 % again by the same of 4 nodes)',
  );
});

test('what is not known is said', () => {
  const none = { ...pattern, kind: 'unknown', passes: 0, orderCorrelation: null } as const;
  expect(describePatterns([{ ...dataset, pattern: none }])[0]).toBe(
    'imagenet: order not known (no pass is over yet)',
  );
  const half = { ...pattern, kind: 'unknown', passes: 1, seenShare: 0.3 } as const;
  expect(describePatterns([{ ...dataset, pattern: half }])[0]).toBe(
    'imagenet: order not known (1 pass seen, order correlation 0.01, 30 % of touches)',
  );
  expect(describePatterns([{ ...dataset, pattern: null }])).toEqual([]);
});

test('so is what was set, and what became of it', () => {
  const set = { ...dataset, pattern: null, policy: 'partitioned' };
  expect(describePatterns([{ ...set, keptBy: 'first-toucher' }])[0]).toBe(
    'imagenet: policy=partitioned: kept where it is read first',
  );
  expect(describePatterns([set])[0]).toBe(
    'imagenet: policy=partitioned, but nodes do not read the same part again: kept by owners',
  );
  expect(describePatterns([{ ...set, policy: 'shuffled' }])[0]).toBe('imagenet: policy=shuffled');
});
