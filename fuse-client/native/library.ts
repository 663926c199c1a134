/**
 * The npm package `fuse-native` as far as it is used, with one hole closed: asked for extended attributes,
 * it claims more bytes than there is room for, and libfuse reads on behind its buffer (the kernel takes
 * none of it: the caller saw EIO where ERANGE is due).
 */
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { LarderError } from '../../common/index.ts';

/** A result: 0, a number of bytes, or a negative errno. */
export type Answer<T = undefined> = (result: number, value?: T) => void;

export interface NativeStat {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly nlink: number;
  readonly ino: number;
  readonly blksize: number;
  readonly blocks: number;
  readonly atime: Date;
  readonly mtime: Date;
  readonly ctime: Date;
}

export interface NativeStatfs {
  readonly bsize: number;
  readonly frsize: number;
  readonly blocks: number;
  readonly files: number;
  readonly namemax: number;
}

/** What libfuse asks, by path. Each calls `answer` once. */
export interface NativeOperations {
  getattr(path: string, answer: Answer<NativeStat>): void;
  fgetattr(path: string, handle: number, answer: Answer<NativeStat>): void;
  readdir(
    path: string,
    answer: (result: number, names?: string[], stats?: NativeStat[]) => void,
  ): void;
  readlink(path: string, answer: Answer<string>): void;
  open(path: string, flags: number, answer: Answer<number>): void;
  release(path: string, handle: number, answer: Answer): void;
  read(
    path: string,
    handle: number,
    into: Buffer,
    lengthBytes: number,
    offsetBytes: number,
    answer: Answer,
  ): void;
  statfs(path: string, answer: Answer<NativeStatfs>): void;
  getxattr(path: string, name: string, position: number, answer: Answer<Buffer>): void;
  listxattr(path: string, answer: Answer<string[]>): void;
}

export interface NativeMount {
  mount(done: (error: Error | null) => void): void;
}

type Signal = (result: number, buffer: ArrayBufferLike) => void;

type Library = new (
  mountpoint: string,
  operations: NativeOperations,
  options: { timeout: false },
) => NativeMount & {
  readonly ops: NativeOperations;
  _fuseOptions(): string;
  _op_getxattr(signal: Signal, path: string, name: string, value: Buffer, at: number): void;
  _op_listxattr(signal: Signal, path: string, list: Buffer): void;
};

const ERANGE = -constants.errno.ERANGE;

/**
 * @param options of the mount, as libfuse takes them after -o
 * @throws {LarderError} `FUSE_UNAVAILABLE` where the package has no native part for this platform
 */
export function createNativeMount(
  mountpoint: string,
  options: string,
  operations: NativeOperations,
): NativeMount {
  const Fuse = load();
  class LarderFuse extends Fuse {
    override _fuseOptions(): string {
      return `-o${options}`;
    }

    override _op_getxattr(
      signal: Signal,
      path: string,
      name: string,
      value: Buffer,
      at: number,
    ): void {
      this.ops.getxattr(path, name, at, (result, found) => {
        signal(fill(value, result, found), value.buffer);
      });
    }

    override _op_listxattr(signal: Signal, path: string, list: Buffer): void {
      this.ops.listxattr(path, (result, names = []) => {
        const bytes = Buffer.from(names.map((name) => `${name}\0`).join(''));
        signal(fill(list, result, bytes), list.buffer);
      });
    }
  }
  return new LarderFuse(mountpoint, operations, { timeout: false });
}

function load(): Library {
  try {
    return createRequire(import.meta.url)('fuse-native') as Library;
  } catch (cause) {
    const what = `fuse-native has nothing for ${process.platform} ${process.arch}; take --driver kernel`;
    throw new LarderError('FUSE_UNAVAILABLE', { what }, { cause });
  }
}

/** What getxattr(2) returns: how many bytes there are, which are copied where there is room. */
function fill(room: Buffer, result: number, bytes: Buffer | undefined): number {
  if (result < 0 || bytes === undefined) return result;
  if (room.length === 0) return bytes.length;
  if (room.length < bytes.length) return ERANGE;
  bytes.copy(room);
  return bytes.length;
}
