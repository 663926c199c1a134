/** What a manifest should be, kept in plain maps: slow, obvious, and written without the real one. */
import { bandHash } from '../../common/index.ts';
import type { ListingEntry } from '../../common/index.ts';

export interface ModelDirectory {
  mtime: readonly [number, number];
  mode: number;
  files: number;
  bytes: number;
  blocks: number;
  /** Bare names of what can be seen. */
  readonly children: Set<string>;
}

/** Paths are latin1 strings, so that one character is one byte. */
export interface Model {
  readonly leaves: Map<string, ListingEntry>;
  readonly directories: Map<string, ModelDirectory>;
  /** Every key that has a place in the manifest, also where a directory hides it. */
  readonly accepted: Map<string, ListingEntry>;
  readonly skipped: Set<string>;
  readonly hidden: Set<string>;
  readonly bandBytes: Float64Array;
}

export function modelOf(entries: readonly ListingEntry[], blockSizeBytes: number): Model {
  const accepted = new Map<string, ListingEntry>();
  const skipped = new Set<string>();
  const directories = new Map<string, ModelDirectory>();
  const ofKey = (entry: ListingEntry) => entry.key.toString('latin1');
  directories.set('', newDirectory());
  for (const entry of entries) {
    const key = ofKey(entry);
    if (!isValid(key)) {
      skipped.add(key);
      continue;
    }
    accepted.set(key, entry);
    for (const path of parentsOf(key)) {
      const directory = directories.get(path) ?? newDirectory();
      directories.set(path, directory);
      const mtime = [entry.mtimeS, entry.mtimeNs] as const;
      if (isNewer(mtime, directory.mtime)) directory.mtime = mtime;
    }
  }
  const leaves = new Map<string, ListingEntry>();
  const hidden = new Set<string>();
  for (const [key, entry] of accepted) {
    if (key.endsWith('/')) {
      const directory = directories.get(key.slice(0, -1));
      if (directory === undefined) throw new Error(key);
      directory.mtime = [entry.mtimeS, entry.mtimeNs];
      directory.mode = entry.mode;
      if (entry.sizeBytes > 0) skipped.add(key);
    } else if (directories.has(key)) {
      hidden.add(key);
      skipped.add(key);
    } else {
      leaves.set(key, entry);
    }
  }
  for (const path of [...leaves.keys(), ...directories.keys()]) {
    if (path !== '')
      directories.get(parentOf(path))?.children.add(path.slice(path.lastIndexOf('/') + 1));
  }
  const bandBytes = new Float64Array(4096);
  for (const [key, { kind, sizeBytes, key: bytes }] of leaves) {
    if (kind !== 'file') continue;
    const bucket = bandHash(bytes) >>> 20;
    bandBytes[bucket] = (bandBytes[bucket] ?? 0) + sizeBytes;
    for (const path of parentsOf(key)) {
      const directory = directories.get(path);
      if (directory === undefined) throw new Error(path);
      directory.files += 1;
      directory.bytes += sizeBytes;
      directory.blocks += Math.ceil(sizeBytes / blockSizeBytes);
    }
  }
  for (const directory of directories.values()) {
    if (directory.mtime[0] === -Infinity) directory.mtime = [0, 0];
  }
  return { leaves, directories, accepted, skipped, hidden, bandBytes };
}

function newDirectory(): ModelDirectory {
  const mtime = [-Infinity, 0] as const;
  return { mtime, mode: 0o755, files: 0, bytes: 0, blocks: 0, children: new Set() };
}

function isValid(key: string): boolean {
  const segments = (key.endsWith('/') ? key.slice(0, -1) : key).split('/');
  if (segments[0] === '.larder' || key.length > 1024) return false;
  return segments.every(
    (segment) =>
      segment !== '' &&
      segment !== '.' &&
      segment !== '..' &&
      segment.length <= 255 &&
      !segment.includes('\0'),
  );
}

/** The directories that a key is in, from the root on; a marker's own is one of them. */
function parentsOf(key: string): string[] {
  const paths = [''];
  for (let slash = key.indexOf('/'); slash >= 0; slash = key.indexOf('/', slash + 1)) {
    paths.push(key.slice(0, slash));
  }
  return paths;
}

function parentOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
}

function isNewer(a: readonly [number, number], b: readonly [number, number]): boolean {
  return a[0] > b[0] || (a[0] === b[0] && a[1] > b[1]);
}
