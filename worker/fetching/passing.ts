/**
 * Bytes that are not kept here on their way to one reader: of other workers' objects from those, and what
 * finds no room from the origin.
 *
 * Always true: a worker that was passed a read and cannot reach whoever should answer it, keeps what it
 * fetches instead: it stands in for them.
 */
import type { ObjectRef } from '../../common/index.ts';
import type { ReadOptions, ReadPiece } from '../object-reads.ts';
import type { OriginReads } from '../origins/origin.ts';
import type { PeerReads } from '../peers/peer-reads.ts';
import type { ObjectStore, StoredObject } from '../store/index.ts';
import type { TransitMemory } from '../transit/index.ts';
import { OWN_ACCORD } from './fetch-from.ts';
import type { Interest } from './interest.ts';
import type { FetchFrom } from './fetch-from.ts';
import { blockBytes, blocksIn, stripeAround } from './ranges.ts';
import type { ReadCounts } from './read-counts.ts';
import type { ByteRange } from './read-pattern.ts';
import { readThrough } from './read-through.ts';
import { relay } from './relay.ts';

export interface PassingOptions {
  readonly store: ObjectStore;
  readonly peers: PeerReads | undefined;
  readonly originFor: (datasetId: number) => Promise<OriginReads>;
  readonly counts: ReadCounts;
  readonly transit: TransitMemory;
  readonly onReceived: (bytes: number) => void;
  readonly onBlock: (ref: ObjectRef, block: number) => void;
}

export interface Reading {
  readonly interest: Interest;
  readonly aborted: Promise<never>;
  readonly options: ReadOptions;
  /** There was no room for what it reads: the rest of it is read through. */
  unkept: boolean;
}

export class Passing {
  readonly #options: PassingOptions;

  constructor(options: PassingOptions) {
    this.#options = options;
  }

  /** Whether what is missing at an offset is to be brought to this disk. */
  keeps({ interest }: Pick<Reading, 'interest'>, offsetBytes: number): boolean {
    const { peers } = this.#options;
    if (peers === undefined || !interest.from.askPeers) return true;
    return peers.route(interest.fetch.ref, offsetBytes, interest.from).keeps;
  }

  /** It is read. What is whole, and belongs here, is kept when it has become worth it since it came. */
  mayStay(ref: ObjectRef, object: StoredObject | undefined): void {
    if (object !== undefined) object.isAwaited = false;
    if (object?.whole !== true || object.record.region !== 'transit') return;
    const { peers, store } = this.#options;
    if (peers?.route(ref, 0, OWN_ACCORD).keeps === false) return;
    store.keepPassing(object, ref);
  }

  /** Straight from other workers, which keep it; where none gives anything, this one stands in from now on. */
  async *relayed(reading: Reading, range: ByteRange): AsyncGenerator<ReadPiece> {
    const { interest, options } = reading;
    const { peers, counts } = this.#options;
    if (peers === undefined) return;
    const { ref } = interest.fetch;
    const toBytes = Math.min(range.toBytes, stripeAround(ref, range.fromBytes).toBytes);
    const from = { ref, range: { ...range, toBytes }, peers, from: interest.from };
    const pieces = relay({ ...from, signal: options.signal });
    let isServed = false;
    for await (const piece of counts.of(pieces, () => 'peer', options)) {
      isServed = true;
      yield piece;
    }
    if (!isServed) interest.from = { ...interest.from, askPeers: false };
  }

  /** There is no room for it. */
  async *through(reading: Reading, range: ByteRange): AsyncGenerator<ReadPiece> {
    const { interest, options } = reading;
    const { originFor, counts, onReceived, onBlock, transit } = this.#options;
    const { ref } = interest.fetch;
    if (this.#asksOthers(interest.from, ref, range.fromBytes)) {
      yield* this.relayed(reading, range);
      return;
    }
    const origin = await originFor(ref.datasetId);
    transit.goesBy(ref, range);
    const pieces = readThrough({ ref, range, origin, signal: options.signal, onReceived });
    yield* counts.of(pieces, () => 'origin', options);
    const { first, end } = blocksIn(range, ref);
    for (let block = first; block < end; block += 1) {
      const start = block * ref.blockSizeBytes;
      const whole = range.fromBytes <= start && start + blockBytes(ref, block) <= range.toBytes;
      if (whole) onBlock(ref, block);
    }
  }

  #asksOthers(from: FetchFrom, ref: ObjectRef, offsetBytes: number): boolean {
    if (!from.askPeers) return false;
    const route = this.#options.peers?.route(ref, offsetBytes, from);
    return route !== undefined && route.asks.length > 0;
  }
}
