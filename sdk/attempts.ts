/**
 * One request to the cluster, tried at one worker after the other until its deadline.
 *
 * Always true: it is tried again only where that can help; who must wait waits as long as it was told, and
 * no longer than the deadline.
 */
import { asLarderError, LarderError } from '../common/index.ts';
import type { ErrorCode, Placement } from '../common/index.ts';
import { formatAddress } from '../rpc/data/index.ts';
import type { DataAddress, DataClient } from '../rpc/data/index.ts';
import type { Connections } from './connections.ts';
import type { ConnectConfig } from './options.ts';

export interface AttemptsOptions {
  readonly config: ConnectConfig;
  readonly connections: Connections;
  readonly placement: () => Placement;
}

export interface Attempt {
  readonly client: DataClient;
  /** For the whole answer. */
  readonly timeoutMs: number;
  readonly waits: Waits;
}

/** Codes that another worker, or the same one a moment later, can cure. */
const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'BUSY',
  'CHECKSUM_MISMATCH',
  'FRAME_INVALID',
  'PROTOCOL_MISMATCH',
  'CACHE_IO',
]);
/** Codes of a worker that cannot fetch, where another one may. */
const ELSEWHERE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ORIGIN_CREDENTIALS',
  'ORIGIN_DENIED',
  'ORIGIN_UNREACHABLE',
]);
/** What a sound worker never sends. */
const BAD: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['CHECKSUM_MISMATCH', 'FRAME_INVALID']);
/** When so many workers have said that they cannot fetch, it is the origin. */
const MOST_REFUSALS = 3;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
/** Whoever told of a newer placement has it from the master: it comes here about now as well. */
const PLACEMENT_WAIT_MS = 1_000;
const PLACEMENT_LOOK_MS = 10;
/** To find the best few of 1,000 workers takes 10 µs, to sort all of them 250 µs. */
const FIRST_ASKED = 3;
/** A worker that is busy again and again is passed over. */
const MOST_TURNS = 3;

export class Attempts {
  readonly #options: AttemptsOptions;

  constructor(options: AttemptsOptions) {
    this.#options = options;
  }

  /** @param addresses of workers in the order in which they are asked, at most so many */
  async persist<T>(
    addresses: (most?: number) => Promise<DataAddress[]>,
    signal: AbortSignal,
    ask: (attempt: Attempt) => Promise<T>,
  ): Promise<T> {
    const { clock, readTimeoutMs, random } = this.#options.config;
    const deadlineMs = clock.monotonicMs() + readTimeoutMs;
    const waits = new Waits(this.#options, deadlineMs, signal);
    // Made when it is needed: an error costs as much as the rest of finding the way.
    let failure: LarderError | undefined;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      const found = await addresses(failure === undefined ? FIRST_ASKED : undefined);
      const refusals: LarderError[] = [];
      for (const [i, address] of found.entries()) {
        const leftMs = deadlineMs - clock.monotonicMs();
        if (leftMs <= 0) throw failure ?? new LarderError('NO_WORKER');
        const timeoutMs = this.#timeoutMs(leftMs, i === found.length - 1);
        try {
          const client = await this.#options.connections.get(address);
          return await ask({ client, timeoutMs, waits });
        } catch (error) {
          failure = this.#failed(address, asLarderError(error), found.length);
        }
        if (waits.hasMoved) break;
        if (ELSEWHERE.has(failure.code)) refusals.push(failure);
        if (refusals.length === Math.min(MOST_REFUSALS, found.length)) throw refusals[0] ?? failure;
      }
      if (waits.takeMoved()) continue;
      if (clock.monotonicMs() + pauseMs >= deadlineMs) {
        throw failure ?? new LarderError('NO_WORKER');
      }
      await clock.sleep(pauseMs * (0.5 + random() / 2), signal);
    }
  }

  /** While others can be asked, half of what is left at most. */
  #timeoutMs(leftMs: number, isLast: boolean): number {
    return Math.min(isLast ? leftMs : leftMs / 2, this.#options.config.attemptTimeoutMs);
  }

  /** @throws what asking again cannot cure */
  #failed(address: DataAddress, failure: LarderError, found: number): LarderError {
    const { code, facts } = failure;
    if (!PASSING.has(code) && !ELSEWHERE.has(code)) throw failure;
    const isItsOwn = facts['worker'] === formatAddress(address);
    if (BAD.has(code) && isItsOwn && found > 1) this.#options.connections.avoid(address, failure);
    return failure;
  }
}

/** What one read waits for besides its bytes. */
export class Waits {
  /** How often it has waited for its turn. */
  count = 0;
  /** Others have a newer placement, and it does not come here: the master may be away. */
  isOutdated = false;
  #hasMoved = false;
  readonly #options: AttemptsOptions;
  readonly #deadlineMs: number;
  readonly #signal: AbortSignal;

  constructor(options: AttemptsOptions, deadlineMs: number, signal: AbortSignal) {
    this.#options = options;
    this.#deadlineMs = deadlineMs;
    this.#signal = signal;
  }

  get hasMoved(): boolean {
    return this.#hasMoved;
  }

  takeMoved(): boolean {
    const hasMoved = this.#hasMoved;
    this.#hasMoved = false;
    return hasMoved;
  }

  /** Waits for a placement that a worker told of, and returns what the attempt fails with. */
  async placement(number: number): Promise<LarderError> {
    const { config, placement } = this.#options;
    const { clock } = config;
    const untilMs = Math.min(clock.monotonicMs() + PLACEMENT_WAIT_MS, this.#deadlineMs);
    while (placement().number < number && clock.monotonicMs() < untilMs) {
      await clock.sleep(PLACEMENT_LOOK_MS, this.#signal);
    }
    this.isOutdated = placement().number < number;
    this.#hasMoved = true;
    return new LarderError('BUSY', { answer: 'moved', placement: number });
  }

  /** Waits as long as a worker asks for. */
  async turn(retryAfterMs: number): Promise<void> {
    const { clock } = this.#options.config;
    this.count += 1;
    const leftMs = this.#deadlineMs - clock.monotonicMs();
    if (this.count % MOST_TURNS === 0 || retryAfterMs >= leftMs) {
      throw new LarderError('BUSY', { answer: 'busy', retryAfterMs });
    }
    await clock.sleep(retryAfterMs, this.#signal);
  }
}
