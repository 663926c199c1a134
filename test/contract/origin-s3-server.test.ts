/** Our S3 server answers as S3 does, to a client that neither it nor the origin shares code with. */
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { patternBytes, startS3Server, type S3Server } from '../support/s3/index.ts';

const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
const Bucket = 'bucket';
let server: S3Server;
let client: S3Client;

beforeAll(async () => {
  server = await startS3Server({ credentials: [credentials] });
  const { endpoint } = server;
  client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials,
    maxAttempts: 1,
  });
  await client.send(new CreateBucketCommand({ Bucket }));
});
afterAll(async () => {
  client.destroy();
  await server[Symbol.asyncDispose]();
});

describe('the S3 server', () => {
  it('puts, heads, gets and deletes, with odd names', async () => {
    const Key = 'a b/+%2F?#&\\ü\n';
    const put = await client.send(new PutObjectCommand({ Bucket, Key, Body: 'hello' }));
    expect(put.ETag).toBe('"5d41402abc4b2a76b9719d911017c592"');
    const head = await client.send(new HeadObjectCommand({ Bucket, Key }));
    expect(head).toMatchObject({ ContentLength: 5, ETag: put.ETag });
    const got = await client.send(new GetObjectCommand({ Bucket, Key, Range: 'bytes=1-3' }));
    expect(got.ContentRange).toBe('bytes 1-3/5');
    expect(await got.Body?.transformToString()).toBe('ell');
    await client.send(new DeleteObjectCommand({ Bucket, Key }));
    const gone = client.send(new GetObjectCommand({ Bucket, Key }));
    await expect(gone).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  it('lists pages, prefixes and delimiters', async () => {
    for (let i = 0; i < 25; i += 1) server.put(Bucket, `list/${i % 5}/${i}`, 'x');
    server.put(Bucket, 'list/top', 'x');
    const first = await client.send(
      new ListObjectsV2Command({ Bucket, Prefix: 'list/', Delimiter: '/', MaxKeys: 4 }),
    );
    expect(first.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual([
      'list/0/',
      'list/1/',
      'list/2/',
      'list/3/',
    ]);
    const { NextContinuationToken: ContinuationToken } = first;
    const second = await client.send(
      new ListObjectsV2Command({ Bucket, Prefix: 'list/', Delimiter: '/', ContinuationToken }),
    );
    expect(second.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual(['list/4/']);
    expect(second.Contents?.map(({ Key }) => Key)).toEqual(['list/top']);
    const after = await client.send(
      new ListObjectsV2Command({ Bucket, Prefix: 'list/4', StartAfter: 'list/4/19' }),
    );
    expect(after.Contents?.map(({ Key }) => Key)).toEqual(['list/4/24', 'list/4/4', 'list/4/9']);
    const coded = await client.send(
      new ListObjectsV2Command({ Bucket, Prefix: 'list/', MaxKeys: 1, EncodingType: 'url' }),
    );
    expect(coded).toMatchObject({ EncodingType: 'url', IsTruncated: true, KeyCount: 1 });
  });

  it('answers conditions and ranges', async () => {
    const Key = 'conditions';
    const size = 5_000_000;
    server.put(
      Bucket,
      Key,
      { kind: 'pattern', sizeBytes: size, seed: 4 },
      { lastModifiedMs: 5e11 },
    );
    const get = (input: object) => client.send(new GetObjectCommand({ Bucket, Key, ...input }));
    await expect(get({ IfMatch: '"other"' })).rejects.toMatchObject({ name: 'PreconditionFailed' });
    const early = get({ IfUnmodifiedSince: new Date(4.9e11) });
    await expect(early).rejects.toMatchObject({ name: 'PreconditionFailed' });
    await expect(get({ Range: `bytes=${size}-` })).rejects.toMatchObject({ name: 'InvalidRange' });
    const tail = await get({ Range: 'bytes=-7', IfUnmodifiedSince: new Date(5e11) });
    expect(Buffer.from((await tail.Body?.transformToByteArray()) ?? [])).toEqual(
      patternBytes(4, size - 7, 7),
    );
    const whole = await get({});
    const bytes = Buffer.from((await whole.Body?.transformToByteArray()) ?? []);
    expect(bytes.equals(patternBytes(4, 0, size))).toBe(true);
    expect(server.bytesServed(Bucket, Key)).toBe(size + 7);
  });

  it('knows its buckets and refuses strangers', async () => {
    const { Buckets } = await client.send(new ListBucketsCommand({}));
    expect(Buckets?.map(({ Name }) => Name)).toEqual([Bucket]);
    await client.send(new HeadBucketCommand({ Bucket }));
    const none = client.send(new ListObjectsV2Command({ Bucket: 'none' }));
    await expect(none).rejects.toMatchObject({ name: 'NoSuchBucket' });
    const stranger = new S3Client({
      endpoint: server.endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { ...credentials, secretAccessKey: 'wrong' },
    });
    const wrong = stranger.send(new ListObjectsV2Command({ Bucket }));
    await expect(wrong).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' });
    stranger.destroy();
    const unsigned = await fetch(`${server.endpoint}/${Bucket}`);
    expect(unsigned.status).toBe(403);
    expect(await unsigned.text()).toContain('<Code>AccessDenied</Code>');
  });
});
