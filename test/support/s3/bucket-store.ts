/**
 * Buckets and their objects, in memory. Keys are bytes; inside they are Latin-1 strings, one character
 * per byte, so that JavaScript's string order is the byte order of S3.
 */
import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { bodySizeBytes, type ObjectBody } from './object-body.ts';
import { S3Error } from './s3-errors.ts';

export interface StoredObject {
  readonly key: Buffer;
  readonly body: ObjectBody;
  readonly sizeBytes: number;
  /** Without quotes; undefined where the server is to show none. */
  readonly etag: string | undefined;
  readonly lastModifiedMs: number;
  /** `x-amz-meta-…` and others, sent with the object. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface PutOptions {
  /** Without quotes; `null` for an object without an ETag. Default: the MD5 of the bytes. */
  readonly etag?: string | null;
  readonly lastModifiedMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export class Bucket {
  readonly #objects = new Map<string, StoredObject>();
  #sortedKeys: string[] | undefined;

  /** Latin-1 keys in byte order. */
  get sortedKeys(): readonly string[] {
    this.#sortedKeys ??= [...this.#objects.keys()].sort();
    return this.#sortedKeys;
  }

  get(key: Buffer): StoredObject | undefined {
    return this.#objects.get(key.toString('latin1'));
  }

  at(latin1Key: string): StoredObject | undefined {
    return this.#objects.get(latin1Key);
  }

  put(key: Buffer, body: ObjectBody, options: PutOptions = {}): StoredObject {
    const object: StoredObject = {
      key,
      body,
      sizeBytes: bodySizeBytes(body),
      etag: options.etag === null ? undefined : (options.etag ?? defaultEtag(body)),
      lastModifiedMs: options.lastModifiedMs ?? Date.now(),
      headers: options.headers ?? {},
    };
    const name = key.toString('latin1');
    if (!this.#objects.has(name)) this.#sortedKeys = undefined;
    this.#objects.set(name, object);
    return object;
  }

  delete(key: Buffer): void {
    if (this.#objects.delete(key.toString('latin1'))) this.#sortedKeys = undefined;
  }
}

export class BucketStore {
  readonly #buckets = new Map<string, Bucket>();

  get names(): string[] {
    return [...this.#buckets.keys()].sort();
  }

  create(name: string): Bucket {
    const bucket = this.#buckets.get(name) ?? new Bucket();
    this.#buckets.set(name, bucket);
    return bucket;
  }

  delete(name: string): void {
    this.#buckets.delete(name);
  }

  /** @throws {S3Error} `NoSuchBucket` */
  get(name: string): Bucket {
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) {
      throw new S3Error('NoSuchBucket', 'The specified bucket does not exist', {
        BucketName: name,
      });
    }
    return bucket;
  }
}

/** Puts every regular file below a directory into a bucket, without copying or hashing its bytes. */
export function putDirectory(bucket: Bucket, directory: string, prefix = ''): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const file = path.join(directory, entry.name);
    if (entry.isDirectory()) putDirectory(bucket, file, `${prefix}${entry.name}/`);
    if (!entry.isFile()) continue;
    const { size, mtimeMs } = statSync(file);
    const etag = md5(Buffer.from(`${file}:${String(size)}:${String(mtimeMs)}`));
    const body: ObjectBody = { kind: 'file', path: file, sizeBytes: size };
    bucket.put(Buffer.from(prefix + entry.name), body, { etag, lastModifiedMs: mtimeMs });
  }
}

function defaultEtag(body: ObjectBody): string {
  if (body.kind === 'bytes') return md5(body.bytes);
  const what = body.kind === 'file' ? body.path : `pattern ${String(body.seed)}`;
  return md5(Buffer.from(`${what}:${String(body.sizeBytes)}`));
}

function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}
