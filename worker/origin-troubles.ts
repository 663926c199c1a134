/**
 * Which origins this worker cannot read for want of credentials: said in the log and to the master, and for a
 * while answered at once, so that another worker is asked.
 *
 * Always true:
 *   - a worker that is alone always tries: there is nobody else to ask;
 *   - where access to an object was refused, others of the dataset are still tried: it may be that object;
 *   - what is told lasts until a read of the dataset succeeds.
 */
import { asLarderError, hasCode } from '../common/index.ts';
import type { Clock, ErrorCode, LarderError, Logger } from '../common/index.ts';
import type { ByteSink, OriginRead, OriginReads } from './origins/index.ts';

export interface OriginTroublesOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** How long an origin is not asked whose credentials are missing. Default 10,000 ms. */
  readonly restMs?: number | undefined;
  /** Whether there is another worker that may read the origin. */
  readonly hasOthers: () => boolean;
}

export interface OriginTrouble {
  readonly datasetId: number;
  readonly code: ErrorCode;
  /** For people. */
  readonly message: string;
}

interface Trouble {
  readonly error: LarderError;
  readonly untilMs: number;
}

export class OriginTroubles {
  readonly #options: OriginTroublesOptions;
  readonly #troubles = new Map<number, Trouble>();

  constructor(options: OriginTroublesOptions) {
    this.#options = options;
  }

  /** What is told to the master. */
  get list(): OriginTrouble[] {
    return [...this.#troubles].map(([datasetId, { error }]) => ({
      ...{ datasetId, code: error.code, message: error.message },
    }));
  }

  /** The origin of a dataset, remembering what its reads meet. */
  guard(datasetId: number, origin: OriginReads): OriginReads {
    return { read: (read, sink) => this.#read(datasetId, origin, read, sink) };
  }

  async #read(
    datasetId: number,
    origin: OriginReads,
    read: OriginRead,
    sink: ByteSink,
  ): Promise<void> {
    const { clock, hasOthers } = this.#options;
    const known = this.#troubles.get(datasetId);
    if (known !== undefined && clock.monotonicMs() < known.untilMs && hasOthers()) {
      throw known.error;
    }
    try {
      await origin.read(read, sink);
      this.#troubles.delete(datasetId);
    } catch (error) {
      this.#met(datasetId, error);
      throw error;
    }
  }

  #met(datasetId: number, error: unknown): void {
    const isMissing = hasCode(error, 'ORIGIN_CREDENTIALS');
    if (!isMissing && !hasCode(error, 'ORIGIN_DENIED')) return;
    const { clock, log, restMs = 10_000 } = this.#options;
    const isNew = !this.#troubles.has(datasetId);
    const untilMs = isMissing ? clock.monotonicMs() + restMs : 0;
    const trouble = { error: asLarderError(error), untilMs };
    this.#troubles.set(datasetId, trouble);
    if (!isNew) return;
    log.warn(
      { err: error, dataset: datasetId, hint: trouble.error.hint },
      'this worker cannot read the origin of a dataset: others are asked',
    );
  }
}
