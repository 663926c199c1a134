/**
 * Manifest files on disk: a sink that publishes a whole file or none, and a source that reads one
 * which may still be filling up.
 *
 * Always true: a file at `path` is complete and on disk; what is being written is at `path.tmp`.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { dirname } from 'node:path';
import { LarderError } from '../../common/index.ts';
import type { ManifestSink, PageSource } from '../../common/index.ts';

export interface PublishedManifest {
  readonly fileBytes: number;
  readonly sha256: Buffer;
}

export class FileManifestSink implements ManifestSink, Disposable {
  readonly #path: string;
  readonly #temporaryPath: string;
  readonly #hash = createHash('sha256');
  #fd: number | undefined;
  #fileBytes = 0;

  /** @throws {LarderError} `CACHE_IO`, here as in the methods */
  constructor(path: string) {
    this.#path = path;
    this.#temporaryPath = `${path}.tmp`;
    this.#fd = this.#try(() => fs.openSync(this.#temporaryPath, 'w'));
  }

  append(bytes: Buffer): void {
    const fd = this.#open();
    this.#hash.update(bytes);
    this.#try(() => {
      for (let done = 0; done < bytes.length;) done += fs.writeSync(fd, bytes, done);
    });
    this.#fileBytes += bytes.length;
  }

  /** Makes the file durable and gives it its name. */
  publish(): PublishedManifest {
    const fd = this.#open();
    this.#try(() => {
      fs.fsyncSync(fd);
    });
    this.#close();
    this.#try(() => {
      fs.renameSync(this.#temporaryPath, this.#path);
      syncDirectory(dirname(this.#path));
    });
    return { fileBytes: this.#fileBytes, sha256: this.#hash.digest() };
  }

  /** Throws away what was written. Does nothing after `publish`. */
  abort(): void {
    if (this.#fd === undefined) return;
    this.#close();
    fs.rmSync(this.#temporaryPath, { force: true });
  }

  [Symbol.dispose](): void {
    this.abort();
  }

  #open(): number {
    if (this.#fd === undefined)
      throw new LarderError('CACHE_IO', { path: this.#path, why: 'closed' });
    return this.#fd;
  }

  #close(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) fs.closeSync(fd);
  }

  #try<T>(action: () => T): T {
    return attempt(this.#temporaryPath, action);
  }
}

/** Reads with `pread`, so several threads and mounts may share the file. Holes read as zeros. */
export class FilePageSource implements PageSource, Disposable {
  readonly name: string;
  readonly sizeBytes: number;
  #fd: number | undefined;

  /**
   * @param sizeBytes of the whole manifest; default: what the file has now
   * @throws {LarderError} `CACHE_IO`, here as in `read`
   */
  constructor(path: string, sizeBytes?: number) {
    this.name = path;
    const fd = attempt(path, () => fs.openSync(path, 'r'));
    this.#fd = fd;
    this.sizeBytes = sizeBytes ?? attempt(path, () => fs.fstatSync(fd).size);
  }

  read(offsetBytes: number, lengthBytes: number): Buffer {
    const fd = this.#fd;
    if (fd === undefined) throw new LarderError('CACHE_IO', { path: this.name, why: 'closed' });
    const bytes = Buffer.allocUnsafeSlow(lengthBytes);
    let done = 0;
    while (done < lengthBytes) {
      const at = offsetBytes + done;
      const got = attempt(this.name, () => fs.readSync(fd, bytes, done, lengthBytes - done, at));
      if (got === 0) break;
      done += got;
    }
    return bytes.subarray(0, done);
  }

  close(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) fs.closeSync(fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function syncDirectory(path: string): void {
  const fd = fs.openSync(path, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new LarderError('CACHE_IO', { path, why }, { cause });
  }
}
