/**
 * Reads ranges of objects: blocks that are held from the disk, checked; missing ones from other workers or
 * from the origin, each once, whoever asks.
 *
 * Always true:
 *   - many readers of one block are one origin read;
 *   - a reader that goes away ends only what nobody else wants;
 *   - when nothing can be kept (no room, a failed disk) bytes still reach the reader.
 *
 * Blocks that belong to other workers are passed on, and kept only where nobody who should can be reached.
 *
 * Leaves to others: who is asked (`PeerReads`), what is fetched besides (`Besides`, `AheadBudget`), retries at the origin
 * (`Origin`), what stays on disk (`ObjectStore`, `Admission`).
 */
import { LarderError, MIB, silentLogger, systemClock } from '../../common/index.ts';
import type { ObjectRef } from '../../common/index.ts';
import type { AheadUse, RoomAhead } from '../admission/index.ts';
import type {
  HeldState,
  LocalExtent,
  ObjectReads,
  ReadOptions,
  ReadPiece,
  TouchedRead,
} from '../object-reads.ts';
import { isPassing } from '../store/index.ts';
import type { ObjectStore, StoredObject } from '../store/index.ts';
import { TransitLine, TransitMemory } from '../transit/index.ts';
import { bringAhead } from './ahead.ts';
import { AheadBudget } from './ahead-budget.ts';
import { Besides } from './besides.ts';
import { bring } from './bring.ts';
import type { Brought } from './bring.ts';
import { bringRange, notKept } from './completion.ts';
import { fetchFrom } from './fetch-from.ts';
import { FetchQueue, PEER_QUEUE, PRIORITY } from './fetch-queue.ts';
import { Interest, isHeld, writtenBy, writtenUpTo } from './interest.ts';
import { ObjectFetch } from './object-fetch.ts';
import type { FetchContext } from './object-fetch.ts';
import { OriginLedger } from './origin-ledger.ts';
import { Passing } from './passing.ts';
import type { Reading } from './passing.ts';
import { blockBytes, blocksIn, stripeRange } from './ranges.ts';
import { ReadCounts } from './read-counts.ts';
import { heldIn, readHeld } from './read-held.ts';
import type { ByteRange } from './read-pattern.ts';
import type { BringOptions, ObjectReaderOptions, ReaderCounters } from './reader-options.ts';
import { abortion } from './waiting.ts';
import { WriteBuffers } from './write-buffers.ts';

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
  readonly #counts = new ReadCounts();
  readonly #passing: Passing;
  readonly #transit: TransitMemory;
  #bytes = 0;

  constructor(options: ObjectReaderOptions) {
    const { maxOriginReads: maxRunning = 32, clock = systemClock } = options;
    const ahead = new AheadBudget(clock);
    this.#options = options;
    this.#store = options.store;
    this.#transit = new TransitMemory(options.transitBytes ?? 0);
    this.#besides = new Besides({
      ...options,
      transit: this.#transit,
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
        ahead,
      }),
      peerQueue: new FetchQueue(PEER_QUEUE),
      peers: options.peers,
      originFor: options.originFor,
      joinBytes: options.joinBytes ?? 8 * MIB,
      buffers: new WriteBuffers(),
      transit: this.#transit,
      transitLine: new TransitLine(this.#transit, clock),
      onReceived: (bytes) => {
        ahead.received(bytes);
        this.#bytes += bytes;
      },
      onBlock: (ref, block) => {
        this.#ledger.fetched(ref.datasetId, ref.firstBlock + block, blockBytes(ref, block));
      },
    };
    this.#passing = new Passing({ ...this.#context, counts: this.#counts });
  }

  get counters(): ReaderCounters {
    const transit = this.#transit.counters;
    return { bytes: this.#bytes, ...this.#ledger.counters, ...this.#counts.counters, transit };
  }

  async *read(
    ref: ObjectRef,
    offsetBytes: number,
    lengthBytes: number,
    options: ReadOptions,
  ): AsyncGenerator<ReadPiece> {
    if (lengthBytes === 0) return;
    const range = { fromBytes: offsetBytes, toBytes: offsetBytes + lengthBytes };
    this.#counts.asked(lengthBytes, options);
    this.#store.policies.read(ref, lengthBytes);
    const fetch = this.#enter(ref);
    using abort = abortion(options.signal);
    try {
      using interest = new Interest(fetch, fetchFrom(options));
      using here = fetch.stored.whole ? undefined : this.#transit.hold(ref, blocksIn(range, ref));
      this.#ledger.askedOf(ref, range);
      this.#passing.mayStay(ref, fetch.stored);
      let around: StoredObject | undefined;
      const reading = { interest, aborted: abort.aborted, options, unkept: false };
      let position = offsetBytes;
      let rounds = 0;
      while (position < range.toBytes) {
        options.signal.throwIfAborted();
        if (rounds > 0) this.#options.peers?.assertInTime(interest.from);
        if (rounds > MAX_ROUNDS_WITHOUT_PROGRESS) {
          throw new LarderError('CACHE_IO', { object: ref.objectId, reason: 'no progress' });
        }
        rounds += 1;
        if (options.mayFetch && fetch.stored !== around && this.#isOwn(reading, position)) {
          // At first, and again where what was held had to be dropped.
          around = fetch.stored;
          this.#besides.readAround({ ...range, fromBytes: position }, interest);
        }
        for await (const piece of this.#some(reading, { ...range, fromBytes: position })) {
          position = piece.offsetBytes + piece.bytes.length;
          rounds = 0;
          this.#transit.wasRead(ref, piece);
          yield piece;
          here?.passed(Math.floor(position / ref.blockSizeBytes));
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
    return await this.#within(ref, options.signal, async (fetch, aborted) => {
      using interest = new Interest(fetch, fetchFrom(options));
      const { stored } = fetch;
      stored.isAwaited = false;
      if (!this.#store.mayReadByPath(stored)) throw notKept(ref);
      if (!isHeld(stored, range)) {
        if (!options.mayFetch) throw notHeld(ref);
        if (!this.#passing.keeps({ interest }, offsetBytes)) throw notKept(ref);
        this.#store.promote(stored, ref);
        // What only passes through is not written to be read from its file.
        if (this.#transit.isOn && isPassing(stored)) throw notKept(ref);
      }
      this.#ledger.askedOf(ref, range);
      this.#besides.readAround(range, interest);
      const { peer, origin } = await interest.arrival(range, aborted);
      this.#counts.served(peer, 'peer', options);
      this.#counts.served(origin, 'origin', options);
      interest.served();
      if (!this.#store.mayReadByPath(stored)) throw notKept(ref);
      const limitBytes = Math.min(ref.sizeBytes, offsetBytes + MAX_EXTENT_BYTES);
      const toBytes = writtenUpTo(fetch, range.toBytes, limitBytes);
      this.#besides.memoryOf(ref).promise(range.toBytes, toBytes);
      const completeDirectory = this.#store.completeDirectoryOf(stored);
      return { incarnation: stored.record.incarnation, toBytes, completeDirectory };
    });
  }

  async fetchWhole(ref: ObjectRef, signal: AbortSignal): Promise<void> {
    await this.#fetchRange(ref, { fromBytes: 0, toBytes: ref.sizeBytes }, signal);
  }

  async fetchStripe(ref: ObjectRef, stripe: number, signal: AbortSignal): Promise<void> {
    await this.#fetchRange(ref, stripeRange(ref, stripe), signal);
  }

  holdsBlock(datasetId: number, block: number): boolean {
    return this.#store.held.has(datasetId, block);
  }

  roomAhead(ref: ObjectRef, ahead: AheadUse): RoomAhead {
    return this.#store.roomAhead(ref, { ...ahead, memory: this.#transit.aheadOf(ref) });
  }

  /** See `bring`. */
  async bring(ref: ObjectRef, how: BringOptions): Promise<Brought> {
    return await this.#within(ref, how.signal, (fetch, aborted) =>
      bring({ ...how, store: this.#store, fetch, aborted }),
    );
  }

  async fetchAhead(ref: ObjectRef): Promise<void> {
    await this.#within(ref, this.#closing.signal, bringAhead);
  }

  /** Whether any of it is read, or on its way. */
  isFetching(objectId: string): boolean {
    return this.#fetches.has(objectId);
  }

  held(objectId: string, range?: { offsetBytes: number; lengthBytes: number }): HeldState {
    const object = this.#store.find(objectId);
    if (object === undefined) return { heldBytes: 0, complete: false };
    const heldBytes = range === undefined ? object.heldBytes : heldIn(object, range);
    return { heldBytes, complete: object.state === 'complete' };
  }

  holds(ref: ObjectRef, offsetBytes: number, lengthBytes: number): boolean {
    const object = this.#store.find(ref.objectId);
    const range = { fromBytes: offsetBytes, toBytes: offsetBytes + lengthBytes };
    return object !== undefined && isHeld(object, range);
  }

  touched(ref: ObjectRef, offsetBytes: number, lengthBytes: number, read: TouchedRead): void {
    const range = { fromBytes: offsetBytes, toBytes: offsetBytes + lengthBytes };
    this.#counts.asked(read.bytes, read);
    this.#store.policies.read(ref, read.bytes);
    this.#counts.served(read.bytes, 'disk', read);
    this.#ledger.askedOf(ref, range);
    this.#passing.mayStay(ref, this.#store.find(ref.objectId));
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
      const held = readHeld({ store: this.#store, stored, range, aborted });
      yield* this.#counts.of(held, () => 'disk', options);
      return;
    }
    const current = interest.fetch.runOf(block);
    if (this.#transit.reaches(ref, range.fromBytes)) {
      // It is kept by now.
      if (!isPassing(stored)) {
        interest.fetch.want({ first: block, end: block + 1 }, PRIORITY.background);
      }
      const passing = this.#transit.pieces(ref, range);
      yield* this.#counts.of(passing, () => current?.source ?? 'disk', options);
      return;
    }
    // What comes from another worker may come from the one that asks.
    if (!options.mayFetch && current?.source !== 'origin') throw notHeld(ref);
    if (current === undefined && !this.#passing.keeps(reading, range.fromBytes)) {
      yield* this.#passing.relayed(reading, range);
      return;
    }
    if (current === undefined && this.#goesThrough(reading, range)) {
      // For the next block there may be room again.
      const nextBytes = this.#store.writable ? (block + 1) * ref.blockSizeBytes : Infinity;
      const toBytes = Math.min(range.toBytes, nextBytes);
      yield* this.#passing.through(reading, { ...range, toBytes });
      reading.unkept = false;
      return;
    }
    const wanted = options.mayFetch ? blocksIn(range, ref) : { first: block, end: block + 1 };
    const run = interest.join(wanted).get(block);
    if (run === undefined) return;
    const source = () => run.source;
    const tap = run.tap(range);
    if (tap !== undefined) {
      yield* this.#counts.of(tap.pieces(aborted), source, options);
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
      const pieces = readHeld(isHeld ? held : { ...held, arriving: run });
      yield* this.#counts.of(pieces, source, options);
    } else if (run.outcome?.kind === 'failed') {
      if (run.isNews) throw run.outcome.error;
      await run.over;
    } else {
      reading.unkept = run.outcome?.kind === 'unkept';
    }
  }

  /** There is no room for it, or for what lies before it in its block: that went by already. */
  #goesThrough({ unkept, interest }: Reading, { fromBytes }: ByteRange): boolean {
    return unkept || !this.#store.writable || this.#transit.wentBy(interest.fetch.ref, fromBytes);
  }

  /** Whether more of the object than is read belongs here. */
  #isOwn(reading: Reading, offsetBytes: number): boolean {
    return reading.interest.fetch.stored.whole || this.#passing.keeps(reading, offsetBytes);
  }

  async #fetchRange(ref: ObjectRef, range: ByteRange, signal: AbortSignal): Promise<void> {
    if (range.fromBytes >= range.toBytes) return;
    await this.#within(ref, signal, async (fetch, aborted) => {
      if (fetch.stored.whole) return;
      this.#ledger.askedOf(ref, range);
      await bringRange(fetch, range, aborted);
    });
  }

  async #within<T>(
    ref: ObjectRef,
    signal: AbortSignal,
    use: (fetch: ObjectFetch, aborted: Promise<never>) => Promise<T>,
  ): Promise<T> {
    const fetch = this.#enter(ref);
    using abort = abortion(signal);
    try {
      return await use(fetch, abort.aborted);
    } finally {
      this.#leave(fetch);
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

const notHeld = (ref: ObjectRef) => new LarderError('NOT_FOUND', { object: ref.objectId });
