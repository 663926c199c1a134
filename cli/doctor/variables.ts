/** Variables of the environment that look like settings and are none: often mistyped. */
import { describeUnknown } from '../config/unknown-variables.ts';
import { note, ok, warning } from './check.ts';
import type { Check } from './check.ts';

export const variables: Check = {
  name: 'variables',
  timeoutMs: 1_000,
  run: ({ unknownVariables }) => {
    if (unknownVariables.length === 0) return [ok('No variable is mistaken for a setting.')];
    return unknownVariables.map((unknown) =>
      unknown.near === undefined
        ? note(describeUnknown(unknown))
        : warning(describeUnknown(unknown), `Correct it, or unset it: \`unset ${unknown.name}\`.`),
    );
  },
};
