/** Preloads that verify or copy what is held, with workers as processes that are killed, and disks that somebody has touched. */
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PreloadOptions, PreloadProgress } from '../../sdk/index.ts';
import { ReportCluster } from '../support/report-cluster.ts';

const KIB = 1024;
const SIZES = [...Array.from({ length: 40 }, (_, i) => 1000 + i * 3000), 9 * KIB * KIB];
const BYTES = SIZES.reduce((sum, size) => sum + size, 0);

let cluster: ReportCluster;
beforeEach(async () => {
  cluster = await ReportCluster.start({ workers: 2 });
  await cluster.load('ds', SIZES);
});
afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
});

async function preload(options: PreloadOptions): Promise<PreloadProgress | undefined> {
  await using dataset = await cluster.larder.datasets.get('ds');
  let last: PreloadProgress | undefined;
  for await (const progress of dataset.preload(options)) last = progress;
  return last;
}

/** Changes a byte of one of a worker's files. */
function damage(worker: string): void {
  const file = cluster.completeFiles(worker).find((one) => fs.statSync(one).size >= 50 * KIB) ?? '';
  const bytes = fs.readFileSync(file);
  bytes.writeUInt8(bytes.readUInt8(40 * KIB) ^ 1, 40 * KIB);
  const handle = fs.openSync(file, 'r+');
  fs.writeSync(handle, bytes, 40 * KIB, 1, 40 * KIB);
  fs.closeSync(handle);
}

test('what is wrong on the disks is found, dropped and fetched again before it is complete', async () => {
  expect(await preload({ verify: true })).toMatchObject({
    ...{ state: 'complete', verifiedBytes: BYTES, damagedFiles: 0 },
  });
  damage('worker-0');
  damage('worker-1');
  // Without it nothing is read.
  const plain = { state: 'complete', verifiedBytes: 0, damagedFiles: 0 };
  expect(await preload({})).toMatchObject(plain);
  expect((await cluster.audit('ds', { checksums: true })).counts).toHaveLength(2);
  expect(await preload({ verify: true })).toMatchObject({
    ...{ state: 'complete', verifiedBytes: BYTES, damagedFiles: 2, heldBytes: BYTES },
  });
  const audit = await cluster.audit('ds', { checksums: true, complete: true });
  expect(audit).toMatchObject({ equal: true });
});

test('only what is named is verified, by the command line too', async () => {
  damage('worker-0');
  const run = (...args: string[]) =>
    cluster.scratch.run(['preload', 'ds', ...args, '--verify', '--master', cluster.master]);
  const some = await run('d9/f9');
  expect([some.code, some.stdout]).toEqual([
    0,
    expect.stringMatching(/1 of 1 files, .* held; 27.3 KiB verified\.$/m),
  ]);
  const all = await run();
  expect([all.code, all.stdout]).toEqual([
    0,
    expect.stringContaining('1 were damaged, and had to be fetched again'),
  ]);
});

test('copies are brought on after a restart of the master, and stay after restarts of all', async () => {
  await using dataset = await cluster.larder.datasets.get('ds');
  const options = { replicas: 'all', bandwidthBytesPerSecond: 4 * KIB * KIB } as const;
  const { id } = await dataset.startPreload(options);
  for await (const { state, heldFiles } of cluster.larder.preloads.watch(id)) {
    if (heldFiles > SIZES.length || state === 'complete') break;
  }
  await cluster.kill('master');
  cluster.run('master');
  let last: PreloadProgress | undefined;
  for await (const progress of cluster.larder.preloads.watch(id)) last = progress;
  expect(last).toMatchObject({ state: 'complete', heldFiles: 2 * SIZES.length });
  const blocks = async () => (await cluster.audit('ds')).blocks;
  const { all } = await blocks();
  expect(await blocks()).toEqual({ all, held: all, heldTwice: all });
  for (const name of ['master', 'worker-0', 'worker-1']) {
    await cluster.kill(name);
    cluster.run(name);
  }
  await cluster.joined(2);
  // Long enough for each to offer what it holds, and to give up what others have.
  await sleep(3000);
  expect(await blocks()).toEqual({ all, held: all, heldTwice: all });
});
