/** Preloads as jobs: what they take, and what is remembered of them, with workers that are real up to their disks. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LarderError, systemClock } from '../../common/index.ts';
import { connect } from '../../sdk/index.ts';
import type {
  Dataset,
  Larder,
  PreloadInfo,
  PreloadProgress,
  PreloadOptions,
} from '../../sdk/index.ts';
import { deferred, eventually, file, files, TestMaster } from './master-support.ts';
import type { FakeWorker } from './master-support.ts';

let master: TestMaster;
let larder: Larder;
let worker: FakeWorker;

beforeEach(async () => {
  master = await TestMaster.start();
  larder = connect({ master: master.address });
  worker = await master.worker('w1');
});
afterEach(async () => {
  await larder[Symbol.asyncDispose]();
  await master[Symbol.asyncDispose]();
});

async function dataset(listing: FakeWorker['listing']): Promise<Dataset> {
  worker.listing = listing;
  await master.create('ds');
  return await larder.datasets.get('ds');
}

async function ended(id: number): Promise<PreloadInfo> {
  let last: PreloadProgress | undefined;
  for await (const progress of larder.preloads.watch(id)) last = progress;
  expect(last).toBeDefined();
  return await larder.preloads.show(id);
}

async function preload(of: Dataset, options: PreloadOptions = {}): Promise<PreloadInfo> {
  return await ended((await of.startPreload(options)).id);
}

/** Until it is resolved, nothing is fetched but the first few. */
function gate(after = 0) {
  const opened = deferred<undefined>();
  worker.beforeFetch = async (_ordinal, signal) => {
    if (worker.fetched.length < after) return;
    await Promise.race([opened.promise, systemClock.sleep(60_000, signal)]);
  };
  return opened;
}

const codes = ({ failures }: PreloadInfo) => failures.map(({ path, code }) => [path, code]).sort();

