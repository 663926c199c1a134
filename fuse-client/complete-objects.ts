/**
 * Reads of complete objects straight from the worker's directory, by one thread.
 *
 * Always true: a file is only served where its size is the manifest's, and a read gives all of its
 * bytes or none; whatever is wrong with a file here, the source is asked instead. An fd stays good
 * after the worker has unlinked the file; `letGo` gives its space back.
 *
 * Measured: 100 KB files opened, read and closed by one process: 4,800/s the first time, 10,800/s
 * from the page cache (the files themselves: 20,000/s).
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { completePath, systemCode } from '../common/index.ts';
import type { DatasetInfo, ManifestReader } from '../common/index.ts';
import type { FileRange } from './operations.ts';
import type { LocalBytes } from './session.ts';

interface OpenObject {
  readonly fd: number;
  readonly objectId: string;
}

export interface CompleteObjectsOptions {
  readonly reader: ManifestReader;
  readonly dataset: DatasetInfo;
  readonly directory: string;
  /** Fds that this thread keeps open. */
  readonly maxOpen: number;
}

export class CompleteObjects implements LocalBytes {
  readonly #options: CompleteObjectsOptions;
  /** By ordinal, the longest unused first. */
  readonly #open = new Map<number, OpenObject>();

  constructor(options: CompleteObjectsOptions) {
    this.#options = options;
  }

  read(range: FileRange, into: Buffer): boolean {
    const { ordinal, offsetBytes, lengthBytes } = range;
    const object = this.#object(ordinal);
    if (object === undefined) return false;
    try {
      let done = 0;
      while (done < lengthBytes) {
        const got = readSync(object.fd, into, done, lengthBytes - done, offsetBytes + done);
        if (got === 0) break;
        done += got;
      }
      if (done === lengthBytes) return true;
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
    }
    this.#close(ordinal, object);
    return false;
  }

  /** Closes the fds of an object that was evicted. */
  letGo(objectId: string): void {
    for (const [ordinal, object] of this.#open) {
      if (object.objectId === objectId) this.#close(ordinal, object);
    }
  }

  #object(ordinal: number): OpenObject | undefined {
    const known = this.#open.get(ordinal);
    if (known !== undefined) {
      this.#open.delete(ordinal);
      this.#open.set(ordinal, known);
      return known;
    }
    const { reader, dataset, directory, maxOpen } = this.#options;
    const { objectId, sizeBytes } = reader.objectRef(ordinal, dataset);
    const fd = openWhole(completePath(directory, objectId), sizeBytes);
    if (fd === undefined) return undefined;
    if (this.#open.size >= maxOpen) this.#closeOldest();
    const object = { fd, objectId };
    this.#open.set(ordinal, object);
    return object;
  }

  #closeOldest(): void {
    for (const [ordinal, object] of this.#open) {
      this.#close(ordinal, object);
      return;
    }
  }

  #close(ordinal: number, object: OpenObject): void {
    this.#open.delete(ordinal);
    closeSync(object.fd);
  }
}

/** Nothing is here: for the event loop, which must not wait for a disk. */
export const NO_LOCAL_BYTES: LocalBytes = { read: () => false };

function openWhole(path: string, sizeBytes: number): number | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
  if (fstatSync(fd).size === sizeBytes) return fd;
  closeSync(fd);
  return undefined;
}
