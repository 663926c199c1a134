/**
 * What an S3 answer that is not the bytes asked for, or a connection that failed, means for Larder.
 *
 * Classifies only; `retries.ts` acts. Facts never hold a secret: of an error's XML only code, region
 * and server time are taken.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { ErrorCode, ErrorFacts } from '../../common/index.ts';
import { LarderError, systemCode } from '../../common/index.ts';
import { TryFailed, type AfterFailure } from './try-failed.ts';

/** What a request was about, for the facts of its errors. */
export interface S3Subject {
  readonly endpoint: string;
  readonly bucket: string;
  /** Printable; undefined for a listing. */
  readonly key?: string;
}

export interface ErrorAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The beginning of the body. */
  readonly body: Buffer;
  readonly nowMs: number;
}

type Meaning = readonly [ErrorCode, AfterFailure];

const BY_CODE: Readonly<Record<string, Meaning>> = {
  AccessDenied: ['ORIGIN_DENIED', 'fail'],
  AllAccessDisabled: ['ORIGIN_DENIED', 'fail'],
  AuthorizationHeaderMalformed: ['ORIGIN_CREDENTIALS', 'region'],
  BandwidthLimitExceeded: ['ORIGIN_THROTTLED', 'throttled'],
  ExpiredToken: ['ORIGIN_CREDENTIALS', 'credentials'],
  IncorrectEndpoint: ['ORIGIN_BAD_RESPONSE', 'region'],
  InvalidAccessKeyId: ['ORIGIN_CREDENTIALS', 'credentials'],
  InvalidObjectState: ['ORIGIN_DENIED', 'fail'],
  InvalidRange: ['ORIGIN_CHANGED', 'fail'],
  InvalidToken: ['ORIGIN_CREDENTIALS', 'credentials'],
  NoSuchBucket: ['ORIGIN_NOT_FOUND', 'fail'],
  NoSuchKey: ['ORIGIN_CHANGED', 'fail'],
  NotSignedUp: ['ORIGIN_CREDENTIALS', 'fail'],
  PermanentRedirect: ['ORIGIN_BAD_RESPONSE', 'region'],
  PreconditionFailed: ['ORIGIN_CHANGED', 'fail'],
  RequestExpired: ['ORIGIN_CREDENTIALS', 'credentials'],
  RequestLimitExceeded: ['ORIGIN_THROTTLED', 'throttled'],
  RequestTimeTooSkewed: ['ORIGIN_CREDENTIALS', 'credentials'],
  RequestTimeout: ['ORIGIN_UNREACHABLE', 'again'],
  SignatureDoesNotMatch: ['ORIGIN_CREDENTIALS', 'credentials'],
  SlowDown: ['ORIGIN_THROTTLED', 'throttled'],
  Throttling: ['ORIGIN_THROTTLED', 'throttled'],
  TokenRefreshRequired: ['ORIGIN_CREDENTIALS', 'credentials'],
  TooManyRequests: ['ORIGIN_THROTTLED', 'throttled'],
};

/** Where the body says nothing that is known. */
function byStatus(status: number): Meaning {
  switch (status) {
    case 301:
    case 307:
    case 308:
      return ['ORIGIN_BAD_RESPONSE', 'region'];
    case 401:
      return ['ORIGIN_CREDENTIALS', 'credentials'];
    case 403:
      return ['ORIGIN_DENIED', 'fail'];
    case 408:
      return ['ORIGIN_UNREACHABLE', 'again'];
    case 404:
    case 412:
    case 416:
      return ['ORIGIN_CHANGED', 'fail'];
    case 429:
    case 503:
      return ['ORIGIN_THROTTLED', 'throttled'];
    default:
      return status >= 500 && status !== 501
        ? ['ORIGIN_UNREACHABLE', 'again']
        : ['ORIGIN_BAD_RESPONSE', 'fail'];
  }
}

