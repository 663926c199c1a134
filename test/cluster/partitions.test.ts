/** Networks that carry some connections and not others. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { epoch, expectRight, PATIENCE } from '../support/epochs.ts';
import { HOSTS_MISSING, testFiles, TestHosts, totalBytes } from '../support/hosts.ts';
import type { HostClient } from '../support/hosts.ts';
import { eventually } from '../support/larder.ts';

describe.skipIf(HOSTS_MISSING !== undefined)('partitions', () => {
  const everyone = ['w1', 'w2', 'w3', 'w4'];
  let hosts: TestHosts;
  let readers: Record<'w1' | 'w3' | 'cpu', HostClient>;

  beforeAll(async () => {
    hosts = await TestHosts.start({ workers: 4, others: ['cpu'] });
    const client = (name: string) => hosts.client(name, PATIENCE);
    const [w1, w3, cpu] = await Promise.all([client('w1'), client('w3'), client('cpu')]);
    readers = { w1, w3, cpu };
  });

  afterEach(async () => {
    hosts.network.heal();
    await hosts.alive(...everyone);
  });

  afterAll(async () => {
    await hosts[Symbol.asyncDispose]();
  });

  async function dataset(name: string, isRead: boolean) {
    const files = testFiles(32, 100_000);
    await hosts.dataset(name, files);
    const plan = { dataset: name, files, readers: 4 };
    if (isRead) expectRight(await epoch(Object.values(readers), plan), plan);
    return { plan, before: (await hosts.served()).bytes };
  }

  const fromOrigin = async (before: number) => (await hosts.served()).bytes - before;

  test('two halves that both reach the origin: each byte is read once by each half at most', async () => {
    const { plan, before } = await dataset('halves', false);
    hosts.network.partition(['w1', 'w2'], ['w3', 'w4']);
    expectRight(await epoch([readers.w1, readers.w3], plan), plan);
    expect(await fromOrigin(before)).toBeLessThanOrEqual(2 * totalBytes(plan.files));
    hosts.network.heal();
    const since = await fromOrigin(before);
    expectRight(await epoch(Object.values(readers), plan), plan);
    expect(await fromOrigin(before)).toBe(since);
  });

  test('one half from the other half and the master: both read on, and agree when it is healed', async () => {
    const { plan, before } = await dataset('cut-off', false);
    const warm = { ...plan, files: plan.files.slice(plan.files.length / 2) };
    expectRight(await epoch(Object.values(readers), warm), warm);
    const mountpoint = await hosts.mount('w1', plan.dataset);
    hosts.network.partition(['w1', 'w2'], ['w3', 'w4', 'cpu', 'master']);
    await hosts.alive('w3', 'w4');
    // No master tells what a name means there: what is mounted is read.
    const cutOff = readers.w1.readMount({ ...plan, dataset: mountpoint });
    const others = epoch([readers.w3, readers.cpu], plan);
    expectRight([await cutOff, ...(await others)], plan);
    expect(await fromOrigin(before)).toBeLessThanOrEqual(2 * totalBytes(plan.files));
    hosts.network.heal();
    await hosts.alive(...everyone);
    const since = await fromOrigin(before);
    expectRight(await epoch(Object.values(readers), plan), plan);
    expect(await fromOrigin(before)).toBe(since);
    await hosts.unmount('w1', mountpoint);
    // What the cut-off half took meanwhile is in the master's view, and no disk has wrong bytes.
    const audit = ['audit', plan.dataset, '--checksums', '--master', hosts.masterAddress];
    await eventually(async () => {
      const { code } = await hosts.cli('master', audit);
      return code === 0 ? true : undefined;
    }, 30_000);
  });

  test('a worker and the master only: it goes on serving, and nothing is read again', async () => {
    const { plan, before } = await dataset('no-master', true);
    hosts.network.partition(['w1'], ['master']);
    await hosts.alive('w2', 'w3', 'w4');
    expectRight(await epoch([readers.w3, readers.cpu], plan), plan);
    expect(await fromOrigin(before)).toBe(0);
  });

  test('a client and one worker only: another passes on what the worker has', async () => {
    const { plan, before } = await dataset('no-owner', true);
    const owners = await hosts.control.owners(plan);
    expect(owners.filter((owner) => owner === 'w2').length).toBeGreaterThan(2);
    hosts.network.partition(['cpu'], ['w2']);
    expectRight(await epoch([readers.cpu], plan), plan);
    expect(await fromOrigin(before)).toBe(0);
  });

  test('a worker that loses packets: slower, and right', async () => {
    const { plan, before } = await dataset('lossy', false);
    hosts.network.loss('w2', 0.05);
    expectRight(await epoch([readers.w1, readers.cpu], plan), plan);
    expect(await fromOrigin(before)).toBeLessThanOrEqual(1.3 * totalBytes(plan.files));
  });
});
