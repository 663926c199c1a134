/**
 * Brings what other workers have offered to this one's disk: in the background, a few objects at a time, at a
 * bounded rate, from the worker that offered it and never from the origin.
 *
 * Always true:
 *   - `taken` is said of an object only when all that was offered of what this worker is to have is here;
 *   - what there is no room for is refused, and nothing that this worker owns leaves for a replica.
 */
import { asLarderError } from '../../common/index.ts';
import type { Clock, Logger, ObjectRef, Placement, PlacementMember } from '../../common/index.ts';
import type { BringOptions, Brought } from '../fetching/index.ts';
import type { OpenedVersion } from '../versions.ts';
import type { Arrival, Arrivals } from './arrivals.ts';
import { blocksOfStripe, stripesDue, stripesOf } from './duties.ts';
import type { Blocks } from './duties.ts';
import { Rate } from './rate.ts';
import type { Receipts } from './receipts.ts';

export interface PullsOptions {
  readonly workerId: string;
  readonly placement: () => Placement;
  readonly replicas: (datasetId: number) => number;
  readonly versions: {
    get(datasetId: number, version: number, signal: AbortSignal): Promise<OpenedVersion>;
  };
  readonly arrivals: Arrivals;
  readonly receipts: Pick<Receipts, 'add'>;
  readonly held: { has(datasetId: number, block: number): boolean };
  /** Copies blocks from another worker. @throws {LarderError} where it cannot be reached */
  readonly bring: (ref: ObjectRef, how: BringOptions) => Promise<Brought>;
  readonly bytesPerSecond: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Few, so that readers find the disk and the network free. */
const LANES = 4;
/**
 * A small object costs the two workers about a millisecond of CPU time each, whatever its size. Readers lost so much
 * while 2,000 objects of 4 KB moved: without this bound 48 %, with 400 a second 23 %, with 300 23 %, with 200 3 %.
 */
const OBJECTS_PER_SECOND = 200;
/** A worker that could not be reached is left alone for so long. */
const REST_MS = 500;

export class Pulls implements AsyncDisposable {
  readonly #options: PullsOptions;
  readonly #closing = new AbortController();
  readonly #bytes: Rate;
  readonly #objects: Rate;
  readonly #resting = new Map<string, number>();
  readonly #running: Promise<unknown>;
  #underWay = 0;
  #movedBytes = 0;
  #wake: () => void = () => undefined;
  #woken: Promise<void> = Promise.resolve();

  constructor(options: PullsOptions) {
    this.#options = options;
    this.#bytes = new Rate(options.clock, options.bytesPerSecond);
    this.#objects = new Rate(options.clock, OBJECTS_PER_SECOND);
    this.#sleepAgain();
    this.#running = Promise.all(Array.from({ length: LANES }, () => this.#lane()));
  }

  /** Since the start of the process. */
  get movedBytes(): number {
    return this.#movedBytes;
  }

  get underWay(): number {
    return this.#underWay;
  }

  /** There is something to bring. */
  wake(): void {
    this.#wake();
    this.#sleepAgain();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#wake();
    await this.#running;
  }

  #sleepAgain(): void {
    this.#woken = new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  async #lane(): Promise<void> {
    const { arrivals, clock, log } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const arrival = arrivals.next((from) => this.#rests(from));
      if (arrival === undefined) {
        const pause = arrivals.objects > 0 ? [clock.sleep(REST_MS, signal)] : [];
        await Promise.race([this.#woken, ...pause]).catch(() => undefined);
        continue;
      }
      this.#underWay += 1;
      try {
        await this.#pull(arrival, signal);
      } catch (error) {
        log.debug({ err: error, ...arrival }, 'an object was not moved');
        if (isPassing(error)) {
          arrivals.putBack(arrival);
          this.#rest(arrival.from);
        }
      } finally {
        this.#underWay -= 1;
      }
    }
  }

  #rests(from: string): boolean {
    return (this.#resting.get(from) ?? 0) > this.#options.clock.monotonicMs();
  }

  #rest(from: string): void {
    this.#resting.set(from, this.#options.clock.monotonicMs() + REST_MS);
  }

  async #pull(arrival: Arrival, signal: AbortSignal): Promise<void> {
    const { arrivals, receipts, versions, placement } = this.#options;
    const { from, datasetId, version, ordinal } = arrival;
    const opened = await versions.get(datasetId, version, signal);
    const ref = await opened.replica.withPages(signal, (reader) =>
      opened.objectRef(reader, ordinal),
    );
    arrivals.begun(arrival, ref);
    const member = placement().everyone.find(({ workerId }) => workerId === from);
    const blocks = this.#due(ref);
    if (member === undefined || blocks.length === 0) {
      arrivals.settled(arrival, ref);
      return;
    }
    const outcome = await this.#bring(ref, blocks, member, signal);
    if (outcome === 'later') {
      arrivals.add(arrival, ref);
      return;
    }
    arrivals.settled(arrival, ref);
    const what = { done: 'taken', 'no-room': 'refused', gone: undefined } as const;
    const receipt = what[outcome];
    if (receipt !== undefined) receipts.add(member, { datasetId, version, ordinal, what: receipt });
  }

  async #bring(
    ref: ObjectRef,
    blocks: readonly Blocks[],
    member: PlacementMember,
    signal: AbortSignal,
  ): Promise<Brought | 'later'> {
    const { log } = this.#options;
    const { datasetId } = ref;
    const missingBytes = this.#missingBytes(ref, blocks);
    if (missingBytes === 0) return 'done';
    try {
      await this.#objects.take(1, signal);
      const pace = (bytes: number) => this.#bytes.take(bytes, signal);
      const how = { blocks, keeper: member, pace, signal };
      const outcome = await this.#options.bring(ref, how);
      this.#movedBytes += missingBytes - this.#missingBytes(ref, blocks);
      return outcome;
    } catch (error) {
      signal.throwIfAborted();
      log.debug({ err: error, datasetId, worker: member.workerId }, 'a move stopped');
      if (!isPassing(error)) return 'gone';
      this.#rest(member.workerId);
      return 'later';
    }
  }

  /** What this worker is to have of an object, by the placement as it is now. */
  #due(ref: ObjectRef): Blocks[] {
    const { placement, workerId, replicas } = this.#options;
    const { objectId, datasetId } = ref;
    const copy = { placement: placement(), workerId, objectId, replicas: replicas(datasetId) };
    const stripes = stripesDue({ ...copy, stripes: stripesOf(ref) });
    return stripes.map((stripe) => blocksOfStripe(ref, stripe));
  }

  #missingBytes(ref: ObjectRef, blocks: readonly Blocks[]): number {
    const { datasetId, firstBlock, blockSizeBytes, sizeBytes } = ref;
    let missing = 0;
    for (const { first, end } of blocks) {
      for (let block = first; block < end; block += 1) {
        if (this.#options.held.has(datasetId, firstBlock + block)) continue;
        missing += Math.min(blockSizeBytes, sizeBytes - block * blockSizeBytes);
      }
    }
    return missing;
  }
}

/** A moment later it may be better. */
function isPassing(error: unknown): boolean {
  const { code } = asLarderError(error);
  return code === 'UNAVAILABLE' || code === 'DEADLINE_EXCEEDED' || code === 'BUSY';
}
