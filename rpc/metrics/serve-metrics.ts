/**
 * `GET /metrics` in Prometheus' text format: the readings of a process, and what is known of any Node
 * process (memory, CPU time, event loop, file descriptors).
 *
 * Always true: it only answers; nothing that is sent to it changes anything.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import { LarderError, METRICS } from '../../common/index.ts';
import type { MetricName, MetricRole, MetricSpec, Reading } from '../../common/index.ts';
import { assertMayListen, formatAddress, parseAddress } from '../grpc/index.ts';

export interface MetricsOptions {
  /** `host:port`; port 0 takes a free one. */
  readonly listen: string;
  /** Allows listening beyond loopback without authentication. */
  readonly insecure: boolean;
  readonly role: MetricRole;
  /** Asked for at each request. */
  readonly read: () => readonly Reading[];
}

export interface MetricsServer extends AsyncDisposable {
  /** With the real port. */
  readonly address: string;
}

/** Of one request: it has no body, and its head is short. */
const REQUEST_MS = 10_000;
/** A few that ask; the rest of the file descriptors is for others. */
const MAX_CONNECTIONS = 64;

/** @throws {LarderError} `INSECURE_LISTEN`, `INVALID_ARGUMENT`, `UNAVAILABLE` where the port is taken */
export async function serveMetrics(options: MetricsOptions): Promise<MetricsServer> {
  const wanted = parseAddress(options.listen);
  assertMayListen(wanted.host, options.insecure);
  const metrics = metricsOf(options);
  const limits = { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS };
  const server = http.createServer(limits, (request, response) => {
    void answer(metrics, request, response);
  });
  server.maxConnections = MAX_CONNECTIONS;
  await listen(server, wanted);
  const { port } = server.address() as AddressInfo;
  return {
    address: formatAddress({ host: wanted.host, port }),
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
}

function metricsOf({ role, read }: MetricsOptions): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  let readings: readonly Reading[] = [];
  const specs = Object.entries(METRICS) as [MetricName, MetricSpec][];
  for (const [name, { kind, help, labels: labelNames = [] }] of specs.filter(
    ([, spec]) => spec.role === role,
  )) {
    const about = { name, help, labelNames, registers: [registry] };
    const now = () => readings.filter((reading) => reading.name === name);
    if (kind === 'gauge') {
      new Gauge({
        ...about,
        collect() {
          this.reset();
          for (const { labels = {}, value } of now()) this.set(labels, value);
        },
      });
    } else {
      new Counter({
        ...about,
        collect() {
          this.reset();
          for (const { labels = {}, value } of now()) this.inc(labels, value);
        },
      });
    }
  }
  return {
    contentType: registry.contentType,
    text: () => {
      readings = read();
      return registry.metrics();
    },
  };
}

async function answer(
  metrics: Metrics,
  { method, url }: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const [path] = (url ?? '').split('?');
  if (path !== '/metrics') {
    end(response, 404, 'GET /metrics is all there is here.\n');
    return;
  }
  if (method !== 'GET' && method !== 'HEAD') {
    end(response, 405, 'Only GET and HEAD.\n');
    return;
  }
  try {
    const text = await metrics.text();
    response.setHeader('content-type', metrics.contentType);
    end(response, 200, text);
  } catch {
    end(response, 500, 'The readings could not be taken.\n');
  }
}

function end(response: http.ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  if (!response.hasHeader('content-type')) response.setHeader('content-type', 'text/plain');
  response.end(text);
}

async function listen(
  server: http.Server,
  { host, port }: { host: string; port: number },
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const what = cause.code ?? cause.message;
      reject(new LarderError('UNAVAILABLE', { address: formatAddress({ host, port }), what }));
    });
    server.listen(port, host, resolve);
  });
  // One that cannot be accepted, for want of file descriptors: Prometheus asks again.
  server.on('error', () => undefined);
}