/** A listing names no object that could have changed: what is not there is the bucket. */
function forSubject(meaning: Meaning, subject: S3Subject): Meaning {
  const changed = meaning[0] === 'ORIGIN_CHANGED';
  return changed && subject.key === undefined ? ['ORIGIN_NOT_FOUND', 'fail'] : meaning;
}

export function failureOfAnswer(answer: ErrorAnswer, subject: S3Subject): TryFailed {
  const { status, headers } = answer;
  const xml = answer.body.toString('latin1');
  const s3Code = xmlText(xml, 'Code');
  const meaning = forSubject(BY_CODE[s3Code ?? ''] ?? byStatus(status), subject);
  const region = header(headers, 'x-amz-bucket-region') ?? xmlText(xml, 'Region');
  const then = meaning[1] === 'region' && region === undefined ? 'fail' : meaning[1];
  const facts: ErrorFacts = {
    ...subject,
    status,
    s3Code,
    redirectsTo: redirectHost(headers, xml),
    clockOffS: s3Code === 'RequestTimeTooSkewed' ? clockOffS(answer, xml) : undefined,
  };
  return new TryFailed(then, new LarderError(meaning[0], facts), {
    region,
    retryAfterMs: then === 'throttled' ? retryAfterMs(answer) : undefined,
  });
}

/** Nobody was there: not a byte of the request was answered. */
const UNREACHABLE = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);
/** The connection ended in the middle of an answer without a reset, or the answer was not HTTP. */
const CUT_SHORT = /^(UND_ERR_SOCKET|UND_ERR_RES_CONTENT_LENGTH_MISMATCH|HPE_)/;
const UNTRUSTED = /^(CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/;

/** @param answered whether the head of an answer had come */
export function failureOfConnection(
  cause: Error,
  subject: S3Subject,
  answered: boolean,
): TryFailed {
  const code = systemCode(cause) ?? cause.name;
  const facts: ErrorFacts = { ...subject, cause: code };
  const failure = (then: AfterFailure, errorCode: ErrorCode) =>
    new TryFailed(then, new LarderError(errorCode, facts, { cause }));
  if (UNTRUSTED.test(code) || code === 'UND_ERR_INVALID_ARG')
    return failure('fail', 'ORIGIN_UNREACHABLE');
  if (!answered && UNREACHABLE.has(code)) return failure('unreachable', 'ORIGIN_UNREACHABLE');
  const cutShort = code.startsWith('HPE_') || (answered && CUT_SHORT.test(code));
  return failure('again', cutShort ? 'ORIGIN_BAD_RESPONSE' : 'ORIGIN_UNREACHABLE');
}

/** An answer that was well-formed, and not what was asked for. */
export function badAnswer(subject: S3Subject, then: AfterFailure, facts: ErrorFacts): TryFailed {
  return new TryFailed(then, new LarderError('ORIGIN_BAD_RESPONSE', { ...subject, ...facts }));
}

export function header(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function xmlText(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]{1,200})</${name}>`).exec(xml)?.[1];
}

/** Only the host: what else a redirect says may be a secret of the one who made it. */
function redirectHost(headers: IncomingHttpHeaders, xml: string): string | undefined {
  const location = header(headers, 'location');
  return (
    (location === undefined ? undefined : URL.parse(location)?.host) ?? xmlText(xml, 'Endpoint')
  );
}

/** How far ahead of the origin's clock ours is. */
function clockOffS(answer: ErrorAnswer, xml: string): number | undefined {
  const theirs = xmlText(xml, 'ServerTime') ?? header(answer.headers, 'date') ?? '';
  const theirsMs = Date.parse(theirs);
  return Number.isNaN(theirsMs) ? undefined : Math.round((answer.nowMs - theirsMs) / 1_000);
}

function retryAfterMs(answer: ErrorAnswer): number | undefined {
  const text = header(answer.headers, 'retry-after');
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - answer.nowMs);
}
