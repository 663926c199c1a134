/** From the paths of a preload to entries of the version: named ones, patterns, and those of a list. */
import { LarderError, printableKey } from '../common/index.ts';
import type { ManifestReader } from '../common/manifest/index.ts';
import type { Breather } from './breathe.ts';
import { isPattern, PathPattern } from './path-pattern.ts';

export interface PreloadPaths {
  /** Files, directories or patterns; none of both kinds: everything. */
  readonly paths: readonly Buffer[];
  /** Taken as they are. */
  readonly listed: readonly Buffer[];
}

export interface PathFailure {
  readonly path: Buffer;
  readonly error: LarderError;
}

export interface ResolvedPaths {
  /** Ordinals of files and directories, in the order of the paths. */
  readonly roots: readonly number[];
  /** Of `listed`. */
  readonly failures: readonly PathFailure[];
}

/**
 * Finds those that are no patterns, so that a mistyped one is said before anything starts.
 *
 * @throws {LarderError} `NOT_FOUND` naming the path; `INVALID_ARGUMENT` for a symlink
 */
export function checkPaths(reader: ManifestReader, { paths }: PreloadPaths): void {
  for (const path of paths) {
    const found = find(reader, path);
    if (found instanceof LarderError && !isPattern(path)) throw found;
  }
}

/** @throws {LarderError} as `checkPaths`, and `NOT_FOUND` for a pattern that matches nothing */
export async function resolvePaths(
  reader: ManifestReader,
  { paths, listed }: PreloadPaths,
  breather: Breather,
): Promise<ResolvedPaths> {
  if (paths.length + listed.length === 0) return { roots: [0], failures: [] };
  const roots: number[] = [];
  const failures: PathFailure[] = [];
  for (const path of paths) {
    // A file may have the name of a pattern.
    const found = find(reader, path);
    if (!(found instanceof LarderError)) roots.push(found);
    else if (!isPattern(path)) throw found;
    else for await (const ordinal of matching(reader, path, breather)) roots.push(ordinal);
  }
  for (const path of listed) {
    const found = find(reader, path);
    if (found instanceof LarderError) failures.push({ path, error: found });
    else roots.push(found);
    await breather.breathe();
  }
  return { roots, failures };
}

function find(reader: ManifestReader, path: Buffer): number | LarderError {
  const ordinal = reader.find(withoutSlashes(path));
  if (ordinal < 0) return new LarderError('NOT_FOUND', { path: printableKey(path) });
  if (reader.entry(ordinal).kind !== 'symlink') return ordinal;
  const expected = 'a file or a directory, not a symlink';
  return new LarderError('INVALID_ARGUMENT', { path: printableKey(path), expected });
}

async function* matching(
  reader: ManifestReader,
  path: Buffer,
  breather: Breather,
): AsyncGenerator<number, void, undefined> {
  const pattern = new PathPattern(path);
  const base = reader.find(pattern.base);
  let found = 0;
  if (base >= 0 && reader.entry(base).kind === 'directory') {
    for (const ordinal of reader.files(base)) {
      await breather.breathe();
      if (!pattern.matches(reader.key(ordinal))) continue;
      found += 1;
      yield ordinal;
    }
  }
  if (found === 0) {
    throw new LarderError('NOT_FOUND', { path: printableKey(path), what: 'no file matches' });
  }
}

function withoutSlashes(path: Buffer): Buffer {
  let start = 0;
  let end = path.length;
  while (start < end && path[start] === 0x2f) start += 1;
  while (end > start && path[end - 1] === 0x2f) end -= 1;
  return path.subarray(start, end);
}
