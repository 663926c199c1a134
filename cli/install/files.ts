/** The files of an installation: where each goes, and its content for this machine. */
import fs from 'node:fs';
import path from 'node:path';
import { programCommand } from '../children.ts';
import { packageDirectory } from '../package-version.ts';
import type { FileKind } from './plan.ts';

export interface InstallFile {
  /** From the root of the machine. */
  readonly target: string;
  readonly kind: FileKind;
  readonly mode: number;
  readonly content: string;
}

const UNITS = ['larder-master.service', 'larder-worker.service', 'larder-mount@.service'];

/** Settings last: an installation that fails half-way has the parts that are not for editing. */
export function installFiles(): InstallFile[] {
  const command = programCommand();
  return [
    ...UNITS.map((name) => ({
      target: `/etc/systemd/system/${name}`,
      kind: 'program' as const,
      mode: 0o644,
      content: template(`systemd/${name}`, command.map(unitWord)),
    })),
    {
      target: '/sbin/mount.larder',
      kind: 'program',
      mode: 0o755,
      content: template('mount.larder', command.map(shellWord)),
    },
    ...['master.env', 'worker.env'].map((name) => ({
      target: `/etc/larder/${name}`,
      kind: 'settings' as const,
      mode: 0o644,
      content: template(name, []),
    })),
  ];
}

function template(name: string, command: readonly string[]): string {
  const text = fs.readFileSync(path.join(packageDirectory(), 'deploy', name), 'utf8');
  return text.replaceAll('@LARDER@', () => command.join(' '));
}

/** A word of a command in a unit file: systemd.syntax(7), systemd.service(5). */
function unitWord(word: string): string {
  const escaped = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
  if (/^[\w./=%$:@+-]+$/.test(escaped)) return escaped;
  return `"${escaped.replace(/[\\"]/g, '\\$&')}"`;
}

function shellWord(word: string): string {
  return /^[\w./=:@+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
