/** Errors as answers: the code of the error table, its facts, its hint, and the status that a code has. */
import { asLarderError, LarderError } from '../common/index.ts';
import type { ErrorCode } from '../common/index.ts';

export interface ErrorBody {
  readonly code: ErrorCode;
  readonly message: string;
  /** The facts of the message, by name. */
  readonly details: LarderError['facts'];
  readonly hint: string;
}

/** 4xx: the request must change; 502: the origin; 503, 504: the same again later. */
export const HTTP_STATUS = {
  INVALID_ARGUMENT: 400,
  CONFIG_INVALID: 400,
  NOT_YET_AVAILABLE: 501,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  IS_A_DIRECTORY: 400,
  NOT_A_DIRECTORY: 404,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
  CANCELLED: 503,
  BUSY: 503,
  NO_WORKER: 503,
  ORIGIN_UNREACHABLE: 502,
  ORIGIN_NOT_FOUND: 422,
  ORIGIN_DENIED: 422,
  ORIGIN_CREDENTIALS: 422,
  ORIGIN_CHANGED: 409,
  ORIGIN_THROTTLED: 503,
  ORIGIN_BAD_RESPONSE: 502,
  LISTING_FAILED: 502,
  LISTING_UNSORTED: 502,
  VERSION_LEASED: 409,
  MANIFEST_CORRUPT: 500,
  LIMIT_EXCEEDED: 422,
  PROTOCOL_MISMATCH: 500,
  FRAME_INVALID: 500,
  CHECKSUM_MISMATCH: 500,
  CACHE_DIR_UNUSABLE: 500,
  CACHE_DIR_LOCKED: 500,
  CACHE_DIRS_MIXED: 500,
  CACHE_IO: 500,
  NOT_KEPT: 507,
  WORKER_ID_TAKEN: 409,
  NO_ROOM_ELSEWHERE: 409,
  DATA_DIR_UNUSABLE: 500,
  DATA_DIR_FULL: 507,
  DATA_DIR_LOCKED: 500,
  RUNTIME_DIR_UNUSABLE: 500,
  MOUNTPOINT_INVALID: 500,
  MOUNTPOINT_BUSY: 500,
  NOT_MOUNTED: 500,
  FUSE_UNAVAILABLE: 500,
  UPGRADE_REFUSED: 500,
  UPGRADE_FAILED: 500,
  INSECURE_LISTEN: 500,
  OPEN_FILES_LIMIT: 500,
  INSTALL_CHANGED: 500,
  INSTALL_FAILED: 500,
  INTERNAL: 500,
} as const satisfies Record<ErrorCode, number>;

/** A request that is refused before anybody looks at what it asks for. */
export class RefusedRequest extends Error {
  override readonly name = 'RefusedRequest';
  readonly status: number;
  readonly facts: LarderError['facts'];

  constructor(status: number, facts: LarderError['facts']) {
    super('refused');
    this.status = status;
    this.facts = facts;
  }
}

export function errorBody(error: LarderError): ErrorBody {
  return { code: error.code, message: error.message, details: error.facts, hint: error.hint };
}

/** Whatever a handler, a hook or Fastify itself throws. */
export function answerOf(error: unknown): { status: number; error: LarderError } {
  if (error instanceof RefusedRequest) {
    return { status: error.status, error: new LarderError('INVALID_ARGUMENT', error.facts) };
  }
  const status = clientStatusOf(error);
  if (status !== undefined && error instanceof Error) {
    const facts = { what: error.message };
    return { status, error: new LarderError('INVALID_ARGUMENT', facts, { cause: error }) };
  }
  const known = asLarderError(error);
  return { status: HTTP_STATUS[known.code], error: known };
}

/** Of an error by which Fastify says that the request is wrong. */
function clientStatusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || error instanceof LarderError) return undefined;
  const status = 'statusCode' in error ? Number(error.statusCode) : 500;
  return status >= 400 && status < 500 ? status : undefined;
}
