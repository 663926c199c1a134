/**
 * A directory as an origin.
 *
 * Always true:
 *   - a read stays beneath the root: each part of the key is opened by its name in its open parent,
 *     without following a symlink. That costs one call more per level than `openat2`, which Node
 *     cannot make without a foreign-function call and which older container profiles forbid;
 *   - what is read is the listed file: device, inode, size, mtime and ctime are compared on the open
 *     file before and after, so bytes of a file that changed meanwhile end in `ORIGIN_CHANGED`.
 */
import assert from 'node:assert';
import { LarderError, printableKey } from '../../common/index.ts';
import { orAborted } from './abort.ts';
import { directoryFailure, readFailure } from './directory-failures.ts';
import { walkDirectory } from './directory-walk.ts';
import { closeFd, openPath, OPEN_FILE, OPEN_STEP, readInto, statFd } from './file-calls.ts';
import { difference } from './file-identity.ts';
import type { ByteSink, ListingBatch, Origin, OriginCounters, OriginRead } from './origin.ts';

/** Large enough that a call's cost does not show, small enough that first bytes come early. */
const PIECE_BYTES = 1_048_576;

export class DirectoryOrigin implements Origin {
  readonly counters: OriginCounters = { gets: 0, bytes: 0, refusals: 0 };
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  list(signal: AbortSignal): AsyncIterable<ListingBatch> {
    return walkDirectory(this.#root, signal);
  }

  async read(request: OriginRead, sink: ByteSink): Promise<void> {
    const { object, offsetBytes, lengthBytes, signal } = request;
    assert(lengthBytes > 0 && offsetBytes >= 0, 'a read is of at least one byte');
    assert(offsetBytes + lengthBytes <= object.sizeBytes, 'a read lies within its object');
    this.counters.gets += 1;
    // A disk that hangs holds its thread, not the reader.
    await orAborted(this.#read(request, sink), signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #read(request: OriginRead, sink: ByteSink): Promise<void> {
    const { object, signal } = request;
    const fd = await this.#open(object.key);
    try {
      await this.#checkSame(fd, request);
      let at = request.offsetBytes;
      const end = at + request.lengthBytes;
      while (at < end) {
        const bytes = await this.#piece(fd, at, end, object.key);
        signal.throwIfAborted();
        this.counters.bytes += bytes.length;
        at += bytes.length;
        const taken = sink(bytes);
        if (taken !== undefined) await taken;
        signal.throwIfAborted();
      }
      await this.#checkSame(fd, request);
    } finally {
      await closeFd(fd);
    }
  }

  async #open(key: Buffer): Promise<number> {
    const segments = segmentsOf(key);
    const last = segments.pop() ?? Buffer.alloc(0);
    let parent: number | undefined;
    try {
      for (const segment of segments) {
        const next = await openPath(this.#pathIn(parent, segment), OPEN_STEP);
        if (parent !== undefined) await closeFd(parent);
        parent = next;
      }
      return await openPath(this.#pathIn(parent, last), OPEN_FILE);
    } catch (error) {
      throw await readFailure(error, this.#root, key);
    } finally {
      if (parent !== undefined) await closeFd(parent);
    }
  }

  #pathIn(parent: number | undefined, name: Buffer): Buffer {
    const directory = parent === undefined ? this.#root : `/proc/self/fd/${String(parent)}`;
    return Buffer.concat([Buffer.from(`${directory}/`), name]);
  }

  async #checkSame(fd: number, { object }: OriginRead): Promise<void> {
    const differs = difference(await statFd(fd), object);
    if (differs === undefined) return;
    throw new LarderError('ORIGIN_CHANGED', {
      directory: this.#root,
      key: printableKey(object.key),
      differs,
    });
  }

  async #piece(fd: number, at: number, end: number, key: Buffer): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(Math.min(PIECE_BYTES, end - at));
    try {
      const count = await readInto(fd, bytes, at);
      if (count > 0) return bytes.subarray(0, count);
    } catch (error) {
      throw directoryFailure(error, this.#root, key);
    }
    throw new LarderError('ORIGIN_CHANGED', {
      directory: this.#root,
      key: printableKey(key),
      differs: 'size',
    });
  }
}

/** @throws {LarderError} `INVALID_ARGUMENT` for a key that no walk of a directory gives */
function segmentsOf(key: Buffer): Buffer[] {
  const segments: Buffer[] = [];
  for (let start = 0; start <= key.length;) {
    const slash = key.indexOf('/', start);
    const end = slash === -1 ? key.length : slash;
    const segment = key.subarray(start, end);
    const dots = segment.length <= 2 && segment.every((byte) => byte === 0x2e);
    if (dots || segment.includes(0)) {
      throw new LarderError('INVALID_ARGUMENT', { key: printableKey(key) });
    }
    segments.push(segment);
    start = end + 1;
  }
  return segments;
}
