import { expect, it } from 'vitest';
import { defaultTransitBytes } from '../../../cli/transit-memory.ts';
import { GIB, MIB } from '../../../common/index.ts';

it.each([
  ['a group with a limit', 512 * MIB, 64 * GIB, 32 * MIB],
  ['no limit but the machine’s', Infinity, 4 * GIB, 256 * MIB],
  ['a machine with much', Infinity, 2_048 * GIB, GIB],
])('memory for what passes: %s', (_, limitBytes, machineBytes, expected) => {
  expect(defaultTransitBytes(limitBytes, machineBytes)).toBe(expected);
});
