/** What more cache would bring: the forecast again, with every worker's cache made larger. */
import { KEPT_SHARE } from '../limits.ts';
import { forecast } from './forecast.ts';
import type { Forecast, ForecastOptions } from './forecast.ts';

export interface CurvePoint extends Forecast {
  /** The mean of the workers. */
  readonly nodeCacheBytes: number;
}

/** Times of what there is. */
const FACTORS = [0.5, 1, 1.25, 1.5, 2, 3, 4, 6, 8, 12, 16];
/** Nothing more is gained beyond. */
const FULL = 0.9995;

/** Half of what there is, what there is, and more until everything fits. */
export function cacheCurve(options: ForecastOptions): CurvePoint[] {
  const points: CurvePoint[] = [];
  for (const factor of FACTORS) {
    const cacheBytes = options.cacheBytes.map((bytes) => bytes * factor);
    const sum = cacheBytes.reduce((total, bytes) => total + bytes, 0);
    const nodeCacheBytes = Math.round(sum / Math.max(1, cacheBytes.length));
    points.push({ nodeCacheBytes, ...forecast({ ...options, cacheBytes }) });
    if (factor >= 1 && (points.at(-1)?.hitRatio ?? 1) >= FULL) break;
  }
  return points;
}

/** Cache of each of so many like workers with which the whole dataset is kept, but for what hashing makes uneven. */
export function fittingCacheBytes(totalBytes: number, workers: number): number {
  return Math.ceil(totalBytes / workers / KEPT_SHARE);
}
