/**
 * Signs GET requests (AWS signature, version 4) with `@smithy/signature-v4`, hashing with
 * `node:crypto`.
 */
import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { S3Credentials } from './s3-credentials.ts';

export interface UnsignedGet {
  /** `https://host` or `http://host:port`. */
  readonly endpoint: string;
  /** Percent-encoded. */
  readonly path: string;
  /** Not encoded. */
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
}

/** SHA-256 of nothing: a GET has no body. */
const EMPTY_SHA256 = createHash('sha256').digest('hex');

export class S3Signer {
  readonly #region: string;
  #signer: SignatureV4 | undefined;
  #credentials: S3Credentials | undefined;

  constructor(region: string) {
    this.#region = region;
  }

  /** The headers of the signed request. */
  async sign(
    get: UnsignedGet,
    credentials: S3Credentials,
    nowMs: number,
  ): Promise<Record<string, string>> {
    const { protocol, host, hostname } = new URL(get.endpoint);
    const signed = await this.#signerFor(credentials).sign(
      {
        method: 'GET',
        protocol,
        hostname,
        path: get.path,
        query: { ...get.query },
        headers: { ...get.headers, host, 'x-amz-content-sha256': EMPTY_SHA256 },
      },
      { signingDate: new Date(nowMs) },
    );
    return signed.headers;
  }

  #signerFor(credentials: S3Credentials): SignatureV4 {
    if (this.#signer === undefined || this.#credentials !== credentials) {
      this.#credentials = credentials;
      this.#signer = new SignatureV4({
        service: 's3',
        region: this.#region,
        sha256: NodeSha256,
        credentials,
        // The path is encoded once, and S3 wants no `..` resolved.
        uriEscapePath: false,
        applyChecksum: false,
      });
    }
    return this.#signer;
  }
}

interface Digest {
  update(data: string | Uint8Array): unknown;
  digest(): Buffer;
}

/** What the signer wants of a hash, on top of `node:crypto`. */
class NodeSha256 {
  readonly #secret: Uint8Array | string | undefined;
  #hash: Digest;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#secret = secret === undefined || typeof secret === 'string' ? secret : bytesOf(secret);
    this.#hash = this.#start();
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(typeof data === 'string' ? data : bytesOf(data));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }

  reset(): void {
    this.#hash = this.#start();
  }

  #start(): Digest {
    return this.#secret === undefined ? createHash('sha256') : createHmac('sha256', this.#secret);
  }
}

function bytesOf(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
