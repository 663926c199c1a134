import { describe, expect, it } from 'vitest';
import { parseOriginUrl } from '../../../common/index.ts';

const s3 = (bucket: string, prefix: string) => ({
  kind: 's3',
  bucket,
  prefix: Buffer.from(prefix),
});

describe('parseOriginUrl', () => {
  it.each([
    ['s3://bucket', s3('bucket', '')],
    ['s3://bucket/', s3('bucket', '')],
    ['s3://bucket/a/b', s3('bucket', 'a/b/')],
    ['s3://bucket/a/b///', s3('bucket', 'a/b/')],
    ['s3://bucket/a//b', s3('bucket', 'a//b/')],
    ['s3://my.bucket-1/ü %20?#', s3('my.bucket-1', 'ü %20?#/')],
    ['s3://bucket/..a/b..', s3('bucket', '..a/b../')],
    ['file:///data', { kind: 'directory', path: '/data' }],
    ['file:///data/', { kind: 'directory', path: '/data' }],
    ['file:///', { kind: 'directory', path: '/' }],
    ['file:///my%20data/%C3%BC', { kind: 'directory', path: '/my data/ü' }],
    ['file:///my data', { kind: 'directory', path: '/my data' }],
  ])('%s', (origin, expected) => {
    expect(parseOriginUrl(origin)).toEqual(expected);
  });

  it.each([
    '',
    'bucket/prefix',
    '/data',
    'http://bucket/x',
    's3:bucket',
    's3://',
    's3:///prefix',
    's3://-bucket',
    's3://user:secret@bucket/x',
    's3://team/a/../b',
    's3://team/..',
    's3://team/./b',
    'file://data',
    'file://host/data',
    'file:///a/../b',
    'file:///a/%2e%2e/b',
    'file:///a/%2E./b',
    'file:///a%00b',
    'file:///a%2Fb',
    'file:///a?b',
    'file:///a#b',
    'file:///a%ff',
    'file:///a\\..\\b',
    'file:///a/.\t./b',
  ])('%j is INVALID_ARGUMENT', (origin) => {
    expect(() => parseOriginUrl(origin)).toThrow(/INVALID_ARGUMENT/);
  });

  it('does not repeat a password', () => {
    expect(() => parseOriginUrl('s3://user:secret@bucket/x')).not.toThrow(/secret/);
    expect(() => parseOriginUrl('s3://user:secret@bucket/x')).toThrow(/s3:\/\/\*\*\*@bucket/);
  });

  it.each(['gs://bucket/x', 'az://account/x'])('%s is NOT_YET_AVAILABLE', (origin) => {
    expect(() => parseOriginUrl(origin)).toThrow(/NOT_YET_AVAILABLE/);
  });
});
