/**
 * One cache directory: its layout, who may use it, and where an object's file lies.
 *
 *     lock                                   locked with flock(2), holds the pid of the worker
 *     worker-id                              who this worker is, over restarts
 *     disk.json                              which of its disks this is, and which others it has
 *     growing/<object id>.<incarnation>.part
 *     complete/ab/cd/<object id>
 *     suspect/<generation>/ab/cd/<object id>
 *     records/                               LMDB
 *     manifests/                             not of the store
 *
 * Always true:
 *   - while one is open no other process has it open; the kernel releases the lock when the process
 *     dies, whatever it dies of;
 *   - a symlink that somebody put in the place of a file is never written through.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { LarderError, systemCode } from '../../common/index.ts';
import {
  COMPLETE_DIRECTORY,
  completePath,
  GROWING_DIRECTORY,
  growingName,
  shardedName,
  SUSPECT_DIRECTORY,
} from '../../common/index.ts';
import { tryLock } from './libc.ts';

const MODE_PRIVATE = 0o700;
const { O_CREAT, O_NOFOLLOW, O_RDWR } = fs.constants;

export class CacheDirectory implements Disposable {
  readonly path: string;
  /** On the same file system as all else of it. */
  readonly lockFd: number;
  #closed = false;

  constructor(path: string, lockFd: number) {
    this.path = path;
    this.lockFd = lockFd;
  }

  /**
   * Makes the directory if its parent exists, and takes it.
   *
   * @throws {LarderError} `CACHE_DIR_UNUSABLE` with the reason, `CACHE_DIR_LOCKED` with the pid
   */
  static open(path: string): CacheDirectory {
    let lockFd: number | undefined;
    try {
      makeDirectory(path);
      fs.chmodSync(path, MODE_PRIVATE);
      lockFd = fs.openSync(join(path, 'lock'), O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
      if (!tryLock(lockFd)) {
        const pid = fs.readFileSync(lockFd, 'latin1').trim();
        throw new LarderError('CACHE_DIR_LOCKED', { directory: path, pid });
      }
      fs.ftruncateSync(lockFd, 0);
      fs.writeSync(lockFd, `${String(process.pid)}\n`, 0);
      for (const name of [GROWING_DIRECTORY, SUSPECT_DIRECTORY, 'records']) {
        fs.mkdirSync(join(path, name), { recursive: true, mode: MODE_PRIVATE });
      }
      assertRoomForNew(join(path, 'records/lock.mdb'), path);
      return new CacheDirectory(path, lockFd);
    } catch (error) {
      if (lockFd !== undefined) fs.closeSync(lockFd);
      throw unusable(path, error);
    }
  }

  /** On which file system it lies: two directories with the same one share its space. */
  get device(): number {
    return fs.statSync(this.path).dev;
  }

  get recordsPath(): string {
    return join(this.path, 'records');
  }

  get growingDirectory(): string {
    return join(this.path, GROWING_DIRECTORY);
  }

  get completeDirectory(): string {
    return join(this.path, COMPLETE_DIRECTORY);
  }

  suspectDirectory(generation?: number): string {
    const all = join(this.path, SUSPECT_DIRECTORY);
    return generation === undefined ? all : join(all, String(generation));
  }

  growingPath(objectId: string, incarnation: number): string {
    return join(this.growingDirectory, growingName(objectId, incarnation));
  }

  completePath(objectId: string): string {
    return completePath(this.completeDirectory, objectId);
  }

  suspectPath(objectId: string, generation: number): string {
    return join(this.suspectDirectory(generation), shardedName(objectId));
  }

  /** Declares what is in `complete/` suspect, with one rename. Repeating it changes nothing. */
  suspectComplete(generation: number): void {
    if (fs.existsSync(this.completeDirectory)) {
      fs.renameSync(this.completeDirectory, this.suspectDirectory(generation));
    }
  }

  makeComplete(): void {
    fs.mkdirSync(this.completeDirectory, { recursive: true, mode: MODE_PRIVATE });
  }

  /** Lets the directory go: the last thing to do. */
  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    fs.closeSync(this.lockFd);
  }
}

/** What LMDB maps when it makes its files must fit: a page without room ends the process (SIGBUS). */
const LEAST_FREE_BYTES = 1024 * 1024;

function assertRoomForNew(file: string, directory: string): void {
  if (fs.existsSync(file)) return;
  const { bavail, bsize } = fs.statfsSync(directory);
  if (bavail * bsize >= LEAST_FREE_BYTES) return;
  throw new LarderError('CACHE_DIR_UNUSABLE', { directory, reason: REASONS['ENOSPC'] });
}

function makeDirectory(path: string): void {
  const found = fs.statSync(path, { throwIfNoEntry: false });
  if (found === undefined) fs.mkdirSync(path, { mode: MODE_PRIVATE });
  else if (!found.isDirectory()) {
    throw new LarderError('CACHE_DIR_UNUSABLE', { directory: path, reason: 'not a directory' });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'its parent directory does not exist',
  ELOOP: 'a symlink is where a file should be',
  ENOTDIR: 'a part of the path is not a directory',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the file system is full',
  EIO: 'the disk fails (EIO)',
};

/** What was wrong with a directory, for people. */
export function unusable(directory: string, error: unknown): LarderError {
  if (error instanceof LarderError) return error;
  const reason = reasonOf(error);
  return new LarderError('CACHE_DIR_UNUSABLE', { directory, reason }, { cause: error });
}

function reasonOf(error: unknown): string {
  const code = systemCode(error);
  const known = code === undefined ? undefined : REASONS[code];
  return known ?? (error instanceof Error ? error.message : String(error));
}
