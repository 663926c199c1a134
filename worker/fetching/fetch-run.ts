/**
 * Brings adjacent blocks into the store: from other workers where there are any to ask, else in one read of
 * the origin. Hands the bytes to the readers that wait for them
 * as they come, and to `BlockFiller`, which writes them; each block is held as soon as it is whole.
 * What only passes through goes to memory instead (`TransitFiller`), and to the file only where that is full (`makeRoom`);
 * what was in memory and is kept after all comes from there.
 *
 *     queued → running → over: done | passing | unkept | failed | cancelled
 *
 * Always true: a run is over only when none of its writes is under way. While it asks other workers it
 * holds no place among the reads of origins: they wait for those of other workers, and would for each other.
 */
import { hasCode, LarderError, MIB, untilAborted } from '../../common/index.ts';
import type { OriginReads } from '../origins/origin.ts';
import type { PeerRead, PeerReads } from '../peers/peer-reads.ts';
import type { StoredObject } from '../store/index.ts';
import { BlockFiller } from './block-filler.ts';
import type { FetchFrom } from './fetch-from.ts';
import type { Filler } from './filler.ts';
import { HeldPlace, PRIORITY } from './fetch-queue.ts';
import type { FetchQueue, Priority, Queued } from './fetch-queue.ts';
import { blockBytes } from './ranges.ts';
import type { ByteRange } from './read-pattern.ts';
import { makeRoom } from './room.ts';
import type { Room, RoomOptions } from './room.ts';
import { Tap } from './tap.ts';
import { TransitFiller } from './transit-filler.ts';
import type { WriteBuffers } from './write-buffers.ts';

/**
 * `passing`: the bytes are in memory, and not in the file. `unkept`: there is no room, or the disk failed; whoever needs
 * the bytes reads them through.
 */
export type Outcome =
  | { readonly kind: 'done' | 'passing' | 'unkept' | 'cancelled' }
  | { readonly kind: 'failed'; readonly error: unknown };

export interface FetchRunOptions extends RoomOptions {
  readonly priority: Priority;
  /** Wanted even if no reader waits. */
  readonly forCache: boolean;
  readonly buffers: WriteBuffers;
  readonly origin: () => Promise<OriginReads>;
  /** Asked before the origin; undefined where there is nobody to ask. */
  readonly peers: PeerReads | undefined;
  readonly from: FetchFrom;
  /** Of reads of origins: a run that has asked others takes a place there when it comes to that. */
  readonly originQueue: FetchQueue<Queued>;
  /** Settles when earlier runs of the same object that were cancelled write no more. */
  readonly after: Promise<unknown>;
  readonly onReceived: (bytes: number) => void;
  /** A block of which something came from the origin. */
  readonly onBlock: (block: number) => void;
}

