/** What a master believes is what is on the disks, whoever was killed, and while everything moves. */
import fs from 'node:fs';
import path from 'node:path';
import { RoaringBitmap32 } from 'roaring-wasm';
import { expect, test } from 'vitest';
import { systemClock } from '../../common/index.ts';
import { BlockIndex } from '../../common/prediction/index.ts';
import { eventually } from '../support/larder.ts';
import { ReportCluster } from '../support/report-cluster.ts';
import { files, TestMaster } from './master-support.ts';

const APPLIED = 'a predicted report was applied';
const PLAIN = 'a plain report is asked for';

function times(text: string, what: string): number {
  return text.split(what).length - 1;
}

test('the view is right after SIGKILL of each process, and reports are differences', async () => {
  await using cluster = await ReportCluster.start();
  // One block each, so that what is held by one of three looks like nothing in particular.
  await cluster.load(
    'ds',
    Array.from({ length: 600 }, (_, i) => 1 + (i % 50)),
  );
  await cluster.agreed('ds');
  const indexes = cluster.workerNames.map((name) =>
    path.join(cluster.cacheDir(name), 'manifests/1-v1.blocks'),
  );
  const madeIndexes = () => indexes.every((index) => fs.existsSync(index));
  await eventually(() => (madeIndexes() ? true : undefined));
  // The audit before has made the master's own.
  for (const name of cluster.workerNames) {
    await cluster.kill(name);
    cluster.run(name);
    await cluster.agreed('ds');
  }
  // More where a busy machine has a worker join twice.
  expect(times(cluster.log, APPLIED)).toBeGreaterThanOrEqual(3);
  expect(times(cluster.log, PLAIN)).toBe(0);
  const applied = times(cluster.log, APPLIED);
  await cluster.kill('master');
  cluster.run('master');
  await cluster.joined(3);
  await cluster.agreed('ds');
  expect(times(cluster.log, APPLIED)).toBeGreaterThanOrEqual(applied + 3);
  expect(times(cluster.log, PLAIN)).toBe(0);

  // A master that has lost its index asks for all of it, and has one the next time.
  await cluster.kill('master');
  const index = path.join(cluster.scratch.directory, 'master/manifests/1/v1.blocks');
  fs.rmSync(index);
  cluster.run('master');
  await cluster.joined(3);
  await cluster.agreed('ds');
  expect(times(cluster.log, PLAIN)).toBeGreaterThan(0);
  await eventually(() => (fs.existsSync(index) ? true : undefined));
  const before = times(cluster.log, APPLIED);

  // An index of something else predicts other blocks: noticed, and never applied.
  await cluster.kill('worker-0');
  const own = indexes[0] ?? '';
  const bytes = fs.readFileSync(own);
  await cluster.kill('worker-1');
  fs.writeFileSync(own, otherIndex(bytes));
  const plain = times(cluster.log, PLAIN);
  cluster.run('worker-0');
  cluster.run('worker-1');
  await cluster.joined(3);
  await cluster.agreed('ds');
  expect(times(cluster.log, PLAIN)).toBeGreaterThan(plain);
  expect(times(cluster.log, APPLIED)).toBeGreaterThan(before);
});

/** The same rows with the blocks of some exchanged: as another version has them. */
function otherIndex(bytes: Buffer): Buffer {
  const index = BlockIndex.decode(bytes);
  if (index === undefined) throw new Error('no index');
  index.object.set(index.object.subarray(0, 10), 10);
  return index.encode();
}

test('what comes and goes while an audit looks is no difference', async () => {
  await using cluster = await ReportCluster.start({ workers: 2, cacheSize: '3MiB' });
  const sizes = Array.from({ length: 250 }, (_, i) => 30_000 + 100 * i);
  await cluster.load('ds', sizes);
  const stop = new AbortController();
  await using dataset = await cluster.larder.datasets.get('ds');
  let read = 0;
  const reading = (async () => {
    for (; !stop.signal.aborted; read += 1) {
      const number = (read * 173) % sizes.length;
      await using file = await dataset.open(`d${String(number % 10)}/f${String(number)}`);
      const bytes = await file.read(0, file.stat.sizeBytes);
      expect(bytes.length).toBe(sizes[number]);
    }
  })();
  // Long enough that all of it came and went.
  for (let i = 0; i < 12 || read < 1.5 * sizes.length; i += 1) {
    const report = await cluster.audit('ds', { checksums: i % 2 === 0 });
    expect(report.differences).toEqual([]);
    expect(report.equal).toBe(true);
  }
  stop.abort();
  await reading;
  const last = await cluster.audit('ds');
  expect(last.blocks.held, 'the cache is too small for all').toBeLessThan(last.blocks.all);
});

test('an audit finds a view that is stale, either way, and blocks that no version names', async () => {
  await using master = await TestMaster.start();
  const worker = await master.worker('w1');
  worker.listing = files(50);
  await master.create('ds');
  worker.store.set(1, 0, 40, true);
  await systemClock.sleep(200);
  const audit = async () => {
    const found: string[] = [];
    for await (const event of master.channel.audit.auditDataset({ name: 'ds' })) {
      for (const { kind, first_block: first, blocks, path: name } of event.differences) {
        found.push(`${kind} ${String(first)}+${String(blocks)} ${name.toString()}`);
      }
    }
    return found.sort();
  };
  expect(await audit()).toEqual([]);
  const onDisk = new RoaringBitmap32();
  onDisk.addRange(1, 41);
  worker.onDisk = onDisk;
  expect(await audit()).toEqual(['view-lacks 40+1 f/0000040', 'view-stale 0+1 f/0000000']);
  worker.onDisk = undefined;
  worker.listing = files(49);
  await master.refresh('ds');
  worker.store.set(1, 49, 1, true);
  await systemClock.sleep(200);
  expect(await audit()).toEqual([]);
  worker.keepsAll = true;
  await master.channel.catalog.deleteVersion({ name: 'ds', version: 1 });
  expect(await audit()).toEqual(['unnamed 49+1 ']);
});
