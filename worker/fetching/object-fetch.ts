/**
 * The fetches of one object that are under way: at most one per block, whoever wants it.
 *
 * Always true: a block is in at most one run that is not over; a run that nobody waits for, and that
 * is not for the cache's own sake, is cancelled.
 */
import { STRIPE_BYTES } from '../../common/index.ts';
import type { ObjectRef } from '../../common/index.ts';
import type { OriginReads } from '../origins/origin.ts';
import type { PeerReads } from '../peers/peer-reads.ts';
import { isPassing } from '../store/index.ts';
import type { ObjectStore, StoredObject } from '../store/index.ts';
import type { TransitLine, TransitMemory } from '../transit/index.ts';
import { OWN_ACCORD } from './fetch-from.ts';
import type { FetchFrom } from './fetch-from.ts';
import type { BlockSpan } from './ranges.ts';
import { PRIORITY } from './fetch-queue.ts';
import type { FetchQueue, Priority, Queued } from './fetch-queue.ts';
import { FetchRun } from './fetch-run.ts';
import type { WriteBuffers } from './write-buffers.ts';

export interface FetchContext {
  readonly store: ObjectStore;
  /** Of reads of origins. */
  readonly queue: FetchQueue<Queued>;
  /** Of runs that ask other workers first. */
  readonly peerQueue: FetchQueue<Queued>;
  readonly peers: PeerReads | undefined;
  readonly originFor: (datasetId: number) => Promise<OriginReads>;
  /** Adjacent blocks are joined into reads of this size. */
  readonly joinBytes: number;
  readonly buffers: WriteBuffers;
  readonly transit: TransitMemory;
  readonly transitLine: TransitLine;
  readonly onReceived: (bytes: number) => void;
  readonly onBlock: (ref: ObjectRef, block: number) => void;
}

export interface Completing {
  /** Of what is begun from now on. */
  priority: Priority;
  /** Whether what was begun goes on when the completion ends early. */
  readonly forCache: boolean;
  readonly aborted?: Promise<never> | undefined;
}

interface Completion {
  readonly how: Completing;
  readonly done: Promise<void>;
}

export class ObjectFetch {
  readonly ref: ObjectRef;
  /** Readers and background work; the object stays pinned while there are any. */
  users = 0;
  /** What is being completed in the background, by its first block. */
  readonly completions = new Map<number, Completion>();
  readonly #context: FetchContext;
  readonly #runs = new Map<number, FetchRun>();
  readonly #ending = new Set<Promise<void>>();
  /** Of runs that were cancelled, and may still be writing. */
  readonly #cancelled = new Set<Promise<void>>();
  #stored: StoredObject;

  readonly #onRest: () => void;

  /** @param onRest called when a run is over: the object may be idle now */
  constructor(context: FetchContext, ref: ObjectRef, onRest: () => void) {
    this.#context = context;
    this.ref = ref;
    this.#onRest = onRest;
    this.#stored = context.store.pin(ref);
  }

