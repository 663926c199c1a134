/**
 * A configuration file as text, checked against the table of settings: every key is a known setting,
 * every value is within its bounds, and everything that is wrong is said with its line and column.
 *
 * The YAML is taken as plain text values (no booleans, numbers or dates of YAML's own), so that one
 * parser per setting decides, whether a value comes from here, from the environment or from a flag.
 */
import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { ParsedNode, YAMLMap } from 'yaml';
import {
  isList,
  isSettingName,
  nearestSetting,
  parseSetting,
  printable,
  SETTINGS,
} from '../../common/index.ts';
import type { SettingName, SettingValue } from '../../common/index.ts';

export interface FileSetting {
  readonly value: SettingValue;
  /** `PATH:LINE:COLUMN`. */
  readonly at: string;
}

export interface ParsedFile {
  readonly path: string;
  readonly settings: ReadonlyMap<SettingName, FileSetting>;
  /** `PATH:LINE:COLUMN: what is wrong`, in the order of the file. */
  readonly problems: readonly string[];
}

/** More than anybody wants to read in a message. */
const MAX_SHOWN = 100;
const SECRET = /secret|password|passwd|token|access.?key|api.?key|private.?key|credential/i;

export function parseConfigFile(text: string, path: string): ParsedFile {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    schema: 'failsafe',
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
  });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${path}:${String(line)}:${String(col)}`;
  };
  const wrong = [...document.errors, ...document.warnings];
  if (wrong.length > 0) {
    const problems = wrong.map(
      ({ pos, message }) => `${at(pos[0])}: is not YAML: ${shown(message)}`,
    );
    return { path, settings: new Map(), problems };
  }
  const { contents } = document;
  // A file of comments only.
  if (contents === null || (isScalar(contents) && contents.source === '')) {
    return { path, settings: new Map(), problems: [] };
  }
  if (!isMap<ParsedNode, ParsedNode | null>(contents)) {
    const where = at(contents.range[0]);
    const problem = 'the file must have lines of NAME: VALUE, for example cacheSize: 200GiB';
    return { path, settings: new Map(), problems: [`${where}: ${problem}`] };
  }
  return { path, ...readSettings(contents, at) };
}

function readSettings(
  map: YAMLMap<ParsedNode, ParsedNode | null>,
  at: (offset: number) => string,
): Pick<ParsedFile, 'settings' | 'problems'> {
  const settings = new Map<SettingName, FileSetting>();
  const seen = new Map<SettingName, string>();
  const problems: string[] = [];
  for (const { key, value } of map.items) {
    const where = at(key.range[0]);
    const name = isScalar(key) ? String(key.value) : '';
    if (!isSettingName(name)) {
      problems.push(`${where}: ${unknownKey(name)}`);
      continue;
    }
    const first = seen.get(name);
    if (first !== undefined) {
      problems.push(`${where}: ${name}: is there twice, first at ${first}`);
      continue;
    }
    seen.set(name, where);
    const valueAt = value === null ? where : at(value.range[0]);
    const items = isList(SETTINGS[name]) ? textsOf(value) : undefined;
    if (value !== null && !isScalar(value) && items === undefined) {
      problems.push(`${valueAt}: ${name}: takes one value, not a list, a map or an alias`);
      continue;
    }
    const written = items ?? (isScalar(value) ? String(value.value) : '');
    const parsed = parseSetting(name, written, { absolute: true });
    if ('value' in parsed) settings.set(name, { value: parsed.value, at: valueAt });
    else problems.push(`${valueAt}: ${name}: ${quoted(String(written))}${parsed.problem}`);
  }
  return { settings, problems };
}

/** Of a list of texts; undefined for anything else. */
function textsOf(value: ParsedNode | null): string[] | undefined {
  if (!isSeq(value) || !value.items.every((item) => isScalar(item))) return undefined;
  return value.items.map((item) => String(item.value));
}

function unknownKey(name: string): string {
  if (SECRET.test(name)) {
    return `${shown(name)}: secrets do not belong into this file; a dataset names credentials (larder dataset set NAME credentials=profile:PROFILE)`;
  }
  const near = nearestSetting(name);
  const hint = near === undefined ? 'larder config show lists all' : `did you mean ${near}?`;
  return `${shown(name)}: is not a setting; ${hint}`;
}

function quoted(text: string): string {
  return text === '' ? '' : `'${shown(text)}' `;
}

function shown(text: string): string {
  const line = printable(text);
  return line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}…` : line;
}
