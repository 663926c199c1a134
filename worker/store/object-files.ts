/**
 * The files of objects: finds, opens, reads with checks, writes, renames and unlinks them. Knows where
 * each state's file lies, and where a process that was killed may have left it.
 *
 * Always true: bytes that `readChunks` returns matched their checksums; a complete object's file gets
 * its name only after everything else about it is recorded.
 */
import * as fs from 'node:fs';
import { CHUNK_BYTES, LarderError, systemCode } from '../../common/index.ts';
import type { CacheDirectory } from './cache-directory.ts';
import type { DiskReaders } from './disk-readers.ts';
import type { Bytes, DiskWriter, Written } from './disk-writer.ts';
import { FileCache } from './file-cache.ts';
import type { OpenFile } from './file-cache.ts';
import { adviseRandom } from './libc.ts';
import type { StoredObject } from './stored-object.ts';

const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants;

export interface ObjectFilesOptions {
  readonly directory: CacheDirectory;
  readonly disk: DiskWriter;
  /** For opening and reading. */
  readonly readers: DiskReaders;
  /** For what nobody reads through. */
  readonly chores: DiskReaders;
  readonly maxOpenFiles: number;
}

export class ObjectFiles implements Disposable {
  readonly #directory: CacheDirectory;
  readonly #disk: DiskWriter;
  readonly #readers: DiskReaders;
  readonly #chores: DiskReaders;
  readonly #cache: FileCache;

  constructor(options: ObjectFilesOptions) {
    this.#directory = options.directory;
    this.#disk = options.disk;
    this.#readers = options.readers;
    this.#chores = options.chores;
    this.#cache = new FileCache(options.maxOpenFiles);
  }

  /** Makes the working file of a new object. */
  async make(object: StoredObject): Promise<void> {
    const path = this.#growingPath(object);
    const opened = this.#readers.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW);
    const file = await this.#cache.use(object.fileKey, () => opened);
    adviseRandom(file.fd);
    file[Symbol.dispose]();
  }

  /** Takes a complete object's file away, if there is one. */
  async removeComplete(objectId: string): Promise<void> {
    try {
      await this.#chores.unlink(this.#directory.completePath(objectId));
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
    }
  }

  /** Makes the working file of a new object with all of its bytes, and leaves it closed. */
  makeWhole(object: StoredObject, bytes: Bytes): Promise<Written> {
    return this.#disk.create(this.#growingPath(object), bytes);
  }

