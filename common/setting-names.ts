/** The settings by name, and the types of their values, from the list in `config.ts`. */
import { SETTINGS } from './config.ts';
import type { SettingType } from './setting-spec.ts';

export type SettingName = keyof typeof SETTINGS;
/** Bytes, or what is free of the disk. */
export type SizeValue = number | 'auto';
export type SettingValue = number | string | boolean | readonly string[] | readonly SizeValue[];

type ValueOf<T extends SettingType> = T extends 'size' | 'duration' | 'count'
  ? number
  : T extends 'switch'
    ? boolean
    : T extends 'paths'
      ? readonly string[]
      : T extends 'sizes'
        ? readonly SizeValue[]
        : string;
type WithDefault = {
  [N in SettingName]: (typeof SETTINGS)[N] extends { default: unknown } ? N : never;
}[SettingName];

/** Bytes, milliseconds, counts, text, lists. Undefined only where the default depends on the machine. */
export type SettingValues = {
  readonly [N in WithDefault]: ValueOf<(typeof SETTINGS)[N]['type']>;
} & {
  readonly [N in Exclude<SettingName, WithDefault>]:
    ValueOf<(typeof SETTINGS)[N]['type']> | undefined;
};

export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

export function isSettingName(text: string): text is SettingName {
  return Object.hasOwn(SETTINGS, text);
}
