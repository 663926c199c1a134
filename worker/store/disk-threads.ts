/** The threads of one cache directory, and the watch over them: a disk that hangs holds these and no others. */
import type { Clock } from '../../common/index.ts';
import { DiskReaders } from './disk-readers.ts';
import { DiskWatch } from './disk-watch.ts';
import type { Lane } from './disk-watch.ts';
import { DiskWriter } from './disk-writer.ts';

/**
 * Reads of one disk at a time. A thread costs 12.5 MiB: with 4 of them (and 2 for chores) a worker whose memory is
 * all in use had 411 MiB of its own, of 512 MiB.
 */
const READERS = 2;
/** Unlinks, write-back: nobody waits for them. */
const CHORES = 1;

export interface DiskThreadsOptions {
  readonly clock: Clock;
  readonly hungAfterMs: number;
  readonly onHung: (lane: Lane) => void;
}

export class DiskThreads implements AsyncDisposable {
  readonly watch: DiskWatch;
  readonly writer: DiskWriter;
  /** For opening and reading. */
  readonly readers: DiskReaders;
  /** For what no reader waits for. */
  readonly chores: DiskReaders;

  constructor(options: DiskThreadsOptions) {
    this.watch = new DiskWatch(options);
    this.writer = new DiskWriter(this.watch);
    this.readers = new DiskReaders(this.watch, 'read', READERS);
    this.chores = new DiskReaders(this.watch, 'chore', CHORES);
  }

  /** Resolves when the last call has come back: of a disk that hangs perhaps never. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([
      this.writer[Symbol.asyncDispose](),
      this.readers[Symbol.asyncDispose](),
      this.chores[Symbol.asyncDispose](),
    ]);
  }
}
