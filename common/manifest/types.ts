/** The types of a manifest: a version as one array of entries. */
import type { Validator } from '../dataset.ts';

/** An ordinal is an entry's place in the array; the root's is 0, and an inode number is ordinal + 1. */
export interface Entry {
  readonly ordinal: number;
  readonly kind: 'file' | 'directory' | 'symlink';
  readonly name: Buffer;
  readonly parent: number;
  readonly mtimeS: number;
  readonly mtimeNs: number;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of a file; a symlink's is the length of its target, a directory's 0. */
  readonly sizeBytes: number;
  /** Of a file: the number of its first block in the dataset. Of a directory: not meaningful. */
  readonly firstBlock: number;
}

export interface FileEntry extends Entry {
  readonly kind: 'file';
  readonly validator: Validator;
}

/** Below a directory, at any depth; hidden files not counted. */
export interface DirectoryTotals {
  readonly files: number;
  readonly bytes: number;
  readonly blocks: number;
}

/**
 * Random access to a manifest file that may not be whole yet.
 *
 * `read` gives exactly `lengthBytes`, or fewer where they are not there; what it gives may be zeros
 * or half-written: the reader checks each page against its checksum in the footer.
 */
export interface PageSource {
  readonly sizeBytes: number;
  read(offsetBytes: number, lengthBytes: number): Buffer;
}
