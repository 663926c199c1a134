/** What every node keeps (`replicas=all`): the kernel reads it there by itself, whoever owns it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HOSTS_MISSING, testFiles, TestHosts, totalBytes } from '../support/hosts.ts';
import { passedThrough } from '../support/passed-through.ts';

const NODES = ['w1', 'w2'];

describe.skipIf(HOSTS_MISSING !== undefined)('with replicas=all', () => {
  let hosts: TestHosts;

  beforeEach(async () => {
    hosts = await TestHosts.start({ workers: 2, worker: () => ({ cacheSize: '256MiB' }) });
  });

  afterEach(async () => {
    await hosts[Symbol.asyncDispose]();
  });

  test('each node has a whole copy of what another owns, and passes it through', async () => {
    const files = testFiles(12, 3_000_000);
    await hosts.dataset('d', files, { replicas: 'all' });
    const owners = await hosts.control.owners({ dataset: 'd', files });
    for (const node of NODES) expect(owners).toContain(node);
    await passedThrough(hosts, NODES, { name: 'd', files });
    expect((await hosts.served()).bytes).toBe(totalBytes(files));
  });
});
