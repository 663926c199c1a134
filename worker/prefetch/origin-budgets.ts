/**
 * This worker's part of the bandwidth of origins that have a budget (`originBandwidth` of a dataset).
 *
 * Always true:
 *   - the master divides; what it told last holds until it tells something else;
 *   - while the master cannot be reached, a worker reads at most its part by weight, so that those that are cut
 *     off together stay within the budget;
 *   - a dataset without a budget is not held back.
 */
import { untilAborted } from '../../common/index.ts';
import type { Clock } from '../../common/index.ts';
import type { Origin, OriginRead, OriginReads } from '../origins/index.ts';
import { Pace, WAITED_FOR } from './pace.ts';

export interface OriginShare {
  readonly datasetId: number;
  /** Of this worker. */
  readonly bytesPerSecond: number;
  /** Of all workers together. */
  readonly budgetBytesPerSecond: number;
}

export interface OriginDemand {
  readonly datasetId: number;
  readonly bytesPerSecond: number;
  /** Its share held reads back. */
  readonly waits: boolean;
  /** How often the origin asked for fewer requests, since the start of the process. */
  readonly refusals: number;
}

export interface OriginBudgetsOptions {
  readonly clock: Clock;
  /** Whether the master answers now. */
  readonly isConnected: () => boolean;
  /** This worker's part of all workers, by weight: 0 … 1. */
  readonly weightShare: () => number;
}

type PacedOrigin = OriginReads & Pick<Origin, 'counters'>;

const waitedFor = () => WAITED_FOR;

export class OriginBudgets implements Disposable {
  readonly #options: OriginBudgetsOptions;
  readonly #paces = new Map<number, Pace>();
  readonly #origins = new Map<number, PacedOrigin>();
  #shares: ReadonlyMap<number, OriginShare> = new Map();

  constructor(options: OriginBudgetsOptions) {
    this.#options = options;
  }

  /** The master's answer: of all datasets that have a budget. */
  told(shares: readonly OriginShare[]): void {
    this.#shares = new Map(shares.map((share) => [share.datasetId, share]));
    for (const datasetId of this.#paces.keys()) this.#apply(datasetId);
    for (const { datasetId } of shares) this.#paceOf(datasetId);
  }

  /** What the master is told. */
  demands(): OriginDemand[] {
    return [...this.#shares.keys()].map((datasetId) => {
      this.#apply(datasetId);
      const refusals = this.#origins.get(datasetId)?.counters.refusals ?? 0;
      const { bytesPerSecond, waits } = this.#paceOf(datasetId).demand();
      return { datasetId, bytesPerSecond, waits, refusals };
    });
  }

  /** The origin of a dataset, at the pace that it may be read. */
  paced(datasetId: number, origin: PacedOrigin): OriginReads {
    this.#origins.set(datasetId, origin);
    return {
      read: async (request, sink) => {
        const pace = this.#paceOf(datasetId);
        this.#apply(datasetId);
        const urgency = request.urgency ?? waitedFor;
        await begin(pace, request, urgency);
        try {
          await origin.read(request, (bytes) => {
            const turn = pace.piece(bytes.length, urgency);
            const taken = sink(bytes);
            if (turn === undefined) return taken;
            return taken === undefined ? turn : both(turn, taken);
          });
        } finally {
          pace.end();
        }
      },
    };
  }

  [Symbol.dispose](): void {
    for (const pace of this.#paces.values()) pace[Symbol.dispose]();
  }

  #paceOf(datasetId: number): Pace {
    const known = this.#paces.get(datasetId);
    if (known !== undefined) return known;
    const pace = new Pace(this.#options.clock);
    this.#paces.set(datasetId, pace);
    this.#apply(datasetId);
    return pace;
  }

  #apply(datasetId: number): void {
    this.#paces.get(datasetId)?.setRate(this.#rateOf(this.#shares.get(datasetId)));
  }

  #rateOf(share: OriginShare | undefined): number {
    if (share === undefined) return Infinity;
    const { isConnected, weightShare } = this.#options;
    if (isConnected()) return share.bytesPerSecond;
    return Math.min(share.bytesPerSecond, share.budgetBytesPerSecond * weightShare());
  }
}

/** A read that is not wanted any more does not begin, and gives its turn to the next. */
async function begin(pace: Pace, { signal }: OriginRead, urgency: () => number): Promise<void> {
  const turn = pace.begin(() => (signal.aborted ? WAITED_FOR : urgency()));
  if (turn === undefined) return;
  try {
    await untilAborted(turn, signal);
  } catch (error) {
    void turn.then(() => {
      pace.end();
    });
    throw error;
  }
}

async function both(turn: Promise<void>, taken: Promise<void>): Promise<void> {
  await Promise.all([turn, taken]);
}
