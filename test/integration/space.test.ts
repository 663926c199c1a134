/** Space by hand: what is freed and what stays, and pins, with real workers. */
import { afterEach, describe, expect, test } from 'vitest';
import type { FreeReport, PreloadOptions } from '../../sdk/index.ts';
import { eventually } from '../support/larder.ts';
import { MovingCluster } from '../support/moving-cluster.ts';
import { ReportCluster } from '../support/report-cluster.ts';

const FILES = 40;
const SIZE_BYTES = 5000;
const NAMES = ['w1', 'w2'];
const MIB = 1024 * 1024;

describe('free', () => {
  let cluster: MovingCluster;
  afterEach(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  async function start(): Promise<void> {
    cluster = await MovingCluster.start({ count: FILES, sizeBytes: SIZE_BYTES });
    for (const name of NAMES) await cluster.start(name, { node: `node-${name}` });
    await cluster.create();
  }

  async function preload(options: PreloadOptions = {}): Promise<number> {
    await using dataset = await cluster.larder.datasets.get('data');
    const { id } = await dataset.startPreload(options);
    for await (const { state } of cluster.larder.preloads.watch(id)) if (state === 'failed') break;
    return id;
  }

  const held = () => NAMES.map((name) => cluster.held(name).size);
  const keptOf = ({ workers }: FreeReport) => workers.flatMap(({ kept }) => kept);

  test('says what it freed on which node, and what stays and why', async () => {
    await start();
    const id = await preload({ paths: ['f0000*'], keepMs: 'forever' });
    await preload();
    await cluster.larder.datasets.pin('data', { paths: ['f00010'] });
    const { datasets } = cluster.larder;
    const look = await datasets.free('data', { dryRun: true });
    expect(held().reduce((sum, one) => sum + one, 0)).toBe(FILES);
    const report = await datasets.free('data');
    expect({ ...report, dryRun: true }).toEqual(look);
    expect(report).toMatchObject({ version: 1, targetFiles: FILES });
    expect(report.freed).toEqual({ files: FILES - 11, bytes: (FILES - 11) * SIZE_BYTES });
    const [pinned] = keptOf(report).filter(({ why }) => why === 'pinned');
    expect(pinned).toEqual({ why: 'pinned', preload: null, files: 1, bytes: SIZE_BYTES });
    const kept = keptOf(report).filter(({ why }) => why === 'preload');
    expect(new Set(kept.map(({ preload }) => preload))).toEqual(new Set([id]));
    expect(kept.reduce((sum, { files }) => sum + files, 0)).toBe(10);
    expect(held().reduce((sum, one) => sum + one, 0)).toBe(11);
    // What is freed is known at once, and read again as ever.
    const { datasets: known } = await cluster.larder.status();
    expect(known[0]).toMatchObject({ heldBytes: 11 * SIZE_BYTES, pinnedBytes: SIZE_BYTES });
    await cluster.readAll();
    await cluster.larder.preloads.release(id);
    await datasets.unpin('data');
    expect((await datasets.free('data')).freed.files).toBe(FILES);
    expect(held()).toEqual([0, 0]);
  });

  test('with --on only on that node, by the command line too', async () => {
    await start();
    await preload();
    const [first = 0, second = 0] = held();
    const report = await cluster.larder.datasets.free('data', { on: ['node-w2'] });
    expect(report.freed.files).toBe(second);
    expect(report.workers.map(({ node }) => node)).toEqual(['node-w2']);
    expect(held()).toEqual([first, 0]);
    const command = [
      ...['free', 'data@v1', 'f*', '--on', 'node-w1', 'node-w2', '--dry-run'],
      ...['--master', cluster.master.address],
    ];
    const { code, stdout } = await cluster.scratch.run(command);
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining(`Would free ${String(first)} file`),
    ]);
    expect(held()).toEqual([first, 0]);
  });

  test('what is not there is refused, and nothing goes', async () => {
    await start();
    await preload();
    const { datasets } = cluster.larder;
    for (const [reference, options] of [
      ['none', {}],
      ['data@v9', {}],
      ['data', { paths: ['nope'] }],
      ['data', { paths: ['f00001', 'x*'] }],
      ['data', { on: ['node-w9'] }],
    ] as const) {
      await expect(datasets.free(reference, options)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
    expect(held().reduce((sum, one) => sum + one, 0)).toBe(FILES);
  });
});

describe('pins, and workers that are away', () => {
  let cluster: ReportCluster;
  afterEach(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  test('what is pinned is not evicted, also after restarts of the master and of the worker', async () => {
    cluster = await ReportCluster.start({ workers: 1, cacheSize: '64MiB' });
    await cluster.create('kept', 20);
    await cluster.create('much', 100);
    const { datasets } = cluster.larder;
    expect(await datasets.pin('kept', { paths: ['f00*'] })).toMatchObject({
      ...{ dataset: 'kept', bytes: 10 * MIB, changedBytes: 10 * MIB, blocks: 10, heldBlocks: 0 },
    });
    await cluster.preload('kept');
    for (const name of ['master', 'worker-0']) {
      await cluster.kill(name);
      cluster.run(name);
    }
    await eventually(
      async () => ((await cluster.heldOf('kept').catch(() => 0)) === 20 ? true : undefined),
      60_000,
    );
    await cluster.preload('much');
    const left = await cluster.heldOf('kept');
    expect(left).toBeGreaterThanOrEqual(10);
    expect(left).toBeLessThan(20);
    expect(await datasets.pins()).toEqual([
      { dataset: 'kept', bytes: 10 * MIB, blocks: 10, heldBlocks: 10 },
    ]);
    expect(await datasets.unpin('kept', { paths: ['f000', 'f019'] })).toMatchObject({
      ...{ bytes: 9 * MIB, changedBytes: MIB },
    });
    expect(await datasets.unpin('kept')).toMatchObject({ bytes: 0, changedBytes: 9 * MIB });
    expect((await datasets.free('kept')).freed.files).toBe(left);
    expect(await cluster.heldOf('kept')).toBe(0);
  });

  test('a worker that is away cannot be asked, and is named', async () => {
    cluster = await ReportCluster.start({ workers: 2 });
    await cluster.create('ds', 10);
    await cluster.preload('ds');
    await cluster.kill('worker-1');
    await cluster.joined(1);
    const outcome = await cluster.scratch.run(['free', 'ds', '--master', cluster.master]);
    expect(outcome.code).toBe(8);
    expect(outcome.stdout).toContain('it is away');
    const report = await cluster.larder.datasets.free('ds');
    expect(report.freed.files).toBe(0);
    const failed = report.workers.filter(({ failure }) => failure !== null);
    expect(failed.map(({ workerId }) => workerId)).toEqual([cluster.workerId('worker-1')]);
  });

  test('pins that add up to more than the caches keep are refused with the numbers', async () => {
    cluster = await ReportCluster.start({ workers: 1, cacheSize: '64MiB' });
    await cluster.create('a', 40);
    await cluster.create('b', 40);
    const run = (...args: string[]) => cluster.scratch.run([...args, '--master', cluster.master]);
    const pinned = await run('pin', 'a');
    expect([pinned.code, pinned.stdout]).toEqual([
      0,
      '40.0 MiB more: 40.0 MiB of a are pinned. 0 % of it is held: `larder preload` fetches the rest.\n',
    ]);
    // What is pinned already does not count twice.
    expect((await run('pin', 'a@v1', 'f*')).stdout).toContain('0 B more: 40.0 MiB of a');
    const refused = await run('pin', 'b');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('pinned=40.0 MiB, added=40.0 MiB, kept=58.');
    expect((await run('pin', 'b', 'f00*')).code).toBe(0);
    const listed = await run('pins', '--json');
    expect(JSON.parse(listed.stdout)).toMatchObject([
      { dataset: 'a', bytes: 40 * MIB },
      { dataset: 'b', bytes: 10 * MIB },
    ]);
    expect((await run('pin', 'nope')).code).toBe(3);
    expect((await run('pin', 'a', 'x*')).code).toBe(3);
    expect((await run('unpin', 'a', 'x*')).code).toBe(3);
    await cluster.larder.datasets.delete('a');
    await eventually(
      async () => ((await cluster.larder.datasets.pins()).length === 1 ? true : undefined),
      30_000,
    );
    expect((await run('unpin', 'b')).stdout).toBe('10.0 MiB less: nothing is pinned of b.\n');
    expect((await run('pins')).stdout).toBe('No pins.\n');
  });
});
