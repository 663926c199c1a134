/** Which keys of a listing can be paths: the rules, by name, over bytes. */
import { MAX_KEY_BYTES, MAX_PATH_BYTES, MAX_SEGMENT_BYTES } from '../limits.ts';
import type { ListingEntry } from '../dataset.ts';
import type { SkipReason } from '../skip-reasons.ts';

export const SLASH = 47;
const DOT = 46;
/** Where mounts put what is theirs. */
const RESERVED = Buffer.from('.larder');

/** Object stores end at 1,024 bytes; a directory origin (whose files have an identity) at a path's limit. */
export function maxKeyBytes(entry: ListingEntry): number {
  return entry.validator.kind === 'file' || entry.kind === 'symlink'
    ? MAX_PATH_BYTES
    : MAX_KEY_BYTES;
}

/** The directories that the rest of a key names: where each one's name ends. Reused from key to key. */
export interface SegmentEnds {
  count: number;
  readonly ends: number[];
}

/**
 * Checks key[from, length), of which everything before `from` was checked with an earlier key, and
 * notes where the names of directories end. An empty last segment makes the key a directory's.
 */
export function scanSegments(
  key: Buffer,
  length: number,
  from: number,
  segments: SegmentEnds,
): SkipReason | undefined {
  segments.count = 0;
  if (length === 0) return 'empty-key';
  let start = from;
  for (let i = from; i <= length; i += 1) {
    const byte = i < length ? key[i] : SLASH;
    if (byte === 0) return 'nul-byte';
    if (byte !== SLASH) continue;
    const segmentBytes = i - start;
    if (segmentBytes === 0) {
      if (i < length) return 'empty-segment';
    } else if (segmentBytes > MAX_SEGMENT_BYTES) {
      return 'segment-over-255-bytes';
    } else if (isDots(key, start, segmentBytes)) {
      return 'dot-segment';
    } else if (start === 0 && isReserved(key, segmentBytes)) {
      return 'reserved-name';
    }
    if (i < length) {
      segments.ends[segments.count] = i;
      segments.count += 1;
    }
    start = i + 1;
  }
  return undefined;
}

/** `.` and `..`. */
export function isDots(bytes: Uint8Array, start: number, length: number): boolean {
  if (length > 2 || bytes[start] !== DOT) return false;
  return length === 1 || bytes[start + 1] === DOT;
}

function isReserved(key: Buffer, length: number): boolean {
  return length === RESERVED.length && key.compare(RESERVED, 0, length, 0, length) === 0;
}
