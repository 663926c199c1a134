/** Metrics over HTTP, for Prometheus and what reads its format. */
export { serveMetrics } from './serve-metrics.ts';
export type { MetricsOptions, MetricsServer } from './serve-metrics.ts';
