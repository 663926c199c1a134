/**
 * Bytes from other workers instead of the origin: asks them in the order of the route, goes on with the
 * next where one fails, and keeps what came before.
 *
 * Always true:
 *   - bytes are handed over in order, each once, and only after their CRC, bound to object, offset and
 *     length, was right;
 *   - no wait is longer than the deadline of who asked, and the next worker is told what is left of it;
 *   - what no worker could cure (the origin's object has changed) is thrown; what one worker lacks, the
 *     next is asked for, and in the end whoever called reads the origin.
 */
import { asLarderError, LarderError } from '../../common/index.ts';
import type {
  Clock,
  ErrorCode,
  Logger,
  ObjectRef,
  Placement,
  PlacementMember,
} from '../../common/index.ts';
import type { DataClient, PieceSink, StreamAnswer } from '../../rpc/data/index.ts';
import type { Keepers } from './keepers.ts';
import type { PeerLinks } from './peer-links.ts';
import { routeOf } from './route.ts';
import type { Ask, Route } from './route.ts';

export interface PeerReadsOptions {
  readonly workerId: string;
  readonly links: PeerLinks;
  readonly keepers: Keepers;
  readonly placement: () => Placement | undefined;
  readonly replicasOf: (datasetId: number) => number | 'all';
  readonly clock: Clock;
  readonly log: Logger;
}

/** Where a read came from, and how long it may take. */
export interface ReadOrigin {
  /** Workers that passed it on. */
  readonly hops: number;
  /** Whether it may be passed on: not where it was computed with a placement that is not known here. */
  readonly mayPassOn: boolean;
  /** On the monotonic clock. */
  readonly deadlineAtMs: number;
}

export interface PeerRead extends ReadOrigin {
  readonly ref: ObjectRef;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly signal: AbortSignal;
}

export interface PeerReadEnd {
  /** Everything before it was handed over. */
  readonly reachedBytes: number;
  /** A keeper lacks the next block, and may have what follows it. */
  readonly maybeLater: boolean;
}

/** More are never needed: each passes on only to those before it. */
const MAX_HOPS = 16;
/** A placement that somebody else knows comes from the master about now. */
const PLACEMENT_WAIT_MS = 1_000;
const PLACEMENT_LOOK_MS = 20;
const MAX_ROUNDS = 3;
const MAX_BUSY_WAIT_MS = 1_000;
/** A keeper may have moved on as well. */
const MAX_REDIRECTS = 2;
/** Of one request, where nobody waits for it. */
const MAX_REQUEST_MS = 30_000;
/** Left for the way back of the answer, of what is left. */
const HOP_SHARE = 0.95;
/** The next one could not do better: the reader is told. */
const FINAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ORIGIN_CHANGED',
  'ORIGIN_NOT_FOUND',
  'ORIGIN_THROTTLED',
  'INVALID_ARGUMENT',
]);

export class PeerReads {
  readonly #options: PeerReadsOptions;

  constructor(options: PeerReadsOptions) {
    this.#options = options;
  }

  /** Who would be asked now for what is missing at an offset: none of those that are avoided. */
  route(ref: ObjectRef, offsetBytes: number, read: Pick<ReadOrigin, 'hops' | 'mayPassOn'>): Route {
    const { workerId, keepers, links, replicasOf } = this.#options;
    if (ref.entry === undefined) return { asks: [], keeps: true };
    const placement = this.#options.placement();
    const replicas = replicasOf(ref.datasetId);
    const route = routeOf(ref, offsetBytes, { workerId, placement, keepers, replicas });
    const mayPassOn = read.mayPassOn && read.hops < MAX_HOPS;
    const asks = route.asks.flatMap((ask) => {
      if (links.isAvoided(ask.member)) return [];
      if (!ask.mayFetch) return [ask];
      if (!mayPassOn) return [];
      return [{ ...ask, mayFetch: links.canFetch(ask.member, ref.datasetId) }];
    });
    const isStandIn = !asks.some(({ mayFetch }) => mayFetch);
    return { asks, keeps: route.keeps || isStandIn };
  }

