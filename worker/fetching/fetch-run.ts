/**
 * One origin read of adjacent blocks into the store. Hands the bytes to the readers that wait for them
 * as they come, and to `BlockFiller`, which writes them; each block is held as soon as it is whole.
 *
 *     queued → running → over: done | unkept | failed | cancelled
 *
 * Always true: a run is over only when none of its writes is under way.
 */
import { LarderError, MIB } from '../../common/index.ts';
import type { ObjectRef } from '../../common/index.ts';
import type { Origin } from '../origins/origin.ts';
import type { ObjectStore, StoredObject } from '../store/index.ts';
import { BlockFiller } from './block-filler.ts';
import { PRIORITY } from './fetch-queue.ts';
import type { Priority, Queued } from './fetch-queue.ts';
import type { ByteRange } from './read-pattern.ts';
import { Tap } from './tap.ts';
import type { WriteBuffers } from './write-buffers.ts';

/** `unkept`: there is no room, or the disk failed. Whoever needs the bytes reads them through. */
export type Outcome =
  | { readonly kind: 'done' | 'unkept' | 'cancelled' }
  | { readonly kind: 'failed'; readonly error: unknown };

export interface FetchRunOptions {
  readonly store: ObjectStore;
  readonly stored: StoredObject;
  readonly ref: ObjectRef;
  readonly first: number;
  /** One past the last block. */
  readonly end: number;
  readonly priority: Priority;
  /** Wanted even if no reader waits. */
  readonly forCache: boolean;
  readonly buffers: WriteBuffers;
  readonly origin: () => Promise<Origin>;
  /** Settles when earlier runs of the same object that were cancelled write no more. */
  readonly after: Promise<unknown>;
  readonly onReceived: (bytes: number) => void;
  readonly onBlock: (block: number) => void;
}

/** Waiting for one reader. */
const TAP_BYTES = 4 * MIB;

export class FetchRun implements Queued {
  readonly first: number;
  readonly end: number;
  readonly stored: StoredObject;
  priority: Priority;
  /** Its error is news to a reader only if it was begun for one: another asks the origin itself. */
  readonly begunFor: Priority;
  /** Readers that need a block of it. */
  waiters = 0;
  /** Wanted even if no reader waits. */
  forCache: boolean;
  outcome: Outcome | undefined;
  /** Resolves when it is over. */
  readonly over: Promise<void>;
  readonly #options: FetchRunOptions;
  readonly #filler: BlockFiller;
  readonly #abort = new AbortController();
  readonly #taps = new Set<Tap>();
  readonly #waiting = new Set<Waiter>();
  #resolveOver: () => void = () => undefined;

  constructor(options: FetchRunOptions) {
    const { store, stored, ref, first, end, buffers, onBlock } = options;
    this.#options = options;
    this.first = first;
    this.end = end;
    this.stored = stored;
    this.priority = options.priority;
    this.begunFor = options.priority;
    this.forCache = options.forCache;
    const wake = () => {
      this.#wake();
    };
    this.#filler = new BlockFiller({
      ...{ store, stored, ref, first, end, buffers, onBlock },
      isAwaited: () => this.#waiting.size > 0,
      onWritten: wake,
      onHeld: wake,
      onFailed: () => {
        this.#abort.abort(new LarderError('CACHE_IO'));
      },
    });
    this.over = new Promise((resolve) => {
      this.#resolveOver = resolve;
    });
  }

  /** In the object: all bytes of the run before it are in the file, if not yet held. */
  get writtenBytes(): number {
    return this.#filler.writtenBytes;
  }

  /** CRC32 of a chunk that is in the file, of a block that is not held yet. */
  checksum(chunk: number): number | undefined {
    return this.#filler.checksum(chunk);
  }

  /** Bytes from here on, as they arrive; undefined where they went by already: they are in the file, or soon. */
  tap(range: ByteRange): Tap | undefined {
    const { positionBytes, endBytes } = this.#filler;
    if (this.outcome !== undefined || range.fromBytes < positionBytes) return undefined;
    const toBytes = Math.min(range.toBytes, endBytes);
    const tap = new Tap({ fromBytes: range.fromBytes, toBytes }, TAP_BYTES);
    this.#taps.add(tap);
    return tap;
  }

  /** Resolves when all bytes of the run before `toBytes` are in the file, or the run is over. */
  written(toBytes: number): Promise<void> {
    return this.#until(() => this.writtenBytes >= toBytes);
  }

  /** Stops it; blocks that are whole stay. `over` says when its last write is done. */
  cancel(): void {
    this.#abort.abort(new LarderError('CANCELLED'));
  }

  /** Called by who took it out of the queue before it started. */
  skip(): void {
    this.#finish({ kind: 'cancelled' });
  }

  async start(): Promise<void> {
    const { store } = this.#options;
    const filler = this.#filler;
    const bytes = filler.endBytes - filler.positionBytes;
    let reserved = false;
    let outcome: Outcome;
    try {
      await this.#options.after;
      this.#abort.signal.throwIfAborted();
      reserved = await store.reserve(this.stored, bytes);
      outcome = reserved ? await this.#fetch(bytes) : { kind: 'unkept' };
    } catch (error) {
      outcome = this.#failure(error);
    }
    await filler.settled();
    if (filler.failed && outcome.kind === 'done') outcome = { kind: 'unkept' };
    if (reserved) store.giveBack(this.stored, bytes - filler.heldBytes);
    this.#finish(outcome);
  }

  async #fetch(lengthBytes: number): Promise<Outcome> {
    const { ref } = this.#options;
    const origin = await this.#options.origin();
    const offsetBytes = this.#filler.positionBytes;
    const { signal } = this.#abort;
    await origin.read({ object: ref, offsetBytes, lengthBytes, signal }, (bytes) =>
      this.#take(bytes),
    );
    if (this.#filler.positionBytes !== this.#filler.endBytes) {
      throw new LarderError('ORIGIN_BAD_RESPONSE', { object: ref.objectId, reason: 'short' });
    }
    return { kind: 'done' };
  }

  #failure(error: unknown): Outcome {
    if (this.#filler.failed) return { kind: 'unkept' };
    return this.#abort.signal.aborted ? { kind: 'cancelled' } : { kind: 'failed', error };
  }

  #take(bytes: Buffer): Promise<void> | undefined {
    const offsetBytes = this.#filler.positionBytes;
    const room = this.#filler.take(bytes);
    this.#options.onReceived(bytes.length);
    for (const tap of this.#taps) {
      tap.offer(offsetBytes, bytes);
      if (tap.full) tap.end();
      if (tap.over) this.#taps.delete(tap);
    }
    return room;
  }

  #finish(outcome: Outcome): void {
    this.outcome = outcome;
    const isNews = outcome.kind === 'failed' && this.begunFor === PRIORITY.reader;
    for (const tap of this.#taps) tap.end(isNews ? outcome.error : undefined);
    this.#taps.clear();
    this.#wake();
    this.#resolveOver();
  }

  #until(isMet: () => boolean): Promise<void> {
    if (this.outcome !== undefined || isMet()) return Promise.resolve();
    return new Promise((wake) => {
      this.#waiting.add({ isMet, wake });
    });
  }

  #wake(): void {
    for (const waiter of this.#waiting) {
      if (this.outcome === undefined && !waiter.isMet()) continue;
      this.#waiting.delete(waiter);
      waiter.wake();
    }
  }
}

interface Waiter {
  readonly isMet: () => boolean;
  readonly wake: () => void;
}
