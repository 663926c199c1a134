/**
 * What a request must be before it is looked at: there is no authentication yet, so a browser must not be a way in.
 *
 * Always true: on loopback, a request under another name than loopback's is refused (DNS rebinding); what changes
 * something has a JSON body by its type, which a form of a page cannot send, and an `Origin` only where it is the
 * server's own; no answer allows a page of another origin to read it.
 */
import type { FastifyRequest } from 'fastify';
import { isLoopback } from '../rpc/grpc/index.ts';
import { RefusedRequest } from './errors.ts';

const READING = new Set(['GET', 'HEAD', 'DELETE']);

/** @throws {RefusedRequest} */
export function checkRequest(request: FastifyRequest, isOnLoopback: boolean): void {
  const { headers, method } = request;
  const host = headers.host ?? '';
  if (isOnLoopback && !isLoopback(nameOf(host))) {
    throw new RefusedRequest(421, { host, expected: 'localhost or a loopback address' });
  }
  if (headers['sec-fetch-site'] === 'cross-site') {
    throw new RefusedRequest(403, { what: 'a page of another origin' });
  }
  const { origin } = headers;
  if (origin !== undefined && originHost(origin) !== host) {
    throw new RefusedRequest(403, { origin, expected: 'no page of another origin' });
  }
  if (READING.has(method)) return;
  const type = headers['content-type'] ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new RefusedRequest(415, { contentType: type, expected: 'application/json' });
  }
}

function nameOf(host: string): string {
  return /^(\[[^\]]*\]|[^:]*)(?::\d{1,5})?$/.exec(host)?.[1] ?? '';
}

function originHost(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
