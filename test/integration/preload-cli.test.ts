/** `larder preload`, `larder preloads …` and `larder release` as processes. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LarderError, systemClock } from '../../common/index.ts';
import type { PreloadInfo } from '../../sdk/index.ts';
import { TestLarder } from '../support/larder.ts';
import { file, TestMaster } from './master-support.ts';
import type { FakeWorker } from './master-support.ts';

let larder: TestLarder;
let master: TestMaster;
let worker: FakeWorker;

beforeEach(async () => {
  larder = new TestLarder();
  master = await TestMaster.start();
  worker = await master.worker('w1');
  worker.listing = [file('a/1', 10), file('a/2', 10), file('b', 5)];
  await master.create('ds');
});
afterEach(async () => {
  await master[Symbol.asyncDispose]();
  await larder[Symbol.asyncDispose]();
});

const run = (...args: string[]) => larder.run([...args, '--master', master.address]);

function list(text: string): string {
  const name = path.join(larder.directory, 'list');
  fs.writeFileSync(name, text);
  return name;
}

test('a list with a path that is not there: the others are loaded, it is named, exit code 3', async () => {
  const { code, stdout, stderr } = await run('preload', 'ds', '-f', list('a/1\nnope\nb\n'));
  expect(stderr).toContain('nope: [NOT_FOUND]');
  expect([code, stdout]).toEqual([3, 'partial: 2 of 2 files, 15 B of 15 B held; 1 failed.\n']);
});

test('what is not right is said before anything starts', async () => {
  for (const [args, said, exit] of [
    [['-f', list('a/1\r\n')], 'line=1', 2],
    [['-f', path.join(larder.directory, 'no-list')], 'why=ENOENT', 2],
    [['--budget', '-5'], '[INVALID_ARGUMENT]', 2],
    [['--budget', '0'], 'expected=more than 0', 2],
    [['--keep', 'soon'], 'a time like 30m', 2],
    [['--priority', '101'], '-100 to 100', 2],
    [['--on', 'node-w1', 'node-w9'], 'node=node-w9, known=node-w1', 3],
    [['--replicas', '2'], 'at most 1', 2],
    [['--replicas', 'some'], 'a number, or all', 2],
    [['nope'], 'path=nope', 3],
    [['a/*.zip'], 'no file matches', 3],
    [['--bandwidth', '1', '--deadline', '5s'], 'neededMs=25000', 6],
  ] as const) {
    const { code, stderr } = await run('preload', 'ds', ...args);
    expect([code, stderr], args.join(' ')).toEqual([exit, expect.stringContaining(said)]);
  }
  expect(worker.fetched).toEqual([]);
});

test('with --on and --replicas copies are counted', async () => {
  await master.worker('w2');
  const all = await run('preload', 'ds', 'a', '--replicas', 'all');
  expect([all.code, all.stdout]).toEqual([
    0,
    'complete: 4 of 4 copies of files, 40 B of 40 B held.\n',
  ]);
  const on = await run('preload', 'ds', '--on', 'node-w2', 'w1', '--json');
  expect(JSON.parse(on.stdout)).toMatchObject({ state: 'complete', targetFiles: 3 });
});

test('a refresh with --preload brings what is new or has changed, and nothing else', async () => {
  worker.listing = [file('a/1', 10), file('a/2', 20, 'new'), file('c', 7)];
  const { code, stdout } = await run('dataset', 'refresh', 'ds', '--preload', '--keep', 'forever');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ds@v2: 3 files.*\ncomplete: 2 of 2 files, 27 B of 27 B held\.\n$/);
  const [preload] = JSON.parse((await run('preloads', 'list', '--json')).stdout) as PreloadInfo[];
  expect(preload).toMatchObject({ version: 2, keptUntil: 'released' });
  const again = await run('dataset', 'refresh', 'ds', '--preload', '--json');
  expect(JSON.parse(again.stdout)).toMatchObject({ newVersion: false, preload: null });
  worker.listing = [...worker.listing, file('d', 3)];
  const detached = await run('dataset', 'refresh', 'ds', '--preload', '--detach', '--json');
  expect(JSON.parse(detached.stdout)).toMatchObject({
    newVersion: true,
    preload: { targetFiles: 1 },
  });
  for (const [args, said] of [
    [['--keep', '6h'], 'expected=--preload with it'],
    [['--detach'], 'expected=--preload with it'],
    [['--preload', '--keep', 'soon'], 'a time like 30m'],
  ] as const) {
    const wrong = await run('dataset', 'refresh', 'ds', ...args);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining(said)]);
  }
});

test('a dry run tells bytes, requests and seconds, and starts nothing', async () => {
  const { code, stdout } = await run('preload', 'ds', 'a', '--dry-run', '--bandwidth', '10');
  expect(stdout).toBe(
    '2 files, 20 B, of which 2 files, 20 B, are missing.\n' +
      'At most 2 requests to the origin; about 2 s at 10 B/s (--bandwidth).\n',
  );
  expect([code, worker.fetched]).toEqual([0, []]);
});

test('by number: detached, listed, shown, retried, released', async () => {
  worker.beforeFetch = async (ordinal) => {
    if (ordinal === 2) throw new LarderError('ORIGIN_DENIED');
  };
  const started = await run('preload', 'ds', '--detach', '--keep', 'forever', '--json');
  const { id } = JSON.parse(started.stdout) as { id: number };
  const watched = await run('preloads', 'watch', String(id));
  expect(watched).toMatchObject({ code: 8, stdout: expect.stringMatching(/^partial/) as string });
  const shown = await run('preloads', 'show', String(id));
  expect(shown.stdout).toContain('Protected from eviction: until it is released.');
  expect(shown.stdout).toContain('[ORIGIN_DENIED]');
  worker.beforeFetch = async () => undefined;
  const retried = await run('preloads', 'retry', String(id));
  expect(retried).toMatchObject({ code: 0, stdout: expect.stringContaining('1 of 1') as string });
  expect((await run('release', String(id))).code).toBe(0);
  const { stdout } = await run('preloads', 'list', '--json');
  const all = JSON.parse(stdout) as PreloadInfo[];
  expect(all.map(({ state, keptUntil }) => [state, keptUntil])).toEqual([
    ['complete', 'released'],
    ['partial', null],
  ]);
  expect((await run('preloads', 'show', '99')).code).toBe(3);
  expect((await run('preloads', 'show', 'x')).code).toBe(2);
});

test('cancel ends one that runs, and says nothing wrong of one that has ended', async () => {
  worker.beforeFetch = async (_ordinal, signal) => {
    await systemClock.sleep(60_000, signal);
  };
  const started = await run('preload', 'ds', '--detach', '--json');
  const { id } = JSON.parse(started.stdout) as { id: number };
  expect((await run('preloads', 'cancel', String(id))).code).toBe(0);
  expect((await run('preloads', 'watch', String(id))).code).toBe(130);
  expect((await run('preloads', 'cancel', String(id))).code).toBe(0);
});
