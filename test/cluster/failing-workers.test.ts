/** Workers that die, hang and come back while others read. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { epoch, expectRight, PATIENCE, pause } from '../support/epochs.ts';
import { HOSTS_MISSING, testFiles, TestHosts, totalBytes } from '../support/hosts.ts';
import type { HostClient, TestFile } from '../support/hosts.ts';

describe.skipIf(HOSTS_MISSING !== undefined)('workers that fail', () => {
  let hosts: TestHosts;
  let readers: HostClient[];

  beforeAll(async () => {
    hosts = await TestHosts.start({ workers: 3, others: ['cpu'] });
    readers = await Promise.all(['w1', 'cpu'].map((name) => hosts.client(name, PATIENCE)));
  });

  afterAll(async () => {
    await hosts[Symbol.asyncDispose]();
  });

  /** A dataset that was read once, what of it w2 owns, and an epoch that takes a few seconds. */
  async function warm(name: string) {
    const files = [...testFiles(60, 100_000, 'small'), ...testFiles(3, 5_000_000, 'large')];
    await hosts.dataset(name, files);
    const plan = { dataset: name, files, readers: 2, pauseMs: 50 };
    expectRight(await epoch(readers, { ...plan, pauseMs: 0 }), plan);
    const owners = await hosts.control.owners(plan);
    const lost: readonly TestFile[] = files.filter((_, i) => owners[i] === 'w2');
    expect(lost.length).toBeGreaterThan(5);
    return { plan, lostBytes: totalBytes(lost), before: (await hosts.served()).bytes };
  }

  const fromOrigin = async (before: number) => (await hosts.served()).bytes - before;

  test('SIGKILL in an epoch: no read fails, and the origin gives its share once at most', async () => {
    const { plan, lostBytes, before } = await warm('killed');
    const reports = await epoch(readers, plan, async () => {
      await pause(400);
      await hosts.worker('w2').kill();
    });
    expectRight(reports, plan);
    expectRight(await epoch(readers, { ...plan, pauseMs: 0 }), plan);
    expect(await fromOrigin(before)).toBeLessThanOrEqual(lostBytes);
    await hosts.worker('w2').restart();
    await hosts.alive('w1', 'w2', 'w3');
    const since = await fromOrigin(before);
    expectRight(await epoch(readers, { ...plan, pauseMs: 0 }), plan);
    // It has what it had: nothing is fetched again.
    expect(await fromOrigin(before)).toBe(since);
  });

  test('SIGSTOP in an epoch: it hangs and does not refuse, and no read fails', async () => {
    const { plan, lostBytes, before } = await warm('stopped');
    const reports = await epoch(readers, plan, async () => {
      await pause(400);
      hosts.worker('w2').pause();
    });
    expectRight(reports, plan);
    expect(await fromOrigin(before)).toBeLessThanOrEqual(lostBytes);
    hosts.worker('w2').resume();
    await hosts.alive('w1', 'w2', 'w3');
    expectRight(await epoch(readers, { ...plan, pauseMs: 0 }), plan);
  });

  test('SIGKILL of the worker of this node: its mount goes on with the others', async () => {
    const files = testFiles(40, 100_000);
    await hosts.dataset('mounted', files);
    const mountpoint = await hosts.mount('w1', 'mounted');
    const reader = await hosts.client('w1');
    const plan = { dataset: mountpoint, files, readers: 2, pauseMs: 50 };
    const reading = reader.readMount(plan);
    await pause(400);
    await hosts.worker('w1').kill();
    expectRight([await reading], plan);
    await hosts.worker('w1').restart();
    await hosts.alive('w1', 'w2', 'w3');
    expectRight([await reader.readMount(plan)], plan);
    await hosts.unmount('w1', mountpoint);
  });
});
