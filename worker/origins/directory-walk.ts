/**
 * Lists a directory tree in the order of a manifest: a file sorts as `name`, a directory as `name/`.
 *
 * Always true:
 *   - no symlink below the root is followed: each directory is opened by its name in its open parent;
 *   - memory holds the names of the directories on the current path, packed, and one batch;
 *   - what vanishes while it is listed is left out; what cannot be an entry is named with the reason.
 */
import type { BigIntStats, Dirent } from 'node:fs';
import {
  MAX_PATH_BYTES,
  systemCode,
  type ListingEntry,
  type SkipReason,
} from '../../common/index.ts';
import { directoryFailure } from './directory-failures.ts';
import {
  closeFd,
  directoryNames,
  openPath,
  OPEN_ROOT,
  OPEN_STEP,
  pathIn,
  readLink,
  statLink,
} from './file-calls.ts';
import { identityOf, mtimeOf } from './file-identity.ts';
import { NameRuns } from './name-runs.ts';
import type { ListingBatch, SkippedKey } from './origin.ts';

const BATCH_ENTRIES = 1_000;
/** Stats asked for at once; more than the threads that answer them, to keep those busy. */
const STATS_AT_ONCE = 64;
const SLASH = 0x2f;
const PERMISSION_BITS = 0o7777n;

export async function* walkDirectory(
  root: string,
  signal: AbortSignal,
): AsyncGenerator<ListingBatch> {
  const walk = new DirectoryWalk(root);
  try {
    for (let more: boolean = await walk.start(); more;) {
      signal.throwIfAborted();
      more = await walk.step();
      if (!more || walk.pending >= BATCH_ENTRIES) yield walk.takeBatch();
    }
  } finally {
    await walk.close();
  }
}

/** A directory whose children are being listed. */
interface OpenDirectory {
  readonly fd: number;
  /** Empty for the root, else ending in `/`. */
  readonly key: Buffer;
  readonly names: NameRuns;
}

class DirectoryWalk {
  readonly #root: string;
  readonly #path: OpenDirectory[] = [];
  #entries: ListingEntry[] = [];
  #skipped: SkippedKey[] = [];

  constructor(root: string) {
    this.#root = root;
  }

  get pending(): number {
    return this.#entries.length + this.#skipped.length;
  }

  takeBatch(): ListingBatch {
    const batch = { entries: this.#entries, skipped: this.#skipped };
    this.#entries = [];
    this.#skipped = [];
    return batch;
  }

  async start(): Promise<true> {
    try {
      await this.#enter(await openPath(this.#root, OPEN_ROOT), Buffer.alloc(0));
      return true;
    } catch (error) {
      throw directoryFailure(error, this.#root);
    }
  }

  async close(): Promise<void> {
    for (const directory of this.#path.splice(0)) await closeFd(directory.fd);
  }

  /** The next names of the innermost directory, up to the first directory among them. */
  async step(): Promise<boolean> {
    const directory = this.#path.at(-1);
    if (directory === undefined) return false;
    const { files, child, done } = takeNames(directory.names);
    await this.#list(directory, files);
    if (child !== undefined) await this.#descend(directory, child);
    if (done) {
      this.#path.pop();
      await closeFd(directory.fd);
    }
    return this.#path.length > 0;
  }

  async #list(directory: OpenDirectory, names: readonly Buffer[]): Promise<void> {
    const found = await Promise.all(names.map((name) => this.#inspect(directory, name)));
    for (const one of found) {
      if (one === undefined) continue;
      if ('reason' in one) this.#skipped.push(one);
      else this.#entries.push(one);
    }
  }

  /** Undefined: it is no longer there. */
  async #inspect(
    directory: OpenDirectory,
    name: Buffer,
  ): Promise<ListingEntry | SkippedKey | undefined> {
    const key = Buffer.concat([directory.key, name]);
    if (key.length > MAX_PATH_BYTES) return { key, reason: 'key-too-long' };
    try {
      const path = pathIn(directory.fd, name);
      const stats = await statLink(path);
      if (stats.isFile()) return toEntry(key, 'file', stats);
      if (stats.isSymbolicLink()) {
        const symlinkTarget = await readLink(path);
        const sizeBytes = symlinkTarget.length;
        return { ...toEntry(key, 'symlink', stats), sizeBytes, symlinkTarget };
      }
      return { key, reason: kindOf(stats) };
    } catch (error) {
      return this.#unlisted(error, key);
    }
  }

  /** @param name without the slash */
  async #descend(directory: OpenDirectory, name: Buffer): Promise<void> {
    const key = Buffer.concat([directory.key, name, Buffer.from('/')]);
    if (key.length > MAX_PATH_BYTES) {
      this.#skipped.push({ key, reason: 'key-too-long' });
      return;
    }
    try {
      const path = pathIn(directory.fd, name);
      const stats = await statLink(path);
      if (!stats.isDirectory()) {
        this.#skipped.push({ key, reason: 'changed-while-listed' });
        return;
      }
      const fd = await openPath(path, OPEN_STEP);
      this.#entries.push({ ...toEntry(key, 'directory', stats), sizeBytes: 0 });
      await this.#enter(fd, key);
    } catch (error) {
      const skipped = this.#unlisted(error, key);
      if (skipped !== undefined) this.#skipped.push(skipped);
    }
  }

  async #enter(fd: number, key: Buffer): Promise<void> {
    const names = new NameRuns();
    this.#path.push({ fd, key, names });
    try {
      for await (const entry of directoryNames(fd)) names.add(sortKey(entry));
    } finally {
      names.complete();
    }
  }

  #unlisted(error: unknown, key: Buffer): SkippedKey | undefined {
    switch (systemCode(error)) {
      case 'ENOENT':
      case 'ENOTDIR':
      case 'ELOOP':
        return undefined;
      case 'EACCES':
      case 'EPERM':
        return { key, reason: 'permission-denied' };
      default:
        throw directoryFailure(error, this.#root, key);
    }
  }
}

interface Names {
  readonly files: Buffer[];
  /** A directory after them, without its slash. */
  readonly child: Buffer | undefined;
  readonly done: boolean;
}

function takeNames(names: NameRuns): Names {
  const files: Buffer[] = [];
  while (files.length < STATS_AT_ONCE) {
    const name = names.next();
    if (name === undefined) return { files, child: undefined, done: true };
    if (name[name.length - 1] === SLASH) {
      return { files, child: name.subarray(0, -1), done: false };
    }
    files.push(name);
  }
  return { files, child: undefined, done: false };
}

function sortKey(entry: Dirent<Buffer>): Buffer {
  return entry.isDirectory() ? Buffer.concat([entry.name, Buffer.from('/')]) : entry.name;
}

function toEntry(key: Buffer, kind: ListingEntry['kind'], stats: BigIntStats): ListingEntry {
  return {
    key,
    kind,
    sizeBytes: Number(stats.size),
    ...mtimeOf(stats),
    mode: Number(stats.mode & PERMISSION_BITS),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    validator: { kind: 'file', identity: identityOf(stats) },
  };
}

function kindOf(stats: BigIntStats): SkipReason {
  if (stats.isSocket()) return 'socket';
  if (stats.isFIFO()) return 'fifo';
  if (stats.isBlockDevice()) return 'block-device';
  if (stats.isCharacterDevice()) return 'character-device';
  // A file when the names were read, a directory now: its place in the order is gone.
  return 'changed-while-listed';
}
