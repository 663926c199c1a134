/** Disks that are full or fail, and clocks that jump. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { epoch, expectRight, PATIENCE, pause } from '../support/epochs.ts';
import { createFailingDisk, FAILING_DISK_MISSING } from '../support/failing-disk.ts';
import type { FailingDisk } from '../support/failing-disk.ts';
import { HOSTS_MISSING, testFiles, TestHosts } from '../support/hosts.ts';
import type { HostClient } from '../support/hosts.ts';
import { eventually } from '../support/larder.ts';

const FAKETIME = ['x86_64-linux-gnu', 'aarch64-linux-gnu']
  .map((machine) => `/usr/lib/${machine}/faketime/libfaketime.so.1`)
  .find((file) => fs.existsSync(file));
const HOUR = '+1h';

describe.skipIf(HOSTS_MISSING !== undefined)('a worker whose disk is full', () => {
  let hosts: TestHosts;

  beforeAll(async () => {
    const diskSize = (name: string) => (name === 'w1' ? { diskSize: '24m' } : {});
    hosts = await TestHosts.start({ workers: 2, others: ['cpu'], worker: diskSize });
  });

  afterAll(async () => {
    await hosts[Symbol.asyncDispose]();
  });

  test('what it cannot keep is read through it, and no read fails', async () => {
    const files = testFiles(20, 4_000_000);
    await hosts.dataset('d', files);
    const readers = await Promise.all(['w1', 'cpu'].map((name) => hosts.client(name, PATIENCE)));
    const plan = { dataset: 'd', files, readers: 2 };
    expectRight(await epoch(readers, plan), plan);
    expectRight(await epoch(readers, plan), plan);
    await hosts.alive('w1', 'w2');
  });
});

describe.skipIf(HOSTS_MISSING !== undefined || FAILING_DISK_MISSING !== undefined)(
  'a worker whose disk fails',
  () => {
    let disk: FailingDisk;
    let hosts: TestHosts;

    beforeAll(async () => {
      disk = await createFailingDisk();
      const cacheDir = path.join(disk.path, 'cache');
      const cacheSize = '128MiB';
      const worker = (name: string) => (name === 'w1' ? { cacheDir, cacheSize } : { cacheSize });
      fs.mkdirSync(cacheDir);
      hosts = await TestHosts.start({ workers: 2, others: ['cpu'], worker });
    });

    afterAll(async () => {
      await hosts[Symbol.asyncDispose]();
      disk[Symbol.dispose]();
    });

    test('what cannot be read there comes from elsewhere, and no read fails', async () => {
      const files = testFiles(30, 400_000);
      await hosts.dataset('d', files);
      const reader = await hosts.client('cpu', PATIENCE);
      const plan = { dataset: 'd', files, readers: 2 };
      expectRight(await epoch([reader], plan), plan);
      const held = await eventually(() => {
        const complete = path.join(disk.path, 'cache/complete');
        const found = fs.readdirSync(complete, { recursive: true, withFileTypes: true });
        const objects = found.filter((entry) => entry.isFile());
        return objects.length > 3 ? objects : undefined;
      });
      const { bytes } = await hosts.served();
      for (const { parentPath, name } of held.slice(0, 3)) disk.damage(path.join(parentPath, name));
      expectRight(await epoch([reader], plan), plan);
      expect((await hosts.served()).bytes).toBeGreaterThan(bytes);
    });
  },
);

describe.skipIf(HOSTS_MISSING !== undefined || FAKETIME === undefined)('clocks', () => {
  let hosts: TestHosts;
  let reader: HostClient;
  let clock: string;

  /** The wall clock alone jumps, as time synchronisation makes it; timers do not. */
  const jump = (by: string) => {
    fs.writeFileSync(`${clock}.new`, by);
    fs.renameSync(`${clock}.new`, clock);
  };

  beforeAll(async () => {
    clock = path.join(fs.mkdtempSync('/tmp/larder-clock-'), 'clock');
    jump('+0');
    const env = {
      LD_PRELOAD: FAKETIME ?? '',
      FAKETIME_TIMESTAMP_FILE: clock,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    };
    const worker = (name: string) => (name === 'w1' ? { env } : {});
    hosts = await TestHosts.start({ workers: 2, others: ['cpu'], worker, master: env });
    reader = await hosts.client('cpu', PATIENCE);
  });

  afterAll(async () => {
    await hosts[Symbol.asyncDispose]();
    fs.rmSync(path.dirname(clock), { recursive: true });
  });

  test.each([HOUR, '-1h'])(
    'of a worker and of the master jump by %s: nobody is lost',
    async (by) => {
      const files = testFiles(40, 100_000);
      await hosts.dataset(`jump${by.replace('+', '-plus')}`, files);
      const plan = { dataset: `jump${by.replace('+', '-plus')}`, files, readers: 2, pauseMs: 50 };
      const { placement } = await hosts.status();
      const reports = await epoch([reader], plan, async () => {
        await pause(300);
        jump(by);
        await pause(1_000);
      });
      expectRight(reports, plan);
      await hosts.alive('w1', 'w2');
      expect((await hosts.status()).placement).toBe(placement);
      jump('+0');
      expectRight(await epoch([reader], plan), plan);
    },
  );
});
