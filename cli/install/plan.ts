/**
 * What `install` and `uninstall` do with each file, decided from what is there. No I/O.
 *
 * Each file ends with a line that has the hash of what stands above it. So a file that somebody has
 * edited is told from one that an older release has written, with no record kept elsewhere.
 *
 * Always true: what was edited is overwritten or removed only when `force` says so, and a file of
 * settings not even then.
 */
import { createHash } from 'node:crypto';

/** `settings` are written once and belong to the machine from then on. */
export type FileKind = 'program' | 'settings';

export type InstallAction = 'write' | 'update' | 'overwrite' | 'unchanged' | 'keep' | 'refuse';
export type UninstallAction = 'remove' | 'absent' | 'keep' | 'refuse';

const SEAL = /\n# Written by larder install; sha256 of the above: ([0-9a-f]{64})\n$/;

/** @param current undefined where there is no such file */
export function planInstall(
  { kind, content }: { readonly kind: FileKind; readonly content: string },
  current: string | undefined,
  force: boolean,
): InstallAction {
  if (current === undefined) return 'write';
  if (current === seal(content)) return 'unchanged';
  if (isAsWritten(current)) return 'update';
  if (kind === 'settings') return 'keep';
  return force ? 'overwrite' : 'refuse';
}

/** @param current undefined where there is no such file */
export function planUninstall(
  kind: FileKind,
  current: string | undefined,
  force: boolean,
): UninstallAction {
  if (current === undefined) return 'absent';
  if (isAsWritten(current)) return 'remove';
  if (kind === 'settings') return 'keep';
  return force ? 'remove' : 'refuse';
}

/** The content with its hash as the last line. */
export function seal(content: string): string {
  const text = content.replace(/\n+$/, '');
  return `${text}\n# Written by larder install; sha256 of the above: ${hashOf(text)}\n`;
}

function isAsWritten(current: string): boolean {
  const found = SEAL.exec(current);
  return found !== null && found[1] === hashOf(current.slice(0, found.index));
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