describe('what is preloaded', () => {
  const LISTING = [file('a/1.tar', 10), file('a/2.tar', 10), file('a/b/3.tar', 10), file('c/x', 9)];

  test('patterns take the files that match, each once, and a directory with all below', async () => {
    const ds = await dataset(LISTING);
    const some = await preload(ds, { paths: ['a/*.tar', '**/1.*'] });
    expect(some).toMatchObject({ state: 'complete', targetFiles: 2, heldBytes: 20 });
    expect(await preload(ds, { paths: ['a*'] })).toMatchObject({ targetFiles: 3 });
    expect(worker.fetched).toHaveLength(3);
  });

  test('what matches nothing has failed, and is not complete', async () => {
    const ds = await dataset(LISTING);
    for (const paths of [['a/*.zip'], ['nope/*'], ['a/*.tar', 'x*']]) {
      const info = await preload(ds, { paths });
      expect(info).toMatchObject({ state: 'failed', heldFiles: 0 });
      expect(codes(info)).toEqual([['', 'NOT_FOUND']]);
    }
    expect(worker.fetched).toEqual([]);
  });

  test('a list with missing paths is partial, and each of them is named', async () => {
    const ds = await dataset(LISTING);
    // Those of a list are no patterns.
    const info = await preload(ds, { listed: ['a/1.tar', 'nope', 'a/*', 'c'] });
    expect(info).toMatchObject({ state: 'partial', targetFiles: 2, heldFiles: 2, failedFiles: 2 });
    expect(codes(info)).toEqual([
      ['a/*', 'NOT_FOUND'],
      ['nope', 'NOT_FOUND'],
    ]);
    const none = await preload(ds, { listed: ['nope'] });
    expect(none).toMatchObject({ state: 'failed', failedFiles: 1 });
  });

  test('a budget takes files in order, up to the first that does not fit', async () => {
    const ds = await dataset([file('a', 60), file('b', 60), file('c', 1)]);
    const info = await preload(ds, { budgetBytes: 100 });
    expect(info).toMatchObject({ state: 'complete', targetFiles: 1, leftOutFiles: 2 });
    expect(info.heldBytes).toBe(60);
    const none = await preload(ds, { budgetBytes: 59 });
    expect(codes(none)).toEqual([['', 'INVALID_ARGUMENT']]);
  });

  test('negative numbers are refused', async () => {
    const ds = await dataset(LISTING);
    for (const name of ['budgetBytes', 'bandwidthBytesPerSecond', 'deadlineMs', 'keepMs']) {
      const starting = ds.startPreload({ [name]: -1 });
      await expect(starting, name).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
  });

  test('an estimate says what is missing, and starts nothing', async () => {
    const ds = await dataset([file('a', 20 * 2 ** 20), file('b', 5), file('c', 5)]);
    await preload(ds, { paths: ['b'] });
    const bandwidthBytesPerSecond = 2 ** 20;
    const options = { listed: ['a', 'b', 'nope'], bandwidthBytesPerSecond };
    expect(await ds.estimatePreload(options)).toMatchObject({
      ...{ targetFiles: 2, missingFiles: 1, missingBytes: 20 * 2 ** 20, requests: 3 },
      ...{ ms: 20_000, rateFrom: 'bandwidth', notFound: ['nope'], freeBytes: 990 },
    });
    expect(worker.fetched).toHaveLength(1);
    expect(await larder.preloads.list()).toHaveLength(1);
  });
});

describe('one after the other', () => {
  test('of two that are equal the second joins the first', async () => {
    const ds = await dataset(files(10));
    const opened = gate();
    const first = await ds.startPreload();
    expect(await ds.startPreload()).toEqual({ id: first.id, joined: true });
    const other = await ds.startPreload({ keepMs: 1 });
    expect(other).toMatchObject({ joined: false });
    opened.resolve(undefined);
    expect((await ended(first.id)).state).toBe('complete');
    expect((await ended(other.id)).state).toBe('complete');
    // One that has ended is not joined.
    expect((await ds.startPreload()).id).toBeGreaterThan(other.id);
  });

  test('of two that are equal and come together one runs', async () => {
    const ds = await dataset(files(10));
    const opened = gate();
    const both = await Promise.all([ds.startPreload(), ds.startPreload()]);
    expect(both.map(({ joined }) => joined).sort()).toEqual([false, true]);
    expect(both[1].id).toBe(both[0].id);
    opened.resolve(undefined);
    expect((await ended(both[0].id)).state).toBe('complete');
  });

  test('one that is detached goes on without anybody, and makes one that it joins do so', async () => {
    const ds = await dataset(files(10));
    const opened = gate();
    const abort = new AbortController();
    let watched = 0;
    const watching = (async () => {
      for await (const { id, state } of ds.preload({ signal: abort.signal })) {
        if (state === 'running') watched = id;
      }
    })();
    await eventually(
      () => watched,
      (id) => id > 0,
    );
    expect(await ds.startPreload()).toEqual({ id: watched, joined: true });
    abort.abort();
    await expect(watching).rejects.toMatchObject({ code: 'CANCELLED' });
    // More than the time after which one that nobody watches is cancelled.
    await systemClock.sleep(1000);
    opened.resolve(undefined);
    expect(await ended(watched)).toMatchObject({ state: 'complete', detached: true });
  });

  test('the higher priority goes first', async () => {
    // The window of a worker has room for two of these.
    const listing = Array.from({ length: 8 }, (_, i) => file(`${i < 4 ? 'low' : 'top'}/${i}`, 6e8));
    const ds = await dataset(listing);
    const opened = gate();
    const low = await ds.startPreload({ paths: ['low'], priority: -1 });
    const top = await ds.startPreload({ paths: ['top'], priority: 1 });
    for (const { id } of [low, top]) {
      await eventually(
        () => larder.preloads.show(id),
        ({ state }) => state === 'running',
      );
    }
    opened.resolve(undefined);
    await ended(low.id);
    const order = worker.fetched.map((ordinal) => listing[ordinal - 3]?.key.toString().slice(0, 3));
    expect(order.slice(2).lastIndexOf('top')).toBeLessThan(order.slice(2).indexOf('low'));
    expect(order).toHaveLength(8);
  });

  test('a bandwidth bounds what is handed out', async () => {
    const ds = await dataset(files(6, 100));
    const sinceMs = systemClock.monotonicMs();
    const info = await preload(ds, { bandwidthBytesPerSecond: 200 });
    expect(info.state).toBe('complete');
    // Two files a second: a busy machine makes it slower, never faster.
    expect(systemClock.monotonicMs() - sinceMs).toBeGreaterThanOrEqual(2000);
  });
});

describe('a deadline', () => {
  test('that cannot be met is said at once', async () => {
    const ds = await dataset(files(10, 1000));
    const info = await preload(ds, { bandwidthBytesPerSecond: 1000, deadlineMs: 5000 });
    expect(info).toMatchObject({ state: 'failed' });
    expect(codes(info)).toEqual([['', 'DEADLINE_EXCEEDED']]);
    expect(info.failures[0]?.message).toContain('neededMs=10000');
    expect(worker.fetched).toEqual([]);
  });

  test('that passes ends it with what it has, and names the rest', async () => {
    const ds = await dataset(files(10));
    gate(4);
    const info = await preload(ds, { deadlineMs: 1000 });
    expect(info).toMatchObject({ state: 'partial', heldFiles: 4, failedFiles: 6 });
    expect(new Set(info.failures.map(({ code }) => code))).toEqual(new Set(['DEADLINE_EXCEEDED']));
  });
});

describe('what becomes of one', () => {
  test('it ends where files push each other out, and says which', async () => {
    const ds = await dataset(files(5));
    worker.beforeFetch = async () => {
      // Its disk has room for one.
      for (const block of worker.store.blocks(1)) worker.store.set(1, block, 1, false);
    };
    const info = await preload(ds);
    expect(info).toMatchObject({ state: 'partial', heldFiles: 1, failedFiles: 4 });
    expect(new Set(info.failures.map(({ code }) => code))).toEqual(new Set(['NOT_KEPT']));
    expect(worker.fetched.length).toBeLessThanOrEqual(15);
  });

  test('a retry takes only what failed', async () => {
    const ds = await dataset([file('bad', 1), file('good', 1), file('worse', 1)]);
    worker.beforeFetch = async (ordinal) => {
      if (ordinal !== 2) throw new LarderError('ORIGIN_DENIED');
    };
    const first = await preload(ds, { listed: ['bad', 'good', 'worse', 'nope'] });
    expect(first).toMatchObject({ state: 'partial', failedFiles: 3 });
    worker.beforeFetch = async () => undefined;
    const { id } = await larder.preloads.retry(first.id);
    expect(await ended(id)).toMatchObject({ state: 'complete', targetFiles: 2, heldFiles: 2 });
    expect(worker.fetched.sort()).toEqual([1, 2, 3]);
    const again = larder.preloads.retry(id);
    await expect(again).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('cancelled while it runs it can be retried; at its end it stays what it is', async () => {
    const ds = await dataset(files(10));
    const opened = gate(3);
    const { id } = await ds.startPreload();
    await eventually(
      () => worker.fetched.length,
      (count) => count === 3,
    );
    await expect(larder.preloads.retry(id)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await larder.preloads.cancel(id);
    expect((await ended(id)).state).toBe('cancelled');
    opened.resolve(undefined);
    const retried = await larder.preloads.retry(id);
    const last = await ended(retried.id);
    await larder.preloads.cancel(retried.id);
    expect(last.state).toBe('complete');
    expect((await larder.preloads.show(retried.id)).state).toBe('complete');
    for (const nobody of [99, 0, -1]) {
      const code = nobody > 0 ? 'NOT_FOUND' : 'INVALID_ARGUMENT';
      await expect(larder.preloads.cancel(nobody)).rejects.toMatchObject({ code });
    }
  });

  test('it goes on after a restart of the master with what is missing, and its end is remembered', async () => {
    const ds = await dataset(files(50));
    worker.beforeFetch = async (ordinal) => {
      if (ordinal === 2) throw new LarderError('ORIGIN_DENIED');
    };
    const before = await preload(ds, { paths: ['f/0000000'], keepMs: 60_000 });
    expect(before.state).toBe('failed');
    worker.beforeFetch = async () => undefined;
    const opened = gate(20);
    const { id } = await ds.startPreload({ keepMs: 'forever' });
    const watching = ended(id);
    await eventually(
      () => worker.fetched.length,
      (count) => count === 20,
    );
    await master.restart();
    opened.resolve(undefined);
    const info = await watching;
    expect(info).toMatchObject({ id, state: 'complete', heldFiles: 50, keptUntil: 'released' });
    expect(worker.fetched).toHaveLength(50);
    await master.restart();
    const [last, first] = await larder.preloads.list();
    expect(last).toEqual({ ...info, failures: [] });
    expect(first).toMatchObject({ id: before.id, state: 'failed', keptUntil: null });
    expect(await larder.preloads.show(before.id)).toEqual(before);
  });
});

describe('what is kept', () => {
  const NAMES = () => [...worker.protections.keys()];

  test('workers are told before anything is fetched, until its time or its release', async () => {
    const ds = await dataset(files(10));
    const opened = gate();
    const { id } = await ds.startPreload({ paths: ['f/000000[0-4]'], keepMs: 3_600_000 });
    await eventually(NAMES, (names) => names.length === 1);
    expect([...worker.protections.values()]).toEqual([
      { blocks: [0, 1, 2, 3, 4], forMs: undefined },
    ]);
    expect(worker.fetched).toEqual([]);
    opened.resolve(undefined);
    const { keptUntil } = await ended(id);
    expect(keptUntil).toBeInstanceOf(Date);
    const forMs = () => worker.protections.values().next().value?.forMs ?? 0;
    await eventually(forMs, (ms) => ms > 3_500_000 && ms <= 3_600_000);
    // A worker that joins is told as well, also by the next master.
    await master.restart();
    const other = await master.worker('w2');
    await eventually(
      () => [...other.protections.keys()],
      (names) => names.length === 1,
    );
    await larder.preloads.release(id);
    await eventually(NAMES, (names) => names.length === 0);
    expect(other.protections.size).toBe(0);
    expect((await larder.preloads.show(id)).keptUntil).toBeNull();
  });

  test('one that is cancelled, or whose dataset is gone, keeps nothing', async () => {
    const ds = await dataset(files(10));
    gate(3);
    const { id } = await ds.startPreload({ keepMs: 'forever' });
    await eventually(NAMES, (names) => names.length === 1);
    await larder.preloads.cancel(id);
    await eventually(NAMES, (names) => names.length === 0);
    worker.beforeFetch = async () => undefined;
    await preload(ds, { keepMs: 'forever' });
    expect(NAMES()).toHaveLength(1);
    await larder.datasets.delete('ds');
    await eventually(NAMES, (names) => names.length === 0);
  });
});

describe('what is verified, and what has changed', () => {
  test('a worker that goes away while it verifies is asked again, and it is not complete before', async () => {
    const ds = await dataset(files(10));
    await preload(ds);
    let visits = 0;
    worker.beforeVisit = async () => {
      visits += 1;
      if (visits > 1) return;
      worker.membership.announce();
      await systemClock.sleep(60_000, AbortSignal.timeout(200)).catch(() => undefined);
    };
    const info = await preload(ds, { verify: true });
    expect(info).toMatchObject({ state: 'complete', verifiedBytes: 1000, damagedFiles: 0 });
    expect(visits).toBe(2);
  });

  test('of what a worker cannot verify nothing is said to be complete', async () => {
    const ds = await dataset(files(10));
    await preload(ds);
    worker.beforeVisit = () => Promise.reject(new LarderError('CACHE_IO', { problem: 'EIO' }));
    const info = await preload(ds, { verify: true });
    expect(info).toMatchObject({ state: 'partial', heldFiles: 10 });
    expect(codes(info)).toEqual([['', 'CACHE_IO']]);
    worker.beforeVisit = () => systemClock.sleep(2000);
    const late = await preload(ds, { verify: true, deadlineMs: 300 });
    expect(codes(late)).toEqual([['', 'DEADLINE_EXCEEDED']]);
  });

  test('of a new version only what the older one has not is taken', async () => {
    await dataset([file('a', 10), file('b', 10), file('c', 10), file('e', 0)]);
    worker.listing = [file('a', 10), file('b', 20, 'new'), file('d', 5), file('e', 0)];
    await master.refresh('ds');
    const ds = await larder.datasets.get('ds');
    expect(await ds.estimatePreload({ changedSince: 1 })).toMatchObject({ missingBytes: 25 });
    const info = await preload(ds, { changedSince: 1 });
    expect(info).toMatchObject({ state: 'complete', version: 2, targetFiles: 2, heldBytes: 25 });
    worker.listing = [file('a', 10), file('e', 0)];
    await master.refresh('ds');
    const less = await larder.datasets.get('ds');
    expect(await preload(less, { changedSince: 2 })).toMatchObject({
      state: 'complete',
      targetFiles: 0,
    });
    for (const [changedSince, code] of [
      [3, 'INVALID_ARGUMENT'],
      [9, 'NOT_FOUND'],
      [-1, 'INVALID_ARGUMENT'],
    ] as const) {
      await expect(less.startPreload({ changedSince })).rejects.toMatchObject({ code });
    }
  });
});
