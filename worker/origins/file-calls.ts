/** The file system calls of directory origins: asynchronous, paths and names as bytes. */
import fs, { type BigIntStats, type Dirent } from 'node:fs';
import { promisify } from 'node:util';

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = fs.constants;
/** A name for a directory, not access to it: needs no right to read it. Linux; not in `constants`. */
const O_PATH = 0o10000000;

export const OPEN_STEP = O_PATH | O_DIRECTORY | O_NOFOLLOW;
/** Without waiting for a writer, should a FIFO have taken the file's place. */
export const OPEN_FILE = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;
/** The root may be reached through symlinks: the operator named it. */
export const OPEN_ROOT = O_PATH | O_DIRECTORY;

export const openPath: (path: Buffer | string, flags: number) => Promise<number> = promisify(
  fs.open,
);
export const closeFd: (fd: number) => Promise<void> = promisify(fs.close);
export const readLink: (path: Buffer) => Promise<Buffer> = (path) =>
  fs.promises.readlink(path, 'buffer');

const fstat = promisify(fs.fstat);
const lstat = promisify(fs.lstat);

export function statFd(fd: number): Promise<BigIntStats> {
  return fstat(fd, { bigint: true });
}

export function statLink(path: Buffer): Promise<BigIntStats> {
  return lstat(path, { bigint: true });
}

/** @returns how many bytes, 0 at the end of the file */
export function readInto(fd: number, bytes: Buffer, fromByte: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(fd, bytes, 0, bytes.length, fromByte, (error, count) => {
      if (error === null) resolve(count);
      else reject(error);
    });
  });
}

/** The names in a directory, in no order. */
export async function* directoryNames(fd: number): AsyncGenerator<Dirent<Buffer>> {
  // The types know `buffer` for `readdir` only.
  const options = { encoding: 'buffer', bufferSize: 512 } as unknown as fs.OpenDirOptions;
  const directory = await fs.promises.opendir(`/proc/self/fd/${String(fd)}`, options);
  yield* directory as unknown as AsyncIterable<Dirent<Buffer>>;
}

/** The path of a name in an open directory. */
export function pathIn(fd: number, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${String(fd)}/`), name]);
}
