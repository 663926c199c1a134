/** The settings of this process, from all layers. */
import { LarderError } from '../../common/index.ts';
import { readVariable, useSettings } from '../environment.ts';
import type { ParsedFile } from './parse-file.ts';
import { findConfigFile, namedConfigFile, readConfigFile } from './read-file.ts';
import { resolveSettings } from './resolve.ts';
import type { Invocation, Resolved } from './resolve.ts';

/**
 * Reads the configuration file, if there is one, and resolves all settings, without using them.
 *
 * @throws {LarderError} `CONFIG_INVALID`, `INVALID_ARGUMENT`
 */
export async function readSettings(invocation: Invocation): Promise<Resolved> {
  const path = findConfigFile(namedConfigFile(invocation.flags['config']));
  const file = path === undefined ? undefined : await parseFile(path);
  return resolveSettings({ ...invocation, variable: readVariable, file });
}

/** As `readSettings`; from then on `environment()` has them, and so have the processes started. */
export async function loadSettings({ command, flags }: Invocation): Promise<void> {
  // Where it is read again, this process or a child may be in another directory.
  const invocation = { command, flags: { ...flags, config: namedConfigFile(flags['config']) } };
  useSettings({ invocation, resolved: await readSettings(invocation) });
}

/** The parser is loaded only where there is a file: most commands start without. */
export async function parseFile(path: string): Promise<ParsedFile> {
  const text = readConfigFile(path);
  const { parseConfigFile } = await import('./parse-file.ts');
  return parseConfigFile(text, path);
}

/** All that is wrong with a file, taken by itself. */
export async function checkFile(path: string): Promise<readonly string[]> {
  try {
    const file = await parseFile(path);
    if (file.problems.length > 0) return file.problems;
    resolveSettings({ command: '', flags: {}, variable: () => undefined, file });
    return [];
  } catch (error) {
    if (!(error instanceof LarderError)) throw error;
    return [String(error.facts['problem'])];
  }
}
