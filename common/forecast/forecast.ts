/**
 * What a cache will do for a dataset, before any job starts: hit ratio, who serves the reads, what the origin has to
 * send, and how long an epoch takes.
 *
 * Closed forms, with D the dataset, T an epoch in which nothing waits, B the origin's bandwidth:
 *   - a worker keeps what it owns up to its kept region: c = Σ E[min(owned, kept region)] / D. What it owns is its
 *     weighted share, give or take what hashing few or unlike objects makes of it (normal, from Σ size²);
 *   - hash band: every epoch of every job hits c, whatever the order. Look-ahead (two jobs or more, plans known):
 *     `lookAheadRatio`;
 *   - a reader anywhere in the cluster finds on its own node what that keeps: c / N of all, more with copies in spare
 *     room; all that is cached where it reads the same part in each epoch (first toucher);
 *   - epoch time max(T, origin bytes / B), because misses are spread evenly over an epoch, and all of the first is.
 *
 * Leaves out what happens to be in the transit region, and other datasets in the same cache.
 */
import { KEPT_SHARE, STRIPE_BYTES } from '../limits.ts';
import { lookAheadRatio } from './look-ahead-ratio.ts';

export type ReadOrder = 'shuffled' | 'repeated' | 'partitioned';

export interface ForecastDataset {
  readonly totalBytes: number;
  readonly files: number;
  /** Σ size² over its files; undefined: all are of one size. */
  readonly squaredBytes?: number | undefined;
}

export interface ForecastOptions {
  readonly dataset: ForecastDataset;
  /** The cache of each worker. */
  readonly cacheBytes: readonly number[];
  /** Copies of each object, as the dataset's setting says. */
  readonly replicas: number;
  readonly jobs: number;
  readonly order: ReadOrder;
  /** Whether the orders of all jobs are known in advance. */
  readonly arePlansKnown: boolean;
  /** Of an epoch of one job in which nothing waits. */
  readonly computeSeconds?: number | undefined;
  readonly originBytesPerSecond?: number | undefined;
}

export interface Forecast {
  /** Kept regions / dataset, as far as they are filled with it. */
  readonly cachedShare: number;
  /** Of the bytes that are read from the second epoch on; the three shares add to 1. */
  readonly hitRatio: number;
  readonly localShare: number;
  readonly peerShare: number;
  readonly originShare: number;
  /** All jobs together, while each reads the dataset once. */
  readonly originBytesPerEpoch: number;
  readonly firstEpochOriginBytes: number;
  /** Where compute time and bandwidth are known. */
  readonly epochSeconds: number | null;
  readonly firstEpochSeconds: number | null;
  /** Which of the two the epochs from the second on wait for. */
  readonly boundBy: 'compute' | 'origin' | null;
}

export function forecast(options: ForecastOptions): Forecast {
  const { dataset, jobs, order, arePlansKnown } = options;
  const { totalBytes } = dataset;
  const nodes = nodesOf(options);
  const cachedShare = mean(nodes.map(({ ownBytes }) => (ownBytes * nodes.length) / totalBytes));
  // Jobs that read one order at a lag gain more; how much depends on the lag, which is not known.
  const isLookingAhead = arePlansKnown && jobs > 1 && order === 'shuffled';
  const hitRatio = isLookingAhead ? lookAheadRatio(cachedShare, jobs) : cachedShare;
  const heldShare = Math.min(1, mean(nodes.map(({ heldBytes }) => heldBytes / totalBytes)));
  const isAllLocal = order === 'partitioned' || nodes.length === 1;
  const localShare = isAllLocal
    ? hitRatio
    : Math.min(hitRatio, (heldShare * hitRatio) / Math.max(cachedShare, Number.MIN_VALUE));
  const originBytesPerEpoch = jobs * (1 - hitRatio) * totalBytes;
  const firstEpochOriginBytes = totalBytes * (cachedShare + jobs * (1 - cachedShare));
  return {
    cachedShare,
    hitRatio,
    localShare,
    peerShare: hitRatio - localShare,
    originShare: 1 - hitRatio,
    originBytesPerEpoch,
    firstEpochOriginBytes,
    ...timesOf(options, originBytesPerEpoch, firstEpochOriginBytes),
  };
}