/** Who brings the bytes now. */
export type Source = 'peer' | 'origin';

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
  #filler: Filler;
  readonly #abort = new AbortController();
  readonly #taps = new Set<Tap>();
  readonly #waiting = new Set<Waiter>();
  #source: Source;
  /** In the object: where the last bytes from the origin ended. */
  #originEndBytes = 0;
  #place: HeldPlace | undefined;
  #resolveOver: () => void = () => undefined;

  constructor(options: FetchRunOptions) {
    const { store, stored, ref, first, end, buffers } = options;
    this.#options = options;
    this.first = first;
    this.end = end;
    this.stored = stored;
    this.priority = options.priority;
    this.begunFor = options.priority;
    this.forCache = options.forCache;
    this.#source = options.peers === undefined ? 'origin' : 'peer';
    const wake = () => {
      this.#wake();
    };
    this.#filler = new BlockFiller({
      ...{ store, stored, ref, first, end, buffers },
      onBlock: this.#blockTaken,
      isAwaited: () => this.#waiting.size > 0,
      onWritten: wake,
      onHeld: (block) => {
        options.transit.written(ref, block);
        wake();
      },
      onFailed: () => {
        this.#abort.abort(new LarderError('CACHE_IO'));
      },
    });
    this.over = new Promise((resolve) => {
      this.#resolveOver = resolve;
    });
  }

  /** What is still to come of it. */
  get bytes(): number {
    return this.#filler.endBytes - this.#filler.positionBytes;
  }

  /** In the object: all bytes of the run before it are in the file, if not yet held. */
  get writtenBytes(): number {
    return this.#filler.writtenBytes;
  }

  /**
   * Its failure is one for every reader that waits for it: not where it was begun for nobody, and not
   * where the time was up of the one that it was begun for.
   */
  get isNews(): boolean {
    const { outcome } = this;
    if (outcome?.kind !== 'failed' || this.begunFor !== PRIORITY.reader) return false;
    return !hasCode(outcome.error, 'DEADLINE_EXCEEDED');
  }

  /** Who brings what comes next. */
  get source(): Source {
    return this.#source;
  }

  /** The id of the only worker that is asked, where there is just one. */
  get keeperId(): string | undefined {
    return this.#options.from.keeper?.workerId;
  }

  /** It has others to ask before the origin. */
  get asksPeers(): boolean {
    return this.#options.peers !== undefined;
  }

  /** A reader began to wait. */
  raise(priority: Priority): void {
    if (this.#place !== undefined) this.#options.originQueue.raise(this.#place, priority);
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
    const { bytes } = this;
    let room: Room = 'none';
    let outcome: Outcome;
    try {
      await this.#options.after;
      this.#abort.signal.throwIfAborted();
      room = await this.#makeRoom();
      outcome = hasRoom(room) ? await this.#fetch() : { kind: WITHOUT[room] };
    } catch (error) {
      outcome = this.#failure(error);
    }
    const filler = this.#filler;
    await filler.settled();
    if (room === 'memory' && outcome.kind === 'done') outcome = { kind: 'passing' };
    if (filler.failed && outcome.kind === 'done') outcome = { kind: 'unkept' };
    if (room === 'disk') this.#options.store.giveBack(this.stored, bytes - filler.heldBytes);
    this.#finish(outcome);
  }

  /** Where its bytes go from now on. */
  async #makeRoom(): Promise<Room> {
    const { transit, ref, first, end } = this.#options;
    const { bytes } = this;
    const isAwaited = this.priority === PRIORITY.reader || this.waiters > 0;
    const room = await makeRoom(this.#options, { bytes, isAwaited, signal: this.#abort.signal });
    if (room === 'memory') {
      this.#filler = new TransitFiller({ transit, ref, first, end, onBlock: this.#blockTaken });
    }
    return room;
  }

  readonly #blockTaken = (block: number): void => {
    const { ref, onBlock } = this.#options;
    if (this.#originEndBytes > block * ref.blockSizeBytes) onBlock(block);
  };

  async #fetch(): Promise<Outcome> {
    const { peers, from } = this.#options;
    const filler = this.#filler;
    if (peers !== undefined && from.keeper !== undefined) {
      await peers.readKept(from.keeper, this.#peerRead(), (bytes) => this.#take(bytes));
      return { kind: 'done' };
    }
    while (filler.positionBytes < filler.endBytes) {
      if (await this.#takeFromMemory()) continue;
      const toBytes = peers === undefined ? filler.endBytes : await this.#fromPeers(peers);
      if (filler.positionBytes >= toBytes) continue;
      if (peers === undefined) await this.#fromOrigin(toBytes);
      else await this.#fromOriginInTurn(toBytes);
    }
    return { kind: 'done' };
  }

  /** The next block, where it is in memory. @returns whether there was something */
  async #takeFromMemory(): Promise<boolean> {
    const { transit, ref } = this.#options;
    const fromBytes = this.#filler.positionBytes;
    const block = Math.floor(fromBytes / ref.blockSizeBytes);
    if (!transit.has(ref, block)) return false;
    const toBytes = block * ref.blockSizeBytes + blockBytes(ref, block);
    for (const { bytes } of transit.pieces(ref, { fromBytes, toBytes })) await this.#take(bytes);
    return this.#filler.positionBytes > fromBytes;
  }

  /** @returns up to where the origin is to be read before they are asked again */
  async #fromPeers(peers: PeerReads): Promise<number> {
    const { ref } = this.#options;
    const { endBytes } = this.#filler;
    this.#source = 'peer';
    const read = this.#peerRead();
    const { reachedBytes, maybeLater } = await peers.read(read, (bytes) => this.#take(bytes));
    this.#source = 'origin';
    if (reachedBytes >= endBytes || !maybeLater) return endBytes;
    const block = Math.floor(reachedBytes / ref.blockSizeBytes);
    return block * ref.blockSizeBytes + blockBytes(ref, block);
  }

  #peerRead(): PeerRead {
    const { ref, from } = this.#options;
    const { positionBytes, endBytes } = this.#filler;
    const { signal } = this.#abort;
    const lengthBytes = endBytes - positionBytes;
    return { ...from, ref, offsetBytes: positionBytes, lengthBytes, signal };
  }

  async #fromOriginInTurn(toBytes: number): Promise<void> {
    const { originQueue } = this.#options;
    const { signal } = this.#abort;
    const place = new HeldPlace(this.priority, toBytes - this.#filler.positionBytes);
    this.#place = place;
    try {
      originQueue.add(place);
      await untilAborted(place.granted(), signal);
      await this.#fromOrigin(toBytes);
    } finally {
      this.#place = undefined;
      originQueue.remove(place);
      place.release();
    }
  }

  async #fromOrigin(toBytes: number): Promise<void> {
    const { ref } = this.#options;
    const origin = await this.#options.origin();
    const offsetBytes = this.#filler.positionBytes;
    const { signal } = this.#abort;
    const lengthBytes = toBytes - offsetBytes;
    const urgency = () => this.priority;
    await origin.read({ object: ref, offsetBytes, lengthBytes, signal, urgency }, (bytes) => {
      this.#options.onReceived(bytes.length);
      this.#originEndBytes = this.#filler.positionBytes + bytes.length;
      return this.#take(bytes);
    });
    if (this.#filler.positionBytes !== toBytes) {
      throw new LarderError('ORIGIN_BAD_RESPONSE', { object: ref.objectId, reason: 'short' });
    }
  }

  #failure(error: unknown): Outcome {
    if (this.#filler.failed) return { kind: 'unkept' };
    return this.#abort.signal.aborted ? { kind: 'cancelled' } : { kind: 'failed', error };
  }

  #take(bytes: Buffer): Promise<void> | undefined {
    const offsetBytes = this.#filler.positionBytes;
    const room = this.#filler.take(bytes);
    for (const tap of this.#taps) {
      tap.offer(offsetBytes, bytes);
      if (tap.full) tap.end();
      if (tap.over) this.#taps.delete(tap);
    }
    return room;
  }

  #finish(outcome: Outcome): void {
    this.outcome = outcome;
    const error = outcome.kind === 'failed' && this.isNews ? outcome.error : undefined;
    for (const tap of this.#taps) tap.end(error);
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

/** What becomes of it where there is no room. */
const WITHOUT = { none: 'unkept', later: 'cancelled' } as const;

function hasRoom(room: Room): room is 'memory' | 'disk' {
  return room === 'memory' || room === 'disk';
}

interface Waiter {
  readonly isMet: () => boolean;
  readonly wake: () => void;
}
