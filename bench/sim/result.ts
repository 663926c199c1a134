/** What a simulation counts, and what is computed from it. */
import type { Source } from './cluster.ts';

/** Tenths of an epoch. */
const DECILES = 10;

export interface EpochTimeOptions {
  /** Of an epoch in which nothing waits. */
  readonly computeSeconds: number;
  readonly originBytesPerSecond: number;
}

export class Result {
  readonly #bytes: Record<Source, Float64Array> = {
    local: new Float64Array(DECILES),
    peer: new Float64Array(DECILES),
    origin: new Float64Array(DECILES),
  };
  readonly #reads: Record<Source, number> = { local: 0, peer: 0, origin: 0 };
  readonly #epochs: number;

  /** @param epochs that are counted, of each job */
  constructor(epochs: number) {
    this.#epochs = epochs;
  }

  /** @param at 0 ≤ at < 1, the place in the job's epoch */
  count(source: Source, bytes: number, at: number): void {
    const decile = Math.floor(at * DECILES);
    const deciles = this.#bytes[source];
    deciles[decile] = (deciles[decile] ?? 0) + bytes;
    this.#reads[source] += 1;
  }

  get reads(): number {
    return this.#reads.local + this.#reads.peer + this.#reads.origin;
  }

  /** Of the reads, those that did not go to the origin. */
  get hitRatio(): number {
    return this.reads === 0 ? 0 : 1 - this.#reads.origin / this.reads;
  }

  /** Of the bytes that were read. */
  share(source: Source): number {
    const all = sum(this.#bytes.local) + sum(this.#bytes.peer) + sum(this.#bytes.origin);
    return all === 0 ? 0 : sum(this.#bytes[source]) / all;
  }

  get originBytesPerEpoch(): number {
    return sum(this.#bytes.origin) / this.#epochs;
  }

  /** Of all bytes from the origin, the part in each tenth of an epoch. */
  get missDeciles(): number[] {
    const total = sum(this.#bytes.origin);
    return Array.from(this.#bytes.origin, (bytes) => (total === 0 ? 0 : bytes / total));
  }

  /**
   * Compute and the origin's transfer overlap in each tenth of an epoch, as far as a prefetch goes ahead, and not
   * across them: what comes in a burst waits for the origin, what is spread evenly does not.
   */
  epochSeconds({ computeSeconds, originBytesPerSecond }: EpochTimeOptions): number {
    return this.#bytes.origin.reduce((seconds, bytes) => {
      const transferSeconds = bytes / this.#epochs / originBytesPerSecond;
      return seconds + Math.max(computeSeconds / DECILES, transferSeconds);
    }, 0);
  }
}

function sum(numbers: Float64Array): number {
  return numbers.reduce((total, number) => total + number, 0);
}
