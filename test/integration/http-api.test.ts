/** The HTTP API: every answer is compared with the OpenAPI document that the same server gives. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LarderError, silentLogger } from '../../common/index.ts';
import { startHttpApi } from '../../http/index.ts';
import type { HttpApi } from '../../http/index.ts';
import { readText } from '../docs/repository.ts';
import { HttpClient, send } from '../support/http-client.ts';
import { deferred, eventually, file, files, TestMaster } from './master-support.ts';
import type { FakeWorker } from './master-support.ts';

let master: TestMaster;
let worker: FakeWorker;
let api: HttpApi;
let client: HttpClient;

const options = () => ({
  ...{ listen: '127.0.0.1:0', insecure: false, softwareVersion: 'test', log: silentLogger },
  ...{ master: master.address, stages: master.stages },
});

beforeEach(async () => {
  master = await TestMaster.start();
  worker = await master.worker('w1');
  worker.listing = files(3);
  api = await startHttpApi(options());
  client = new HttpClient(api.address);
});
afterEach(async () => {
  await api[Symbol.asyncDispose]();
  await master[Symbol.asyncDispose]();
});

const create = async (name = 'ds') =>
  await client.post('/v1/datasets', { name, origin: 's3://bucket/prefix' });

const ended = async (id: number) =>
  await eventually(
    () => client.get(`/v1/preloads/${id}`) as Promise<{ state: string; heldFiles: number }>,
    ({ state }) => state !== 'pending' && state !== 'running',
  );

describe('datasets', () => {
  test('are made, shown, changed, refreshed, audited and deleted', async () => {
    worker.skipped = [{ key: Buffer.from([0x61, 0xff]), reason: 'socket' }];
    const made = await client.call('POST', '/v1/datasets', {
      ...{ name: 'ds', origin: 's3://bucket/prefix', settings: { replicas: '2' } },
    });
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({ newVersion: true, dataset: { settings: { replicas: 2 } } });
    expect(await client.get('/v1/datasets')).toMatchObject([{ name: 'ds', latest: { files: 3 } }]);
    expect(await client.get('/v1/datasets/ds/skipped')).toEqual([
      { path: 'a\\xff', pathBase64: 'Yf8=', reason: 'socket' },
    ]);
    const set = await client.call('PATCH', '/v1/datasets/ds', { settings: { quota: '1GiB' } });
    expect(set.json).toMatchObject({ settings: { quotaBytes: 2 ** 30, replicas: 2 } });
    worker.listing = files(5);
    expect(await client.post('/v1/datasets/ds/refresh')).toMatchObject({ changes: { added: 2 } });
    expect(await client.get('/v1/datasets/ds/versions')).toMatchObject([
      { number: 1 },
      { number: 2 },
    ]);
    expect(await client.post('/v1/datasets/ds/audit', { version: 1 })).toMatchObject({
      ...{ version: 1, equal: true },
    });
    await client.call('DELETE', '/v1/datasets/ds/versions/1');
    expect(await client.get('/v1/datasets/ds/versions')).toMatchObject([{ number: 2 }]);
    await client.call('DELETE', '/v1/datasets/ds');
    expect(await client.get('/v1/datasets')).toEqual([]);
  });

  test('what cannot be done is said with the code, the facts and a hint', async () => {
    await create();
    const answers = [
      await client.call('POST', '/v1/datasets', { name: 'ds', origin: 's3://other' }),
      await client.call('GET', '/v1/datasets/nope'),
      await client.call('PATCH', '/v1/datasets/ds', { settings: { replicas: 'many' } }),
      await client.call('GET', '/v1/preloads/7'),
      await client.call('GET', '/v1/preloads/seven'),
    ];
    const told = answers.map(({ status, json }) => [status, (json as { code: string }).code]);
    expect(told).toEqual([
      [409, 'ALREADY_EXISTS'],
      [404, 'NOT_FOUND'],
      [400, 'INVALID_ARGUMENT'],
      [404, 'NOT_FOUND'],
      [400, 'INVALID_ARGUMENT'],
    ]);
    expect(answers[3]?.json).toEqual({
      ...{ code: 'NOT_FOUND', details: { preload: 7 } },
      message: new LarderError('NOT_FOUND', { preload: 7 }).message,
      hint: new LarderError('NOT_FOUND').hint,
    });
  });
});

describe('preloads', () => {
  test('are started, joined, watched, listed, retried and released', async () => {
    await create();
    const opened = deferred<undefined>();
    worker.beforeFetch = async (ordinal) => {
      await opened.promise;
      if (ordinal === 2) throw new LarderError('ORIGIN_DENIED');
    };
    const request = { dataset: 'ds', keepMs: 'forever' };
    const started = await client.call('POST', '/v1/preloads', request);
    expect([started.status, started.json]).toEqual([202, { id: 1, joined: false }]);
    expect(await client.post('/v1/preloads', request)).toEqual({ id: 1, joined: true });
    const lines = client.call('GET', '/v1/preloads/1/watch');
    const events = client.call('GET', '/v1/preloads/1/watch', undefined, 'text/event-stream');
    opened.resolve(undefined);
    const told = (await lines).text.trim().split('\n');
    expect(JSON.parse(told.at(-1) ?? '')).toMatchObject({ state: 'partial', heldFiles: 2 });
    expect((await events).headers['content-type']).toBe('text/event-stream');
    expect((await events).text).toMatch(/\nevent: progress\ndata: \{.*"state":"partial".*\}\n\n$/);
    expect(await client.get('/v1/preloads/1')).toMatchObject({
      ...{ keptUntil: 'released', failures: [{ code: 'ORIGIN_DENIED' }] },
    });
    worker.beforeFetch = async () => undefined;
    expect(await client.post('/v1/preloads/1/retry')).toEqual({ id: 2, joined: false });
    expect(await ended(2)).toMatchObject({ state: 'complete' });
    expect(await client.post('/v1/preloads/1/release')).toMatchObject({ keptUntil: null });
    expect(await client.get('/v1/preloads')).toMatchObject([{ id: 2 }, { id: 1 }]);
  });

  test('an estimate starts nothing, and a preload is cancelled', async () => {
    await create();
    const estimate = await client.post('/v1/preloads/estimate', { dataset: 'ds@v1' });
    expect(estimate).toMatchObject({ targetFiles: 3, missingBytes: 300 });
    expect(await client.get('/v1/preloads')).toEqual([]);
    const opened = deferred<undefined>();
    worker.beforeFetch = () => opened.promise;
    await client.post('/v1/preloads', { dataset: 'ds' });
    await client.post('/v1/preloads/1/cancel');
    expect(await ended(1)).toMatchObject({ state: 'cancelled' });
    opened.resolve(undefined);
  });

  test('names that are not UTF-8 are given as base64', async () => {
    const odd = Buffer.from([0x61, 0xff, 0xfe]);
    worker.listing = [file(odd, 10), file('b', 10)];
    await create();
    const paths = [{ base64: odd.toString('base64') }];
    const { id } = (await client.post('/v1/preloads', { dataset: 'ds', paths })) as { id: number };
    expect(await ended(id)).toMatchObject({ state: 'complete', heldFiles: 1 });
    const bad = await client.call('POST', '/v1/preloads', {
      ...{ dataset: 'ds', paths: [{ base64: '*' }] },
    });
    expect(bad.status).toBe(400);
  });

  test('who goes away while watching leaves a preload as it is, and nothing behind', async () => {
    await create();
    const opened = deferred<undefined>();
    worker.beforeFetch = () => opened.promise;
    await client.post('/v1/preloads', { dataset: 'ds' });
    const abort = new AbortController();
    const watching = fetch(`http://${api.address}/v1/preloads/1/watch`, { signal: abort.signal });
    const reader = (await watching).body?.getReader();
    await reader?.read();
    abort.abort();
    opened.resolve(undefined);
    expect(await ended(1)).toMatchObject({ state: 'complete' });
  });
});

describe('the cluster', () => {
  test('tells its status, its nodes and whether it is well', async () => {
    await create();
    const two = await master.worker('w2', { node: 'b' });
    worker.store.set(1, 0, 2, true);
    two.store.set(1, 2, 1, true);
    const scores = await eventually(
      () => client.get('/v1/nodes/score?dataset=ds') as Promise<{ nodes: { score: number }[] }>,
      ({ nodes }) => nodes[1]?.score === 33,
    );
    expect(scores).toMatchObject({
      ...{ dataset: 'ds', version: 1, bytes: 300 },
      nodes: [
        { node: 'node-w1', usable: true, score: 66, heldBytes: 200 },
        { node: 'b', score: 33, heldBytes: 100 },
      ],
    });
    expect(await client.get('/v1/status')).toMatchObject({ datasets: [{ name: 'ds' }] });
    expect(await client.get('/readyz')).toEqual({ ready: true, workers: 2 });
    expect(await client.get('/healthz')).toEqual({ status: 'ok' });
    expect(await client.post('/v1/workers/b/drain')).toEqual({ workerIds: ['w2'] });
    expect(await client.get('/v1/nodes/score?dataset=ds')).toMatchObject({
      nodes: [{ node: 'node-w1' }, { node: 'b', usable: false, score: 0 }],
    });
    expect(await client.post('/v1/workers/b/drain', { cancel: true })).toEqual({
      workerIds: ['w2'],
    });
    expect((await client.call('POST', '/v1/workers/b/forget', {})).status).toBe(400);
  });

  test('every route is in the OpenAPI document, with what it answers', async () => {
    const { openapi, paths } = await client.document();
    expect(openapi).toMatch(/^3\./);
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { summary, responses }]) => {
        expect(summary, path).toBeTruthy();
        expect(Object.keys(responses as object), path).toEqual(
          expect.arrayContaining(['4XX', '5XX']),
        );
        return `${method.toUpperCase()} ${path}`;
      }),
    );
    const listed = [...readText('docs/HTTP.md').matchAll(/^\| `([A-Z]+ \/\S+)`/gm)];
    expect(operations.sort()).toEqual(listed.map(([, route]) => route).sort());
  });
});

describe('what is refused', () => {
  const JSON_TYPE = { 'content-type': 'application/json' };
  const post = (headers: Record<string, string>, body: string | Buffer = '{}') =>
    send(api.address, 'POST', '/v1/datasets/ds/refresh', headers, body);

  test('a request under the name of another host, as after DNS rebinding', async () => {
    for (const host of ['evil.example', 'evil.example:80', '127.0.0.1.evil.example', '10.0.0.1']) {
      const { status, json } = await send(api.address, 'GET', '/v1/status', { host });
      expect([host, status], JSON.stringify(json)).toEqual([host, 421]);
    }
    for (const host of ['localhost:1', '127.0.0.1', '[::1]:7480']) {
      expect((await send(api.address, 'GET', '/v1/status', { host })).status, host).toBe(200);
    }
  });

  test('what a page of another origin can send', async () => {
    await create();
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      expect((await post({ 'content-type': type })).status, type).toBe(415);
    }
    expect((await post({})).status).toBe(415);
    expect((await post({ ...JSON_TYPE, origin: 'http://evil.example' })).status).toBe(403);
    expect((await post({ ...JSON_TYPE, origin: 'null' })).status).toBe(403);
    const read = await send(api.address, 'GET', '/v1/status', { 'sec-fetch-site': 'cross-site' });
    expect(read.status).toBe(403);
    const preflight = await send(api.address, 'OPTIONS', '/v1/datasets', {
      ...{ origin: 'http://evil.example', 'access-control-request-method': 'POST' },
    });
    expect(preflight.status).toBeGreaterThanOrEqual(400);
    const own = await post({ ...JSON_TYPE, origin: `http://${api.address}` });
    expect(own.status).toBe(200);
    const answers = [read, preflight, own];
    const allowed = answers.map(({ headers }) => headers['access-control-allow-origin']);
    expect(allowed).toEqual([undefined, undefined, undefined]);
  });

  test('bodies that are too large, no JSON, no UTF-8, or not as the schema says', async () => {
    const statuses = [
      await post(JSON_TYPE, ' '.repeat(65 * 1024)),
      await post(JSON_TYPE, '{'),
      await post(JSON_TYPE, Buffer.from([0x22, 0xff, 0x22])),
      await post(JSON_TYPE, '{"__proto__":{"x":1}}'),
      await client.call('POST', '/v1/datasets', { name: 'x', origin: 's3://b', more: 1 }),
      await client.call('POST', '/v1/datasets', { name: 7, origin: 's3://b' }),
      await client.call('POST', '/v1/preloads', { dataset: 'ds', keepMs: -1 }),
      await client.call('GET', `/v1/datasets/${'x'.repeat(300)}`),
      await client.call('GET', '/v1/nodes/score'),
    ].map(({ status }) => status);
    expect(statuses).toEqual([413, 400, 400, 400, 400, 400, 400, 414, 400]);
    expect(await client.get('/v1/datasets')).toEqual([]);
  });

  test('to listen beyond loopback without being told so', async () => {
    const beyond = { ...options(), listen: '0.0.0.0:0' };
    await expect(startHttpApi(beyond)).rejects.toMatchObject({ code: 'INSECURE_LISTEN' });
    await using open = await startHttpApi({ ...beyond, insecure: true });
    const port = open.address.split(':')[1] ?? '';
    const seen = await send(`127.0.0.1:${port}`, 'GET', '/healthz', { host: 'master.cluster' });
    expect(seen.status).toBe(200);
    const taken = { ...options(), listen: api.address };
    await expect(startHttpApi(taken)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  test('what is not there', async () => {
    const { status, json } = await send(api.address, 'GET', '/v2/datasets');
    expect([status, json]).toMatchObject([404, { code: 'NOT_FOUND' }]);
  });
});
