/**
 * Reads what lies on a disk, round and round, and compares it with its checksums: damage of what nobody reads is
 * found while others still have the right bytes.
 *
 * Always true:
 *   - it sees what the disk has, not the page cache, and takes nothing of the page cache (where the file system can);
 *   - one piece at a time, no more of them than the rate says; readers go first;
 *   - an object in which it finds damage goes as if a reader had found it.
 *
 * Leaves to others: objects of before an unclean stop (`sweep.ts` has them checked).
 */
import { CHUNK_BYTES } from '../../common/index.ts';
import type { Clock } from '../../common/index.ts';
import type { DiskHealth } from './disk-health.ts';
import type { DiskThreads } from './disk-threads.ts';
import type { ObjectFiles } from './object-files.ts';
import { isOutOfFiles } from './file-cache.ts';
import type { ObjectIndex } from './object-index.ts';
import type { RecordStore, ScrubPlace } from './record-store.ts';
import type { StoredObject } from './stored-object.ts';

export interface ScrubOptions {
  readonly index: ObjectIndex;
  readonly records: RecordStore;
  readonly files: Pick<ObjectFiles, 'verify'>;
  readonly threads: Pick<DiskThreads, 'readers'>;
  readonly health: Pick<DiskHealth, 'counters'>;
  /** Drops an object whose bytes cannot be had, and counts it. */
  readonly quarantine: (object: StoredObject, failure: unknown) => unknown;
  readonly bytesPerSecond: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Read at once: 1 MiB. A reader that comes meanwhile waits for less than 1 ms. */
const PIECE_CHUNKS = 4;
/** An object counts for so much at least: ten million small files are not opened as fast as they can be. */
const LEAST_COST_BYTES = 64 * 1024;
/** Slept for at once, so that small objects do not set a timer each. */
const PAUSE_BYTES = PIECE_CHUNKS * CHUNK_BYTES;
/** Objects looked up at once. */
const SLICE = 64;
/** While readers have the disk; not for ever, because they may have it all day. */
const YIELD_MS = 50;
const MAX_YIELDS = 20;
/** A small cache is not read again and again: damage is not that frequent. */
const LEAST_ROUND_MS = 3_600_000;
/** A commit of the records costs an fsync: one a minute at the default rate. */
const SAVE_BYTES = 1024 ** 3;

export class Scrub {
  readonly #options: ScrubOptions;
  #place: ScrubPlace | undefined;
  #unsavedBytes = 0;
  #unpaidBytes = 0;

  constructor(options: ScrubOptions) {
    this.#options = options;
    this.#place = options.records.scrubPlace();
  }

  /** Resolves when the signal is aborted. */
  async run(): Promise<void> {
    const { clock, signal, bytesPerSecond } = this.#options;
    if (bytesPerSecond === 0) return;
    while (!signal.aborted) {
      const startMs = clock.monotonicMs();
      await this.#round();
      await this.#sleep(startMs + LEAST_ROUND_MS - clock.monotonicMs());
    }
  }

  /** So that the next process goes on from here. */
  async save(): Promise<void> {
    const { records, bytesPerSecond } = this.#options;
    this.#unsavedBytes = 0;
    if (bytesPerSecond === 0) return;
    // A disk that fails is found out by others; without its place the next round begins at the front.
    if (await records.hasRoom().catch(() => false)) records.putScrubPlace(this.#place);
  }

  async #round(): Promise<void> {
    const { records, signal } = this.#options;
    if (this.#place !== undefined) await this.#object(this.#place);
    for (;;) {
      const slice = records.recordsAfter(this.#place?.objectId, SLICE);
      for (const { objectId } of slice) {
        if (signal.aborted) return;
        await this.#object({ objectId, chunk: 0 });
      }
      if (signal.aborted) return;
      if (slice.length === 0) break;
    }
    this.#place = undefined;
    await this.save();
  }

  async #object(from: ScrubPlace): Promise<void> {
    const { index, signal } = this.#options;
    const { objectId } = from;
    const wasInMemory = index.inMemory(objectId) !== undefined;
    for (let { chunk } = from; ; chunk += PIECE_CHUNKS) {
      this.#place = { objectId, chunk };
      await this.#turn();
      const object = index.find(objectId);
      if (signal.aborted || object === undefined) return;
      const left = Math.ceil(object.record.sizeBytes / CHUNK_BYTES) - chunk;
      if (left <= 0 || object.state === 'suspect') break;
      await this.#piece(object, chunk, Math.min(PIECE_CHUNKS, left));
    }
    const object = index.inMemory(objectId);
    if (object !== undefined && !wasInMemory) index.forget(object);
  }

  async #piece(object: StoredObject, first: number, count: number): Promise<void> {
    const { index, files, health, quarantine, signal } = this.#options;
    let bytes = 0;
    index.hold(object);
    try {
      for (const run of heldRuns(object, first, count)) {
        await files.verify(object, run, (chunk) => index.checksum(object, chunk));
        bytes += Math.min(
          run.count * CHUNK_BYTES,
          object.record.sizeBytes - run.first * CHUNK_BYTES,
        );
      }
    } catch (error) {
      // What comes of letting the disk go says nothing about the object.
      if (!signal.aborted && !isOutOfFiles(error)) quarantine(object, error);
    } finally {
      index.unpin(object);
    }
    health.counters.scrubbedBytes += bytes;
    this.#unsavedBytes += bytes;
    this.#unpaidBytes += Math.max(bytes, LEAST_COST_BYTES);
  }

  /** Resolves when it may read again. */
  async #turn(): Promise<void> {
    if (this.#unsavedBytes >= SAVE_BYTES) await this.save();
    if (this.#unpaidBytes < PAUSE_BYTES) return;
    const { bytesPerSecond, threads } = this.#options;
    const pauseMs = (1000 * this.#unpaidBytes) / bytesPerSecond;
    this.#unpaidBytes = 0;
    await this.#sleep(pauseMs);
    for (let i = 0; i < MAX_YIELDS && threads.readers.isBusy; i += 1) await this.#sleep(YIELD_MS);
  }

  async #sleep(ms: number): Promise<void> {
    const { clock, signal } = this.#options;
    if (!signal.aborted) await clock.sleep(Math.max(0, ms), signal).catch(() => undefined);
  }
}

/** Of chunks whose blocks are held. */
function* heldRuns(
  object: StoredObject,
  first: number,
  count: number,
): Generator<{ readonly first: number; readonly count: number }> {
  const chunksPerBlock = object.record.blockSizeBytes / CHUNK_BYTES;
  let start = first;
  for (let chunk = first; chunk <= first + count; chunk += 1) {
    const isHeld = chunk < first + count && object.has(Math.floor(chunk / chunksPerBlock));
    if (isHeld) continue;
    if (chunk > start) yield { first: start, count: chunk - start };
    start = chunk + 1;
  }
}
