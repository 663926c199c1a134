/** Variables that look like settings and are none. They change nothing: other programs may have their own. */
import { nearestSetting, SETTING_NAMES, SETTINGS } from '../../common/index.ts';

export interface UnknownVariable {
  readonly name: string;
  /** The variable that may have been meant. */
  readonly near: string | undefined;
}

const PREFIX = 'LARDER_';

/** @param others variables of the prefix that have a meaning and are no settings */
export function unknownVariables(
  names: readonly string[],
  others: readonly string[],
): UnknownVariable[] {
  const known = new Set([...SETTING_NAMES.map((name) => SETTINGS[name].variable), ...others]);
  return names
    .filter((name) => name.startsWith(PREFIX) && !known.has(name))
    .sort()
    .map((name) => {
      const near = nearestSetting(name.slice(PREFIX.length).replace(/_MS$/, ''));
      return { name, near: near === undefined ? undefined : SETTINGS[near].variable };
    });
}

/** In words. */
export function describeUnknown({ name, near }: UnknownVariable): string {
  const meant = near === undefined ? '' : `; ${near} is one`;
  return `${name} is set, and is not a setting of Larder${meant}.`;
}
