/**
 * Reads ranges of objects: blocks that are held from the disk, checked; missing ones from the origin,
 * each once, whoever asks.
 *
 * Always true:
 *   - many readers of one block are one origin read;
 *   - a reader that goes away ends only what nobody else wants;
 *   - when nothing can be kept (no room, a failed disk) bytes still reach the reader.
 *
 * Leaves to others: what is fetched besides (`Besides`), retries at the origin (`Origin`), what stays on
 * disk (`ObjectStore`, `Admission`).
 */
import { LarderError, MIB } from '../../common/index.ts';
import { silentLogger } from '../../common/index.ts';
import type { Logger, ObjectRef } from '../../common/index.ts';
import type { AheadUse, RoomAhead } from '../admission/index.ts';
import type {
  HeldState,
  LocalExtent,
  ObjectReads,
  ReadOptions,
  ReadPiece,
} from '../object-reads.ts';
import type { Origin } from '../origins/origin.ts';
import type { ObjectStore, StoredObject } from '../store/index.ts';
import { bringAhead } from './ahead.ts';
import { Besides } from './besides.ts';
import { complete, notKept } from './completion.ts';
import { FetchQueue, PRIORITY } from './fetch-queue.ts';
import { assertHeld, Interest, writtenBy, writtenUpTo } from './interest.ts';
import { ObjectFetch } from './object-fetch.ts';
import type { FetchContext } from './object-fetch.ts';
import { OriginLedger } from './origin-ledger.ts';
import { blockBytes, blocksIn } from './ranges.ts';
import { readHeld } from './read-held.ts';
import type { ByteRange } from './read-pattern.ts';
import { readThrough } from './read-through.ts';
import { abortion } from './waiting.ts';
import { WriteBuffers } from './write-buffers.ts';

export interface ObjectReaderOptions {
  readonly store: ObjectStore;
  readonly originFor: (datasetId: number) => Promise<Origin>;
  /** Origin reads at a time; default 32. */
  readonly maxOriginReads?: number | undefined;
  /** Of them, those that no reader waits for; default three quarters. */
  readonly maxUnwaitedReads?: number | undefined;
  /** Adjacent blocks are joined into origin reads of this size; default 8 MiB. */
  readonly joinBytes?: number | undefined;
  /** Read-ahead of a sequential reader; default 64 MiB. */
  readonly maxWindowBytes?: number | undefined;
  /** Objects up to this size are fetched whole at their first read; default 16 MiB. */
  readonly smallObjectBytes?: number | undefined;
  readonly logger?: Logger | undefined;
}

/** Since the start of the process. */
export interface ReaderCounters {
  /** Body bytes from origins. */
  readonly bytes: number;
  readonly uniqueBytes: number;
  readonly requestedBytes: number;
  /** Bytes that readers asked for. */
  readonly readBytes: number;
  /** Of them, those that had to wait for the origin. */
  readonly readOriginBytes: number;
}

/** What a reader may take from the file before it asks again. */
const MAX_EXTENT_BYTES = 64 * MIB;
/** How often a reader tries again after what it was reading was dropped. */
const MAX_ROUNDS_WITHOUT_PROGRESS = 8;

export class ObjectReader implements ObjectReads, AsyncDisposable {
  readonly #store: ObjectStore;
  readonly #options: ObjectReaderOptions;
  readonly #context: FetchContext;
  readonly #ledger = new OriginLedger();
  readonly #fetches = new Map<string, ObjectFetch>();
  readonly #besides: Besides;
  readonly #closing = new AbortController();
  #bytes = 0;
  #readBytes = 0;
  #readOriginBytes = 0;

