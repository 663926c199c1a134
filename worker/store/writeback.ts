/**
 * Sends what was written towards the disk, oldest first, once more of it is waiting than is left to
 * the kernel's own pace; optionally takes it out of the page cache too, so that filling the cache does
 * not push out the pages of the job.
 *
 * Without a bound a node with much memory gathers a tenth of it in dirty pages and then writes them all at
 * once. Without any slack every read of the origin pays for the disk at once: 1 GiB cold at 0.56 GB/s, and
 * at 0.60 with the slack (medians of 4, 2 cores; the file system's part of the CPU is the same, but later).
 *
 * Advice only: a failure changes nothing, and nobody waits for it.
 */
import { MIB } from '../../common/index.ts';
import type { DiskReaders } from './disk-readers.ts';
import type { OpenFile } from './file-cache.ts';

/** Bytes that the kernel may write when it likes. */
const SLACK_BYTES = 1024 * MIB;
/** One call costs 34 µs on a thread, and half a millisecond here. */
const BATCH_BYTES = 32 * MIB;

interface Range {
  readonly from: number;
  readonly to: number;
}

/** Blocks arrive in any order: `from` … `to` is around them, `bytes` is their sum. */
interface Batch {
  from: number;
  to: number;
  bytes: number;
  readonly use: () => Promise<OpenFile>;
}

export class Writeback {
  readonly #chores: DiskReaders;
  readonly #drop: boolean;
  readonly #slackBytes: number;
  /** By file; the longest waiting first. */
  readonly #waiting = new Map<string, Batch[]>();
  readonly #running = new Set<Promise<void>>();
  #waitingBytes = 0;

  constructor(chores: DiskReaders, dropFromPageCache: boolean) {
    this.#chores = chores;
    this.#drop = dropFromPageCache;
    this.#slackBytes = dropFromPageCache ? 0 : SLACK_BYTES;
  }

  /** @param use its result goes over to the call where one is started */
  written(key: string, range: Range, use: Batch['use']): void {
    const batches = this.#waiting.get(key) ?? [];
    this.#waiting.set(key, batches);
    const bytes = range.to - range.from;
    const last = batches.at(-1);
    if (last === undefined || last.bytes >= BATCH_BYTES) batches.push({ ...range, bytes, use });
    else {
      last.from = Math.min(last.from, range.from);
      last.to = Math.max(last.to, range.to);
      last.bytes += bytes;
    }
    this.#waitingBytes += bytes;
    while (this.#waitingBytes >= this.#slackBytes + BATCH_BYTES) this.#startOldest();
  }

  /** The file is whole or gone: the rest of it is the kernel's. */
  finished(key: string): void {
    for (const { bytes } of this.#waiting.get(key) ?? []) this.#waitingBytes -= bytes;
    this.#waiting.delete(key);
  }

  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }

  #startOldest(): void {
    for (const [key, batches] of this.#waiting) {
      const batch = batches.shift();
      if (batches.length === 0) this.#waiting.delete(key);
      if (batch === undefined) continue;
      this.#waitingBytes -= batch.bytes;
      const task = this.#advise(batch)
        .catch(() => undefined)
        .finally(() => this.#running.delete(task));
      this.#running.add(task);
      return;
    }
  }

  async #advise({ from, to, use }: Batch): Promise<void> {
    using file = await use();
    await this.#chores.sync(file.fd, { fromBytes: from, lengthBytes: to - from }, this.#drop);
  }
}
