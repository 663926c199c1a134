/**
 * A small, correct S3 server over `node:http`, path style only: for tests that need odd keys, faults
 * and swapped ETags, and for the quick start, which needs speed.
 *
 * Always true:
 *   - keys are bytes, from the percent-encoded path to the listing; nothing is normalised;
 *   - without a fault, what is answered is what S3 answers, errors and their XML included;
 *   - `counters` and `requests` tell what reached the server, faulty answers included.
 *
 * Leaves storage to `bucket-store.ts`, conditions and ranges to `object-requests.ts`, faults to
 * `faults.ts` and `answer.ts`.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bend, bytesAnswer, faultAnswer, xmlAnswer, type Answer } from './answer.ts';
import { BucketStore, putDirectory, type PutOptions } from './bucket-store.ts';
import { Faults, type FaultAction, type S3Operation } from './faults.ts';
import { listObjectsXml } from './list-objects.ts';
import type { ObjectBody } from './object-body.ts';
import { putObject, readObject } from './object-requests.ts';
import { decodeBytes } from './percent.ts';
import { errorXml, S3Error } from './s3-errors.ts';
import { sendAnswer } from './send-body.ts';
import { checkSignature, type S3Credentials } from './signature.ts';

export interface S3ServerOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  readonly buckets?: readonly string[];
  /** Default: none, and anonymous requests are allowed. */
  readonly credentials?: readonly S3Credentials[];
  /** Whether unsigned requests are allowed. Default: only where there are no credentials. */
  readonly anonymous?: boolean;
  /** Default us-east-1. */
  readonly region?: string;
  /** The newest so many requests are remembered. Default 10,000. */
  readonly maxRequests?: number;
}

export interface S3Request {
  readonly method: string;
  readonly operation: S3Operation;
  readonly bucket: string;
  readonly key: Buffer;
  readonly headers: IncomingMessage['headers'];
  readonly url: string;
  /** 0 until it was answered. */
  status: number;
  bodyBytes: number;
}

export interface S3Counters {
  requests: number;
  gets: number;
  lists: number;
  /** Body bytes of GETs that were handed to sockets. */
  bytes: number;
}

interface Target {
  readonly bucket: string;
  readonly key: Buffer;
  readonly operation: S3Operation;
  readonly parameters: ReadonlyMap<string, string>;
}

export class S3Server implements AsyncDisposable {
  readonly faults = new Faults();
  readonly counters: S3Counters = { requests: 0, gets: 0, lists: 0, bytes: 0 };
  /** Oldest first. */
  readonly requests: S3Request[] = [];
  /** May be changed at any time. */
  credentials: readonly S3Credentials[];
  anonymous: boolean;
  region: string;
  /** Added to this server's clock. */
  clockOffsetMs = 0;

  readonly #store = new BucketStore();
  readonly #http = createServer({ noDelay: true, keepAlive: true, highWaterMark: 1_048_576 });
  readonly #bytesByKey = new Map<string, number>();
  readonly #maxRequests: number;
  readonly #host: string;

  constructor(options: S3ServerOptions) {
    this.credentials = options.credentials ?? [];
    this.anonymous = options.anonymous ?? this.credentials.length === 0;
    this.region = options.region ?? 'us-east-1';
    this.#maxRequests = options.maxRequests ?? 10_000;
    this.#host = options.host ?? '127.0.0.1';
    for (const bucket of options.buckets ?? []) this.createBucket(bucket);
    this.#http.keepAliveTimeout = 60_000;
    this.#http.on('request', (request, response) => void this.#serve(request, response));
  }

