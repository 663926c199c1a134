/**
 * Checks the AWS signature (version 4) of a request, from the specification and with `node:crypto`
 * alone, so that the signer under test is not its own judge.
 *
 * Source: "Create a signed AWS API request", AWS IAM User Guide.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { decodeBytes, encodeBytes } from './percent.ts';
import { S3Error } from './s3-errors.ts';

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** Answer `ExpiredToken` to requests that are signed with these. */
  readonly expired?: boolean;
}

export interface SignaturePolicy {
  readonly credentials: readonly S3Credentials[];
  readonly region: string;
  readonly anonymous: boolean;
  readonly nowMs: number;
}

const MAX_SKEW_MS = 15 * 60_000;
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/,\s]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request,\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/;

const signingKeys = new Map<string, Buffer>();

/** @throws {S3Error} unless the request is signed by known credentials, or may be anonymous */
export function checkSignature(request: IncomingMessage, policy: SignaturePolicy): void {
  const header = request.headers.authorization;
  if (header === undefined) {
    if (policy.anonymous) return;
    throw new S3Error('AccessDenied', 'Access Denied');
  }
  const match = AUTHORIZATION.exec(header);
  if (match === null) throw new S3Error('AccessDenied', 'The authorization header is malformed');
  const [, accessKeyId = '', day = '', region = '', signedHeaders = '', signature = ''] = match;
  const known = policy.credentials.find((one) => one.accessKeyId === accessKeyId);
  if (known === undefined) {
    throw new S3Error('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist');
  }
  if (region !== policy.region) {
    throw new S3Error('AuthorizationHeaderMalformed', `the region '${region}' is wrong`, {
      Region: policy.region,
    });
  }
  checkTime(request, policy.nowMs);
  if (known.expired === true) {
    throw new S3Error('ExpiredToken', 'The provided token has expired.');
  }
  if (known.sessionToken !== request.headers['x-amz-security-token']) {
    throw new S3Error('InvalidToken', 'The provided token is malformed or otherwise invalid.');
  }
  const expected = sign(request, { secret: known.secretAccessKey, day, region, signedHeaders });
  if (!timingSafeEqual(Buffer.from(expected), Buffer.from(signature))) {
    throw new S3Error('SignatureDoesNotMatch', 'The request signature does not match');
  }
}

function checkTime(request: IncomingMessage, nowMs: number): void {
  const time = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(one(request, 'x-amz-date'));
  if (time === null) throw new S3Error('AccessDenied', 'x-amz-date is missing or malformed');
  const [, year, month, day, hour, minute, second] = time.map(Number);
  const at = Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
  if (Math.abs(at - nowMs) > MAX_SKEW_MS) {
    throw new S3Error('RequestTimeTooSkewed', 'The difference between the times is too large.', {
      ServerTime: new Date(nowMs).toISOString(),
    });
  }
}

interface SigningScope {
  readonly secret: string;
  readonly day: string;
  readonly region: string;
  readonly signedHeaders: string;
}

function sign(request: IncomingMessage, scope: SigningScope): string {
  const { day, region, signedHeaders } = scope;
  const [path = '', query = ''] = splitOnce(request.url ?? '', '?');
  const headers = signedHeaders
    .split(';')
    .map((name) => `${name}:${one(request, name).trim().replace(/ +/g, ' ')}\n`);
  const canonical = [
    request.method ?? '',
    encodeBytes(decodeBytes(path), { keepSlash: true }),
    canonicalQuery(query),
    headers.join(''),
    signedHeaders,
    one(request, 'x-amz-content-sha256'),
  ].join('\n');
  const digest = createHash('sha256').update(canonical).digest('hex');
  const credentialScope = `${day}/${region}/s3/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', one(request, 'x-amz-date'), credentialScope, digest].join('\n');
  return createHmac('sha256', signingKey(scope)).update(text).digest('hex');
}

function canonicalQuery(query: string): string {
  return query
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const [name = '', value = ''] = splitOnce(part, '=');
      const encode = (text: string) => encodeBytes(decodeBytes(text), { keepSlash: false });
      return `${encode(name)}=${encode(value)}`;
    })
    .sort()
    .join('&');
}

function signingKey({ secret, day, region }: SigningScope): Buffer {
  const name = `${secret}/${day}/${region}`;
  let key = signingKeys.get(name);
  if (key === undefined) {
    key = Buffer.from(`AWS4${secret}`);
    for (const part of [day, region, 's3', 'aws4_request']) {
      key = createHmac('sha256', key).update(part).digest();
    }
    signingKeys.set(name, key);
  }
  return key;
}

function one(request: IncomingMessage, name: string): string {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(',') : (value ?? '');
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
