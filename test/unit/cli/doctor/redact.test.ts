import { describe, expect, test } from 'vitest';
import { createRedact, redactedJson } from '../../../../cli/doctor/redact.ts';

const redact = createRedact(['known value/+', 'abc'], []);

describe('taken out', () => {
  test.each([
    ['a known value/+ in a line', 'a [redacted] in a line'],
    ['as in a URL: known%20value%2F%2B', 'as in a URL: [redacted]'],
    ['s3://user:pass@bucket/x', 's3://[redacted]@bucket/x'],
    ['https://token@host/x', 'https://[redacted]@host/x'],
    ['https://host/x?a=b&X-Amz-Signature=1 rest', 'https://host/x?[redacted] rest'],
    ['key AKIAIOSFODNN7EXAMPLE.', 'key [redacted].'],
    ['{"secretAccessKey":"a\\"b","n":1}', '{"secretAccessKey":"[redacted]","n":1}'],
    ['aws_secret_access_key = x9', 'aws_secret_access_key = [redacted]'],
    ['PASSWORD=hunter2 next', 'PASSWORD=[redacted] next'],
    ['Authorization: Bearer x.y-z', 'Authorization: [redacted]'],
    ['wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', '[redacted]'],
    ['eyJhbGciOi.eyJzdWIi.sig_x', '[redacted]'],
  ])('%s', (text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  test('a private key over several lines', () => {
    const text = 'a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\nAAAA\n-----END RSA PRIVATE KEY-----\nb';
    expect(redact(text)).toBe('a\n[redacted]\nb');
  });
});

describe('left as it is', () => {
  test.each([
    ['0123456789abcdef0123456789abcdef01234567'],
    ['abc is too short to be a secret'],
    ['s3://bucket/prefix'],
    ['/var/lib/larder/instances/a/file@v1'],
    ['{"level":40,"msg":"the mount ended","bytes":123}'],
    ['larder:imagenet@v3'],
  ])('%s', (text) => {
    expect(redact(text)).toBe(text);
  });
});

test('JSON stays JSON, whatever its texts hold', () => {
  const value = {
    what: 'a "https://h/x?sig=1" and "token=2" {"password":"3"} Bearer "4"',
    sessionToken: 'anything',
    settings: { credentials: 'profile:training' },
    credentials: 'known value/+',
    number: 5,
  };
  expect(JSON.parse(redactedJson(value, redact))).toEqual({
    what: 'a "https://h/x?[redacted]" and "token=[redacted]" {"password":"[redacted]"} Bearer "4"',
    sessionToken: '[redacted]',
    settings: { credentials: 'profile:training' },
    credentials: '[redacted]',
    number: 5,
  });
});