  /**
   * Hands over as much of a range as other workers give.
   *
   * @throws {LarderError} what asking elsewhere cannot cure, and `CANCELLED`
   */
  async read(read: PeerRead, sink: PieceSink): Promise<PeerReadEnd> {
    const asking = new Asking(this.#options, read, sink);
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      asking.movedTo = 0;
      const { asks } = this.route(read.ref, asking.positionBytes, read);
      for (const ask of asks) {
        if ((await asking.ask(ask)) || asking.isOurs) return asking.end;
      }
      if (asking.movedTo === 0 || !(await this.#placementComes(asking.movedTo, read))) break;
    }
    return asking.end;
  }

  /**
   * Hands over all of a range from one worker that has it.
   *
   * @throws {LarderError} `NOT_FOUND` where it lacks some of it, and whatever else is wrong
   */
  async readKept(member: PlacementMember, read: PeerRead, sink: PieceSink): Promise<void> {
    const asking = new Asking(this.#options, read, sink);
    const answer = await asking.take(member);
    if (answer.kind === 'done') return;
    throw new LarderError(answer.kind === 'busy' ? 'BUSY' : 'NOT_FOUND', { answer: answer.kind });
  }

  /** @throws {LarderError} `DEADLINE_EXCEEDED` where nobody can be waiting any more */
  assertInTime({ deadlineAtMs }: Pick<ReadOrigin, 'deadlineAtMs'>): void {
    if (this.#options.clock.monotonicMs() < deadlineAtMs) return;
    throw new LarderError('DEADLINE_EXCEEDED', { what: 'a read that was passed on' });
  }

  /** Whether a placement that others know has come here. */
  async #placementComes(number: number, { signal, deadlineAtMs }: PeerRead): Promise<boolean> {
    const { clock, placement } = this.#options;
    const untilMs = Math.min(clock.monotonicMs() + PLACEMENT_WAIT_MS, deadlineAtMs);
    while ((placement()?.number ?? 0) < number) {
      if (clock.monotonicMs() >= untilMs) return false;
      await clock.sleep(PLACEMENT_LOOK_MS, signal);
    }
    return true;
  }
}

/** One read on its way from worker to worker. */
class Asking {
  positionBytes: number;
  /** The newest placement that somebody answered with, where it is newer than ours. */
  movedTo = 0;
  /** The owner says that this worker keeps it. */
  isOurs = false;
  readonly #options: PeerReadsOptions;
  readonly #read: PeerRead;
  readonly #sink: PieceSink;
  readonly #endBytes: number;
  #maybeLater = false;
  #redirects = 0;
  /** A worker was reached, and has the request. */
  #isAsked = false;

  constructor(options: PeerReadsOptions, read: PeerRead, sink: PieceSink) {
    this.#options = options;
    this.#read = read;
    this.#sink = sink;
    this.positionBytes = read.offsetBytes;
    this.#endBytes = read.offsetBytes + read.lengthBytes;
  }

  get end(): PeerReadEnd {
    return { reachedBytes: this.positionBytes, maybeLater: this.#maybeLater };
  }

  /** @returns whether everything has come */
  async ask({ member, mayFetch, isKeeper }: Ask): Promise<boolean> {
    const { signal } = this.#read;
    this.#maybeLater = false;
    this.#isAsked = false;
    try {
      for (let tries = 0; tries < MAX_ROUNDS; tries += 1) {
        const client = await this.#options.links.connect(member);
        const answer = await this.#stream(client, mayFetch);
        if (answer.kind === 'done') return true;
        if (answer.kind === 'redirect') return await this.#follow(answer.dataAddress);
        if (answer.kind === 'moved') {
          this.movedTo = Math.max(this.movedTo, answer.placement);
          return false;
        }
        await this.#options.clock.sleep(Math.min(answer.retryAfterMs, MAX_BUSY_WAIT_MS), signal);
      }
    } catch (error) {
      signal.throwIfAborted();
      this.#failed(member, asLarderError(error));
      this.#maybeLater = isKeeper;
    }
    return this.positionBytes >= this.#endBytes;
  }

  /** @throws {LarderError} what went wrong */
  async take(member: PlacementMember): Promise<StreamAnswer> {
    try {
      return await this.#stream(await this.#options.links.connect(member), false);
    } catch (error) {
      this.#options.links.report(member, error);
      throw error;
    }
  }

  async #follow(dataAddress: string): Promise<boolean> {
    const keeper = this.#options
      .placement()
      ?.members.find((member) => member.dataAddress === dataAddress);
    this.#redirects += 1;
    if (keeper === undefined || this.#redirects > MAX_REDIRECTS) return false;
    if (keeper.workerId === this.#options.workerId) {
      this.isOurs = true;
      this.#options.keepers.take(this.#read.ref);
      return false;
    }
    return await this.ask({ member: keeper, mayFetch: true, isKeeper: true });
  }

  async #stream(client: DataClient, mayFetch: boolean): Promise<StreamAnswer> {
    const { ref, signal, deadlineAtMs, hops } = this.#read;
    const { clock, placement } = this.#options;
    const left = (deadlineAtMs - clock.monotonicMs()) * HOP_SHARE;
    const leftMs = Math.floor(Math.min(left, MAX_REQUEST_MS));
    if (leftMs <= 0) throw new LarderError('DEADLINE_EXCEEDED', { object: ref.objectId });
    const { version = 0, ordinal = 0 } = ref.entry ?? {};
    const offsetBytes = this.positionBytes;
    const request = {
      ...{ datasetId: ref.datasetId, version, ordinal, offsetBytes, mayFetch },
      lengthBytes: this.#endBytes - offsetBytes,
      placement: placement()?.number ?? 0,
      deadlineMs: leftMs,
      hops: hops + 1,
    };
    this.#isAsked = true;
    return await client.stream(request, ref.objectId, { timeoutMs: leftMs, signal }, (bytes) => {
      this.positionBytes += bytes.length;
      this.#options.links.received(bytes.length);
      return this.#sink(bytes);
    });
  }

  #failed(member: PlacementMember, error: LarderError): void {
    const { links, log } = this.#options;
    const { ref } = this.#read;
    // It is there, and waits for the origin itself: reading it here as well would make that no faster.
    const isLate = error.code === 'DEADLINE_EXCEEDED' && this.#isAsked;
    if (isLate || FINAL.has(error.code)) throw error;
    links.report(member, error);
    if (error.code === 'ORIGIN_CREDENTIALS') links.reportUnable(member, ref.datasetId);
    if (error.code === 'NOT_FOUND') return;
    log.debug({ err: error, peer: member.workerId, object: ref.objectId }, 'a worker gave nothing');
  }
}
