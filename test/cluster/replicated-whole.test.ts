/** What every node keeps (`replicas=all`): the kernel reads it there by itself, whoever owns it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HOSTS_MISSING, testFiles, TestHosts, totalBytes } from '../support/hosts.ts';
import type { TestFile } from '../support/hosts.ts';
import { eventually } from '../support/larder.ts';

const NODES = ['w1', 'w2'] as const;
const GIB = 2 ** 30;

describe.skipIf(HOSTS_MISSING !== undefined)('with replicas=all', () => {
  let hosts: TestHosts;

  beforeEach(async () => {
    hosts = await TestHosts.start({ workers: 2, worker: () => ({ cacheSize: '2GiB' }) });
  });

  afterEach(async () => {
    await hosts[Symbol.asyncDispose]();
  });

  /** On every node all files are read through a mount, until they are passed through there. */
  async function passedThrough(name: string, files: readonly TestFile[]): Promise<void> {
    for (const node of NODES) {
      const client = await hosts.client(node);
      const mountpoint = await hosts.mount(node, name, '--open-mode', 'passthrough');
      for (const file of files) {
        expect((await client.opened({ mountpoint, file })).isRight).toBe(true);
      }
      for (const file of files) {
        const what = { mountpoint, file };
        await eventually(async () => {
          const mode = await client.attribute('user.larder.mode', what);
          return mode === 'passthrough' ? true : undefined;
        }, 60_000);
        expect(await client.opened(what)).toEqual({ mode: 'passthrough', isRight: true });
        const status = await client.attribute('user.larder.status', what);
        expect(status).toBe('held');
      }
      await hosts.unmount(node, mountpoint);
    }
  }

  test('each node has a whole copy of what another owns, and passes it through', async () => {
    const files = testFiles(12, 3_000_000);
    await hosts.dataset('d', files, { replicas: 'all' });
    const owners = await hosts.control.owners({ dataset: 'd', files });
    for (const node of NODES) expect(owners).toContain(node);
    await passedThrough('d', files);
    expect((await hosts.served()).bytes).toBe(totalBytes(files));
  });

  test(
    'an object of several stripes is passed through on every node',
    { timeout: 300_000 },
    async () => {
      const files = [{ path: 'weights', sizeBytes: GIB + 5_000_000, seed: 1 }];
      await hosts.dataset('w', files, { replicas: 'all' });
      await passedThrough('w', files);
      expect((await hosts.served()).bytes).toBe(totalBytes(files));
    },
  );
});
