/** How fast a preload will be, as far as that is known. */
import type { DatasetRecord, PreloadRecord } from './records.ts';

export interface KnownRate {
  /** How it is known; empty: not at all. */
  readonly from: string;
  readonly bytesPerSecond: number;
}

/** Of a shorter preload the rate is that of its reports: they come every 100 ms. */
const TELLING_MS = 5_000;

/**
 * What limits it, or else what the last preload of the dataset came to.
 *
 * @param records the oldest first
 */
export function knownRate(
  dataset: DatasetRecord,
  bandwidthBytes: number,
  records: readonly PreloadRecord[],
): KnownRate {
  const limit = limitOf(dataset, bandwidthBytes);
  if (limit !== undefined) return limit;
  const last = records
    .filter((record) => record.datasetId === dataset.id && isTelling(record))
    .map(({ outcome }) => outcome?.counts['bytes_per_second'] ?? 0)
    .findLast((rate) => rate > 0);
  return { from: last === undefined ? '' : 'last-preload', bytesPerSecond: last ?? 0 };
}

/** Whether it took long enough for its rate to say something. */
function isTelling({ startedAtMs = 0, outcome }: PreloadRecord): boolean {
  return (outcome?.endedAtMs ?? 0) - startedAtMs >= TELLING_MS;
}

/** What nothing may exceed; undefined where that is not known. */
export function limitOf(
  { settings }: DatasetRecord,
  bandwidthBytes: number,
): KnownRate | undefined {
  const [least] = [
    { from: 'bandwidth', bytesPerSecond: bandwidthBytes },
    { from: 'origin-budget', bytesPerSecond: settings.originBandwidthBytes },
  ]
    .filter(({ bytesPerSecond }) => bytesPerSecond > 0)
    .sort((a, b) => a.bytesPerSecond - b.bytesPerSecond);
  return least;
}
