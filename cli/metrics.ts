/** The metrics of a process of the command line, where somebody wants them. */
import type { MetricRole, Reading } from '../common/index.ts';

export interface ProcessMetrics extends AsyncDisposable {
  /** For the line that tells that the process serves. */
  readonly ready: { readonly metricsAddress?: string };
}

/**
 * @param listen undefined: there are none
 * @throws {LarderError} as `serveMetrics`
 */
export async function metricsServer(
  role: MetricRole,
  listen: string | undefined,
  options: { readonly insecure: boolean; readonly read: () => readonly Reading[] },
): Promise<ProcessMetrics> {
  if (listen === undefined) return { ready: {}, [Symbol.asyncDispose]: () => Promise.resolve() };
  // Loaded only where there are metrics: about 30 ms of CPU time.
  const { serveMetrics } = await import('../rpc/metrics/index.ts');
  const server = await serveMetrics({ ...options, role, listen });
  return {
    ready: { metricsAddress: server.address },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
