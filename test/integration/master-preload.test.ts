/** Preloads over real gRPC: told truthfully, whatever happens to workers, objects and watchers. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LarderError, systemClock } from '../../common/index.ts';
import type { PreloadProgress__Output } from '../../proto/generated/larder/v1/PreloadProgress.ts';
import { deferred, eventually, FakeWorker, file, files, TestMaster } from './master-support.ts';

let master: TestMaster;
beforeEach(async () => {
  master = await TestMaster.start();
});
afterEach(async () => {
  await master[Symbol.asyncDispose]();
});

async function startPreload(paths: string[] = [], version = 0): Promise<number> {
  const { preload_id: id } = await master.channel.preload.startPreload({
    dataset: 'ds',
    version,
    paths: paths.map((path) => Buffer.from(path)),
  });
  return id;
}

async function watch(id: number): Promise<PreloadProgress__Output[]> {
  const seen: PreloadProgress__Output[] = [];
  for await (const progress of master.channel.preload.watchPreload({ preload_id: id })) {
    seen.push(progress);
  }
  return seen;
}

async function finalOf(id: number): Promise<PreloadProgress__Output> {
  const last = (await watch(id)).at(-1);
  if (last === undefined) throw new Error('no progress was told');
  return last;
}

test('complete: everything is held, spread over the owners, each object fetched once', async () => {
  const workers = [await master.worker('w1'), await master.worker('w2'), await master.worker('w3')];
  for (const worker of workers) worker.listing = files(3000, 5 * 2 ** 20);
  await master.create('ds');
  const final = await finalOf(await startPreload());
  expect(final).toMatchObject({
    state: 'COMPLETE',
    target_files: 3000,
    held_files: 3000,
    target_blocks: 6000,
    held_blocks: 6000,
    target_bytes: 3000 * 5 * 2 ** 20,
    held_bytes: 3000 * 5 * 2 ** 20,
    failed_files: 0,
  });
  const fetched = workers.flatMap((worker) => worker.fetched);
  expect(fetched).toHaveLength(3000);
  expect(new Set(fetched).size).toBe(3000);
  for (const worker of workers) expect(worker.fetched.length).toBeGreaterThan(700);
  const again = await finalOf(await startPreload());
  expect(again.state).toBe('COMPLETE');
  expect(workers.flatMap((worker) => worker.fetched)).toHaveLength(3000);
});

test('stripes of large files go to their owners, each once; files are counted, not stripes', async () => {
  const workers = [await master.worker('w1'), await master.worker('w2'), await master.worker('w3')];
  const listing = Array.from({ length: 20 }, (_, i) => file(`f${10 + i}`, 10.5 * 2 ** 30, `e${i}`));
  for (const worker of workers) worker.listing = [...listing, file('small', 5)];
  await master.create('ds');
  const final = await finalOf(await startPreload());
  expect(final).toMatchObject({
    state: 'COMPLETE',
    target_files: 21,
    held_files: 21,
    target_bytes: 210 * 2 ** 30 + 5,
    held_bytes: 210 * 2 ** 30 + 5,
  });
  const fetched = workers.flatMap((worker) => worker.fetchedStripes.map(String));
  expect(fetched).toHaveLength(20 * 11 + 1);
  expect(new Set(fetched).size).toBe(20 * 11 + 1);
  for (const worker of workers) expect(worker.fetched.length).toBeGreaterThan(40);
  // Eleven stripes of one file do not all have one owner.
  const holders = (ordinal: number) => workers.filter(({ fetched: all }) => all.includes(ordinal));
  const large = new Set(
    workers.flatMap(({ fetchedStripes }) =>
      fetchedStripes.flatMap(([ordinal, stripe]) => (stripe === 1 ? ordinal : [])),
    ),
  );
  expect(large.size).toBe(20);
  for (const ordinal of large) expect(holders(ordinal).length).toBeGreaterThan(1);
});

test('a file of which one owner cannot have its stripes has failed, once; the rest is held', async () => {
  const workers = [await master.worker('w1'), await master.worker('w2')];
  const listing = Array.from({ length: 4 }, (_, i) => file(`f${i}`, 40 * 2 ** 30, `e${i}`));
  for (const worker of workers) worker.listing = listing;
  await master.create('ds');
  const [one] = workers;
  if (one === undefined) throw new Error('there are two');
  one.beforeFetch = async (ordinal) => {
    if (ordinal === 2) throw new LarderError('ORIGIN_CHANGED');
  };
  const final = await finalOf(await startPreload());
  expect(final).toMatchObject({ state: 'PARTIAL', held_files: 3, failed_files: 1 });
  expect(final.failures).toEqual([expect.objectContaining({ code: 'ORIGIN_CHANGED' })]);
  const held = workers[1]?.fetched.filter((ordinal) => ordinal === 2).length ?? 0;
  expect(held).toBeGreaterThan(0);
  expect(final.held_bytes).toBe((3 * 40 + held) * 2 ** 30);
});

test('named files and directories, once each; an unknown path is named', async () => {
  const worker = await master.worker('w1');
  worker.listing = [file('a', 1), file('d/b', 1), file('d/e/c', 1), file('x', 1)];
  await master.create('ds');
  const final = await finalOf(await startPreload(['/d/', 'd/e', 'a']));
  expect(final).toMatchObject({ state: 'COMPLETE', target_files: 3, held_files: 3 });
  expect(worker.fetched).toHaveLength(3);
  const error: unknown = await startPreload(['d/nope']).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'NOT_FOUND', facts: { path: 'd/nope' } });
});

test('progress only follows what is reported, and goes back when objects go', async () => {
  const worker = await master.worker('w1');
  worker.listing = files(10);
  const gate = deferred<undefined>();
  worker.beforeFetch = async () => {
    if (worker.fetched.length === 4) await gate.promise;
  };
  await master.create('ds');
  const id = await startPreload();
  const seen: number[] = [];
  const watching = (async () => {
    for await (const { held_files } of master.channel.preload.watchPreload({ preload_id: id })) {
      seen.push(held_files);
    }
  })();
  await eventually(
    () => seen.at(-1),
    (held) => held === 4,
  );
  worker.store.set(1, 0, 2, false);
  await eventually(
    () => seen.at(-1),
    (held) => held === 2,
  );
  gate.resolve(undefined);
  await watching;
  expect(seen.at(-1)).toBe(10);
});

test('partial: files that cannot be had are named with the reason', async () => {
  const worker = await master.worker('w1');
  worker.listing = [file('bad', 1), file('good', 1), file('huge', 1)];
  await master.create('ds');
  worker.beforeFetch = async (ordinal) => {
    if (ordinal === 1) throw new LarderError('ORIGIN_CHANGED', { key: 'bad' });
  };
  worker.dropped.add(3);
  const final = await finalOf(await startPreload());
  expect(final).toMatchObject({ state: 'PARTIAL', held_files: 1, failed_files: 2 });
  expect(final.failures.map(({ path, code }) => [path.toString(), code]).sort()).toEqual([
    ['bad', 'ORIGIN_CHANGED'],
    ['huge', 'NOT_KEPT'],
  ]);
});

test('a failure that passes is tried again', async () => {
  const worker = await master.worker('w1');
  worker.listing = files(5);
  await master.create('ds');
  let failures = 0;
  worker.beforeFetch = async (ordinal) => {
    if (ordinal === 2 && (failures += 1) < 3) throw new LarderError('ORIGIN_THROTTLED');
  };
  expect(await finalOf(await startPreload())).toMatchObject({ state: 'COMPLETE' });
  expect(failures).toBe(3);
});

test('failed: nothing could be had; no worker at all is such a reason', async () => {
  const worker = await master.worker('w1');
  worker.listing = files(3);
  await master.create('ds');
  worker.beforeFetch = async () => {
    throw new LarderError('ORIGIN_DENIED');
  };
  expect(await finalOf(await startPreload())).toMatchObject({ state: 'FAILED', failed_files: 3 });
  await worker[Symbol.asyncDispose]();
  const final = await finalOf(await startPreload());
  expect(final.state).toBe('FAILED');
  expect(new Set(final.failures.map(({ code }) => code))).toEqual(new Set(['NO_WORKER']));
});

test('cancelled by a call, and by the last watcher going away; workers are told', async () => {
  const worker = await master.worker('w1');
  worker.listing = files(3);
  await master.create('ds');
  let aborted = 0;
  worker.beforeFetch = async (_ordinal, signal) => {
    await systemClock.sleep(60_000, signal).catch(() => {
      aborted += 1;
      throw new LarderError('CANCELLED');
    });
  };
  const first = await startPreload();
  const watching = finalOf(first);
  await master.channel.preload.cancelPreload({ preload_id: first });
  expect((await watching).state).toBe('CANCELLED');
  const second = await startPreload();
  const abort = new AbortController();
  const leaving = (async () => {
    const options = { signal: abort.signal };
    const progress = master.channel.preload.watchPreload({ preload_id: second }, options);
    for await (const { state } of progress) if (state === 'RUNNING') abort.abort();
  })();
  await expect(leaving).rejects.toMatchObject({ code: 'CANCELLED' });
  await systemClock.sleep(600);
  expect((await finalOf(second)).state).toBe('CANCELLED');
  await eventually(
    () => aborted,
    (count) => count >= 1,
  );
});

test('a worker that is lost and comes back, with another process, gets the rest of its files', async () => {
  const lost = new FakeWorker({ address: master.address, id: 'w1' });
  await lost.membership.joined();
  const other = await master.worker('w2');
  lost.listing = files(200);
  other.listing = files(200);
  await master.create('ds');
  lost.beforeFetch = async (_ordinal, signal) => {
    if (lost.fetched.length < 20) return;
    await systemClock.sleep(60_000, signal).catch(() => undefined);
    throw new LarderError('CANCELLED');
  };
  const final = finalOf(await startPreload());
  await eventually(
    () => lost.fetched.length,
    (count) => count === 20,
  );
  await lost[Symbol.asyncDispose]();
  const back = await master.worker('w1', { store: lost.store });
  expect(await final).toMatchObject({ state: 'COMPLETE', held_files: 200 });
  expect(lost.fetched.length + other.fetched.length + back.fetched.length).toBe(200);
});

test('files of a worker that does not come back go to the others', async () => {
  const lost = new FakeWorker({ address: master.address, id: 'w1' });
  await lost.membership.joined();
  const other = await master.worker('w2');
  lost.listing = files(200);
  other.listing = files(200);
  await master.create('ds');
  lost.beforeFetch = async (_ordinal, signal) => {
    await systemClock.sleep(60_000, signal).catch(() => undefined);
    throw new LarderError('CANCELLED');
  };
  const final = finalOf(await startPreload());
  await eventually(
    () => other.fetched.length,
    (count) => count > 50,
  );
  await lost[Symbol.asyncDispose]();
  expect(await final).toMatchObject({ state: 'COMPLETE', held_files: 200 });
  expect(other.fetched).toHaveLength(200);
});
