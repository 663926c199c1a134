/**
 * The file system by paths, as libfuse 2 asks for it: each request walks its path from the root, what
 * must wait waits, and bytes come from the source.
 *
 * Names are text here: one that is not UTF-8 cannot be asked for, so it is not listed either.
 */
import { constants } from 'node:os';
import {
  asLarderError,
  ERRNO,
  LarderError,
  MAX_SEGMENT_BYTES,
  PageMissing,
} from '../../common/index.ts';
import type { MountSource } from '../../sdk/index.ts';
import { ROOT_NODE } from '../abi.ts';
import { heldStatus, SOURCE_XATTRS } from '../operations.ts';
import type { NodeAttributes, VersionFiles } from '../operations.ts';
import type { Answer, NativeOperations, NativeStat } from './library.ts';

const { errno } = constants;
const FILE_TYPE = { file: 0o100000, directory: 0o040000, symlink: 0o120000 } as const;
const STAT_UNIT_BYTES = 512;
const BLOCK_BYTES = 1 << 20;

export interface PathFilesOptions {
  readonly files: VersionFiles;
  readonly source: MountSource;
  /** Told of each failure that is not a plain answer. */
  onError(error: LarderError, what: string): void;
}

const PLAIN: ReadonlySet<string> = new Set(['NOT_FOUND', 'NOT_A_DIRECTORY', 'IS_A_DIRECTORY']);

export class PathFiles implements NativeOperations {
  readonly #options: PathFilesOptions;
  readonly #signal = new AbortController().signal;

  constructor(options: PathFilesOptions) {
    this.#options = options;
  }

  getattr(path: string, answer: Answer<NativeStat>): void {
    this.#reply('getattr', answer, async () => [0, await this.#stat(await this.#node(path))]);
  }

  fgetattr(_path: string, node: number, answer: Answer<NativeStat>): void {
    this.#reply('getattr', answer, async () => [0, await this.#stat(node)]);
  }

