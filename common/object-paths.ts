/**
 * Names of object files in a cache directory. The worker writes them, the FUSE server opens complete
 * ones by path: both take the names from here.
 *
 * Always true: a name holds only hex digits and numbers, never a part of a key.
 */
import { join } from 'node:path';

/** Objects with missing blocks: `<object id>.<incarnation>.part`. */
export const GROWING_DIRECTORY = 'growing';
/** Whole, checked objects: `ab/cd/<object id>`. */
export const COMPLETE_DIRECTORY = 'complete';
/** What was complete before an unclean stop of the machine: `<generation>/ab/cd/<object id>`. */
export const SUSPECT_DIRECTORY = 'suspect';

/** `ab/cd/<object id>`: two levels, so that no directory gets large. */
export function shardedName(objectId: string): string {
  return `${objectId.slice(0, 2)}/${objectId.slice(2, 4)}/${objectId}`;
}

/** @param completeDirectory the `complete` directory of a cache directory */
export function completePath(completeDirectory: string, objectId: string): string {
  return join(completeDirectory, shardedName(objectId));
}

export function growingName(objectId: string, incarnation: number): string {
  return `${objectId}.${String(incarnation)}.part`;
}

/** The parts of a growing file's name, or undefined for a file that is not ours. */
export function parseGrowingName(
  name: string,
): { objectId: string; incarnation: number } | undefined {
  const match = /^([0-9a-f]{40})\.(\d+)\.part$/.exec(name);
  if (match === null) return undefined;
  return { objectId: match[1] ?? '', incarnation: Number(match[2]) };
}
