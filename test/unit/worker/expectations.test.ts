import { beforeEach, expect, test } from 'vitest';
import { Placement } from '../../../common/index.ts';
import type { PlacementMember } from '../../../common/index.ts';
import type { Expected } from '../../../worker/admission/index.ts';
import { Expectations } from '../../../worker/expectations.ts';

let told: [datasetId: number, expected: Expected][];
let expectations: Expectations;

beforeEach(() => {
  told = [];
  expectations = new Expectations({
    workerId: 'me',
    policies: { setExpected: (datasetId, expected) => told.push([datasetId, expected]) },
  });
});

test('of a dataset this worker serves its weighted share, and may keep that share of the quota', () => {
  expectations.opened(version(7, [10, 30]));
  expect(told.splice(0)).toEqual([
    [7, expect.objectContaining({ share: 1, limitBytes: undefined })],
  ]);
  expectations.placed(new Placement(1, [member('me', 100), member('other', 300)]));
  expect(told.splice(0)).toEqual([[7, expect.objectContaining({ share: 0.25 })]]);
  expectations.setQuotas(new Map([[7, 1000]]));
  expect(told.splice(0)).toEqual([[7, expect.objectContaining({ share: 0.25, limitBytes: 250 })]]);
  expectations.setQuotas(
    new Map([
      [7, 1000],
      [8, 5],
    ]),
  );
  expect(told).toEqual([]);
  expectations.setQuotas(new Map());
  expect(told[0]?.[1].limitBytes).toBeUndefined();
});

test('of a dataset that is gone nothing is told any more', () => {
  expectations.opened(version(7, [10]));
  expectations.opened(version(8, [10]));
  expectations.forget(7);
  told = [];
  expectations.placed(new Placement(1, [member('me', 100), member('other', 100)]));
  expect(told.map(([id]) => id)).toEqual([8]);
});

function version(datasetId: number, sums: readonly number[]) {
  const bandBytes = new Float64Array(4096);
  bandBytes.set(sums);
  return { dataset: { id: datasetId }, replica: { reader: { bandBytes } } };
}

function member(workerId: string, weightBytes: number): PlacementMember {
  return { workerId, weightBytes, dataAddress: '', node: '', state: 'active' };
}
