/** What a listing may say about a key: numbers in range, a target that can be one. */
import type { ListingEntry } from '../dataset.ts';
import { MAX_SYMLINK_BYTES } from '../limits.ts';
import type { SkipReason } from '../skip-reasons.ts';
import { TWO_32 } from './format.ts';
import type { Owner } from './open-directory.ts';
import type { ValidatorCode } from './validators.ts';

const PERMISSION_BITS = 0o7777;
const NS_PER_S = 1e9;

/** Sets `code` to the entry's validator on the way. */
export function checkEntry(entry: ListingEntry, code: ValidatorCode): SkipReason | undefined {
  const { sizeBytes, mtimeS, mtimeNs, mode, uid, gid } = entry;
  const valid =
    isWithin(sizeBytes, Number.MAX_SAFE_INTEGER) &&
    Number.isSafeInteger(mtimeS) &&
    isWithin(mtimeNs, NS_PER_S - 1) &&
    isWithin(mode, PERMISSION_BITS) &&
    isWithin(uid, TWO_32 - 1) &&
    isWithin(gid, TWO_32 - 1) &&
    (entry.kind !== 'file' || code.set(entry.validator));
  if (!valid) return 'invalid-attributes';
  return entry.kind === 'symlink' && !isTarget(entry.symlinkTarget)
    ? 'invalid-symlink-target'
    : undefined;
}

/** What a directory without a key of its own has; its time is that of the newest entry below it. */
export const IMPLIED: Omit<Owner, 'mtimeS' | 'mtimeNs'> = { mode: 0o755, uid: 0, gid: 0 };

/** A key that ends in `/` but came as a file (an object store's marker) has no directory's mode. */
export function markerOwner(entry: ListingEntry): Owner {
  const { mtimeS, mtimeNs } = entry;
  const { mode, uid, gid } = entry.kind === 'directory' ? entry : IMPLIED;
  return { mtimeS, mtimeNs, mode, uid, gid };
}

function isWithin(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= most;
}

function isTarget(target: Buffer | undefined): boolean {
  if (target === undefined) return false;
  return target.length > 0 && target.length <= MAX_SYMLINK_BYTES && !target.includes(0);
}
