/**
 * Errors over gRPC, both ways. A `LarderError` travels with its code and facts in the trailers, so that
 * the far side throws the same error; a failure of the transport becomes one that names the address.
 *
 * Always true: what a caller gets is a `LarderError`; trailers stay far below the 8 KiB that HTTP/2
 * peers commonly allow.
 */
import { Metadata, status } from '@grpc/grpc-js';
import type { ServiceError, StatusObject } from '@grpc/grpc-js';
import { asLarderError, isErrorCode, LarderError } from '../../common/index.ts';
import type { ErrorCode, ErrorFacts } from '../../common/index.ts';

export const GRPC_STATUS = {
  INVALID_ARGUMENT: status.INVALID_ARGUMENT,
  CONFIG_INVALID: status.INVALID_ARGUMENT,
  NOT_YET_AVAILABLE: status.UNIMPLEMENTED,
  NOT_FOUND: status.NOT_FOUND,
  ALREADY_EXISTS: status.ALREADY_EXISTS,
  IS_A_DIRECTORY: status.FAILED_PRECONDITION,
  NOT_A_DIRECTORY: status.FAILED_PRECONDITION,
  UNAVAILABLE: status.UNAVAILABLE,
  DEADLINE_EXCEEDED: status.DEADLINE_EXCEEDED,
  CANCELLED: status.CANCELLED,
  BUSY: status.RESOURCE_EXHAUSTED,
  NO_WORKER: status.UNAVAILABLE,
  ORIGIN_UNREACHABLE: status.UNAVAILABLE,
  ORIGIN_NOT_FOUND: status.NOT_FOUND,
  ORIGIN_DENIED: status.PERMISSION_DENIED,
  ORIGIN_CREDENTIALS: status.PERMISSION_DENIED,
  ORIGIN_CHANGED: status.FAILED_PRECONDITION,
  ORIGIN_THROTTLED: status.RESOURCE_EXHAUSTED,
  ORIGIN_BAD_RESPONSE: status.UNAVAILABLE,
  LISTING_FAILED: status.FAILED_PRECONDITION,
  LISTING_UNSORTED: status.FAILED_PRECONDITION,
  VERSION_LEASED: status.FAILED_PRECONDITION,
  MANIFEST_CORRUPT: status.DATA_LOSS,
  LIMIT_EXCEEDED: status.RESOURCE_EXHAUSTED,
  PROTOCOL_MISMATCH: status.FAILED_PRECONDITION,
  FRAME_INVALID: status.INTERNAL,
  CHECKSUM_MISMATCH: status.DATA_LOSS,
  CACHE_DIR_UNUSABLE: status.FAILED_PRECONDITION,
  CACHE_DIR_LOCKED: status.FAILED_PRECONDITION,
  CACHE_DIRS_MIXED: status.FAILED_PRECONDITION,
  CACHE_IO: status.INTERNAL,
  NOT_KEPT: status.RESOURCE_EXHAUSTED,
  WORKER_ID_TAKEN: status.ALREADY_EXISTS,
  NO_ROOM_ELSEWHERE: status.FAILED_PRECONDITION,
  DATA_DIR_UNUSABLE: status.FAILED_PRECONDITION,
  DATA_DIR_FULL: status.FAILED_PRECONDITION,
  DATA_DIR_LOCKED: status.FAILED_PRECONDITION,
  RUNTIME_DIR_UNUSABLE: status.FAILED_PRECONDITION,
  MOUNTPOINT_INVALID: status.FAILED_PRECONDITION,
  MOUNTPOINT_BUSY: status.FAILED_PRECONDITION,
  NOT_MOUNTED: status.FAILED_PRECONDITION,
  FUSE_UNAVAILABLE: status.FAILED_PRECONDITION,
  UPGRADE_REFUSED: status.FAILED_PRECONDITION,
  UPGRADE_FAILED: status.INTERNAL,
  INSECURE_LISTEN: status.FAILED_PRECONDITION,
  OPEN_FILES_LIMIT: status.FAILED_PRECONDITION,
  INSTALL_CHANGED: status.FAILED_PRECONDITION,
  INSTALL_FAILED: status.FAILED_PRECONDITION,
  INTERNAL: status.INTERNAL,
} as const satisfies Record<ErrorCode, status>;