/**
 * Σ size² of files of which the bytes per bucket of a hash are known. In a bucket they add up, so that
 * E[Σ bucket²] = Σ size² + (D² − Σ size²) / buckets.
 */
export function squaredBytesOf(bandBytes: Float64Array, files: number): number {
  const totalBytes = bandBytes.reduce((sum, bytes) => sum + bytes, 0);
  const squaredBuckets = bandBytes.reduce((sum, bytes) => sum + bytes * bytes, 0);
  const buckets = bandBytes.length;
  const estimate = (squaredBuckets - totalBytes ** 2 / buckets) / (1 - 1 / buckets);
  // Less than with files of one size it cannot be.
  return Math.max(estimate, totalBytes ** 2 / Math.max(1, files));
}

interface NodeForecast {
  /** What it keeps of what it owns. */
  readonly ownBytes: number;
  /** With copies of what others own. */
  readonly heldBytes: number;
}

function nodesOf({ dataset, cacheBytes, replicas, order }: ForecastOptions): NodeForecast[] {
  const { totalBytes, files } = dataset;
  const meanBytes = totalBytes / Math.max(1, files);
  const uniformBytes = meanBytes * totalBytes;
  const squaredBytes = dataset.squaredBytes ?? uniformBytes;
  // Parts are dealt out evenly, so that only the sizes make them uneven.
  const uneven = order === 'partitioned' ? squaredBytes - uniformBytes : squaredBytes;
  const allCaches = cacheBytes.reduce((sum, bytes) => sum + bytes, 0);
  return cacheBytes.map((cache) => {
    const weight = allCaches === 0 ? 0 : cache / allCaches;
    const expected = weight * totalBytes;
    const deviation = Math.sqrt(weight * (1 - weight) * Math.max(0, uneven));
    const kept = KEPT_SHARE * cache;
    const usable = usableBytes(kept, meanBytes, dataset.squaredBytes === undefined);
    const ownBytes = expectedMinimum(expected, deviation, usable);
    const spare = Math.max(0, kept - expected);
    const copies = Math.max(0, Math.min(replicas, cacheBytes.length) - 1) * expected;
    return { ownBytes, heldBytes: ownBytes + Math.min(spare, copies) };
  });
}

/** Objects are kept whole, and those above a stripe by stripe: where they do not all fit, half of one is lost. */
function usableBytes(keptBytes: number, meanBytes: number, isUniform: boolean): number {
  const wholeBytes = Math.min(meanBytes, STRIPE_BYTES);
  if (wholeBytes === 0 || wholeBytes > keptBytes) return 0;
  return isUniform && meanBytes <= STRIPE_BYTES
    ? Math.floor(keptBytes / wholeBytes) * wholeBytes
    : keptBytes - wholeBytes / 2;
}

/** E[min(X, limit)] of a normal X, without the part of it that is below 0. */
function expectedMinimum(expected: number, deviation: number, limit: number): number {
  if (deviation === 0 || limit === 0) return Math.min(expected, limit);
  const z = (limit - expected) / deviation;
  return Math.max(0, expected * below(z) - deviation * density(z) + limit * (1 - below(z)));
}

function density(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}

/** P(Z < z). Source: Abramowitz and Stegun 26.2.17, within 7.5e-8. */
function below(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const tail =
    density(z) *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return z < 0 ? tail : 1 - tail;
}

function timesOf(
  { computeSeconds, originBytesPerSecond }: ForecastOptions,
  originBytes: number,
  firstOriginBytes: number,
): Pick<Forecast, 'epochSeconds' | 'firstEpochSeconds' | 'boundBy'> {
  if (computeSeconds === undefined || originBytesPerSecond === undefined) {
    return { epochSeconds: null, firstEpochSeconds: null, boundBy: null };
  }
  const originSeconds = originBytes / originBytesPerSecond;
  return {
    epochSeconds: Math.max(computeSeconds, originSeconds),
    firstEpochSeconds: Math.max(computeSeconds, firstOriginBytes / originBytesPerSecond),
    boundBy: originSeconds > computeSeconds ? 'origin' : 'compute',
  };
}

function mean(numbers: readonly number[]): number {
  return numbers.length === 0
    ? 0
    : numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
