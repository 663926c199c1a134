import { describe, expect, it } from 'vitest';
import { DEFAULT_SETTINGS, MIB, withSetting } from '../../../common/index.ts';

describe('originBandwidth', () => {
  it.each([
    ['300MB/s', 300 * MIB],
    ['300MB', 300 * MIB],
    ['1.5 MiB/s', 1.5 * MIB],
    ['2GiB/sec', 2048 * MIB],
    [String(MIB), MIB],
    ['0', 0],
    ['', 0],
  ])('is %s', (text, bytes) => {
    const settings = withSetting(DEFAULT_SETTINGS, 'originBandwidth', text);
    expect(settings).toEqual({ ...DEFAULT_SETTINGS, originBandwidthBytes: bytes });
  });

  it.each(['fast', '300Mbit/s', '-1MB/s', '1023KiB/s', '/s'])('is not %s', (text) => {
    expect(() => withSetting(DEFAULT_SETTINGS, 'originBandwidth', text)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});