  /** What the store has of it: a new incarnation after it was dropped. */
  get stored(): StoredObject {
    if (this.#stored.state === 'dropped') {
      const { store } = this.#context;
      store.unpin(this.#stored);
      this.#stored = store.pin(this.ref);
    }
    return this.#stored;
  }

  get store(): ObjectStore {
    return this.#context.store;
  }

  /** How many adjacent blocks one origin read brings. */
  get blocksPerRun(): number {
    return Math.max(1, Math.floor(this.#context.joinBytes / this.ref.blockSizeBytes));
  }

  get idle(): boolean {
    return this.users === 0 && this.#runs.size === 0 && this.#ending.size === 0;
  }

  /** The object is read through another dataset's reference too. */
  alsoOf(ref: ObjectRef): void {
    if (ref.datasetId === this.ref.datasetId && ref.firstBlock === this.ref.firstBlock) return;
    this.#context.store.unpin(this.#context.store.pin(ref));
  }

  unpin(): void {
    this.#context.store.unpin(this.#stored);
  }

  /**
   * Runs for all missing blocks of a span, new ones where there are none. Of an object that passes through, what is
   * in memory is not missing; of one that is kept by now, it is: it is to be written.
   *
   * @param forCache whether new ones go on when nobody waits; readers' own never do
   */
  want(
    span: BlockSpan,
    priority: Priority,
    { forCache = true, from = OWN_ACCORD }: { forCache?: boolean; from?: FetchFrom } = {},
  ): Set<FetchRun> {
    const perRun = this.blocksPerRun;
    const perStripe = STRIPE_BYTES / this.ref.blockSizeBytes;
    const runs = new Set<FetchRun>();
    let first = -1;
    for (let block = span.first; block <= span.end; block += 1) {
      const run = block < span.end ? this.#runs.get(block) : undefined;
      const missing = block < span.end && run === undefined && !this.#hasHere(block);
      const isCut = block - first === perRun || block % perStripe === 0;
      if (first >= 0 && (!missing || isCut)) {
        runs.add(this.#start({ first, end: block }, priority, { forCache, from }));
        first = -1;
      }
      if (missing && first < 0) first = block;
      if (run === undefined) continue;
      this.#queueOf(run).raise(run, priority);
      run.raise(priority);
      runs.add(run);
    }
    return runs;
  }

  /** Where it belongs: on the disk, or in memory. */
  #hasHere(block: number): boolean {
    const { stored } = this;
    if (stored.has(block)) return true;
    return isPassing(stored) && this.#context.transit.has(this.ref, block);
  }

  /** The run that brings a block, if one does. */
  runOf(block: number): FetchRun | undefined {
    return this.#runs.get(block);
  }

  /** One reader needs the run no more. */
  leave(run: FetchRun): void {
    run.waiters -= 1;
    if (run.waiters > 0 || run.outcome !== undefined || run.forCache) return;
    this.#cancel(run);
  }

  /** Resolves when what is under way now is over. */
  async settled(): Promise<void> {
    await Promise.all([...this.#ending, ...[...this.completions.values()].map(({ done }) => done)]);
  }

  /** Cancels everything; resolves when no write is under way. */
  async stop(): Promise<void> {
    for (const run of new Set(this.#runs.values())) this.#cancel(run);
    await Promise.all(this.#ending);
  }

  #start(
    span: BlockSpan,
    priority: Priority,
    { forCache, from }: { forCache: boolean; from: FetchFrom },
  ): FetchRun {
    const { store, originFor, onReceived, onBlock, queue, buffers } = this.#context;
    const { transit, transitLine } = this.#context;
    const { ref } = this;
    const run = new FetchRun({
      store,
      stored: this.#stored,
      transit,
      transitLine,
      ref,
      ...span,
      priority,
      forCache: forCache && priority !== PRIORITY.reader,
      buffers,
      origin: () => originFor(ref.datasetId),
      originQueue: queue,
      peers: this.#peersFor(span, from),
      from,
      after: Promise.all(this.#cancelled),
      onReceived,
      onBlock: (block) => {
        onBlock(ref, block);
      },
    });
    for (let block = run.first; block < run.end; block += 1) this.#runs.set(block, run);
    store.hold(run.stored);
    // What is in memory, and is to be written from there, stays until it was.
    const inMemory = isPassing(run.stored) ? undefined : transit.hold(ref, span);
    const ended = run.over.then(() => {
      inMemory?.[Symbol.dispose]();
      this.#forget(run);
      this.#ending.delete(ended);
      store.unpin(run.stored);
      this.#onRest();
    });
    this.#ending.add(ended);
    this.#queueOf(run).add(run);
    return run;
  }

  #queueOf(run: FetchRun): FetchQueue<Queued> {
    return run.asksPeers ? this.#context.peerQueue : this.#context.queue;
  }

  #peersFor({ first }: BlockSpan, from: FetchFrom): PeerReads | undefined {
    const { peers } = this.#context;
    if (peers === undefined || !from.askPeers) return undefined;
    if (from.keeper !== undefined) return peers;
    const { asks } = peers.route(this.ref, first * this.ref.blockSizeBytes, from);
    return asks.length === 0 ? undefined : peers;
  }

  #cancel(run: FetchRun): void {
    this.#forget(run);
    if (this.#queueOf(run).remove(run)) {
      run.skip();
      return;
    }
    run.cancel();
    const ended = run.over.finally(() => this.#cancelled.delete(ended));
    this.#cancelled.add(ended);
  }

  #forget(run: FetchRun): void {
    for (let block = run.first; block < run.end; block += 1) {
      if (this.#runs.get(block) === run) this.#runs.delete(block);
    }
  }
}
