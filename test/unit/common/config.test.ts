import { describe, expect, test } from 'vitest';
import {
  formatSetting,
  nearestSetting,
  parseSetting,
  relationProblem,
  SETTING_NAMES,
  SETTINGS,
} from '../../../common/index.ts';
import type { SettingName, SettingSpec, SettingValues } from '../../../common/index.ts';

describe('values', () => {
  test.each<[SettingName, string, unknown]>([
    ['cacheSize', '200GiB', [200 * 2 ** 30]],
    ['cacheSize', '2097152', [2 ** 21]],
    ['cacheSize', '2MiB:auto', [2 ** 21, 'auto']],
    ['lease', '1.5s', 1_500],
    ['lease', '250ms', 250],
    ['grace', '1d', 86_400_000],
    ['originConnections', '64', 64],
    ['insecure', 'true', true],
    ['logLevel', 'debug', 'debug'],
    ['master', 'node-1.example:7400', 'node-1.example:7400'],
    ['masterListen', '[::1]:0', '[::1]:0'],
    ['cacheDir', '/nvme/a b', ['/nvme/a b']],
    ['cacheDir', '/nvme0/l:/nvme1/l', ['/nvme0/l', '/nvme1/l']],
  ])('%s: %s', (name, text, value) => {
    expect(parseSetting(name, text)).toEqual({ value });
  });

  test.each<[SettingName, string, string]>([
    ['cacheSize', '10 parsecs', 'is not a size: use for example 200GiB'],
    ['cacheSize', '-1', 'is not a size'],
    ['cacheSize', '1k', 'is out of bounds: use 1MiB to 1024TiB'],
    ['cacheSize', '9999999TiB', 'is not a size'],
    ['lease', '5', 'is not a duration with its unit: use for example 30s'],
    ['lease', '5 weeks', 'is not a duration'],
    ['lease', '2h', 'is out of bounds: use 20ms to 1h'],
    ['originConnections', '1.5', 'is not a whole number'],
    ['originConnections', '0', 'is out of bounds: use 1 to 1024'],
    ['insecure', 'yes', 'is not true or false'],
    ['logLevel', 'loud', 'is not one of the choices: use trace, debug, info'],
    ['master', 'node-1', 'is not an address: use for example 10.0.0.1:7400'],
    ['master', 'http://node-1:7400', 'is not an address'],
    ['master', 'node-1:70000', 'is not an address'],
    ['workerSocket', `/${'x'.repeat(107)}`, 'is too long: a socket'],
    ['cacheSize', '1GiB:1k', 'is out of bounds: use 1MiB to 1024TiB'],
    ['cacheDir', '/a::/b', 'has no value: use for example /nvme/larder'],
    ['cacheSize', ' ', 'has no value: use for example 200GiB'],
  ])('%s: %s is said to be wrong', (name, text, problem) => {
    expect(parseSetting(name, text)).toEqual({
      problem: expect.stringContaining(problem) as string,
    });
  });

  test('a variable named …_MS takes a bare number, a file does not take a relative path', () => {
    expect(parseSetting('lease', '3000', { bareMs: true })).toEqual({ value: 3_000 });
    expect(parseSetting('lease', '3s', { bareMs: true })).toEqual({ value: 3_000 });
    expect(parseSetting('cacheDir', 'x')).toEqual({ value: ['x'] });
    expect(parseSetting('cacheDir', 'x', { absolute: true })).toHaveProperty('problem');
  });

  test('what is written is read again', () => {
    for (const value of [2 ** 20, 2 ** 20 + 1, 3 * 2 ** 30]) {
      expect(parseSetting('readMemory', formatSetting('readMemory', value * 16))).toEqual({
        value: value * 16,
      });
    }
    for (const value of [[2 ** 20], [3 * 2 ** 30, 'auto', 2 ** 20 + 1]] as const) {
      expect(parseSetting('cacheSize', formatSetting('cacheSize', value))).toEqual({ value });
    }
    for (const value of [20, 999, 1_000, 90_000, 3_600_000]) {
      expect(parseSetting('lease', formatSetting('lease', value))).toEqual({ value });
    }
  });
});

test('the nearest setting is named, and none where none is near', () => {
  expect(nearestSetting('cachSize')).toBe('cacheSize');
  expect(nearestSetting('cache_size')).toBe('cacheSize');
  expect(nearestSetting('LOGLEVEL')).toBe('logLevel');
  expect(nearestSetting('colour')).toBeUndefined();
});

test('a lease that two heartbeats do not fit into is a problem of the lease', () => {
  const defaults = Object.fromEntries(
    SETTING_NAMES.map((name) => [name, (SETTINGS[name] as SettingSpec).default]),
  ) as unknown as SettingValues;
  expect(relationProblem(defaults)).toBeUndefined();
  expect(relationProblem({ ...defaults, lease: 1_999 })).toEqual({
    name: 'lease',
    problem: 'is less than twice heartbeat: use at least 2s',
  });
});
