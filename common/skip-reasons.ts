/**
 * Why something that the origin has is not shown. Permanent names: people and scripts see them.
 *
 * A key of a bucket that cannot be a path, and a file of a directory that is no regular file, are left
 * out of a version and named with one of these.
 */
export const SKIP_REASONS = {
  'empty-key': 'an empty key',
  'empty-segment': 'two slashes in a row, or one at the beginning',
  'dot-segment': '"." or ".." as a name in it',
  'nul-byte': 'a NUL byte in it',
  'segment-over-255-bytes': 'a name longer than 255 bytes in it',
  'key-too-long': 'longer than 1,024 bytes (in a directory: 4,096)',
  'reserved-name': '".larder" at the root, which is Larder’s own',
  'shadowed-by-directory': 'a file where a directory has the same name: the directory is shown',
  'marker-content': 'the bytes of an object whose key ends in "/": only the directory is shown',
  'lossy-listing': 'the origin lists it with bytes lost (it ignores encoding-type=url)',
  'invalid-attributes': 'a size, time, mode, owner or ETag that no file can have',
  'invalid-symlink-target': 'a symlink whose target is empty, too long or has a NUL byte',
  fifo: 'a FIFO',
  socket: 'a socket',
  'block-device': 'a block device',
  'character-device': 'a character device',
  'permission-denied': 'the worker may not read it',
  'changed-while-listed': 'it became something else while it was listed',
} as const satisfies Record<string, string>;

export type SkipReason = keyof typeof SKIP_REASONS;

/** What a reason means, also one that a later release gave. */
export function explainSkip(reason: string): string {
  return Object.hasOwn(SKIP_REASONS, reason) ? SKIP_REASONS[reason as SkipReason] : '';
}