  readdir(
    path: string,
    answer: (result: number, names?: string[], stats?: NativeStat[]) => void,
  ): void {
    const task = async (): Promise<{ names: string[]; stats: NativeStat[] }> => {
      const node = await this.#node(path);
      return await this.#withPages(() => this.#list(node));
    };
    task().then(
      ({ names, stats }) => {
        answer(0, names, stats);
      },
      (error: unknown) => {
        answer(this.#errno(error, 'readdir'));
      },
    );
  }

  readlink(path: string, answer: Answer<string>): void {
    this.#reply('readlink', answer, async () => {
      const node = await this.#node(path);
      const target = await this.#withPages(() => this.#options.files.symlinkTarget(node));
      return [0, target.toString('utf8')];
    });
  }

  /** The handle is the node: reads walk no path. */
  open(path: string, _flags: number, answer: Answer<number>): void {
    this.#reply('open', answer, async () => [0, await this.#node(path)]);
  }

  release(_path: string, _node: number, answer: Answer): void {
    answer(0);
  }

  read(
    _path: string,
    node: number,
    into: Buffer,
    lengthBytes: number,
    offsetBytes: number,
    answer: Answer,
  ): void {
    this.#reply('read', answer, async () => {
      const { files, source } = this.#options;
      const range = await this.#withPages(() => files.range(node, offsetBytes, lengthBytes));
      if (range.lengthBytes === 0) return [0];
      const parts = await source.read(
        range.ordinal,
        range.offsetBytes,
        range.lengthBytes,
        this.#signal,
      );
      const gotBytes = parts.reduce((sum, part) => sum + part.length, 0);
      if (gotBytes !== range.lengthBytes) {
        throw new LarderError('INTERNAL', { what: 'short read', ...range, gotBytes });
      }
      let at = 0;
      for (const part of parts) at += part.copy(into, at);
      return [at];
    });
  }

  statfs(_path: string, answer: Parameters<NativeOperations['statfs']>[1]): void {
    const { bytes, entries } = this.#options.files.totals;
    const blocks = Math.ceil(bytes / BLOCK_BYTES);
    answer(0, { bsize: BLOCK_BYTES, frsize: BLOCK_BYTES, blocks, files: entries, namemax: 255 });
  }

  getxattr(path: string, name: string, _position: number, answer: Answer<Buffer>): void {
    this.#reply('getxattr', answer, async () => {
      const node = await this.#node(path);
      const value = await this.#value(node, name);
      return value === undefined ? [-errno.ENODATA] : [0, Buffer.from(value, 'latin1')];
    });
  }

  listxattr(path: string, answer: Answer<string[]>): void {
    this.#reply('listxattr', answer, async () => {
      const node = await this.#node(path);
      return [0, [...(await this.#withPages(() => this.#options.files.xattrNames(node)))]];
    });
  }

  async #value(node: number, name: string): Promise<string | undefined> {
    const { files, source } = this.#options;
    const { kind, sizeBytes } = await this.#withPages(() => ({ ...files.attributes(node) }));
    if (!SOURCE_XATTRS.has(name) || kind !== 'file') {
      return await this.#withPages(() => files.xattr(node, name));
    }
    const heldBytes = await source.heldBytes(node - 1, this.#signal);
    return name.endsWith('.held') ? String(heldBytes) : heldStatus(heldBytes, sizeBytes);
  }

  async #node(path: string): Promise<number> {
    const { files } = this.#options;
    const names = path.split('/').filter((name) => name !== '');
    return await this.#withPages(() => {
      let node = ROOT_NODE;
      for (const name of names.map((text) => Buffer.from(text))) {
        if (name.length > MAX_SEGMENT_BYTES) throw new NameTooLong();
        node = files.lookup(node, name);
        if (node === 0) throw new LarderError('NOT_FOUND', { path });
      }
      return node;
    });
  }

  async #stat(node: number): Promise<NativeStat> {
    return await this.#withPages(() => statOf(this.#options.files.attributes(node)));
  }

  #list(node: number): { names: string[]; stats: NativeStat[] } {
    const names: string[] = [];
    const stats: NativeStat[] = [];
    this.#options.files.list(node, 0, ({ bytes, nameStart, nameEnd, attributes }) => {
      const name = bytes.subarray(nameStart, nameEnd);
      const text = name.toString('utf8');
      if (!Buffer.from(text).equals(name)) return true;
      names.push(text);
      stats.push(statOf(attributes));
      return true;
    });
    return { names, stats };
  }

  /** Runs a look into the manifest until the pages that it needs are here. */
  async #withPages<T>(look: () => T): Promise<T> {
    for (;;) {
      try {
        return look();
      } catch (error) {
        if (!(error instanceof PageMissing)) throw error;
        const { offsetBytes, lengthBytes } = error;
        await this.#options.source.fetchManifest(offsetBytes, lengthBytes, this.#signal);
      }
    }
  }

  #reply<T>(what: string, answer: Answer<T>, task: () => Promise<[number, T?]>): void {
    task().then(
      ([result, value]) => {
        answer(result, value);
      },
      (error: unknown) => {
        answer(this.#errno(error, what));
      },
    );
  }

  #errno(error: unknown, what: string): number {
    if (error instanceof NameTooLong) return -errno.ENAMETOOLONG;
    const known = asLarderError(error);
    if (!PLAIN.has(known.code)) this.#options.onError(known, what);
    return -ERRNO[known.code];
  }
}

/** A plain answer, as the kernel driver gives it. */
class NameTooLong extends Error {}

function statOf(attributes: NodeAttributes): NativeStat {
  const { kind, mode, uid, gid, sizeBytes, node, mtimeS, mtimeNs } = attributes;
  const time = new Date(mtimeS * 1000 + Math.floor(mtimeNs / 1_000_000));
  return {
    mode: FILE_TYPE[kind] | mode,
    uid,
    gid,
    size: sizeBytes,
    nlink: 1,
    ino: node,
    blksize: BLOCK_BYTES,
    // With 0 blocks `tar --sparse` takes a file for a hole and archives no bytes.
    blocks: Math.ceil(sizeBytes / STAT_UNIT_BYTES),
    atime: time,
    mtime: time,
    ctime: time,
  };
}
