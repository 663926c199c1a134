/** Calls that tests make on a mount and Node does not offer. They throw with the errno's name as `code`. */
import { constants } from 'node:os';
import koffi from 'koffi';

const libc = koffi.load('libc.so.6');
const cLseek = libc.func('int64_t lseek(int fd, int64_t offset, int whence)');
const cGetxattr = libc.func(
  'int64_t getxattr(const char *path, const char *name, void *value, size_t size)',
);
const cListxattr = libc.func('int64_t listxattr(const char *path, void *list, size_t size)');
const cSetxattr = libc.func(
  'int setxattr(const char *path, const char *name, const void *value, size_t size, int flags)',
);
const cMmap = libc.func(
  'void *mmap(void *address, size_t length, int protection, int flags, int fd, int64_t offset)',
);
const cMunmap = libc.func('int munmap(void *address, size_t length)');
const cOpendir = libc.func('void *opendir(const char *path)');
const cReaddir = libc.func('void *readdir(void *directory)');
const cTelldir = libc.func('long telldir(void *directory)');
const cSeekdir = libc.func('void seekdir(void *directory, long place)');
const cClosedir = libc.func('int closedir(void *directory)');

export const SEEK_DATA = 3;
export const SEEK_HOLE = 4;

export function lseek(fd: number, offset: number, whence: number): number {
  return checked('lseek', cLseek(fd, offset, whence) as number);
}

export function getxattr(path: string, name: string): string {
  const size = checked('getxattr', cGetxattr(path, name, null, 0) as number);
  const value = Buffer.alloc(size);
  checked('getxattr', cGetxattr(path, name, value, size) as number);
  return value.toString('utf8');
}

/** With room for so many bytes. */
export function getxattrInto(path: string, name: string, roomBytes: number): string {
  const value = Buffer.alloc(roomBytes);
  const got = checked('getxattr', cGetxattr(path, name, value, roomBytes) as number);
  return value.toString('utf8', 0, got);
}

export function listxattr(path: string): string[] {
  const size = checked('listxattr', cListxattr(path, null, 0) as number);
  const list = Buffer.alloc(size);
  checked('listxattr', cListxattr(path, list, size) as number);
  return list.toString('utf8').split('\0').filter(Boolean);
}

export function setxattr(path: string, name: string, value: string): void {
  checked('setxattr', cSetxattr(path, name, value, value.length, 0) as number);
}

/** A copy of a file's bytes, read through a private mapping. */
export function readMapped(fd: number, lengthBytes: number): Buffer {
  using mapping = new Mapping(fd, lengthBytes);
  return mapping.copy();
}

/** A private mapping of a file, which keeps it open. */
export class Mapping implements Disposable {
  readonly #address: unknown;
  readonly #lengthBytes: number;

  constructor(fd: number, lengthBytes: number) {
    this.#address = cMmap(null, lengthBytes, 1, 2, fd, 0);
    this.#lengthBytes = lengthBytes;
  }

  copy(): Buffer {
    return Buffer.from(Buffer.from(koffi.view(this.#address, this.#lengthBytes)));
  }

  [Symbol.dispose](): void {
    checked('munmap', cMunmap(this.#address, this.#lengthBytes) as number);
  }
}

/** An open directory, entry by entry. */
export class DirectoryStream implements Disposable {
  readonly #directory: unknown;

  constructor(path: string) {
    this.#directory = cOpendir(path);
    if (this.#directory === null) throw failure('opendir');
  }

  next(): string | undefined {
    const entry: unknown = cReaddir(this.#directory);
    // struct dirent: ino 8, off 8, reclen 2, type 1, name.
    return entry === null ? undefined : (koffi.decode(entry, 19, 'char', -1) as string);
  }

  tell(): number {
    return Number(cTelldir(this.#directory));
  }

  seek(place: number): void {
    cSeekdir(this.#directory, place);
  }

  [Symbol.dispose](): void {
    cClosedir(this.#directory);
  }
}

function checked(call: string, result: number | bigint): number {
  if (Number(result) < 0) throw failure(call);
  return Number(result);
}

function failure(call: string): Error {
  const errno = koffi.errno();
  const code =
    Object.entries(constants.errno).find(([, value]) => value === errno)?.[0] ?? String(errno);
  return Object.assign(new Error(`${call}: ${code}`), { code });
}
