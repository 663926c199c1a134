/** Making directories that people named, with an error that says what was wrong with which. */
import fs from 'node:fs';
import path from 'node:path';
import { LarderError, systemCode } from '../common/index.ts';
import type { ErrorCode } from '../common/index.ts';

/**
 * Makes a directory and its parents, for this user alone.
 *
 * One level at a time: Node's own recursion does not end where /proc refuses a directory.
 *
 * @throws {LarderError} `code`, with the directory and the reason
 */
export function makeDirectory(directory: string, code: ErrorCode): void {
  try {
    make(path.resolve(directory));
  } catch (cause) {
    const reason = systemCode(cause);
    if (reason === undefined) throw cause;
    throw new LarderError(code, { directory, reason }, { cause });
  }
}

/**
 * Whether the runtime directory, where it is there, is this user's alone to change: what lies in it says
 * which programs are started. An ordinary user's may be in /tmp, where anybody can have made it before.
 *
 * @throws {LarderError} `INVALID_ARGUMENT`
 */
export function checkRuntimeDirectory(directory: string): void {
  const found = writing(directory, () => fs.lstatSync(directory, { throwIfNoEntry: false }));
  if (found === undefined) return;
  const reason = !found.isDirectory()
    ? 'not a directory'
    : found.uid !== 0 && found.uid !== process.geteuid?.()
      ? "another user's"
      : (found.mode & OTHERS_WRITE) !== 0
        ? 'everybody may write to it'
        : undefined;
  if (reason === undefined) return;
  const expected = 'a directory of your own: set LARDER_RUNTIME_DIR, or remove this one';
  throw new LarderError('INVALID_ARGUMENT', { directory, reason, expected });
}

const OTHERS_WRITE = 0o002;

function make(directory: string): void {
  if (fs.existsSync(directory)) {
    // ENOTDIR where it is a file.
    fs.readdirSync(directory);
    return;
  }
  make(path.dirname(directory));
  fs.mkdirSync(directory, { mode: 0o700 });
}

/**
 * Does what writes below the runtime directory.
 *
 * @throws {LarderError} `RUNTIME_DIR_UNUSABLE`
 */
export function writing<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    const why = systemCode(cause);
    if (why === undefined) throw cause;
    throw new LarderError('RUNTIME_DIR_UNUSABLE', { path, why }, { cause });
  }
}
