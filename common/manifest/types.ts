/** The types of a manifest: a version as one array of entries. */
import type { Validator } from '../dataset.ts';

export type EntryKind = 'file' | 'directory' | 'symlink';

/** All of an entry but its name; `ManifestReader.attributes` fills one in without allocating. */
export interface EntryAttributes {
  kind: EntryKind;
  parent: number;
  mtimeS: number;
  mtimeNs: number;
  /** Permission bits. */
  mode: number;
  uid: number;
  gid: number;
  /** Of a file; a symlink's is the length of its target, a directory's 0. */
  sizeBytes: number;
  /** Of a file: the number of its first block in the dataset. Of a directory: not meaningful. */
  firstBlock: number;
  /** A file or symlink whose name a directory took: never listed, never found by name. */
  hidden: boolean;
}

/** An ordinal is an entry's place in the array; the root's is 0, and an inode number is ordinal + 1. */
export interface Entry extends Readonly<EntryAttributes> {
  readonly ordinal: number;
  readonly name: Buffer;
}

export interface FileEntry extends Entry {
  readonly kind: 'file';
  readonly validator: Validator;
}

/** Below a directory, at any depth; symlinks and hidden files not counted. */
export interface DirectoryTotals {
  readonly files: number;
  readonly bytes: number;
  readonly blocks: number;
}

/** One entry as `readdir` shows it: valid only during the call, the bytes are the page's own. */
export interface DirectoryItem {
  readonly bytes: Buffer;
  readonly nameStart: number;
  readonly nameEnd: number;
  readonly ordinal: number;
  /** The place in the directory; listing goes on after it with `fromIndex = index + 1`. */
  readonly index: number;
}

export interface ManifestSummary {
  /** All of the array: the root and hidden entries too. */
  readonly entries: number;
  /** Files that can be seen. */
  readonly files: number;
  /** With the root. */
  readonly directories: number;
  readonly symlinks: number;
  /** Of the files that can be seen. */
  readonly bytes: number;
  /** Distinct blocks of the files that can be seen. */
  readonly blocks: number;
  /** The first block number of the dataset that is still free. */
  readonly nextBlock: number;
  readonly hidden: number;
  /** Keys of the listing that have no entry or a hidden one, or whose bytes a directory cannot have. */
  readonly skipped: number;
  readonly strongValidators: number;
  readonly weakValidators: number;
  readonly blockSizeBytes: number;
  readonly fileBytes: number;
}

/** Takes the bytes of a manifest file in order. They may be kept: the builder does not use them again. */
export interface ManifestSink {
  append(bytes: Buffer): void;
}

/** Bytes of the manifest file. */
export interface FileRange {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/**
 * Random access to a manifest file that may not be whole yet.
 *
 * `read` gives exactly `lengthBytes`, or fewer where they are not there; what it gives may be zeros
 * or half-written: the reader checks each page against its checksum in the footer. The reader keeps
 * the buffer.
 */
export interface PageSource {
  readonly sizeBytes: number;
  /** What errors call the file. */
  readonly name?: string;
  read(offsetBytes: number, lengthBytes: number): Buffer;
}
