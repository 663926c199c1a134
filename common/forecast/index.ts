/** Forecasts of what a cache will do, and what the simulator shares with them. Without I/O. */
export { cacheCurve, fittingCacheBytes } from './curve.ts';
export type { CurvePoint } from './curve.ts';
export { forecast, squaredBytesOf } from './forecast.ts';
export type { Forecast, ForecastDataset, ForecastOptions, ReadOrder } from './forecast.ts';
export { lookAheadRatio } from './look-ahead-ratio.ts';
export { MaxHeap } from './max-heap.ts';
export { SeededRandom } from './seeded-random.ts';
export { isWorkloadName, WORKLOADS } from './workloads.ts';
export type { Workload, WorkloadName } from './workloads.ts';
