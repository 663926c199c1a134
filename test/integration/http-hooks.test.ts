/** Hooks for schedulers: what a job wants to find in the cache, asked for again and again. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LarderError, silentLogger } from '../../common/index.ts';
import { startHttpApi } from '../../http/index.ts';
import type { HttpApi } from '../../http/index.ts';
import { HttpClient } from '../support/http-client.ts';
import { deferred, eventually, files, TestMaster } from './master-support.ts';
import type { FakeWorker } from './master-support.ts';

let master: TestMaster;
let worker: FakeWorker;
let api: HttpApi;
let client: HttpClient;

const listen = () =>
  startHttpApi({
    ...{ listen: '127.0.0.1:0', insecure: false, softwareVersion: 'test', log: silentLogger },
    ...{ master: master.address, stages: master.stages },
  });

beforeEach(async () => {
  master = await TestMaster.start();
  worker = await master.worker('w1');
  worker.listing = files(3);
  await master.create('ds');
  api = await listen();
  client = new HttpClient(api.address);
});
afterEach(async () => {
  await api[Symbol.asyncDispose]();
  await master[Symbol.asyncDispose]();
});

interface Staged {
  readonly state: string;
  readonly datasets: readonly { readonly preload: number }[];
}
const stage = async (job: string, more: object = {}) =>
  (await client.post('/v1/hooks/stage', { dataset: 'ds', job, ...more })) as Staged;
const preloads = async () =>
  ((await client.get('/v1/preloads')) as { id: number; keptUntil: string | null; state: string }[])
    .map(({ id, keptUntil, state }) => [id, keptUntil !== null, state] as const)
    .reverse();
const staged = async (job: string, state: string) =>
  await eventually(
    () => client.get(`/v1/hooks/stage/${job}`) as Promise<Staged>,
    (answer) => answer.state === state,
  );
const release = (job: string) => client.post('/v1/hooks/release', { job });

test('a hook that is called twice, also at once, starts one preload', async () => {
  const opened = deferred<undefined>();
  worker.beforeFetch = () => opened.promise;
  const both = await Promise.all([stage('slurm-1'), stage('slurm-1', { dataset: 'ds@v1' })]);
  expect(both.map(({ datasets }) => datasets)).toMatchObject([[{ preload: 1 }], [{ preload: 1 }]]);
  expect(both[0]).toMatchObject({ job: 'slurm-1', state: 'running' });
  opened.resolve(undefined);
  const done = await staged('slurm-1', 'complete');
  expect(done.datasets).toMatchObject([{ dataset: 'ds', version: 1, heldBytes: 300 }]);
  // And after its end as well.
  expect(await stage('slurm-1')).toMatchObject({ state: 'complete', datasets: [{ preload: 1 }] });
  expect(await preloads()).toEqual([[1, true, 'complete']]);
});

test('what two jobs wait for is released with the last of them', async () => {
  const opened = deferred<undefined>();
  worker.beforeFetch = () => opened.promise;
  await stage('slurm-1');
  expect(await stage('slurm-2')).toMatchObject({ datasets: [{ preload: 1 }] });
  expect(await release('slurm-1')).toEqual({ released: 1 });
  opened.resolve(undefined);
  await staged('slurm-2', 'complete');
  expect(await preloads()).toEqual([[1, true, 'complete']]);
  expect(await release('slurm-2')).toEqual({ released: 1 });
  expect(await preloads()).toEqual([[1, false, 'complete']]);
  expect(await release('slurm-2')).toEqual({ released: 0 });
  expect((await client.call('GET', '/v1/hooks/stage/slurm-2')).status).toBe(404);
});

test('a job that goes away while it waits ends its preload, and nobody else’s', async () => {
  const opened = deferred<undefined>();
  worker.beforeFetch = () => opened.promise;
  await client.post('/v1/preloads', { dataset: 'ds', keepMs: 86_400_000 });
  await stage('slurm-1');
  await release('slurm-1');
  opened.resolve(undefined);
  const all = await eventually(preloads, (list) => list.every(([, , it]) => it !== 'running'));
  expect(all).toEqual([
    [1, true, 'complete'],
    [2, false, 'cancelled'],
  ]);
});

test('a stage outlives a restart of the master', async () => {
  await stage('slurm-1', { keep: '6h' });
  await staged('slurm-1', 'complete');
  await api[Symbol.asyncDispose]();
  await master.restart();
  api = await listen();
  client = new HttpClient(api.address);
  expect(await stage('slurm-1')).toMatchObject({ state: 'complete', datasets: [{ preload: 1 }] });
  expect(await release('slurm-1')).toEqual({ released: 1 });
});

test('several datasets of a job are one answer, and the worst is its state', async () => {
  await master.create('other');
  worker.beforeFetch = async () => {
    if (worker.fetched.length >= 3) throw new LarderError('ORIGIN_DENIED');
  };
  await stage('slurm-1');
  await staged('slurm-1', 'complete');
  await client.post('/v1/hooks/stage', { dataset: 'other', job: 'slurm-1' });
  const partial = await staged('slurm-1', 'partial');
  expect(partial.datasets).toMatchObject([{ state: 'complete' }, { state: 'failed' }]);
  // One that could get nothing is tried again.
  worker.beforeFetch = async () => undefined;
  await client.post('/v1/hooks/stage', { dataset: 'other', job: 'slurm-1' });
  await staged('slurm-1', 'complete');
  expect(await release('slurm-1')).toEqual({ released: 2 });
});

test('what cannot be staged is refused, and leaves nothing', async () => {
  worker.listing = files(4);
  await master.refresh('ds');
  await stage('slurm-1', { dataset: 'ds@v1' });
  const asked = [
    { dataset: 'ds@v2', job: 'slurm-1' },
    { dataset: 'nope', job: 'slurm-2' },
    { dataset: 'ds', job: '$(reboot)' },
    { dataset: 'ds', job: 'slurm-2', keep: 'long' },
    { dataset: 'ds', job: 'slurm-2', keep: '0s' },
    { dataset: 'ds@v9', job: 'slurm-2' },
  ];
  const answers: unknown[] = [];
  for (const body of asked) {
    const { status, json } = await client.call('POST', '/v1/hooks/stage', body);
    answers.push([status, (json as { code: string }).code]);
  }
  expect(answers).toEqual([
    [409, 'ALREADY_EXISTS'],
    [404, 'NOT_FOUND'],
    [400, 'INVALID_ARGUMENT'],
    [400, 'INVALID_ARGUMENT'],
    [400, 'INVALID_ARGUMENT'],
    [404, 'NOT_FOUND'],
  ]);
  expect((await client.call('GET', '/v1/hooks/stage/slurm-2')).status).toBe(404);
});

test('hooks without a JSON parser get lines of words', async () => {
  await stage('slurm-1');
  await staged('slurm-1', 'complete');
  const text = (path: string) => client.call('GET', path, undefined, 'text/plain');
  expect((await text('/v1/hooks/stage/slurm-1')).text).toBe('complete\nds@v1 complete\n');
  const missing = await text('/v1/hooks/stage/slurm-2');
  expect(missing.status).toBe(404);
  expect(missing.text).toMatch(/^error \[NOT_FOUND\] .*job=slurm-2.*\n$/);
});
