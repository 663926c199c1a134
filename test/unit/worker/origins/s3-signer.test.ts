import { describe, expect, test } from 'vitest';
import { S3Signer } from '../../../../worker/origins/s3-signer.ts';

/** Of the examples in "Authenticating Requests: Using the Authorization Header", Amazon S3 API Reference. */
const CREDENTIALS = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const NOW_MS = Date.UTC(2013, 4, 24);
const HOST = 'examplebucket.s3.amazonaws.com';

function signatureOf(headers: Record<string, string>): string {
  return /Signature=([0-9a-f]+)$/.exec(headers['authorization'] ?? '')?.[1] ?? '';
}

describe('a signature is the one of the published examples', () => {
  test('of an object, with a range', () => {
    const get = { host: HOST, path: '/test.txt', query: {}, headers: { range: 'bytes=0-9' } };
    const headers = new S3Signer('us-east-1').sign(get, CREDENTIALS, NOW_MS);
    expect(headers['x-amz-date']).toBe('20130524T000000Z');
    expect(signatureOf(headers)).toBe(
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    );
  });

  test('of a listing, with a query', () => {
    const query = { prefix: 'J', 'max-keys': '2' };
    const get = { host: HOST, path: '/', query, headers: {} };
    const headers = new S3Signer('us-east-1').sign(get, CREDENTIALS, NOW_MS);
    expect(signatureOf(headers)).toBe(
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    );
  });
});

describe('a key that is kept', () => {
  const get = { host: HOST, path: '/a', query: {}, headers: {} };
  const fresh = (credentials: typeof CREDENTIALS, nowMs: number) =>
    signatureOf(new S3Signer('us-east-1').sign(get, credentials, nowMs));

  test('is another on the next day, and with other credentials', () => {
    const signer = new S3Signer('us-east-1');
    const other = { ...CREDENTIALS, secretAccessKey: 'another' };
    signer.sign(get, CREDENTIALS, NOW_MS);
    const nextDayMs = NOW_MS + 86_400_000;
    expect(signatureOf(signer.sign(get, CREDENTIALS, nextDayMs))).toBe(
      fresh(CREDENTIALS, nextDayMs),
    );
    expect(signatureOf(signer.sign(get, other, nextDayMs))).toBe(fresh(other, nextDayMs));
  });

  test('what a proxy may change is not signed', () => {
    const headers = { 'accept-encoding': 'identity' };
    const signed = new S3Signer('us-east-1').sign({ ...get, headers }, CREDENTIALS, NOW_MS);
    expect(signed['accept-encoding']).toBe('identity');
    expect(signatureOf(signed)).toBe(fresh(CREDENTIALS, NOW_MS));
  });
});
