/** What all routes take from a request, and how streams become answers. */
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isUtf8 } from 'node:buffer';
import { LarderError, printableKey } from '../common/index.ts';
import type { Logger } from '../common/index.ts';
import type { Larder } from '../sdk/index.ts';
import { answerOf, errorBody } from './errors.ts';

export interface RouteContext {
  readonly larder: Larder;
  readonly log: Logger;
}

/** A name as JSON has it: text, or bytes where it is not UTF-8. */
export type JsonName = string | { readonly base64: string };

export function nameBytes(name: JsonName): string | Buffer {
  return typeof name === 'string' ? name : Buffer.from(name.base64, 'base64');
}

/** As text with odd bytes as `\xNN`; those that are not UTF-8 as bytes too. */
export function shownName(bytes: Buffer): { path: string; pathBase64?: string } {
  const path = printableKey(bytes);
  return isUtf8(bytes) ? { path } : { path, pathBase64: bytes.toString('base64') };
}

/** Aborted when the caller has gone away. */
export function signalOf(reply: FastifyReply): AbortSignal {
  const abort = new AbortController();
  reply.raw.once('close', () => {
    abort.abort(new LarderError('CANCELLED', { by: 'the caller' }));
  });
  return abort.signal;
}

/** @throws {LarderError} `INVALID_ARGUMENT` */
export function idOf(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new LarderError('INVALID_ARGUMENT', { preload: text, expected: 'the number of a preload' });
}

/** Whether the caller asks for a stream, and of which kind. */
export function streamKind({ headers }: FastifyRequest): 'events' | 'lines' | undefined {
  const accept = headers.accept ?? '';
  if (accept.includes('text/event-stream')) return 'events';
  return accept.includes('application/x-ndjson') ? 'lines' : undefined;
}

/**
 * Sends each message as a server-sent event, or as a line. A failure after the first is the last message: `error` in
 * the name of the event, or as the only field of the line.
 */
export async function sendStream(
  reply: FastifyReply,
  messages: AsyncIterator<unknown>,
  kind: 'events' | 'lines',
): Promise<FastifyReply> {
  // What fails at once has a status of its own.
  const first = await messages.next();
  const type = kind === 'events' ? 'text/event-stream' : 'application/x-ndjson';
  const stream = Readable.from(encoded(first, messages, kind));
  return reply.header('content-type', type).send(stream);
}

async function* encoded(
  first: IteratorResult<unknown>,
  messages: AsyncIterator<unknown>,
  kind: 'events' | 'lines',
): AsyncGenerator<string, void, undefined> {
  const line = (name: string, value: unknown) => {
    const json = JSON.stringify(value);
    if (kind === 'events') return `event: ${name}\ndata: ${json}\n\n`;
    return name === 'error' ? `{"error":${json}}\n` : `${json}\n`;
  };
  try {
    for (let step = first; step.done !== true; step = await messages.next()) {
      yield line('progress', step.value);
    }
  } catch (error) {
    yield line('error', errorBody(answerOf(error).error));
  } finally {
    void messages.return?.();
  }
}
