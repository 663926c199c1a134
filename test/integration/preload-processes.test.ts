/** Preloads with masters and workers as processes: killed in the middle, and with caches too small for all. */
import { afterEach, describe, expect, test } from 'vitest';
import type { PreloadInfo, PreloadProgress, PreloadOptions } from '../../sdk/index.ts';
import { eventually } from '../support/larder.ts';
import { ReportCluster } from '../support/report-cluster.ts';

const MIB = 1024 * 1024;

let cluster: ReportCluster;
afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
});

async function start(name: string, options: PreloadOptions = {}): Promise<number> {
  await using dataset = await cluster.larder.datasets.get(name);
  return (await dataset.startPreload(options)).id;
}

async function ended(id: number): Promise<PreloadInfo> {
  let last: PreloadProgress | undefined;
  for await (const progress of cluster.larder.preloads.watch(id)) last = progress;
  expect(last).toBeDefined();
  return await cluster.larder.preloads.show(id);
}

describe('preloads', () => {
  test('master and a worker are killed in the middle: all of it is held in the end', async () => {
    cluster = await ReportCluster.start({ workers: 2 });
    await cluster.create('ds', 60);
    const id = await start('ds', { bandwidthBytesPerSecond: 12 * MIB });
    await eventually(async () => ((await cluster.heldOf('ds')) >= 10 ? true : undefined), 30_000);
    await cluster.kill('master');
    await cluster.kill('worker-1');
    cluster.run('master');
    cluster.run('worker-1');
    expect(await ended(id)).toMatchObject({ id, state: 'complete', heldFiles: 60 });
    expect(await cluster.agreed('ds')).toMatchObject({ equal: true });
  });

  test('what is kept stays where other files want its room, until it is released', async () => {
    cluster = await ReportCluster.start({ workers: 1, cacheSize: '64MiB' });
    await cluster.create('kept', 20);
    await cluster.create('much', 100);
    const kept = await start('kept', { keepMs: 'forever' });
    expect(await ended(kept)).toMatchObject({ state: 'complete', keptUntil: 'released' });
    const much = await ended(await start('much'));
    expect(much.state).toBe('partial');
    expect(new Set(much.failures.map(({ code }) => code))).toEqual(new Set(['NOT_KEPT']));
    expect(await cluster.heldOf('kept')).toBe(20);
    // The worker that starts anew is told again.
    await cluster.kill('worker-0');
    cluster.run('worker-0');
    await eventually(
      async () => ((await cluster.heldOf('kept')) === 20 ? true : undefined),
      30_000,
    );
    await ended((await cluster.larder.preloads.retry(much.id)).id);
    expect(await cluster.heldOf('kept')).toBe(20);
    await cluster.larder.preloads.release(kept);
    // Workers hear of it a moment later; until then, room is refused as before.
    await eventually(async () => {
      await ended(await start('much'));
      return (await cluster.heldOf('kept')) < 20 ? true : undefined;
    }, 30_000);
  });
});
