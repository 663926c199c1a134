import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printableKey } from '../../../../common/index.ts';
import {
  decodeListedKey,
  encodePath,
  encodeQueryValue,
} from '../../../../worker/origins/key-bytes.ts';

describe('keys as bytes', () => {
  it('survive the path of a URL and the encoding of a listing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const key = Buffer.from(bytes);
        const path = encodePath(key);
        expect(path).toMatch(/^[A-Za-z0-9\-._~/%]*$/);
        expect(decodeListedKey(path)?.equals(key)).toBe(true);
        const listed = path.replaceAll('%20', '+');
        expect(decodeListedKey(listed)?.equals(key)).toBe(true);
      }),
    );
  });

  it('are encoded as a signature wants them', () => {
    expect(encodePath(Buffer.from('a b/+%ü~'))).toBe('a%20b/%2B%25%C3%BC~');
    expect(encodeQueryValue('a/b=')).toBe('a%2Fb%3D');
  });

  it.each(['%', '%4', '%zz', 'a%0'])('a broken escape is no key: %s', (text) => {
    expect(decodeListedKey(text)).toBeUndefined();
  });

  it('are printed as text where they are text', () => {
    expect(printableKey(Buffer.from('ä/b'))).toBe('ä/b');
    expect(printableKey(Buffer.from([0x61, 0xff, 0x0a]))).toBe('a\\xff\\x0a');
  });
});
