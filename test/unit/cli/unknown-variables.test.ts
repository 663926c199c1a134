import { expect, test } from 'vitest';
import { describeUnknown, unknownVariables } from '../../../cli/config/unknown-variables.ts';
import { variables } from '../../../cli/doctor/variables.ts';
import type { Subject } from '../../../cli/doctor/check.ts';

const found = unknownVariables(
  ['PATH', 'LARDER_MASTER', 'LARDER_OWN', 'LARDER_CACHESIZE', 'LARDER_VERSITYGW', 'LARDER_LEASE'],
  ['LARDER_OWN'],
);

test('what is set and no setting is named, with the setting that may have been meant', () => {
  expect(found).toEqual([
    { name: 'LARDER_CACHESIZE', near: 'LARDER_CACHE_SIZE' },
    { name: 'LARDER_LEASE', near: 'LARDER_LEASE_MS' },
    { name: 'LARDER_VERSITYGW', near: undefined },
  ]);
  expect(found.map(describeUnknown)).toEqual([
    'LARDER_CACHESIZE is set, and is not a setting of Larder; LARDER_CACHE_SIZE is one.',
    'LARDER_LEASE is set, and is not a setting of Larder; LARDER_LEASE_MS is one.',
    'LARDER_VERSITYGW is set, and is not a setting of Larder.',
  ]);
});

test('doctor warns of what is probably mistyped', async () => {
  const levels = async (unknown: typeof found) => {
    const findings = await variables.run({ unknownVariables: unknown } as unknown as Subject);
    return findings.map(({ level }) => level);
  };
  expect(await levels([])).toEqual(['ok']);
  expect(await levels(found)).toEqual(['warning', 'warning', 'note']);
});
