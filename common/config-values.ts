/**
 * Values of settings as people write them. Always true: a value that leaves `parseSetting` is within
 * the bounds of its setting.
 */
import { SETTINGS } from './config.ts';
import { SETTING_NAMES } from './setting-names.ts';
import type { SettingName, SettingValue, SettingValues } from './setting-names.ts';
import { distance } from './edit-distance.ts';
import type { SettingSpec, SettingType } from './setting-spec.ts';
import { formatDuration, KIB, parseDuration, parseSize } from './units.ts';

/** The known name that a mistyped one is nearest to, where one is near. */
export function nearestSetting(text: string): SettingName | undefined {
  const near = SETTING_NAMES.map((name) => ({
    name,
    edits: distance(name.toLowerCase(), text.toLowerCase().replace(/[^a-z]/g, '')),
  })).sort((a, b) => a.edits - b.edits)[0];
  return near !== undefined && near.edits <= Math.max(2, near.name.length / 3)
    ? near.name
    : undefined;
}

interface ParseOptions {
  readonly bareMs?: boolean;
  readonly absolute?: boolean;
}

export type ParsedSetting = { readonly value: SettingValue } | { readonly problem: string };

/**
 * From text to a value in the setting's unit.
 *
 * @param text a list's values, or one text with `:` between them
 * @param options `bareMs`: a duration without a unit is milliseconds, as in a variable named `…_MS`;
 *   `absolute`: a path must not depend on where a process was started
 * @returns the value, or what is wrong with it, to follow the value in a sentence
 */
export function parseSetting(
  name: SettingName,
  text: string | readonly string[],
  options: ParseOptions = {},
): ParsedSetting {
  const spec: SettingSpec = SETTINGS[name];
  if (isList(spec))
    return parseList(name, typeof text === 'string' ? text.split(':') : text, options);
  if (typeof text !== 'string') return { problem: 'takes one value, not a list' };
  return parseOne(name, text, options);
}

/** Whether it takes more than one value: as text with `:` between them. */
export function isList({ type }: SettingSpec): boolean {
  return type === 'paths' || type === 'sizes';
}

function parseList(
  name: SettingName,
  items: readonly string[],
  options: ParseOptions,
): ParsedSetting {
  const values: SettingValue[] = [];
  for (const item of items.length === 0 ? [''] : items) {
    const parsed = parseOne(name, item, options);
    if ('problem' in parsed) return parsed;
    values.push(parsed.value);
  }
  return { value: values as readonly string[] };
}

function parseOne(name: SettingName, text: string, options: ParseOptions): ParsedSetting {
  const spec: SettingSpec = SETTINGS[name];
  if (text.trim() === '') return { problem: `has no value: use for example ${exampleOf(name)}` };
  const value = parseType(spec, text, options);
  if (value === 'auto' && spec.type === 'sizes') return { value };
  if (value === undefined) {
    return { problem: `is not ${WHAT[spec.type]}: use ${expectedOf(name, spec)}` };
  }
  const size = typeof value === 'number' ? value : Buffer.byteLength(String(value));
  const { minimum = -Infinity, maximum = Infinity } = spec;
  if (size >= minimum && size <= maximum) return { value };
  if (spec.type === 'socket') {
    return { problem: `is too long: a socket's path has at most ${String(maximum)} bytes` };
  }
  const [low, high] = [minimum, maximum].map((bound) => formatSetting(name, bound));
  return { problem: `is out of bounds: use ${String(low)} to ${String(high)}` };
}

const WHAT: Record<SettingType, string> = {
  size: 'a size',
  sizes: 'a size',
  duration: 'a duration with its unit',
  count: 'a whole number',
  address: 'an address',
  path: 'an absolute path',
  paths: 'an absolute path',
  socket: 'an absolute path',
  choice: 'one of the choices',
  switch: 'true or false',
};

function parseType(
  spec: SettingSpec,
  text: string,
  options: ParseOptions,
): SettingValue | undefined {
  switch (spec.type) {
    case 'sizes':
      if (text === 'auto') return text;
      return attempt(() => parseSize(text));
    case 'size':
      return attempt(() => parseSize(text));
    case 'duration':
      return parseDuration(options.bareMs === true && /^\d+$/.test(text) ? `${text}ms` : text);
    case 'count':
      return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
    case 'address':
      return isAddress(text) ? text : undefined;
    case 'path':
    case 'paths':
    case 'socket':
      if (text.includes('\0')) return undefined;
      return options.absolute !== true || text.startsWith('/') ? text : undefined;
    case 'choice':
      return spec.choices?.find((choice) => choice === text);
    case 'switch':
      return text === 'true' ? true : text === 'false' ? false : undefined;
  }
}

/** `HOST:PORT` or `[IPV6]:PORT`, the port 0 … 65535. */
function isAddress(text: string): boolean {
  const [, port] = /^(?:\[[0-9a-fA-F:.%]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/.exec(text) ?? [];
  return port !== undefined && Number(port) <= 65_535;
}

/** As people write it, and as `parseSetting` reads it again. */
export function formatSetting(name: SettingName, value: SettingValue): string {
  const { type }: SettingSpec = SETTINGS[name];
  if (Array.isArray(value)) {
    return (value as readonly SettingValue[]).map((it) => formatSetting(name, it)).join(':');
  }
  if (typeof value !== 'number') return String(value);
  if (type === 'duration') return formatDuration(value);
  if (type !== 'size' && type !== 'sizes') return String(value);
  const units = ['', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  let rest = value;
  for (; unit < units.length - 1 && rest >= KIB && rest % KIB === 0; unit += 1) rest /= KIB;
  return `${String(rest)}${units[unit] ?? ''}`;
}

function expectedOf(name: SettingName, { choices }: SettingSpec): string {
  return choices === undefined ? `for example ${exampleOf(name)}` : choices.join(', ');
}

function exampleOf(name: SettingName): string {
  const spec: SettingSpec = SETTINGS[name];
  const examples: Record<SettingType, string> = {
    size: '200GiB',
    sizes: '200GiB',
    duration: '30s',
    count: String(spec.default ?? 1),
    address: '10.0.0.1:7400',
    path: '/nvme/larder',
    paths: '/nvme/larder',
    socket: '/run/larder/worker.sock',
    choice: spec.choices?.[0] ?? '',
    switch: 'true',
  };
  return examples[spec.type];
}

function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

/** What is wrong with values that are right each by itself; undefined where nothing is. */
export function relationProblem(
  values: SettingValues,
): { readonly name: SettingName; readonly problem: string } | undefined {
  const { lease, heartbeat } = values;
  if (lease >= 2 * heartbeat) return undefined;
  const least = formatDuration(2 * heartbeat);
  return { name: 'lease', problem: `is less than twice heartbeat: use at least ${least}` };
}
