/**
 * Which value wins: flag, then environment, then file, then default; and where each came from. No
 * I/O: the layers are given.
 */
import {
  LarderError,
  parseSetting,
  printable,
  relationProblem,
  SETTING_NAMES,
  SETTINGS,
} from '../../common/index.ts';
import type { SettingName, SettingSpec, SettingValue, SettingValues } from '../../common/index.ts';
import type { ParsedFile } from './parse-file.ts';

export type SettingSource =
  | { readonly kind: 'flag'; readonly flag: string }
  | { readonly kind: 'environment'; readonly variable: string }
  | { readonly kind: 'file'; readonly at: string }
  | { readonly kind: 'default' };

/** A command and its flags as they were parsed, in camelCase. */
export interface Invocation {
  readonly command: string;
  readonly flags: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
}

export interface Layers extends Invocation {
  /** An environment variable; undefined where it is not set, or empty. */
  readonly variable: (name: string) => string | undefined;
  readonly file?: ParsedFile | undefined;
}

export interface Resolved {
  readonly values: SettingValues;
  readonly sources: Readonly<Record<SettingName, SettingSource>>;
  /** Absolute; undefined where no file was read. */
  readonly file: string | undefined;
}

/** @throws {LarderError} `CONFIG_INVALID` for the file, `INVALID_ARGUMENT` for a flag or a variable */
export function resolveSettings(layers: Layers): Resolved {
  const { file } = layers;
  if (file !== undefined) assertValid(file.problems);
  const found = SETTING_NAMES.map((name) => [name, lookUp(name, layers)] as const);
  const values = Object.fromEntries(
    found.map(([name, { value }]) => [name, value]),
  ) as unknown as SettingValues;
  const sources = Object.fromEntries(
    found.map(([name, { source }]) => [name, source]),
  ) as unknown as Resolved['sources'];
  const relation = relationProblem(values);
  if (relation !== undefined) {
    const { name, problem } = relation;
    assertValid([`${describeSource(sources[name])}: ${name}: ${problem}`]);
  }
  return { values, sources, file: file?.path };
}

/** What another release has resolved, with the defaults of the settings that it did not have. */
export function completeSettings({ values, sources, file }: Resolved): Resolved {
  const defaults = SETTING_NAMES.map((name) => {
    const spec: SettingSpec = SETTINGS[name];
    return [name, spec.default] as const;
  });
  return {
    values: { ...(Object.fromEntries(defaults) as unknown as SettingValues), ...values },
    sources: { ...fromDefaults(), ...sources },
    file,
  };
}

function fromDefaults(): Resolved['sources'] {
  const sources = SETTING_NAMES.map((name) => [name, { kind: 'default' }] as const);
  return Object.fromEntries(sources) as unknown as Resolved['sources'];
}

/** @throws {LarderError} `CONFIG_INVALID` with the first problem and the number of further ones */
export function assertValid(problems: readonly string[]): void {
  const [problem, ...rest] = problems;
  if (problem === undefined) return;
  const further = rest.length === 0 ? undefined : rest.length;
  throw new LarderError('CONFIG_INVALID', { problem, further });
}

/** `default`, `/etc/larder/larder.yaml:3:12`, `LARDER_MASTER`, `--master`. */
export function describeSource(source: SettingSource): string {
  switch (source.kind) {
    case 'flag':
      return source.flag;
    case 'environment':
      return source.variable;
    case 'file':
      return source.at;
    case 'default':
      return 'default';
  }
}

interface Found {
  readonly value: SettingValue | undefined;
  readonly source: SettingSource;
}

function lookUp(name: SettingName, layers: Layers): Found {
  const spec: SettingSpec = SETTINGS[name];
  const flag = spec.flags[layers.command] ?? spec.flags['*'];
  const given = flag === undefined ? undefined : layers.flags[camelCase(flag)];
  if (flag !== undefined && given !== undefined) {
    const source = { kind: 'flag', flag: `--${flag}` } as const;
    const written = Array.isArray(given) ? (given as readonly string[]) : String(given);
    return { value: parse(name, written, source), source };
  }
  const written = layers.variable(spec.variable);
  if (written !== undefined) {
    const source = { kind: 'environment', variable: spec.variable } as const;
    return { value: parse(name, written, source), source };
  }
  const inFile = layers.file?.settings.get(name);
  if (inFile !== undefined) return { value: inFile.value, source: { kind: 'file', at: inFile.at } };
  return { value: spec.default, source: { kind: 'default' } };
}

function parse(
  name: SettingName,
  text: string | readonly string[],
  source: SettingSource,
): SettingValue {
  const parsed = parseSetting(name, text, { bareMs: source.kind === 'environment' });
  if ('value' in parsed) return parsed.value;
  const problem = `${describeSource(source)}: '${printable(String(text))}' ${parsed.problem}`;
  throw new LarderError('INVALID_ARGUMENT', { problem });
}

function camelCase(flag: string): string {
  return flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
