/**
 * A unit file as systemd reads it, as far as ours go: comments, sections, `EnvironmentFile=`, and
 * command lines with specifiers and variables. systemd itself is PID 1 or nothing, so the commands
 * are run by the tests.
 */
import { execFileSync } from 'node:child_process';

export interface UnitFile {
  /** All values of a key, in order. */
  values(key: string): string[];
  /** The words of a command (`ExecStart`, `ExecStop`). */
  command(key: string, context: CommandContext): string[];
}

export interface CommandContext {
  readonly environment?: Readonly<Record<string, string>>;
  /** `%f`: the instance as a path. */
  readonly path?: string;
}

export function parseUnit(text: string): UnitFile {
  const entries = text
    .split('\n')
    .filter((line) => /^[A-Z]\w*=/.test(line))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const);
  const values = (key: string) => entries.filter(([name]) => name === key).map(([, v]) => v);
  return {
    values,
    command: (key, { environment = {}, path = '' }) => {
      const [line] = values(key);
      if (line === undefined) throw new Error(`the unit has no ${key}`);
      return words(line).flatMap((word) => {
        // $NAME as a word of its own is split at blanks, ${NAME} is not.
        const [, whole] = /^\$(\w+)$/.exec(word) ?? [];
        if (whole !== undefined) return words(environment[whole] ?? '');
        return word
          .replace(/\$\{(\w+)\}/g, (_, name: string) => environment[name] ?? '')
          .replaceAll('%f', path)
          .replaceAll('%%', '%')
          .replaceAll('$$', '$');
      });
    },
  };
}

/** What setpriv(1) needs to give a process the capabilities of a unit, and no more. */
export function confinement(unit: UnitFile): string[] {
  const names = unit.values('CapabilityBoundingSet')[0]?.split(' ') ?? [];
  const kept = names.map((name) => `+${name.replace('CAP_', '').toLowerCase()}`);
  return ['--no-new-privs', '--bounding-set', ['-all', ...kept].join(',')];
}

/** The assignments of an environment file; a shell reads them as systemd does. */
export function readEnvironmentFile(file: string): Record<string, string> {
  const output = execFileSync('env', ['-i', 'sh', '-c', `set -a; . "$1"; env`, 'sh', file], {
    encoding: 'utf8',
  });
  return Object.fromEntries(
    output
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

function words(line: string): string[] {
  return [...line.matchAll(/"((?:\\.|[^"\\])*)"|(\S+)/g)].map(
    ([, quoted, plain]) => plain ?? (quoted ?? '').replace(/\\(.)/g, '$1'),
  );
}
