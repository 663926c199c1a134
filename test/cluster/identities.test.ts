/** Workers that are not who they seem, or that know less than the others. */
import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { epoch, expectRight, PATIENCE, pause } from '../support/epochs.ts';
import { HOSTS_MISSING, testFiles, TestHosts, totalBytes } from '../support/hosts.ts';
import type { HostClient } from '../support/hosts.ts';
import { eventually } from '../support/larder.ts';

const GRACE_MS = 2_000;

describe.skipIf(HOSTS_MISSING !== undefined)('workers', () => {
  let hosts: TestHosts;
  let reader: HostClient;
  const files = testFiles(40, 100_000);
  const plan = { dataset: 'd', files, readers: 4 };

  beforeEach(async () => {
    const env = { LARDER_GRACE_MS: `${GRACE_MS}` };
    hosts = await TestHosts.start({ workers: 3, others: ['w4', 'cpu'], env });
    await hosts.dataset('d', files);
    reader = await hosts.client('cpu', PATIENCE);
    expectRight(await epoch([reader], plan), plan);
  });

  afterEach(async () => {
    await hosts[Symbol.asyncDispose]();
  });

  test('with a copied cache directory: there is one of that identity, and reads go on', async () => {
    const before = await hosts.status();
    const [from, to] = [hosts.folder('w3', 'cache'), hosts.folder('w4', 'cache')];
    await hosts.worker('w3').kill();
    execFileSync('cp', ['-a', `${from}/.`, to]);
    await hosts.worker('w3').restart();
    await hosts.alive('w1', 'w2', 'w3');
    const copy = await hosts.startWorker('w4');
    const refusal = '[WORKER_ID_TAKEN]';
    await eventually(() => (copy.log.includes(refusal) ? true : undefined), 30_000);
    const reports = await epoch([reader], { ...plan, pauseMs: 200 });
    expectRight(reports, plan);
    const numbers: number[] = [];
    for (let i = 0; i < 5; i += 1) {
      const { placement, workers } = await hosts.status();
      numbers.push(placement);
      const ids = workers.filter(({ alive }) => alive).map(({ workerId }) => workerId);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.length).toBeLessThanOrEqual(before.workers.length);
      await pause(500);
    }
    // The two do not take the place from each other again and again.
    expect(Math.max(...numbers) - Math.min(...numbers)).toBeLessThanOrEqual(1);
    const { workers } = await hosts.status();
    const address = `${hosts.network.address('w3')}:7500`;
    expect(workers.map(({ dataAddress }) => dataAddress)).toContain(address);
    // It stays, says why, and is the worker should the other end.
    expect(copy.ended).toBe(false);
    expect(copy.log).toContain(refusal);
  });

  test('that return after their objects were moved: right bytes, none of them from the origin', async () => {
    const leaver = hosts.worker('w3');
    await leaver.kill();
    await eventually(async () => {
      const owners = await reader.owners(plan);
      return owners.includes('w3') ? undefined : true;
    }, 20_000);
    expectRight(await epoch([reader], plan), plan);
    const { bytes } = await hosts.served();
    expect(bytes).toBeLessThanOrEqual(2 * totalBytes(files));
    await leaver.restart();
    await hosts.alive('w1', 'w2', 'w3');
    await eventually(async () => ((await reader.owners(plan)).includes('w3') ? true : undefined));
    expectRight(await epoch([reader], plan), plan);
    expect((await hosts.served()).bytes).toBe(bytes);
  });

  test('that have an older version of a dataset: each version has its own bytes', async () => {
    await hosts.worker('w3').kill();
    const changed = testFiles(20, 100_007).map((file) => ({ ...file, seed: file.seed + 20 }));
    const now = [...changed, ...files.slice(20)];
    await hosts.put('d', changed);
    expect(await hosts.control.refresh('d')).toBe(2);
    await hosts.worker('w3').restart();
    await hosts.alive('w1', 'w2', 'w3');
    const latest = { ...plan, dataset: 'd@v2', files: now };
    expectRight(await epoch([reader], latest), latest);
    // What was held of the old version is still there.
    expectRight(await epoch([reader], { ...plan, dataset: 'd@v1' }), plan);
  });
});
