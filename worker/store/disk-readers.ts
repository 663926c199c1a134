/**
 * What is asked of one cache directory besides writing, on threads of its own: a disk that hangs holds these
 * and nothing else. (Node's own four threads would be held by four reads, and every disk with them.)
 *
 * Always true: each job settles, also when the disk is given up; at most `threads` jobs are under way. A
 * thread is started when all others are busy, because each costs some MiB.
 */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { CHUNK_BYTES, LarderError } from '../../common/index.ts';
import type { DiskWatch, Lane } from './disk-watch.ts';

/** What a thread is told to do. */
export type ReadJob =
  | { readonly kind: 'open'; readonly path: string; readonly flags: number }
  | {
      readonly kind: 'read';
      readonly fd: number;
      readonly offsetBytes: number;
      readonly lengthBytes: number;
    }
  /** Past the page cache, and only the checksums come back. */
  | {
      readonly kind: 'read-stored';
      readonly path: string;
      readonly offsetBytes: number;
      readonly lengthBytes: number;
    }
  /** `prunes`: with the two directories above it where they are empty then. */
  | { readonly kind: 'unlink'; readonly path: string; readonly prunes: boolean }
  | { readonly kind: 'exists'; readonly path: string }
  /** Makes room after the end of a file, without making it longer. */
  | { readonly kind: 'reserve'; readonly path: string; readonly lengthBytes: number }
  | {
      readonly kind: 'sync';
      readonly fd: number;
      readonly fromBytes: number;
      readonly lengthBytes: number;
      /** Waits, and takes it out of the page cache. */
      readonly drop: boolean;
    }
  /** Brings the file system to disk. */
  | { readonly kind: 'sync-all'; readonly fd: number }
  /** Reads a file into the page cache. */
  | { readonly kind: 'warm'; readonly path: string; readonly lengthBytes: number }
  /** Looks at the directory, and where it is there writes and reads a file, past the page cache. */
  | { readonly kind: 'probe'; readonly path: string; readonly isDurable: boolean };

export interface ReadResult {
  /** An fd; bytes read; 1 or 0. */
  readonly value: number;
  readonly memory?: ArrayBuffer;
  /** CRC32 of each chunk. */
  readonly checksums?: readonly number[];
  readonly failure?: { readonly message: string; readonly code: string | undefined };
}

/** What was read, and the CRC32 of each chunk of it. */
export interface ReadChecksums {
  /** Fewer than asked for at the end of the file. */
  readonly gotBytes: number;
  readonly checksums: readonly number[];
}

export interface ReadBytes extends ReadChecksums {
  readonly memory: ArrayBuffer;
}

interface Pending {
  readonly job: ReadJob;
  readonly resolve: (result: ReadResult) => void;
  readonly reject: (error: Error) => void;
  start: () => void;
}

interface Thread {
  readonly worker: Worker;
  current: Pending | undefined;
  /** It has begun. */
  online: boolean;
}

const nothing = (): void => undefined;

export class DiskReaders implements AsyncDisposable {
  readonly #watch: DiskWatch;
  readonly #lane: Lane;
  #maxThreads: number;
  readonly #threads = new Set<Thread>();
  readonly #queue: Pending[] = [];
  #closed = false;

  constructor(watch: DiskWatch, lane: Lane, maxThreads: number) {
    this.#watch = watch;
    this.#lane = lane;
    this.#maxThreads = maxThreads;
    // The first is there when the process has no file descriptor left for another.
    this.#start();
  }