const TRAILER = 'larder-error-bin';
const MAX_FACT_CHARS = 1000;
const MAX_FACTS_CHARS = 4000;
const MAX_DETAILS_CHARS = 1000;

/** What a server ends a call with. */
export function toStatus(error: unknown): StatusObject {
  const known = asLarderError(error);
  const metadata = new Metadata();
  const body = { code: known.code, facts: boundedFacts(known.facts) };
  metadata.set(TRAILER, Buffer.from(JSON.stringify(body)));
  return {
    code: GRPC_STATUS[known.code],
    details: wellFormed(known.message.slice(0, MAX_DETAILS_CHARS)),
    metadata,
  };
}

/**
 * What a client throws for a call that failed.
 *
 * @param address of the server, for the message
 */
export function fromStatus(error: unknown, address: string): LarderError {
  if (!isServiceError(error)) return asLarderError(error);
  const sent = error.metadata.get(TRAILER)[0];
  return sent === undefined ? transportError(error, address) : parseTrailer(sent, error);
}

function parseTrailer(sent: string | Buffer, error: ServiceError): LarderError {
  const body: unknown = parseJson(sent.toString());
  if (typeof body === 'object' && body !== null && 'code' in body && 'facts' in body) {
    const code = String(body.code);
    const facts = typeof body.facts === 'object' ? (body.facts as ErrorFacts) : {};
    if (isErrorCode(code)) return new LarderError(code, facts, { cause: error });
    return new LarderError('INTERNAL', { code, what: error.details }, { cause: error });
  }
  return new LarderError('INTERNAL', { what: error.details }, { cause: error });
}

function transportError(error: ServiceError, address: string): LarderError {
  const facts = { address, what: error.details };
  return new LarderError(transportCode(error), facts, { cause: error });
}

function transportCode(error: ServiceError): ErrorCode {
  switch (error.code) {
    case status.UNAVAILABLE:
      return 'UNAVAILABLE';
    case status.DEADLINE_EXCEEDED:
      return 'DEADLINE_EXCEEDED';
    case status.CANCELLED:
      return 'CANCELLED';
    case status.RESOURCE_EXHAUSTED:
      return 'LIMIT_EXCEEDED';
    case status.UNIMPLEMENTED:
      return 'PROTOCOL_MISMATCH';
    case status.UNKNOWN:
    case status.INTERNAL:
      // A connection that breaks in the middle of a call shows up as either of these as well.
      return /RST_STREAM|ECONNRESET|premature|goaway|Call ended/i.test(error.details)
        ? 'UNAVAILABLE'
        : 'INTERNAL';
    default:
      return 'INTERNAL';
  }
}

function boundedFacts(facts: ErrorFacts): ErrorFacts {
  const bounded: Record<string, string | number | boolean> = {};
  let left = MAX_FACTS_CHARS;
  for (const [key, value] of Object.entries(facts)) {
    if (value === undefined) continue;
    const kept = typeof value === 'string' ? value.slice(0, Math.min(MAX_FACT_CHARS, left)) : value;
    bounded[key] = kept;
    left = Math.max(0, left - String(kept).length - key.length);
  }
  return bounded;
}

/** grpc-js passes details to `encodeURI`, which throws on half of a surrogate pair. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'metadata' in error && error.metadata instanceof Metadata;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Errors that travel inside messages (`Failure`): code, message and facts as text. */
export interface WireFailure {
  readonly code: string;
  readonly message: string;
  readonly facts: Record<string, string>;
}

export function toFailure(error: unknown): WireFailure {
  const known = asLarderError(error);
  const facts: Record<string, string> = {};
  for (const [key, value] of Object.entries(boundedFacts(known.facts))) facts[key] = String(value);
  return {
    code: known.code,
    message: wellFormed(known.message.slice(0, MAX_DETAILS_CHARS)),
    facts,
  };
}

export function fromFailure(failure: WireFailure): LarderError {
  if (isErrorCode(failure.code)) return new LarderError(failure.code, failure.facts);
  return new LarderError('INTERNAL', { code: failure.code, what: failure.message });
}
