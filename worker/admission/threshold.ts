/** From sums of bytes per bucket of the band hash to the threshold below which they fit. */
import { BAND_BUCKETS } from '../../common/index.ts';

/** Everything is below it. */
export const FULL_BAND = 2 ** 32;
const BUCKET_WIDTH = FULL_BAND / BAND_BUCKETS;

/**
 * The largest threshold with which `capacityBytes` are enough; inside a bucket bytes are taken to be
 * spread evenly.
 *
 * @param bytesByBucket `BAND_BUCKETS` sums
 * @returns 0 … 2^32
 */
export function thresholdFor(bytesByBucket: Float64Array, capacityBytes: number): number {
  let sum = 0;
  for (let bucket = 0; bucket < bytesByBucket.length; bucket += 1) {
    const bytes = bytesByBucket[bucket] ?? 0;
    if (sum + bytes > capacityBytes) {
      return Math.floor((bucket + (capacityBytes - sum) / bytes) * BUCKET_WIDTH);
    }
    sum += bytes;
  }
  return FULL_BAND;
}
