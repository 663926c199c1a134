/** What every node keeps (`replicas=all`) of an object above 1 GiB. */
import { expect, test } from 'vitest';
import { HOSTS_MISSING, TestHosts, totalBytes } from '../support/hosts.ts';
import { passedThrough } from '../support/passed-through.ts';

const GIB = 2 ** 30;

test.skipIf(HOSTS_MISSING !== undefined)(
  'an object of several stripes is passed through on every node',
  async () => {
    const worker = () => ({ cacheSize: '2GiB' });
    await using hosts = await TestHosts.start({ workers: 2, worker });
    const files = [{ path: 'weights', sizeBytes: GIB + 5_000_000, seed: 1 }];
    await hosts.dataset('w', files, { replicas: 'all' });
    await passedThrough(hosts, ['w1', 'w2'], { name: 'w', files });
    expect((await hosts.served()).bytes).toBe(totalBytes(files));
  },
);
