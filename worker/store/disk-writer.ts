/**
 * All writes of object bytes to one cache directory, on a thread of their own: a disk that hangs holds
 * this thread and nothing else, and writes of one file do not contend for its lock.
 *
 * Always true: writes are made in the order in which they were asked for; each settles, also when the
 * thread ends. Nobody can change bytes while they are written, because their memory is the thread's then.
 * The thread makes the checksums too: the bytes are in its core's cache once, for both.
 *
 * `fs.writev` on the pool's threads cost the event loop 80 µs a call (waking a thread; 337 ms for 1 GiB in
 * pieces of 256 KiB), and writers of one file spun on its lock (4 to 5 % of all CPU). A message costs 57 µs.
 */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { CHUNK_BYTES, LarderError } from '../../common/index.ts';

/** The first `lengthBytes` of `memory`: whole chunks, but for the last of an object. */
export interface Bytes {
  readonly memory: ArrayBuffer;
  readonly lengthBytes: number;
  /** In the object; where a chunk begins. */
  readonly offsetBytes: number;
}

export interface WriteJob extends Bytes {
  readonly id: number;
  readonly fd: number;
}

export interface WriteResult {
  readonly id: number;
  readonly memory: ArrayBuffer;
  /** CRC32 of each chunk. */
  readonly checksums: readonly number[];
  readonly failure?: { readonly message: string; readonly code: string | undefined };
}

export interface Written {
  /** It is the caller's again. */
  readonly memory: ArrayBuffer;
  /** CRC32 of each chunk. */
  readonly checksums: readonly number[];
  /** The system error where it failed: some of the bytes may be written. */
  readonly error: Error | undefined;
}

interface Pending {
  readonly resolve: (written: Written) => void;
  readonly reject: (error: Error) => void;
}

export class DiskWriter implements AsyncDisposable {
  readonly #pending = new Map<number, Pending>();
  #thread: Worker | undefined;
  #nextId = 0;

  /**
   * Writes all of the bytes. Their memory goes over to the thread, and comes back with the result.
   *
   * @throws {LarderError} `CANCELLED` where the thread has ended
   */
  write(fd: number, bytes: Bytes): Promise<Written> {
    const thread = (this.#thread ??= this.#start());
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      const job: WriteJob = { ...bytes, id, fd };
      thread.postMessage(job, [job.memory]);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread?.terminate();
  }

  #start(): Worker {
    // `.ts` from the sources, `.js` as built.
    const entry = new URL(`./disk-writer-thread${extname(import.meta.url)}`, import.meta.url);
    const thread = new Worker(entry, { workerData: CHUNK_BYTES });
    thread.unref();
    thread.on('message', ({ id, memory, checksums, failure }: WriteResult) => {
      const error = failure && Object.assign(new Error(failure.message), { code: failure.code });
      this.#pending.get(id)?.resolve({ memory, checksums, error });
      this.#pending.delete(id);
    });
    thread.on('error', (error) => {
      this.#ended(error);
    });
    thread.on('exit', () => {
      this.#ended(new LarderError('CANCELLED', { what: 'the disk writer has ended' }));
    });
    return thread;
  }

  #ended(error: unknown): void {
    this.#thread = undefined;
    const cause = error instanceof Error ? error : new Error(String(error));
    for (const { reject } of this.#pending.values()) reject(cause);
    this.#pending.clear();
  }
}
