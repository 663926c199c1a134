/** Whether objects are kept where they are read first. */
import { expect, test } from 'vitest';
import { DEFAULT_SETTINGS, silentLogger } from '../../../common/index.ts';
import type { DatasetPolicy } from '../../../common/index.ts';
import { FirstTouchers } from '../../../master/first-touchers.ts';
import type { DatasetPattern__Output } from '../../../proto/generated/larder/v1/DatasetPattern.ts';

const FILES = 400;

const dataset = (policy: DatasetPolicy) => ({ id: 7, settings: { ...DEFAULT_SETTINGS, policy } });

function seen(cameAgain: number, cameToSame: number, isOn = true): DatasetPattern__Output[] {
  return [
    {
      ...{ dataset_id: 7, version: 1, kind: 'unknown', passes: 0, seen_objects: 0, seen_share: 0 },
      ...{ compared: false, correlation: 0, touchers: 4, first_toucher: isOn },
      ...{ came_again: cameAgain, came_to_same: cameToSame },
    },
  ];
}

const make = () => new FirstTouchers({ filesOf: () => FILES, log: silentLogger });

test('they are, for a dataset that is called partitioned, and for no other', () => {
  const policies = ['auto', 'shuffled', 'repeated', 'partitioned'] as const;
  const on = policies.filter((policy) => make().isOn(dataset(policy)));
  expect(on).toEqual(['partitioned']);
});

test('as long as half of what comes again comes to the same node', () => {
  const touchers = make();
  expect(touchers.heard('a', seen(300, 290))).toBe(false);
  expect(touchers.heard('b', seen(300, 20))).toBe(false);
  expect(touchers.isOn(dataset('partitioned'))).toBe(true);
  expect(touchers.heard('c', seen(100, 20))).toBe(true);
  expect(touchers.isOn(dataset('partitioned'))).toBe(false);
  // Told once.
  expect(touchers.heard('d', seen(100, 20))).toBe(false);
});

test('too little is no evidence, nor is what a worker counted before it was told', () => {
  const touchers = make();
  expect(touchers.heard('a', seen(99, 0))).toBe(false);
  expect(touchers.heard('b', seen(4_000, 0, false))).toBe(false);
  expect(touchers.isOn(dataset('partitioned'))).toBe(true);
});

test('where what a node keeps is read unseen, nothing is given up', () => {
  const touchers = make();
  // A passthrough file tells nothing: only strays are counted, epoch after epoch.
  expect(touchers.heard('a', seen(400, 0))).toBe(false);
  expect(touchers.heard('b', seen(400, 1))).toBe(false);
  expect(touchers.heard('b', seen(400, 60))).toBe(true);
});

test('what is given up is tried again when it is set anew', () => {
  const touchers = make();
  touchers.heard('a', seen(300, 60));
  expect(touchers.isOn(dataset('partitioned'))).toBe(false);
  expect(touchers.isOn(dataset('auto'))).toBe(false);
  expect(touchers.isOn(dataset('partitioned'))).toBe(true);
});

test('a worker that is gone counts no more', () => {
  const touchers = make();
  touchers.heard('a', seen(90, 10));
  touchers.forget('a');
  expect(touchers.heard('b', seen(90, 10))).toBe(false);
});
