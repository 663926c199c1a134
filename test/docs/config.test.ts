/** docs/CONFIG.md is the table of settings, and the table is sound. */
import { expect, it } from 'vitest';
import { formatSetting, parseSetting, SETTING_NAMES, SETTINGS } from '../../common/index.ts';
import type { SettingSpec } from '../../common/index.ts';
import { renderConfigPage } from './config-page.ts';
import { readText } from './repository.ts';

it('docs/CONFIG.md is made from the table of settings as it is now', async () => {
  expect(readText('docs/CONFIG.md'), 'run `npm run docs:generate`').toBe(await renderConfigPage());
});

it('every default is one that could be written into the file', () => {
  for (const name of SETTING_NAMES) {
    const spec: SettingSpec = SETTINGS[name];
    if (spec.default === undefined) {
      expect(spec.defaultText, name).toMatch(/./);
      continue;
    }
    expect(parseSetting(name, formatSetting(name, spec.default)), name).toEqual({
      value: spec.default,
    });
  }
});

it('every number has bounds, every setting a reason and a variable of its own', () => {
  for (const name of SETTING_NAMES) {
    const { type, minimum, maximum, reason }: SettingSpec = SETTINGS[name];
    if (!['size', 'duration', 'count'].includes(type)) continue;
    expect([minimum, maximum], name).toEqual([expect.any(Number), expect.any(Number)]);
    expect(reason, name).toMatch(/\.$/);
  }
  const variables = SETTING_NAMES.map((name) => SETTINGS[name].variable);
  expect(new Set(variables).size).toBe(variables.length);
});
