/** Finding the configuration file and reading its text. */
import fs from 'node:fs';
import path from 'node:path';
import { formatBytes, KIB, LarderError, systemCode } from '../../common/index.ts';
import { configPlaces, namedConfig } from '../environment.ts';

/** All settings with their comments are about 5 KiB. */
const MAX_BYTES = 256 * KIB;

/**
 * What `--config` or `LARDER_CONFIG` names.
 *
 * @returns an absolute path, `none`, or undefined where neither names one
 */
export function namedConfigFile(
  flag: string | boolean | readonly string[] | undefined,
): string | undefined {
  const named = typeof flag === 'string' ? flag : namedConfig();
  return named === undefined || named === 'none' ? named : path.resolve(named);
}

/**
 * The file to read: the one that is named, else the first of the default places where there is one.
 *
 * @returns a path, or undefined for no file
 */
export function findConfigFile(named: string | undefined): string | undefined {
  if (named === 'none') return undefined;
  return named ?? configPlaces().find((place) => fs.existsSync(place));
}

/** @throws {LarderError} `CONFIG_INVALID`: it is not there, cannot be read, is too large, is no text */
export function readConfigFile(file: string): string {
  let fd: number;
  try {
    // Not to wait for the writer of a FIFO.
    fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  } catch (cause) {
    throw unreadable(file, cause);
  }
  try {
    const stat = fs.fstatSync(fd);
    if (!stat.isFile()) throw invalid(file, 'is not a regular file');
    if (stat.size > MAX_BYTES) {
      const limit = formatBytes(MAX_BYTES);
      throw invalid(
        file,
        `is too large: it has ${formatBytes(stat.size)}, at most ${limit} are read`,
      );
    }
    const bytes = Buffer.alloc(MAX_BYTES);
    const count = fs.readSync(fd, bytes, 0, MAX_BYTES, 0);
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, count));
  } catch (cause) {
    if (cause instanceof TypeError) throw invalid(file, 'is not UTF-8 text');
    if (cause instanceof LarderError) throw cause;
    throw unreadable(file, cause);
  } finally {
    fs.closeSync(fd);
  }
}

function unreadable(file: string, cause: unknown): LarderError {
  const reason = systemCode(cause);
  if (reason === undefined) throw cause;
  if (reason === 'ENOENT') return invalid(file, 'does not exist');
  return invalid(file, `cannot be read (${reason})`);
}

function invalid(file: string, what: string): LarderError {
  return new LarderError('CONFIG_INVALID', { problem: `${file}: ${what}` });
}