  constructor(options: ObjectReaderOptions) {
    const maxRunning = options.maxOriginReads ?? 32;
    this.#options = options;
    this.#store = options.store;
    this.#besides = new Besides({
      ...options,
      logger: options.logger ?? silentLogger,
      leave: (fetch) => {
        this.#leave(fetch);
      },
    });
    this.#context = {
      store: options.store,
      queue: new FetchQueue({
        maxRunning,
        maxUnwaited: options.maxUnwaitedReads ?? Math.ceil((maxRunning * 3) / 4),
      }),
      originFor: options.originFor,
      joinBytes: options.joinBytes ?? 8 * MIB,
      buffers: new WriteBuffers(),
      onReceived: (bytes) => {
        this.#bytes += bytes;
      },
      onBlock: (ref, block) => {
        const { datasetId, firstBlock } = ref;
        this.#ledger.fetched(datasetId, firstBlock + block, blockBytes(ref, block));
      },
    };
  }

  get counters(): ReaderCounters {
    return {
      bytes: this.#bytes,
      ...this.#ledger.counters,
      readBytes: this.#readBytes,
      readOriginBytes: this.#readOriginBytes,
    };
  }

  async *read(
    ref: ObjectRef,
    offsetBytes: number,
    lengthBytes: number,
    options: ReadOptions,
  ): AsyncGenerator<ReadPiece> {
    if (lengthBytes === 0) return;
    const range = { fromBytes: offsetBytes, toBytes: offsetBytes + lengthBytes };
    this.#readBytes += lengthBytes;
    const fetch = this.#enter(ref);
    using abort = abortion(options.signal);
    try {
      using interest = new Interest(fetch);
      this.#ledger.askedOf(ref, range);
      if (!options.mayFetch) assertHeld(fetch, range);
      let around: StoredObject | undefined;
      const reading = { interest, aborted: abort.aborted, options, unkept: false };
      let position = offsetBytes;
      let rounds = 0;
      while (position < range.toBytes) {
        options.signal.throwIfAborted();
        if (rounds > MAX_ROUNDS_WITHOUT_PROGRESS) {
          throw new LarderError('CACHE_IO', { object: ref.objectId, reason: 'no progress' });
        }
        rounds += 1;
        if (options.mayFetch && fetch.stored !== around) {
          // At first, and again where what was held had to be dropped.
          around = fetch.stored;
          this.#besides.readAround({ ...range, fromBytes: position }, interest);
        }
        for await (const piece of this.#some(reading, { ...range, fromBytes: position })) {
          position = piece.offsetBytes + piece.bytes.length;
          rounds = 0;
          yield piece;
        }
      }
      interest.served();
    } finally {
      this.#leave(fetch);
    }
  }

  async hold(
    ref: ObjectRef,
    offsetBytes: number,
    lengthBytes: number,
    options: ReadOptions,
  ): Promise<LocalExtent> {
    const range = { fromBytes: offsetBytes, toBytes: offsetBytes + lengthBytes };
    const fetch = this.#enter(ref);
    using abort = abortion(options.signal);
    try {
      using interest = new Interest(fetch);
      const { stored } = fetch;
      if (!this.#store.mayReadByPath(stored)) throw notKept(ref);
      if (!options.mayFetch) assertHeld(fetch, range);
      this.#ledger.askedOf(ref, range);
      this.#besides.readAround(range, interest);
      this.#readOriginBytes += await interest.arrival(range, abort.aborted);
      interest.served();
      if (!this.#store.mayReadByPath(stored)) throw notKept(ref);
      const limitBytes = Math.min(ref.sizeBytes, offsetBytes + MAX_EXTENT_BYTES);
      const toBytes = writtenUpTo(fetch, range.toBytes, limitBytes);
      this.#besides.memoryOf(ref).promise(range.toBytes, toBytes);
      const completeDirectory = this.#store.completeDirectoryOf(stored);
      return { incarnation: stored.record.incarnation, toBytes, completeDirectory };
    } finally {
      this.#leave(fetch);
    }
  }

  async fetchWhole(ref: ObjectRef, signal: AbortSignal): Promise<void> {
    if (ref.sizeBytes === 0) return;
    const fetch = this.#enter(ref);
    using abort = abortion(signal);
    try {
      const { stored } = fetch;
      if (stored.whole) return;
      this.#store.promote(stored);
      if (stored.record.region !== 'kept') throw notKept(ref);
      this.#ledger.askedOf(ref, { fromBytes: 0, toBytes: ref.sizeBytes });
      const whole = { first: 0, end: stored.blocks };
      const how = { priority: PRIORITY.background, forCache: false, aborted: abort.aborted };
      await complete(fetch, whole, how);
      if (!fetch.stored.whole) throw notKept(ref);
    } finally {
      this.#leave(fetch);
    }
  }

  holdsBlock(datasetId: number, block: number): boolean {
    return this.#store.held.has(datasetId, block);
  }

  roomAhead(ref: ObjectRef, ahead: AheadUse): RoomAhead {
    return this.#store.roomAhead(ref, ahead);
  }

  /** See `bringAhead`. */
  async fetchAhead(ref: ObjectRef): Promise<void> {
    const fetch = this.#enter(ref);
    try {
      await bringAhead(fetch);
    } finally {
      this.#leave(fetch);
    }
  }

  held(objectId: string): HeldState {
    const object = this.#store.find(objectId);
    if (object === undefined) return { heldBytes: 0, complete: false };
    return { heldBytes: object.heldBytes, complete: object.state === 'complete' };
  }

  touched(ref: ObjectRef, offsetBytes: number, lengthBytes: number, bytes: number): void {
    const range = { fromBytes: offsetBytes, toBytes: offsetBytes + lengthBytes };
    this.#readBytes += bytes;
    this.#ledger.askedOf(ref, range);
    this.#besides.memoryOf(ref).touch(range);
  }

  mapped(ref: ObjectRef, offsetBytes: number): void {
    if (offsetBytes >= ref.sizeBytes || this.#closing.signal.aborted) return;
    const fetch = this.#enter(ref);
    this.#besides.mapped(fetch, offsetBytes);
    this.#leave(fetch);
  }

  setOpen(objectId: string, change: number): void {
    this.#store.setOpen(objectId, change);
  }

  /** Resolves when nothing is being fetched. */
  async settled(): Promise<void> {
    while (this.#fetches.size > 0) {
      await Promise.all([...this.#fetches.values()].map((fetch) => fetch.settled()));
    }
  }

  /** Cancels every fetch; resolves when none writes any more. Close the store after it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new LarderError('CANCELLED'));
    await Promise.all([...this.#fetches.values()].map((fetch) => fetch.stop()));
  }

  /** Pieces from the front of a range: as many as come from one place. */
  async *#some(reading: Reading, range: ByteRange): AsyncGenerator<ReadPiece> {
    const { interest, aborted, options } = reading;
    const { stored, ref } = interest.fetch;
    const block = Math.floor(range.fromBytes / ref.blockSizeBytes);
    if (stored.has(block)) {
      yield* readHeld({ store: this.#store, stored, range, aborted });
      return;
    }
    if (!options.mayFetch) throw new LarderError('NOT_FOUND', { object: ref.objectId, block });
    if (reading.unkept || !this.#store.writable) {
      yield* this.#counted(this.#through(ref, range, options.signal));
      return;
    }
    const run = interest.join(blocksIn(range, ref)).get(block);
    if (run === undefined) return;
    const tap = run.tap(range);
    if (tap !== undefined) {
      yield* this.#counted(tap.pieces(aborted));
      reading.unkept = run.outcome?.kind === 'unkept';
      if (run.outcome?.kind === 'failed') await run.over;
      return;
    }
    const blockEnd = block * ref.blockSizeBytes + blockBytes(ref, block);
    // Its bytes went by already: they are in the file, or will be next, whether or not the block is whole.
    // One that writes to a file that was dropped brings nothing for this one: another follows it.
    const isOfThis = run.stored === stored;
    const arrived = isOfThis ? run.written(Math.min(range.fromBytes + 1, blockEnd)) : run.over;
    await Promise.race([arrived, aborted]);
    const isHeld = stored.has(block);
    const writtenEnd = isHeld ? blockEnd : Math.min(writtenBy(run, stored), blockEnd);
    if (writtenEnd > range.fromBytes) {
      const toBytes = Math.min(range.toBytes, writtenEnd);
      const held = { store: this.#store, stored, range: { ...range, toBytes }, aborted };
      yield* this.#counted(readHeld(isHeld ? held : { ...held, arriving: run }));
    } else if (run.outcome?.kind === 'failed') {
      if (run.begunFor === PRIORITY.reader) throw run.outcome.error;
      await run.over;
    } else {
      reading.unkept = run.outcome?.kind === 'unkept';
    }
  }

  /** Straight from the origin to one reader; nothing is kept. */
  async *#through(
    ref: ObjectRef,
    range: ByteRange,
    signal: AbortSignal,
  ): AsyncGenerator<ReadPiece> {
    const origin = await this.#options.originFor(ref.datasetId);
    yield* readThrough({ ref, range, origin, signal, onReceived: this.#context.onReceived });
    const { first, end } = blocksIn(range, ref);
    for (let block = first; block < end; block += 1) {
      const start = block * ref.blockSizeBytes;
      const whole = range.fromBytes <= start && start + blockBytes(ref, block) <= range.toBytes;
      if (whole) this.#context.onBlock(ref, block);
    }
  }

  async *#counted(pieces: AsyncIterable<ReadPiece>): AsyncGenerator<ReadPiece> {
    for await (const piece of pieces) {
      this.#readOriginBytes += piece.bytes.length;
      yield piece;
    }
  }

  #enter(ref: ObjectRef): ObjectFetch {
    if (this.#closing.signal.aborted) throw new LarderError('CANCELLED', { reason: 'closing' });
    let fetch = this.#fetches.get(ref.objectId);
    if (fetch === undefined) {
      const created: ObjectFetch = new ObjectFetch(this.#context, ref, () => this.#rest(created));
      fetch = created;
      this.#fetches.set(ref.objectId, fetch);
    } else {
      fetch.alsoOf(ref);
    }
    fetch.users += 1;
    return fetch;
  }

  #leave(fetch: ObjectFetch): void {
    fetch.users -= 1;
    this.#rest(fetch);
  }

  #rest(fetch: ObjectFetch): void {
    const { objectId } = fetch.ref;
    if (!fetch.idle || this.#fetches.get(objectId) !== fetch) return;
    this.#fetches.delete(objectId);
    fetch.unpin();
  }
}

interface Reading {
  readonly interest: Interest;
  readonly aborted: Promise<never>;
  readonly options: ReadOptions;
  /** There was no room for what it reads: the rest of it is read through. */
  unkept: boolean;
}