  async listen(port: number): Promise<void> {
    this.#http.listen(port, this.#host);
    await once(this.#http, 'listening');
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  get endpoint(): string {
    return `http://${this.#host}:${String(this.port)}`;
  }

  createBucket(bucket: string): void {
    this.#store.create(bucket);
  }

  deleteBucket(bucket: string): void {
    this.#store.delete(bucket);
  }

  put(
    bucket: string,
    key: string | Buffer,
    body: string | Buffer | ObjectBody,
    options?: PutOptions,
  ): void {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const stored = Buffer.isBuffer(bytes) ? ({ kind: 'bytes', bytes } as const) : bytes;
    this.#store.get(bucket).put(Buffer.from(key), stored, options);
  }

  /** Serves the regular files below a directory as objects; their bytes stay on disk. */
  putDirectory(bucket: string, directory: string): void {
    putDirectory(this.#store.create(bucket), directory);
  }

  delete(bucket: string, key: string | Buffer): void {
    this.#store.get(bucket).delete(Buffer.from(key));
  }

  /** Body bytes served of one object. */
  bytesServed(bucket: string, key: string | Buffer): number {
    return this.#bytesByKey.get(byteKey(bucket, Buffer.from(key))) ?? 0;
  }

  /** Closes all connections, those in use too. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#http.closeAllConnections();
    this.#http.close();
    await once(this.#http, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = parseTarget(request);
    const record = this.#record(request, target);
    const fault = this.faults.next({ method: record.method, ...target });
    if (fault?.kind === 'drop') {
      request.socket.destroy();
      return;
    }
    if (fault?.kind === 'delay') await new Promise((done) => setTimeout(done, fault.ms));
    const answer = await this.#answer(request, target, fault);
    record.status = answer.status;
    answer.headers.date ??= new Date(Date.now() + this.clockOffsetMs).toUTCString();
    if (target.operation !== 'put') request.resume();
    const headOnly = request.method === 'HEAD';
    record.bodyBytes = await sendAnswer(response, answer, { headOnly });
    if (target.operation === 'get' && answer.status < 300) this.#countBytes(record);
  }

  async #answer(
    request: IncomingMessage,
    target: Target,
    fault: FaultAction | undefined,
  ): Promise<Answer> {
    try {
      const replaced = fault === undefined ? undefined : faultAnswer(fault);
      if (replaced !== undefined) return replaced;
      checkSignature(request, {
        credentials: this.credentials,
        region: this.region,
        anonymous: this.anonymous,
        nowMs: Date.now() + this.clockOffsetMs,
      });
      const answer = await this.#perform(request, target, fault);
      if (fault !== undefined) bend(answer, fault);
      return answer;
    } catch (error) {
      if (!(error instanceof S3Error)) {
        const message = error instanceof Error ? error.message : String(error);
        return xmlAnswer(500, errorXml('InternalError', message));
      }
      const headers =
        error.code === 'AuthorizationHeaderMalformed' ? { 'x-amz-bucket-region': this.region } : {};
      return xmlAnswer(error.status, errorXml(error.code, error.message, error.details), headers);
    }
  }

  async #perform(
    request: IncomingMessage,
    target: Target,
    fault: FaultAction | undefined,
  ): Promise<Answer> {
    const { bucket: name, key, operation, parameters } = target;
    switch (operation) {
      case 'listBuckets':
        return xmlAnswer(200, this.#bucketsXml());
      case 'createBucket':
        this.createBucket(name);
        return bytesAnswer(200, Buffer.alloc(0));
      case 'headBucket':
        this.#store.get(name);
        return bytesAnswer(200, Buffer.alloc(0), { 'x-amz-bucket-region': this.region });
      case 'list':
        return xmlAnswer(
          200,
          listObjectsXml(this.#store.get(name), {
            bucketName: name,
            parameters,
            unsorted: fault?.kind === 'unsorted',
          }),
        );
      case 'put':
        return putObject(this.#store.get(name), key, request);
      case 'delete':
        this.#store.get(name).delete(key);
        return bytesAnswer(204, Buffer.alloc(0));
      case 'head':
      case 'get':
        return this.#read(request, target, fault);
    }
  }

  #read(request: IncomingMessage, target: Target, fault: FaultAction | undefined): Answer {
    const object = this.#store.get(target.bucket).get(target.key);
    const swapped =
      object === undefined || fault?.kind !== 'swap'
        ? object
        : {
            ...object,
            body: { kind: 'bytes' as const, bytes: fault.bytes },
            sizeBytes: fault.bytes.length,
            etag: fault.etag ?? object.etag,
          };
    return readObject(swapped, request, {
      ignoreConditions: fault?.kind === 'ignoreConditions',
      ignoreRange: fault?.kind === 'ignoreRange',
    });
  }

  #bucketsXml(): Buffer {
    const buckets = this.#store.names.map((name) => `<Bucket><Name>${name}</Name></Bucket>`);
    return Buffer.from(
      `<ListAllMyBucketsResult><Buckets>${buckets.join('')}</Buckets></ListAllMyBucketsResult>`,
    );
  }

  #record(request: IncomingMessage, target: Target): S3Request {
    const record: S3Request = {
      method: request.method ?? '',
      operation: target.operation,
      bucket: target.bucket,
      key: target.key,
      headers: request.headers,
      url: request.url ?? '',
      status: 0,
      bodyBytes: 0,
    };
    this.counters.requests += 1;
    if (record.operation === 'get') this.counters.gets += 1;
    if (record.operation === 'list') this.counters.lists += 1;
    this.requests.push(record);
    if (this.requests.length > this.#maxRequests) this.requests.shift();
    return record;
  }

  #countBytes(record: S3Request): void {
    this.counters.bytes += record.bodyBytes;
    const name = byteKey(record.bucket, record.key);
    this.#bytesByKey.set(name, (this.#bytesByKey.get(name) ?? 0) + record.bodyBytes);
  }
}

export async function startS3Server(options: S3ServerOptions = {}): Promise<S3Server> {
  const server = new S3Server(options);
  await server.listen(options.port ?? 0);
  return server;
}

function parseTarget(request: IncomingMessage): Target {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  const [, bucket = '', rest] = /^\/([^/]*)(?:\/(.*))?$/s.exec(path) ?? [];
  const key = decodeBytes(rest ?? '');
  return {
    bucket: decodeBytes(bucket).toString('latin1'),
    key,
    operation: operationOf(request.method ?? '', bucket, key),
    parameters: parseQuery(query),
  };
}

function operationOf(method: string, bucket: string, key: Buffer): S3Operation {
  if (bucket === '') return 'listBuckets';
  if (key.length === 0) {
    if (method === 'HEAD') return 'headBucket';
    return method === 'PUT' ? 'createBucket' : 'list';
  }
  if (method === 'PUT') return 'put';
  if (method === 'DELETE') return 'delete';
  return method === 'HEAD' ? 'head' : 'get';
}

function parseQuery(query: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const part of query.split('&')) {
    const [name = '', value = ''] = part.split(/=(.*)/s, 2);
    if (name !== '') {
      parameters.set(name, decodeBytes(value.replaceAll('+', ' ')).toString('latin1'));
    }
  }
  return parameters;
}

function byteKey(bucket: string, key: Buffer): string {
  return `${bucket}/${key.toString('latin1')}`;
}
