import { describe, expect, it } from 'vitest';
import { guardedLookup, isRefusedAddress } from '../../../../worker/origins/endpoint-guard.ts';

describe('endpoint guard', () => {
  it.each([
    '169.254.169.254',
    '169.254.0.1',
    '[fe80::1]',
    'fd00:ec2::254',
    '::ffff:169.254.169.254',
  ])('refuses %s', (address) => expect(isRefusedAddress(address)).toBe(true));

  it.each(['127.0.0.1', '10.0.0.1', '[::1]', '8.8.8.8', 's3.amazonaws.com', '169.254.example'])(
    'allows %s',
    (address) => expect(isRefusedAddress(address)).toBe(false),
  );

  it('looks names up', async () => {
    const found = await new Promise((resolve, reject) => {
      guardedLookup('localhost', { all: true }, (error, addresses) =>
        error === null ? resolve(addresses) : reject(error),
      );
    });
    expect(found).not.toHaveLength(0);
  });
});
