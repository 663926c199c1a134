/** Counts directories in listed keys, by depth. */
import type { ListedKey } from './s3-list-xml.ts';

const SLASH = 0x2f;

/**
 * @param before the key before the first; undefined: nobody knows what begins with the first
 * @returns how many directories of depth 1, 2, … begin with one of the keys
 */
export function newDirectories(
  keys: readonly ListedKey[],
  prefixBytes: number,
  before: Buffer | undefined,
): number[] {
  const counts: number[] = [];
  let last = before;
  for (const { key } of keys) {
    let shared = true;
    let depth = 0;
    for (let i = prefixBytes; i < key.length; i += 1) {
      shared &&= last === undefined || last[i] === key[i];
      if (key[i] !== SLASH) continue;
      if (!shared) counts[depth] = (counts[depth] ?? 0) + 1;
      else counts[depth] ??= 0;
      depth += 1;
    }
    last = key;
  }
  return counts;
}
