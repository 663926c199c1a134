/**
 * What one dataset has of the kept region, and may have: its quota, and the threshold below which an object of it
 * is kept.
 *
 * The threshold starts where the sums of what this worker serves meet the quota. Where the region turns out to be
 * full of what lies below it, it is lowered, and by how much is remembered as a factor: sums that are wrong, or that
 * count bytes where the disk counts pages, are so every time.
 *
 * Always true: a larger quota never lowers the threshold, and a smaller one never raises it.
 */
import type { NextUses } from './next-uses.ts';
import { FULL_BAND, thresholdFor } from './threshold.ts';

/** Of a dataset what this worker is to serve. */
export interface Expected {
  /** The whole dataset's, per bucket of the band hash (`BAND_BUCKETS` sums); belongs to whoever made it. */
  readonly bandBytes: Float64Array;
  /** Of it, the part that is this worker's, or this disk's. */
  readonly share: number;
  /** What it may have at most here; unset: as much as there is. */
  readonly limitBytes?: number | undefined;
}

export class DatasetShare {
  readonly datasetId: number;
  keptBytes = 0;
  keptObjects = 0;
  /** 0 until the first plan that knows of it. */
  quotaBytes = 0;
  /** In the order of worth: 0 is worth most. */
  rank = Infinity;
  /** While plans of its jobs are known they take the place of the threshold. */
  nextUses: NextUses | undefined;
  #expected: Expected | undefined;
  #expectedBytes = 0;
  #planned = FULL_BAND;
  #correction = 1;

  constructor(datasetId: number) {
    this.datasetId = datasetId;
  }

  get expected(): Expected | undefined {
    return this.#expected;
  }

  set expected(expected: Expected | undefined) {
    const before = this.#expected;
    this.#expected = expected;
    const total = expected?.bandBytes.reduce((sum, bytes) => sum + bytes, 0) ?? 0;
    this.#expectedBytes = total * (expected?.share ?? 0);
    if (before?.bandBytes !== expected?.bandBytes || before?.share !== expected?.share) {
      this.#correction = 1;
    }
  }

  /** Of the dataset, what this worker serves; what it has of it where nothing else is known. */
  get sizeBytes(): number {
    return this.#expected === undefined ? this.keptBytes : this.#expectedBytes;
  }

  get limitBytes(): number {
    return this.#expected?.limitBytes ?? Infinity;
  }

  /** 0 … 2^32: objects whose band hash is below are kept. */
  get threshold(): number {
    return this.nextUses === undefined ? Math.ceil(this.#planned * this.#correction) : FULL_BAND;
  }

  /** Above 0 where others may take from it. */
  get overBytes(): number {
    return this.keptBytes - this.quotaBytes;
  }

  get isForgotten(): boolean {
    return this.#expected === undefined && this.keptObjects <= 0 && this.nextUses === undefined;
  }

  /** @returns whether the threshold is lower than before */
  plan(quotaBytes: number, rank: number): boolean {
    const before = this.threshold;
    this.quotaBytes = quotaBytes;
    this.rank = rank;
    const { bandBytes, share } = this.#expected ?? { bandBytes: undefined, share: 0 };
    const fitsWhole = bandBytes === undefined || quotaBytes >= this.#expectedBytes || share === 0;
    this.#planned = fitsWhole ? FULL_BAND : thresholdFor(bandBytes, quotaBytes / share);
    return this.threshold < before;
  }

  /** The region is full of what lies below. */
  lowerTo(band: number): void {
    if (this.nextUses !== undefined || band >= this.threshold) return;
    this.#correction = this.#planned === 0 ? 1 : band / this.#planned;
  }

  /** What made it too high may be over. */
  forgetCorrection(): void {
    this.#correction = 1;
  }
}
