import { expect, test } from 'vitest';
import { checkOrigin } from '../../../master/origin-url.ts';
import {
  decodeRecord,
  decodeSkipped,
  encodeRecord,
  encodeSkipped,
} from '../../../master/records.ts';

test('records have golden bytes: whoever changes them bumps the format', () => {
  expect(encodeRecord({ a: 1 }).toString('hex')).toBe('017b2261223a317d');
  expect(encodeSkipped([{ key: Buffer.of(0xff, 0), reason: 'x' }]).toString('hex')).toBe(
    '0102000000ff000100000078',
  );
});

test('records come back; those of a later release are refused', () => {
  expect(decodeRecord(encodeRecord({ name: 'ü' }))).toEqual({ name: 'ü' });
  const keys = [
    { key: Buffer.alloc(0), reason: '' },
    { key: Buffer.of(0xff, 0, 10), reason: 'grün' },
  ];
  expect(decodeSkipped(encodeSkipped(keys))).toEqual(keys);
  const later = Buffer.of(2, 0x7b, 0x7d);
  for (const decode of [decodeRecord, decodeSkipped]) {
    expect(() => decode(later)).toThrow(expect.objectContaining({ code: 'DATA_DIR_UNUSABLE' }));
  }
});

test('origins are URLs of a known kind, without anything secret', () => {
  for (const origin of ['s3://bucket', 's3://b/p/q', 'file:///data', 'gs://b/x', 'az://c/x']) {
    expect(() => {
      checkOrigin(origin);
    }).not.toThrow();
  }
  const bad = [
    '',
    's3://',
    's3:///x',
    's3://k:s@b/x',
    'http://x',
    'file://host/x',
    '/data',
    's3://b\n',
  ];
  for (const origin of bad) {
    expect(() => {
      checkOrigin(origin);
    }, origin).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  }
});