  /** @throws a system error; ENOENT where the file is nowhere */
  async use(object: StoredObject): Promise<OpenFile> {
    return this.#cache.use(object.fileKey, async () => {
      const growing = !object.record.complete;
      const flags = (growing ? O_RDWR : O_RDONLY) | O_NOFOLLOW;
      const fd = await this.#open(object, flags);
      if (growing) adviseRandom(fd);
      return fd;
    });
  }

  /**
   * Reads adjacent chunks and checks them.
   *
   * @throws {LarderError} `CHECKSUM_MISMATCH`; system errors as they are
   */
  async readChunks(
    object: StoredObject,
    first: number,
    count: number,
    checksumOf: (chunk: number) => number | undefined,
  ): Promise<Buffer[]> {
    const offset = first * CHUNK_BYTES;
    const length = Math.min(count * CHUNK_BYTES, object.record.sizeBytes - offset);
    using file = await this.use(object);
    const { memory, gotBytes, checksums } = await this.#readers.read(file.fd, offset, length);
    const bytes = Buffer.from(memory);
    const chunks: Buffer[] = [];
    for (let at = 0; at < length; at += CHUNK_BYTES) {
      const chunk = bytes.subarray(at, Math.min(length, at + CHUNK_BYTES));
      const number = first + at / CHUNK_BYTES;
      if (at + chunk.length > gotBytes || checksums[chunks.length] !== checksumOf(number)) {
        throw new LarderError('CHECKSUM_MISMATCH', { object: object.objectId, chunk: number });
      }
      chunks.push(chunk);
    }
    return chunks;
  }

  /**
   * Compares adjacent chunks, as the disk has them, with their checksums.
   *
   * @throws as `readChunks` does
   */
  async verify(
    object: StoredObject,
    { first, count }: { readonly first: number; readonly count: number },
    checksumOf: (chunk: number) => number | undefined,
  ): Promise<void> {
    const offset = first * CHUNK_BYTES;
    const length = Math.min(count * CHUNK_BYTES, object.record.sizeBytes - offset);
    const { gotBytes, checksums } = await this.#readStored(object, offset, length);
    checksums.forEach((checksum, i) => {
      const isWhole = gotBytes >= Math.min(length, (i + 1) * CHUNK_BYTES);
      if (isWhole && checksum === checksumOf(first + i)) return;
      throw new LarderError('CHECKSUM_MISMATCH', { object: object.objectId, chunk: first + i });
    });
    if (gotBytes === length) return;
    throw new LarderError('CHECKSUM_MISMATCH', { object: object.objectId, chunk: first });
  }

  /** Gives the file its name in `complete/`, wherever it is now. */
  async rename(object: StoredObject): Promise<void> {
    const source =
      object.state === 'suspect' ? await this.#locate(object) : this.#growingPath(object);
    await this.#moveTo(this.#directory.completePath(object.objectId), source);
    // The next reader opens it anew, without the advice that a growing file has.
    this.#cache.forget(object.fileKey);
  }

  /** Unlinks whatever there is of the object; who has it open reads on. */
  async unlink(object: StoredObject): Promise<void> {
    for (const path of this.#candidates(object)) {
      try {
        const isNamed = path === this.#directory.completePath(object.objectId);
        await this.#chores.unlink(path, { prunes: isNamed });
        break;
      } catch (error) {
        if (systemCode(error) !== 'ENOENT') throw error;
      }
    }
    this.#cache.forget(object.fileKey);
  }

  [Symbol.dispose](): void {
    this.#cache[Symbol.dispose]();
  }

  async #readStored(object: StoredObject, offsetBytes: number, lengthBytes: number) {
    const named = this.#directory.completePath(object.objectId);
    // With its last block it gets its new name, and the record says so when that is done.
    for (const path of this.#candidates(object)) {
      try {
        return await this.#chores.readStored(path, offsetBytes, lengthBytes);
      } catch (error) {
        if (systemCode(error) !== 'ENOENT') throw error;
      }
    }
    return await this.#chores.readStored(named, offsetBytes, lengthBytes);
  }

  async #open(object: StoredObject, flags: number): Promise<number> {
    try {
      return await this.#readers.open(this.#candidates(object)[0] ?? '', flags);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
    }
    // With its last block it gets its new name, and the record says so when that is done.
    if (!object.record.complete) {
      return await this.#readers.open(this.#directory.completePath(object.objectId), flags);
    }
    let path = await this.#locate(object);
    if (object.state === 'complete') {
      // A process was killed after it had recorded the object, and before the rename.
      const target = this.#directory.completePath(object.objectId);
      await this.#moveTo(target, path);
      path = target;
    }
    return this.#readers.open(path, flags);
  }

  async #moveTo(target: string, source: string): Promise<void> {
    if (source !== target) await this.#disk.move(source, target);
  }

  /** The first place where the file is; the expected one when it is nowhere. */
  async #locate(object: StoredObject): Promise<string> {
    const places = this.#candidates(object);
    for (const path of places) if (await this.#readers.exists(path)) return path;
    return places[0] ?? '';
  }

  /** The expected place first. */
  #candidates(object: StoredObject): string[] {
    const growing = this.#growingPath(object);
    if (!object.record.complete) return [growing];
    const complete = this.#directory.completePath(object.objectId);
    if (object.state === 'complete') return [complete, growing];
    const suspect = this.#directory.suspectPath(object.objectId, object.record.generation + 1);
    return [suspect, complete, growing];
  }

  #growingPath(object: StoredObject): string {
    return this.#directory.growingPath(object.objectId, object.record.incarnation);
  }
}

/** What kept bytes from being read. */
export function fileProblem(error: unknown): 'damaged' | 'lost' | 'unreadable' {
  if (error instanceof LarderError) return 'damaged';
  return systemCode(error) === 'ENOENT' ? 'lost' : 'unreadable';
}
