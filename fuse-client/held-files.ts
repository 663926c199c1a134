/**
 * Reads of ranges from the file that the worker just named, for the event loop: nothing is kept open,
 * and a disk that hangs holds a thread of the pool, not the loop.
 */
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { completePath, GROWING_DIRECTORY, growingName, systemCode } from '../common/index.ts';
import { adviseRandom } from './syscalls.ts';

export interface HeldRange {
  readonly objectId: string;
  readonly incarnation: number;
  readonly offsetBytes: number;
}

/** @param completeDirectory growing objects lie beside it */
export function growingPath(
  completeDirectory: string,
  objectId: string,
  incarnation: number,
): string {
  return join(dirname(completeDirectory), GROWING_DIRECTORY, growingName(objectId, incarnation));
}

/**
 * Fills `into` from the growing file, or from the complete one where it has just become that.
 *
 * @returns false where the bytes cannot be had from a file
 */
export async function readHeld(
  completeDirectory: string,
  range: HeldRange,
  into: Buffer,
): Promise<boolean> {
  const { objectId, incarnation, offsetBytes } = range;
  try {
    // It may become complete at any moment, and is then where it was not just now.
    await using file =
      (await openGrowing(growingPath(completeDirectory, objectId, incarnation))) ??
      (await open(completePath(completeDirectory, objectId)));
    let done = 0;
    while (done < into.length) {
      const { bytesRead } = await file.read(into, done, into.length - done, offsetBytes + done);
      if (bytesRead === 0) return false;
      done += bytesRead;
    }
    return true;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return false;
  }
}

/** Undefined where it is not there any more. */
async function openGrowing(path: string): Promise<FileHandle | undefined> {
  try {
    const file = await open(path);
    adviseRandom(file.fd);
    return file;
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    return undefined;
  }
}
