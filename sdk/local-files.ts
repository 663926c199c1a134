/**
 * Files of the worker on this node that the worker said have a range: opened by their names, read
 * asynchronously, a few kept open.
 *
 * Always true:
 *   - the file is the one that the worker meant: a working name has an incarnation, which is never used
 *     twice, and a file that was opened keeps its bytes also after it was evicted;
 *   - all of a range is read, or none: whatever is wrong with a file, the caller asks the worker for bytes;
 *   - an fd is closed only when no read uses it.
 */
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { completePath, GROWING_DIRECTORY, growingName, systemCode } from '../common/index.ts';
import type { HeldAt } from '../rpc/frames/index.ts';

interface OpenFile {
  readonly handle: FileHandle;
  readonly objectId: string;
  users: number;
  closing: boolean;
}

export interface LocalRange {
  readonly objectId: string;
  readonly sizeBytes: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** Each holds the space of a file that was evicted meanwhile. */
const MAX_OPEN = 32;

export class LocalFiles implements AsyncDisposable {
  readonly #completeDirectory: string;
  readonly #growingDirectory: string;
  /** By object and incarnation, the longest unused first. */
  readonly #open = new Map<string, Promise<OpenFile | undefined>>();

  /** @param completeDirectory where complete objects lie; working files lie beside it */
  constructor(completeDirectory: string) {
    this.#completeDirectory = completeDirectory;
    this.#growingDirectory = path.join(path.dirname(completeDirectory), GROWING_DIRECTORY);
  }

  /** @returns false where the range cannot be had from the file */
  async read(at: HeldAt, range: LocalRange, into: Buffer): Promise<boolean> {
    const file = await this.#use(at, range);
    if (file === undefined) return false;
    file.users += 1;
    try {
      let done = 0;
      while (done < range.lengthBytes) {
        const position = range.offsetBytes + done;
        const { bytesRead } = await file.handle.read(
          into,
          done,
          range.lengthBytes - done,
          position,
        );
        if (bytesRead === 0) return false;
        done += bytesRead;
      }
      return true;
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      return false;
    } finally {
      file.users -= 1;
      await closeUnused(file);
    }
  }

  /** Closes the fds of an object that was evicted. */
  letGo(objectId: string): void {
    for (const key of [...this.#open.keys()]) if (key.startsWith(objectId)) this.#drop(key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const key of [...this.#open.keys()]) this.#drop(key);
    return Promise.resolve();
  }

  async #use(at: HeldAt, range: LocalRange): Promise<OpenFile | undefined> {
    const key = `${range.objectId}.${String(at.incarnation)}`;
    let opening = this.#open.get(key);
    if (opening === undefined) opening = this.#openFile(at, range);
    else this.#open.delete(key);
    this.#open.set(key, opening);
    const [oldest] = this.#open.keys();
    if (this.#open.size > MAX_OPEN && oldest !== undefined) this.#drop(oldest);
    const file = await opening;
    if (file === undefined || file.closing) this.#open.delete(key);
    return file?.closing === true ? undefined : file;
  }

  /** Under its working name, or whole in the meantime. */
  async #openFile(at: HeldAt, { objectId, sizeBytes }: LocalRange): Promise<OpenFile | undefined> {
    const whole = completePath(this.#completeDirectory, objectId);
    const working = path.join(this.#growingDirectory, growingName(objectId, at.incarnation));
    const handle =
      (at.incarnation === 0 ? undefined : await tryOpen(working)) ?? (await tryOpen(whole));
    if (handle === undefined) return undefined;
    if (at.incarnation !== 0) await adviseRandom(handle.fd);
    else if ((await handle.stat()).size !== sizeBytes) {
      await handle.close();
      return undefined;
    }
    return { handle, objectId, users: 0, closing: false };
  }

  #drop(key: string): void {
    const opening = this.#open.get(key);
    this.#open.delete(key);
    void opening?.then((file) => {
      if (file === undefined) return;
      file.closing = true;
      return closeUnused(file);
    });
  }
}

/** No read-ahead: over the holes of a growing file the kernel would cache pages of zeros. */
async function adviseRandom(fd: number): Promise<void> {
  fadvise ??= await loadFadvise();
  fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
}

type Fadvise = (fd: number, offset: number, length: number, advice: number) => number;
const POSIX_FADV_RANDOM = 1;
let fadvise: Fadvise | undefined;

/** Only who reads growing files pays for loading it. */
async function loadFadvise(): Promise<Fadvise> {
  const { default: koffi } = await import('koffi');
  const prototype = 'int posix_fadvise(int fd, int64_t offset, int64_t length, int advice)';
  return koffi.load('libc.so.6').func(prototype) as Fadvise;
}

async function closeUnused(file: OpenFile): Promise<void> {
  if (!file.closing || file.users > 0) return;
  // Once: whoever comes later finds it in use for ever.
  file.users = Number.POSITIVE_INFINITY;
  await file.handle.close().catch(() => undefined);
}

async function tryOpen(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, 'r');
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}
