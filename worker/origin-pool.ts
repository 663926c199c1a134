/**
 * The origins that this worker reads: one per URL and settings, opened when first needed, so that
 * connections, credentials and back-off are shared by all that reads the same place.
 */
import type { Clock, DatasetInfo, Logger, Random } from '../common/index.ts';
import { openOrigin } from './origins/index.ts';
import type { Origin } from './origins/index.ts';

export interface OriginPoolOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** To one endpoint. */
  readonly maxConnections: number;
}

export class OriginPool implements AsyncDisposable {
  readonly #options: OriginPoolOptions;
  readonly #open = new Map<string, Origin>();

  constructor(options: OriginPoolOptions) {
    this.#options = options;
  }

  /** @throws {LarderError} `INVALID_ARGUMENT`, `NOT_YET_AVAILABLE` */
  get({ origin, settings }: Pick<DatasetInfo, 'origin' | 'settings'>): Origin {
    const { endpoint, region, pathStyle, credentials } = settings;
    const key = JSON.stringify([origin, endpoint, region, pathStyle, credentials]);
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    const { clock, random, log, maxConnections } = this.#options;
    const tuning = { maxConnections };
    const opened = openOrigin({ origin, settings, clock, random, log, tuning });
    this.#open.set(key, opened);
    return opened;
  }

  /** Over all origins, since the start of the process. */
  get counters(): { gets: number; bytes: number } {
    const sum = { gets: 0, bytes: 0 };
    for (const { counters } of this.#open.values()) {
      sum.gets += counters.gets;
      sum.bytes += counters.bytes;
    }
    return sum;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#open.values()].map((origin) => origin[Symbol.asyncDispose]()));
  }
}
