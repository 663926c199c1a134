/** From sums of bytes per bucket of the band hash to the threshold below which they fit. */
/** Everything is below it. */
export const FULL_BAND = 2 ** 32;

/**
 * The largest threshold with which `capacityBytes` are enough; inside a bucket bytes are taken to be
 * spread evenly.
 *
 * @param bytesByBucket sums of equal parts of the band
 * @returns 0 … 2^32
 */
export function thresholdFor(bytesByBucket: Float64Array, capacityBytes: number): number {
  const width = FULL_BAND / bytesByBucket.length;
  let sum = 0;
  for (let bucket = 0; bucket < bytesByBucket.length; bucket += 1) {
    const bytes = bytesByBucket[bucket] ?? 0;
    if (sum + bytes > capacityBytes) {
      return Math.floor((bucket + (capacityBytes - sum) / bytes) * width);
    }
    sum += bytes;
  }
  return FULL_BAND;
}

/** No more than so many buckets are kept of a dataset that fills few of them. */
const BUCKETS_PER_FILLED = 2;
const LEAST_BUCKETS = 16;

/**
 * The same sums in fewer and wider buckets, where most are empty: of thousands of small datasets all buckets would
 * be 32 KiB each.
 *
 * @param bytesByBucket a power of two of them
 */
export function withoutEmptyBuckets(bytesByBucket: Float64Array): Float64Array {
  const filled = bytesByBucket.reduce((count, bytes) => count + Number(bytes > 0), 0);
  let buckets = LEAST_BUCKETS;
  while (buckets < filled * BUCKETS_PER_FILLED) buckets *= 2;
  if (buckets >= bytesByBucket.length) return bytesByBucket;
  const joined = bytesByBucket.length / buckets;
  const sums = new Float64Array(buckets);
  bytesByBucket.forEach((bytes, bucket) => {
    const into = Math.floor(bucket / joined);
    sums[into] = (sums[into] ?? 0) + bytes;
  });
  return sums;
}
