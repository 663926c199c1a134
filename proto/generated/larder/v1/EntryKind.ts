// Original file: proto/larder/v1/cluster.proto

export const EntryKind = {
  FILE: 'FILE',
  DIRECTORY: 'DIRECTORY',
  SYMLINK: 'SYMLINK',
} as const;

export type EntryKind =
  | 'FILE'
  | 0
  | 'DIRECTORY'
  | 1
  | 'SYMLINK'
  | 2

export type EntryKind__Output = typeof EntryKind[keyof typeof EntryKind]
