/**
 * One origin read of adjacent blocks into the store. Hashes the bytes as they come, hands them to the
 * readers that wait for them, and writes them; each block is committed as soon as it is whole.
 *
 *     queued → running → over: done | unkept | failed | cancelled
 *
 * Always true: what is received but not yet written stays within a limit, by holding the origin back;
 * a run is over only when none of its writes is under way.
 */
import { crc32 } from '@node-rs/crc32';
import { blockLength, CHUNK_BYTES, LarderError, MIB } from '../../common/index.ts';
import type { ObjectRef } from '../../common/index.ts';
import type { Origin } from '../origins/origin.ts';
import type { ObjectStore, StoredObject } from '../store/index.ts';
import type { Priority, Queued } from './fetch-queue.ts';
import type { ByteRange } from './read-pattern.ts';
import { Tap } from './tap.ts';

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
  readonly origin: () => Promise<Origin>;
  /** Settles when earlier runs of the same object that were cancelled write no more. */
  readonly after: Promise<unknown>;
  readonly onReceived: (bytes: number) => void;
  readonly onBlock: (block: number) => void;
}

/**
 * Bytes per write. CPU for filling 2 GiB: 256 KiB 4.0 s, 1 MiB 3.7 s, 4 MiB 3.3 s (2 busy cores, tmpfs): the
 * last 10 % are not worth four times the memory.
 */
const WRITE_BYTES = MIB;
/** Received and not yet written, per run. */
const MAX_UNWRITTEN_BYTES = 4 * MIB;
/** Waiting for one reader. */
const TAP_BYTES = 4 * MIB;

export class FetchRun implements Queued {
  readonly first: number;
  readonly end: number;
  readonly stored: StoredObject;
  priority: Priority;
  /** Readers that need a block of it. */
  waiters = 0;
  /** Wanted even if no reader waits. */
  forCache: boolean;
  outcome: Outcome | undefined;
  /** Resolves when it is over. */
  readonly over: Promise<void>;
  readonly #options: FetchRunOptions;
  readonly #abort = new AbortController();
  readonly #taps = new Set<Tap>();
  readonly #blockWaiters = new Map<number, (() => void)[]>();
  readonly #commits: Promise<void>[] = [];
  #resolveOver: () => void = () => undefined;
  #positionBytes: number;
  #committedBytes = 0;
  #checksums: Uint32Array;
  #crc = 0;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #unwrittenBytes = 0;
  #writes: Promise<void> = Promise.resolve();
  #writeFailed = false;
  #roomWaiter: (() => void) | undefined;

  constructor(options: FetchRunOptions) {
    this.#options = options;
    this.first = options.first;
    this.end = options.end;
    this.stored = options.stored;
    this.priority = options.priority;
    this.forCache = options.forCache;
    this.#positionBytes = options.first * options.ref.blockSizeBytes;
    this.#checksums = this.#newChecksums(options.first);
    this.over = new Promise((resolve) => {
      this.#resolveOver = resolve;
    });
  }

