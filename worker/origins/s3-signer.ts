/**
 * Signs GET requests (AWS signature, version 4) for one region.
 *
 * All headers are signed but `accept-encoding`, which proxies change on the way. The key that follows from
 * the secret holds for a day, and is kept: a signature is then one hash and one HMAC. As every cold small
 * file is a request, that is worth its own code: `@smithy/signature-v4` took a tenth of what such a file
 * cost the event loop.
 *
 * Source: "Create a signed AWS API request", AWS IAM User Guide; S3 wants the path encoded once.
 */
import { createHmac, createSecretKey, hash } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { encodeQueryValue } from './key-bytes.ts';
import type { S3Credentials } from './s3-credentials.ts';

export interface UnsignedGet {
  /** `name` or `name:port`. */
  readonly host: string;
  /** Percent-encoded. */
  readonly path: string;
  /** Not encoded. */
  readonly query: Readonly<Record<string, string>>;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

interface SigningKey {
  readonly credentials: S3Credentials;
  /** `20260131` */
  readonly day: string;
  readonly key: KeyObject;
}

/** SHA-256 of nothing: a GET has no body. */
const EMPTY_SHA256 = hash('sha256', '');
const UNSIGNED = 'accept-encoding';

export class S3Signer {
  readonly #region: string;
  #signingKey: SigningKey | undefined;

  constructor(region: string) {
    this.#region = region;
  }

  /** The headers of the signed request. */
  sign(get: UnsignedGet, credentials: S3Credentials, nowMs: number): Record<string, string> {
    // 2026-01-31T12:34:56.789Z → 20260131T123456Z
    const time = `${new Date(nowMs).toISOString().replace(/[-:]/g, '').slice(0, 15)}Z`;
    const day = time.slice(0, 8);
    const headers: Record<string, string> = {
      ...get.headers,
      host: get.host,
      'x-amz-content-sha256': EMPTY_SHA256,
      'x-amz-date': time,
    };
    const { sessionToken } = credentials;
    if (sessionToken !== undefined) headers['x-amz-security-token'] = sessionToken;
    const names = Object.keys(headers).filter((name) => name !== UNSIGNED);
    names.sort();
    const signed = names.join(';');
    const lines = names.map((name) => `${name}:${canonicalValue(headers[name] ?? '')}\n`);
    const query = canonicalQuery(get.query);
    const request = `GET\n${get.path}\n${query}\n${lines.join('')}\n${signed}\n${EMPTY_SHA256}`;
    const scope = `${day}/${this.#region}/s3/aws4_request`;
    const text = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash('sha256', request)}`;
    const signature = createHmac('sha256', this.#keyFor(credentials, day)).update(text);
    headers['authorization'] =
      `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, ` +
      `SignedHeaders=${signed}, Signature=${signature.digest('hex')}`;
    return headers;
  }

  #keyFor(credentials: S3Credentials, day: string): KeyObject {
    const known = this.#signingKey;
    if (known?.credentials === credentials && known.day === day) return known.key;
    let bytes: Buffer = Buffer.from(`AWS4${credentials.secretAccessKey}`);
    for (const part of [day, this.#region, 's3', 'aws4_request']) {
      bytes = createHmac('sha256', bytes).update(part).digest();
    }
    const key = createSecretKey(bytes);
    this.#signingKey = { credentials, day, key };
    return key;
  }
}

/** Spaces around it do not count, several are one. */
function canonicalValue(value: string): string {
  return value.trim().replace(/ {2,}/g, ' ');
}

function canonicalQuery(query: Readonly<Record<string, string>>): string {
  const parts = Object.entries(query).map(([name, value]) => {
    return `${encodeQueryValue(name)}=${encodeQueryValue(value)}`;
  });
  return parts.sort().join('&');
}
