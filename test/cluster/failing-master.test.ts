/** A master that dies in the middle of what it does, and one that is away while others work. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { epoch, expectRight, PATIENCE, pause } from '../support/epochs.ts';
import { HOSTS_MISSING, testFiles, TestHosts, totalBytes } from '../support/hosts.ts';
import { eventually } from '../support/larder.ts';

describe.skipIf(HOSTS_MISSING !== undefined)('a master that fails', () => {
  let hosts: TestHosts;

  beforeAll(async () => {
    hosts = await TestHosts.start({ workers: 2, others: ['cpu'] });
  });

  afterAll(async () => {
    await hosts[Symbol.asyncDispose]();
  });

  async function restartMaster(): Promise<void> {
    await hosts.master.restart();
    await hosts.alive('w1', 'w2');
  }

  test('SIGKILL in the middle of a refresh: there is the old version, or all of the new one', async () => {
    const files = testFiles(1_500, 1_000, 'a');
    const more = testFiles(1_500, 1_000, 'b');
    await hosts.dataset('refreshed', files);
    await hosts.put('refreshed', more);
    for (const delayMs of [0, 100, 400, 900]) {
      const slow = { kind: 'delay', ms: 300 } as const;
      await hosts.fault({ operation: 'list', action: slow, times: 2 });
      const refreshing = hosts.control.refresh('refreshed').catch(() => 0);
      await pause(delayMs);
      await hosts.master.kill();
      await refreshing;
      await hosts.s3.call('clearFaults', {});
      await restartMaster();
      expect(await hosts.control.versions('refreshed')).toBeLessThanOrEqual(2);
    }
    expect(await hosts.control.refresh('refreshed')).toBe(2);
    const reader = await hosts.client('cpu', PATIENCE);
    const plan = { dataset: 'refreshed@v2', files: [...files.slice(0, 20), ...more.slice(0, 20)] };
    expectRight([await reader.read(plan)], plan);
    const old = { dataset: 'refreshed@v1', files: files.slice(0, 20) };
    expectRight([await reader.read(old)], old);
    const none = await reader.read({ dataset: 'refreshed@v1', files: more.slice(0, 1) });
    expect(none.failed).toMatchObject([{ code: 'NOT_FOUND' }]);
  });

  test('SIGKILL in the middle of reports: afterwards it knows what is on the disks', async () => {
    const files = testFiles(300, 50_000);
    await hosts.dataset('reported', files);
    const { bytes: before } = await hosts.served();
    const reader = await hosts.client('cpu', PATIENCE);
    const plan = { dataset: 'reported', files, readers: 4, pauseMs: 10 };
    const heldBytes = async () =>
      (await hosts.status()).datasets.find(({ name }) => name === 'reported')?.heldBytes ?? 0;
    const reports = await epoch([reader], plan, async () => {
      await eventually(async () => ((await heldBytes()) > 0 ? true : undefined));
      await hosts.master.kill();
      await pause(500);
      await restartMaster();
    });
    expectRight(reports, plan);
    await eventually(async () => ((await heldBytes()) === totalBytes(files) ? true : undefined));
    const { bytes: once, byKey } = await hosts.served();
    // A request that breaks off on a busy machine goes on where it was: what was on its way comes again.
    expect(once - before).toBeLessThanOrEqual(1.01 * totalBytes(files));
    const twice = files.filter(
      (file) => (byKey[`reported/${file.path}`] ?? 0) >= 2 * file.sizeBytes,
    );
    expect(twice).toEqual([]);
    expect(await hosts.control.preload('reported')).toBe('complete');
    expect((await hosts.served()).bytes).toBe(once);
  });

  test.each(['SIGKILL', 'SIGSTOP'])(
    'away for a while in an epoch (%s): no read fails',
    async (how) => {
      const files = testFiles(60, 100_000);
      const name = how.toLowerCase();
      await hosts.dataset(name, files);
      const [reader, other] = await Promise.all([
        hosts.client('w1', PATIENCE),
        hosts.client('cpu', PATIENCE),
      ]);
      const mountpoint = await hosts.mount('w1', name);
      const plan = { dataset: name, files, readers: 2, pauseMs: 100 };
      const mounted = { ...plan, dataset: mountpoint };
      const reading = reader.readMount(mounted);
      const reports = await epoch([other], plan, async () => {
        await pause(500);
        if (how === 'SIGKILL') await hosts.master.kill();
        else hosts.master.pause();
        await pause(2_500);
      });
      expectRight([await reading, ...reports], plan);
      if (how === 'SIGKILL') await restartMaster();
      else hosts.master.resume();
      await hosts.alive('w1', 'w2');
      // Opening it anew needs the master, to which its channel connects again after a while.
      const again = await eventually(() => other.read(plan).catch(() => undefined), 30_000);
      expectRight([again], plan);
      await hosts.unmount('w1', mountpoint);
    },
  );
});
