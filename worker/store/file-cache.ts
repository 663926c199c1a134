/**
 * Open files, so that a read is not three system calls. Bounded: idle ones are closed, the longest idle
 * first; those in use are never closed.
 *
 * Always true: a key names one incarnation of an object, so a cached fd can never be of another file;
 * `forget` closes it as soon as nobody uses it, and the space of an unlinked file comes back.
 */
import * as fs from 'node:fs';
import { systemCode } from '../../common/index.ts';

export interface OpenFile extends Disposable {
  readonly fd: number;
}

interface Entry {
  readonly opened: Promise<number>;
  fd: number;
  users: number;
  forgotten: boolean;
}

export class FileCache implements Disposable {
  readonly #maxOpen: number;
  readonly #entries = new Map<string, Entry>();

  constructor(maxOpen: number) {
    this.#maxOpen = maxOpen;
  }

  /** The file under `key`, opened by `openFd` if it is not open yet. Dispose of it after use. */
  async use(key: string, openFd: () => Promise<number>): Promise<OpenFile> {
    const found = this.#entries.get(key);
    const entry = found ?? { opened: this.#open(openFd), fd: -1, users: 0, forgotten: false };
    entry.users += 1;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    try {
      entry.fd = await entry.opened;
    } catch (error) {
      entry.users -= 1;
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
      throw error;
    }
    this.#closeIdle();
    let inUse = true;
    return {
      fd: entry.fd,
      [Symbol.dispose]: () => {
        if (!inUse) return;
        inUse = false;
        entry.users -= 1;
        if (entry.users === 0 && entry.forgotten) void close(entry.fd);
      },
    };
  }

  forget(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    entry.forgotten = true;
    if (entry.users === 0) void close(entry.fd);
  }

  [Symbol.dispose](): void {
    for (const key of [...this.#entries.keys()]) this.forget(key);
  }

  /** Where the process has no file descriptor left, those that are idle are given up for it. */
  async #open(openFd: () => Promise<number>): Promise<number> {
    try {
      return await openFd();
    } catch (error) {
      if (!isOutOfFiles(error)) throw error;
      const idle = [...this.#entries].filter(([, { users }]) => users === 0);
      for (const [key] of idle) this.#entries.delete(key);
      await Promise.all(idle.map(([, { fd }]) => close(fd)));
      return await openFd();
    }
  }

  #closeIdle(): void {
    if (this.#entries.size <= this.#maxOpen) return;
    for (const [key, entry] of this.#entries) {
      if (entry.users > 0) continue;
      this.forget(key);
      if (this.#entries.size <= this.#maxOpen) return;
    }
  }
}

function close(fd: number): Promise<void> {
  return new Promise((resolve) => {
    if (fd < 0) resolve();
    else
      fs.close(fd, () => {
        resolve();
      });
  });
}

/** Says nothing about the file: this process, or the machine, has too many open. */
export function isOutOfFiles(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'EMFILE' || code === 'ENFILE' || code === 'ERR_WORKER_INIT_FAILED';
}