  /** Whether there is more to do than nothing. */
  get isBusy(): boolean {
    return [...this.#threads].some(({ current }) => current !== undefined);
  }

  /** @throws a system error */
  async open(path: string, flags: number): Promise<number> {
    return (await this.#do({ kind: 'open', path, flags })).value;
  }

  /** @param offsetBytes where a chunk of the object begins */
  async read(fd: number, offsetBytes: number, lengthBytes: number): Promise<ReadBytes> {
    const result = await this.#do({ kind: 'read', fd, offsetBytes, lengthBytes });
    const { value, memory = new ArrayBuffer(0), checksums = [] } = result;
    return { memory, gotBytes: value, checksums };
  }

  /**
   * Reads of a file what the disk has.
   *
   * @param offsetBytes where a chunk of the object begins
   * @throws a system error
   */
  async readStored(path: string, offsetBytes: number, lengthBytes: number): Promise<ReadChecksums> {
    const result = await this.#do({ kind: 'read-stored', path, offsetBytes, lengthBytes });
    return { gotBytes: result.value, checksums: result.checksums ?? [] };
  }

  /** @throws a system error */
  async unlink(path: string, { prunes = false } = {}): Promise<void> {
    await this.#do({ kind: 'unlink', path, prunes });
  }

  async exists(path: string): Promise<boolean> {
    return (await this.#do({ kind: 'exists', path })).value === 1;
  }

  /** False where there is no room. */
  async reserve(path: string, lengthBytes: number): Promise<boolean> {
    return (await this.#do({ kind: 'reserve', path, lengthBytes })).value === 1;
  }

  async sync(fd: number, range: { fromBytes: number; lengthBytes: number }, drop: boolean) {
    await this.#do({ kind: 'sync', fd, ...range, drop });
  }

  /** False where that failed. */
  async syncAll(fd: number): Promise<boolean> {
    return (await this.#do({ kind: 'sync-all', fd })).value === 1;
  }

  /** At most so much of it. */
  async warm(path: string, lengthBytes: number): Promise<void> {
    await this.#do({ kind: 'warm', path, lengthBytes });
  }

  /**
   * @param isDurable whether the file system commits it: that may take as long as all else that it has to write
   * @returns false where there is no such directory
   * @throws a system error: the disk cannot be used
   */
  async probe(path: string, isDurable: boolean): Promise<boolean> {
    return (await this.#do({ kind: 'probe', path, isDurable })).value === 1;
  }

  /** A thread that hangs ends when its call does. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    const ended = [...this.#threads].map(
      ({ worker }) => new Promise((resolve) => worker.once('exit', resolve)),
    );
    // Told, not killed: a thread that is killed in the middle of a library's call takes the process with it.
    for (const { worker } of this.#threads) worker.postMessage(undefined);
    await Promise.all(ended);
  }

  async #do(job: ReadJob): Promise<ReadResult> {
    const pending: Pending = { job, resolve: nothing, reject: nothing, start: nothing };
    const done = new Promise<ReadResult>((resolve, reject) => {
      Object.assign(pending, { resolve, reject });
    });
    const watched = this.#watch.enter(this.#lane, done);
    pending.start = () => {
      watched.start();
    };
    this.#queue.push(pending);
    this.#next();
    const settled = await watched.result;
    const { failure } = settled;
    if (failure === undefined) return settled;
    throw Object.assign(new Error(failure.message), { code: failure.code });
  }

  #next(): void {
    while (this.#queue.length > 0) {
      const thread = this.#idle();
      if (thread === undefined) return;
      const pending = this.#queue.shift();
      if (pending === undefined) return;
      thread.current = pending;
      pending.start();
      thread.worker.postMessage(pending.job);
    }
  }

  #idle(): Thread | undefined {
    for (const thread of this.#threads) if (thread.current === undefined) return thread;
    return this.#threads.size < this.#maxThreads && !this.#closed ? this.#start() : undefined;
  }

  #start(): Thread {
    // `.ts` from the sources, `.js` as built.
    const entry = new URL(`./disk-reader-thread${extname(import.meta.url)}`, import.meta.url);
    // The files that it opens are closed by who asked for them, and not by Node when the thread ends.
    const worker = new Worker(entry, { workerData: CHUNK_BYTES, trackUnmanagedFds: false });
    worker.unref();
    const thread: Thread = { worker, current: undefined, online: false };
    this.#threads.add(thread);
    worker.on('online', () => {
      thread.online = true;
    });
    worker.on('message', (result: ReadResult) => {
      const { current } = thread;
      thread.current = undefined;
      this.#next();
      current?.resolve(result);
    });
    const ended = (error: Error): void => {
      this.#threads.delete(thread);
      const { current } = thread;
      thread.current = undefined;
      if (!thread.online && this.#threads.size > 0 && current !== undefined) {
        // There is no room for another thread: those that are there do it.
        this.#maxThreads = this.#threads.size;
        this.#queue.unshift(current);
        return;
      }
      current?.reject(error);
      if (this.#closed) for (const { reject } of this.#queue.splice(0)) reject(error);
      else this.#next();
    };
    worker.on('error', (error: unknown) => {
      ended(error instanceof Error ? error : new Error(String(error)));
    });
    worker.on('exit', () => {
      ended(new LarderError('CANCELLED', { what: 'a disk reader has ended' }));
    });
    return thread;
  }
}