  /** Bytes from here on, as they arrive; undefined where they went by already: wait for the block. */
  tap(range: ByteRange): Tap | undefined {
    if (this.outcome !== undefined || range.fromBytes < this.#positionBytes) return undefined;
    const toBytes = Math.min(range.toBytes, this.#endBytes);
    const tap = new Tap({ fromBytes: range.fromBytes, toBytes }, TAP_BYTES);
    this.#taps.add(tap);
    return tap;
  }

  /** Resolves when the block is held, or the run is over. */
  async block(block: number): Promise<void> {
    if (this.outcome !== undefined || this.stored.has(block)) return;
    await new Promise<void>((resolve) => {
      const waiters = this.#blockWaiters.get(block) ?? [];
      waiters.push(resolve);
      this.#blockWaiters.set(block, waiters);
    });
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
    const { store, ref } = this.#options;
    const bytes = this.#endBytes - this.#positionBytes;
    let reserved = false;
    let outcome: Outcome;
    try {
      await this.#options.after;
      this.#abort.signal.throwIfAborted();
      reserved = await store.reserve(this.stored, bytes);
      outcome = reserved ? await this.#fetch(ref) : { kind: 'unkept' };
    } catch (error) {
      outcome = this.#failure(error);
    }
    await this.#settleWrites();
    if (this.#writeFailed && outcome.kind === 'done') outcome = { kind: 'unkept' };
    if (reserved) store.giveBack(this.stored, bytes - this.#committedBytes);
    this.#finish(outcome);
  }

  get #endBytes(): number {
    const { ref, end } = this.#options;
    return Math.min(ref.sizeBytes, end * ref.blockSizeBytes);
  }

  async #fetch(ref: ObjectRef): Promise<Outcome> {
    const origin = await this.#options.origin();
    const offsetBytes = this.#positionBytes;
    const lengthBytes = this.#endBytes - offsetBytes;
    const { signal } = this.#abort;
    await origin.read({ object: ref, offsetBytes, lengthBytes, signal }, (bytes) =>
      this.#take(bytes),
    );
    if (this.#positionBytes !== this.#endBytes) {
      throw new LarderError('ORIGIN_BAD_RESPONSE', { object: ref.objectId, reason: 'short' });
    }
    return { kind: 'done' };
  }

  #failure(error: unknown): Outcome {
    if (this.#writeFailed) return { kind: 'unkept' };
    return this.#abort.signal.aborted ? { kind: 'cancelled' } : { kind: 'failed', error };
  }

  #take(bytes: Buffer): Promise<void> | undefined {
    if (this.#positionBytes + bytes.length > this.#endBytes) {
      throw new LarderError('ORIGIN_BAD_RESPONSE', { reason: 'more bytes than asked for' });
    }
    this.#options.onReceived(bytes.length);
    this.#offer(bytes);
    let at = 0;
    while (at < bytes.length) {
      const left = CHUNK_BYTES - (this.#positionBytes % CHUNK_BYTES);
      const part = bytes.subarray(at, Math.min(bytes.length, at + left));
      this.#hash(part);
      at += part.length;
    }
    if (this.#pendingBytes >= WRITE_BYTES) this.#flush();
    return this.#unwrittenBytes > MAX_UNWRITTEN_BYTES ? this.#room() : undefined;
  }

  #offer(bytes: Buffer): void {
    for (const tap of this.#taps) {
      tap.offer(this.#positionBytes, bytes);
      if (tap.full) tap.end();
      if (tap.over) this.#taps.delete(tap);
    }
  }

  /** Takes bytes of one chunk. */
  #hash(part: Buffer): void {
    const { ref } = this.#options;
    const { blockSizeBytes, sizeBytes } = ref;
    const chunk = Math.floor((this.#positionBytes % blockSizeBytes) / CHUNK_BYTES);
    this.#crc = crc32(part, this.#crc);
    this.#pending.push(part);
    this.#pendingBytes += part.length;
    this.#unwrittenBytes += part.length;
    this.#positionBytes += part.length;
    const ended = this.#positionBytes === sizeBytes || this.#positionBytes % CHUNK_BYTES === 0;
    if (!ended) return;
    this.#checksums[chunk] = this.#crc;
    this.#crc = 0;
    if (this.#positionBytes === sizeBytes || this.#positionBytes % blockSizeBytes === 0) {
      this.#endBlock(Math.floor((this.#positionBytes - 1) / blockSizeBytes));
    }
  }

  #endBlock(block: number): void {
    const checksums = this.#checksums;
    this.#flush();
    this.#options.onBlock(block);
    this.#commits.push(
      this.#writes.then(async () => {
        await this.#commit(block, checksums);
      }),
    );
    this.#checksums = this.#newChecksums(block + 1);
  }

  async #commit(block: number, checksums: Uint32Array): Promise<void> {
    if (this.#writeFailed) return;
    try {
      const { store } = this.#options;
      const isNew = await store.commitBlock(this.stored, block, checksums);
      if (isNew) this.#committedBytes += this.stored.blockLength(block);
      this.#wakeBlock(block);
    } catch {
      this.#failWrites();
    }
  }

  #flush(): void {
    if (this.#pendingBytes === 0) return;
    const buffers = this.#pending;
    const bytes = this.#pendingBytes;
    const offset = this.#positionBytes - bytes;
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#writes = this.#writes.then(async () => {
      try {
        if (!this.#writeFailed) await this.#options.store.write(this.stored, buffers, offset);
      } catch {
        this.#failWrites();
      }
      this.#unwrittenBytes -= bytes;
      if (this.#unwrittenBytes <= MAX_UNWRITTEN_BYTES / 2) this.#roomWaiter?.();
    });
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      this.#roomWaiter = resolve;
    });
  }

  #failWrites(): void {
    this.#writeFailed = true;
    this.#abort.abort(new LarderError('CACHE_IO'));
  }

  async #settleWrites(): Promise<void> {
    await this.#writes;
    await Promise.all(this.#commits);
  }

  #finish(outcome: Outcome): void {
    this.outcome = outcome;
    for (const tap of this.#taps) tap.end(outcome.kind === 'failed' ? outcome.error : undefined);
    this.#taps.clear();
    for (const block of [...this.#blockWaiters.keys()]) this.#wakeBlock(block);
    this.#resolveOver();
  }

  #wakeBlock(block: number): void {
    const waiters = this.#blockWaiters.get(block) ?? [];
    this.#blockWaiters.delete(block);
    for (const wake of waiters) wake();
  }

  #newChecksums(block: number): Uint32Array {
    const { sizeBytes, blockSizeBytes } = this.#options.ref;
    return new Uint32Array(Math.ceil(blockLength(block, sizeBytes, blockSizeBytes) / CHUNK_BYTES));
  }
}
