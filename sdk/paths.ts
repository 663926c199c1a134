/** Paths below the root of a dataset, as callers give them. */

/** Text, or bytes where a name is not UTF-8. Slashes at its beginning and end do not count. */
export type DatasetPath = string | Uint8Array;

const SLASH = 0x2f;

/** As manifests have it: without slashes around it. */
export function pathBytes(path: DatasetPath): Buffer {
  const bytes = Buffer.from(path);
  let start = 0;
  let end = bytes.length;
  while (start < end && bytes[start] === SLASH) start += 1;
  while (end > start && bytes[end - 1] === SLASH) end -= 1;
  return bytes.subarray(start, end);
}
