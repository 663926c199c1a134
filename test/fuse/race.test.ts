/** The short form of test/long/race.test.ts. */
import { expect, test } from 'vitest';
import { FUSE_MISSING } from '../support/fuse-mount.ts';
import { race } from '../support/race.ts';

test.skipIf(FUSE_MISSING !== undefined)(
  'reads, evictions, fetches and kills race each other: every byte is right',
  async () => {
    const result = await race({ seconds: 25, readers: 4, everyMs: 2_500 });
    expect(result.ways).toEqual(['direct', 'mapped', 'sequential', 'single']);
    expect(result.killed.server).toBeGreaterThan(0);
    expect(result.killed.worker).toBeGreaterThan(0);
    expect(result.fetchedAgain).toBeGreaterThan(0);
  },
);
