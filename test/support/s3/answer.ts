/**
 * An answer before it is sent, and how a fault bends it. Sending is `send-body.ts`.
 */
import type { OutgoingHttpHeaders } from 'node:http';
import type { FaultAction } from './faults.ts';
import { bodySizeBytes, type ObjectBody } from './object-body.ts';
import { errorXml } from './s3-errors.ts';

export interface Answer {
  status: number;
  headers: OutgoingHttpHeaders;
  /** Its bytes at [offset, offset + length) are sent. */
  body: ObjectBody;
  offsetBytes: number;
  lengthBytes: number;
  /** Zeros after the body. */
  extraBytes: number;
  /** What happens after so many bytes of the body, instead of the rest. */
  stop: { readonly how: 'close' | 'reset' | 'hang'; readonly afterBytes: number } | undefined;
  chunked: boolean;
  /** A pause before each piece of at most so many bytes. */
  pace: { readonly pieceBytes: number; readonly everyMs: number } | undefined;
}

export function bytesAnswer(
  status: number,
  bytes: Buffer,
  headers: OutgoingHttpHeaders = {},
): Answer {
  return {
    status,
    headers,
    body: { kind: 'bytes', bytes },
    offsetBytes: 0,
    lengthBytes: bytes.length,
    extraBytes: 0,
    stop: undefined,
    chunked: false,
    pace: undefined,
  };
}

export function xmlAnswer(status: number, xml: Buffer, headers: OutgoingHttpHeaders = {}): Answer {
  return bytesAnswer(status, xml, { 'content-type': 'application/xml', ...headers });
}

/** The answer of a fault that replaces the request's own, if it is one of those. */
export function faultAnswer(action: FaultAction): Answer | undefined {
  if (action.kind !== 'status') return undefined;
  const body =
    action.body === undefined
      ? errorXml(action.code ?? 'InternalError', 'injected')
      : Buffer.from(action.body);
  return xmlAnswer(action.status, body, action.headers);
}

export function bend(answer: Answer, action: FaultAction): void {
  switch (action.kind) {
    case 'shortBody':
      answer.stop = { how: 'close', afterBytes: action.afterBytes };
      break;
    case 'shortLength':
      answer.lengthBytes -= action.lessBytes;
      break;
    case 'reset':
      answer.stop = { how: 'reset', afterBytes: action.afterBytes };
      break;
    case 'hang':
      answer.stop = { how: 'hang', afterBytes: action.afterBytes };
      break;
    case 'trickle':
      answer.pace = action;
      break;
    case 'extraBytes':
      answer.extraBytes = action.bytes;
      answer.chunked = action.framing === 'chunked';
      break;
    case 'chunked':
      answer.chunked = true;
      break;
    case 'contentRange':
      answer.headers['content-range'] = action.value;
      break;
    case 'otherRange':
      shiftRange(answer, action.shiftBytes);
      break;
    default:
      break;
  }
}

function shiftRange(answer: Answer, shiftBytes: number): void {
  const sizeBytes = bodySizeBytes(answer.body);
  answer.offsetBytes = Math.max(0, answer.offsetBytes + shiftBytes);
  answer.lengthBytes = Math.min(answer.lengthBytes, sizeBytes - answer.offsetBytes);
  answer.headers['content-range'] =
    `bytes ${String(answer.offsetBytes)}-${String(answer.offsetBytes + answer.lengthBytes - 1)}/${String(sizeBytes)}`;
}
