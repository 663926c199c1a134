/** Every setting as this process has it, and who set it: for people, and for a support archive. */
import { formatSetting, SETTING_NAMES, SETTINGS } from '../../common/index.ts';
import type { SettingName, SettingSpec, SettingValue } from '../../common/index.ts';
import { machineDefaults, usedSettings } from '../environment.ts';
import { describeSource } from './resolve.ts';
import type { SettingSource } from './resolve.ts';

export interface EffectiveSetting {
  readonly name: SettingName;
  /** Null where the default depends on more than machine and user. */
  readonly value: SettingValue | null;
  /** `bytes` or `ms`; null where the value has none. */
  readonly unit: string | null;
  readonly text: string;
  readonly from: string;
  readonly source: SettingSource;
}

const UNITS: Partial<Record<SettingSpec['type'], string>> = {
  size: 'bytes',
  sizes: 'bytes',
  duration: 'ms',
};

/** `file`: the configuration file that was read, if one was. */
export function effectiveSettings(): { file: string | null; settings: EffectiveSetting[] } {
  const { values, sources, file } = usedSettings().resolved;
  const effective: Partial<Record<SettingName, SettingValue | undefined>> = {
    ...values,
    ...machineDefaults(values),
  };
  const settings = SETTING_NAMES.map((name) => {
    const spec: SettingSpec = SETTINGS[name];
    const value = effective[name];
    const text = value === undefined ? (spec.defaultText ?? '') : formatSetting(name, value);
    return {
      name,
      value: value ?? null,
      unit: UNITS[spec.type] ?? null,
      text: text.replaceAll('`', ''),
      from: describeSource(sources[name]),
      source: sources[name],
    };
  });
  return { file: file ?? null, settings };
}
