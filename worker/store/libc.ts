/**
 * The few calls of the C library that Node does not have: file locks, and advice to the kernel on pages.
 *
 * Calls that may wait for a disk (those that end in `Now`, `reserveSpace`) are made by the threads of the disk;
 * the others return at once.
 */
import { readFileSync, realpathSync } from 'node:fs';
import koffi from 'koffi';

const LOCK_EX = 2;
const LOCK_NB = 4;
const SYNC_FILE_RANGE_WAIT_BEFORE = 1;
const SYNC_FILE_RANGE_WRITE = 2;
const SYNC_FILE_RANGE_WAIT_AFTER = 4;
const FALLOC_FL_KEEP_SIZE = 1;
const POSIX_FADV_RANDOM = 1;
const POSIX_FADV_DONTNEED = 4;
const MADV_DONTNEED = 4;

type Call = (...args: number[]) => number;

const library = koffi.load(null);
const flock = library.func('int flock(int, int)') as unknown as Call;
const posixFadvise = library.func(
  'int posix_fadvise(int, int64_t, int64_t, int)',
) as unknown as Call;
const syncFileRange = library.func(
  'int sync_file_range(int, int64_t, int64_t, unsigned int)',
) as unknown as Call;
const fallocate = library.func('int fallocate(int, int, int64_t, int64_t)') as unknown as Call;
const madvise = library.func('int madvise(uintptr_t, size_t, int)') as unknown as Call;
const syncfs = library.func('int syncfs(int)') as unknown as Call;

/** Of the memory of a buffer. */
export function addressOf(bytes: Buffer): number {
  return Number(koffi.address(bytes));
}

/** Takes the exclusive lock of an open file; false when another open file has it. */
export function tryLock(fd: number): boolean {
  return flock(fd, LOCK_EX | LOCK_NB) === 0;
}

/** No read-ahead: over the holes of a growing file the kernel would cache pages of zeros. */
export function adviseRandom(fd: number): void {
  posixFadvise(fd, 0, 0, POSIX_FADV_RANDOM);
}

/** Takes disk space for a range of a file without changing its size; false where there is none. */
export function reserveSpace(fd: number, offset: number, length: number): boolean {
  return fallocate(fd, FALLOC_FL_KEEP_SIZE, offset, length) === 0;
}

/** Starts writing dirty pages to disk, and does not wait for them. */
export function startWritebackNow(fd: number, offset: number, length: number): void {
  syncFileRange(fd, offset, length, SYNC_FILE_RANGE_WRITE);
}

/** Waits until a range is on disk and takes its pages out of the page cache. */
export function dropPagesNow(fd: number, offset: number, length: number): void {
  const wait = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
  syncFileRange(fd, offset, length, wait);
  posixFadvise(fd, offset, length, POSIX_FADV_DONTNEED);
}

/**
 * Takes the pages of a file that is mapped, shared and read-only, out of this process's memory. They stay in
 * the page cache, and come back when they are read. Nobody may map or unmap the file meanwhile.
 */
export function releaseMapped(path: string): void {
  const real = realpathSync(path);
  for (const line of readFileSync('/proc/self/maps', 'utf8').split('\n')) {
    const [, start = '', end = ''] = /^([0-9a-f]+)-([0-9a-f]+) r--s /.exec(line) ?? [];
    if (start === '' || !line.endsWith(` ${real}`)) continue;
    const from = Number.parseInt(start, 16);
    madvise(from, Number.parseInt(end, 16) - from, MADV_DONTNEED);
  }
}

/** Brings everything of the fd's file system to disk; false where that failed. */
export function syncFileSystemNow(fd: number): boolean {
  return syncfs(fd) === 0;
}
