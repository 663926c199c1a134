/** What GET, HEAD, PUT and DELETE of an object answer when nothing is wrong. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { bytesAnswer, type Answer } from './answer.ts';
import type { Bucket, StoredObject } from './bucket-store.ts';
import { S3Error } from './s3-errors.ts';

export interface ReadFlags {
  readonly ignoreConditions: boolean;
  readonly ignoreRange: boolean;
}

/** @throws {S3Error} `NoSuchKey`, `PreconditionFailed`, `InvalidRange` */
export function readObject(
  object: StoredObject | undefined,
  request: IncomingMessage,
  flags: ReadFlags,
): Answer {
  if (object === undefined) throw new S3Error('NoSuchKey', 'The specified key does not exist.');
  if (!flags.ignoreConditions) checkConditions(object, request);
  const range = flags.ignoreRange ? undefined : parseRange(request.headers.range, object.sizeBytes);
  const offsetBytes = range?.start ?? 0;
  const lengthBytes = range === undefined ? object.sizeBytes : range.end - range.start + 1;
  const headers: Answer['headers'] = {
    'accept-ranges': 'bytes',
    'content-type': 'application/octet-stream',
    'last-modified': new Date(object.lastModifiedMs).toUTCString(),
    ...object.headers,
  };
  if (object.etag !== undefined) headers.etag = `"${object.etag}"`;
  if (range !== undefined) {
    const { start, end } = range;
    headers['content-range'] = `bytes ${String(start)}-${String(end)}/${String(object.sizeBytes)}`;
  }
  const status = range === undefined ? 200 : 206;
  return {
    ...bytesAnswer(status, Buffer.alloc(0), headers),
    body: object.body,
    offsetBytes,
    lengthBytes,
  };
}

/** @throws {S3Error} `NotImplemented`, `BadDigest`, `KeyTooLongError` */
export async function putObject(
  bucket: Bucket,
  key: Buffer,
  request: IncomingMessage,
): Promise<Answer> {
  if (key.length > 1024) throw new S3Error('KeyTooLongError', 'Your key is too long');
  const sha256 = request.headers['x-amz-content-sha256'];
  if (typeof sha256 === 'string' && sha256.startsWith('STREAMING-')) {
    throw new S3Error('NotImplemented', 'signed and trailing chunks are not supported');
  }
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  if (typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256)) {
    const actual = createHash('sha256').update(bytes).digest('hex');
    if (actual !== sha256) throw new S3Error('BadDigest', 'The body does not match its SHA-256');
  }
  const object = bucket.put(key, { kind: 'bytes', bytes });
  return bytesAnswer(200, Buffer.alloc(0), { etag: `"${object.etag ?? ''}"` });
}

function checkConditions(object: StoredObject, request: IncomingMessage): void {
  const ifMatch = request.headers['if-match'];
  if (ifMatch !== undefined) {
    const tags = ifMatch.split(',').map((tag) => tag.trim().replace(/^"|"$/g, ''));
    const matches = tags.includes('*') || (object.etag !== undefined && tags.includes(object.etag));
    if (!matches) throw preconditionFailed('If-Match');
  }
  const since = request.headers['if-unmodified-since'];
  if (since !== undefined && ifMatch === undefined) {
    const modifiedS = Math.floor(object.lastModifiedMs / 1000);
    if (modifiedS * 1000 > Date.parse(since)) throw preconditionFailed('If-Unmodified-Since');
  }
}

function preconditionFailed(condition: string): S3Error {
  return new S3Error('PreconditionFailed', 'At least one precondition did not hold', {
    Condition: condition,
  });
}

function parseRange(
  header: string | undefined,
  sizeBytes: number,
): { start: number; end: number } | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  const suffix = match[1] === '';
  const start = suffix ? Math.max(0, sizeBytes - Number(match[2])) : Number(match[1]);
  const last = suffix || match[2] === '' ? sizeBytes - 1 : Number(match[2]);
  const end = Math.min(last, sizeBytes - 1);
  if (start > end) throw new S3Error('InvalidRange', 'The requested range is not satisfiable');
  return { start, end };
}
