/** Calls of each kind over a real server on loopback, with handlers made for the test. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LarderError, silentLogger, systemClock } from '../../../../common/index.ts';
import type { CatalogHandlers } from '../../../../proto/generated/larder/v1/Catalog.ts';
import type { ClusterHandlers } from '../../../../proto/generated/larder/v1/Cluster.ts';
import {
  connectMaster,
  createGrpcServer,
  formatAddress,
  Handlers,
} from '../../../../rpc/grpc/index.ts';
import type { GrpcServer, MasterChannel } from '../../../../rpc/grpc/index.ts';

const handlers = new Handlers(silentLogger);
let server: GrpcServer;
let channel: MasterChannel;
/** What the handlers saw. */
let seen: { produced: number; aborted: number; consumed: number };

function catalogHandlers(): Pick<CatalogHandlers, 'GetDataset' | 'ReadManifest' | 'ListDatasets'> {
  return {
    GetDataset: handlers.unary(async ({ name }, { signal }) => {
      if (name === 'slow') {
        await systemClock.sleep(10_000, signal).catch((error: unknown) => {
          seen.aborted += 1;
          throw error;
        });
      }
      if (name === 'defect') throw new TypeError('oops');
      if (name !== 'ds') throw new LarderError('NOT_FOUND', { dataset: name });
      return { id: 1, name };
    }),
    ListDatasets: handlers.unary(async () => ({ datasets: [] })),
    ReadManifest: handlers.serverStream(async function* ({ length }, { signal }) {
      try {
        for (let i = 0; i < length; i += 1) {
          seen.produced += 1;
          yield { offset: i, data: Buffer.alloc(64 * 1024) };
          if (i === 7 && length === 8) throw new LarderError('MANIFEST_CORRUPT', { page: 7 });
        }
      } finally {
        if (signal.aborted) seen.aborted += 1;
      }
    }),
  };
}

function clusterHandlers(): Pick<ClusterHandlers, 'PushListing' | 'Join'> {
  return {
    PushListing: handlers.clientStream(async (batches) => {
      for await (const { command, last } of batches) {
        seen.consumed += 1;
        if (command === 13) throw new LarderError('NOT_FOUND', { command });
        if (command === 7) await systemClock.sleep(1000);
        if (last) break;
      }
      return {};
    }),
    Join: handlers.bidiStream(async ({ messages, send }) => {
      for await (const { hello } of messages) {
        if (hello?.incarnation === 'refused') throw new LarderError('PROTOCOL_MISMATCH');
        await send({ welcome: { term: Number(hello?.protocol) } });
      }
    }),
  };
}

beforeEach(async () => {
  seen = { produced: 0, aborted: 0, consumed: 0 };
  server = await createGrpcServer({
    listen: '127.0.0.1:0',
    insecure: false,
    log: silentLogger,
    services: [
      { name: 'Catalog', handlers: catalogHandlers() },
      { name: 'Cluster', handlers: clusterHandlers() },
    ],
  });
  channel = connectMaster({ address: formatAddress(server.address) });
});
afterEach(async () => {
  await channel[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

test('unary: answers, errors with facts, defects', async () => {
  expect((await channel.catalog.getDataset({ name: 'ds' })).id).toBe(1);
  await expect(channel.catalog.getDataset({ name: 'x' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
    facts: { dataset: 'x' },
  });
  await expect(channel.catalog.getDataset({ name: 'defect' })).rejects.toMatchObject({
    code: 'INTERNAL',
  });
});

test('unary: deadline and signal end the call on both sides', async () => {
  const late = channel.catalog.getDataset({ name: 'slow' }, { deadlineMs: 50 });
  await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  const abort = new AbortController();
  const call = channel.catalog.getDataset({ name: 'slow' }, { signal: abort.signal });
  await systemClock.sleep(50);
  abort.abort();
  await expect(call).rejects.toMatchObject({ code: 'CANCELLED' });
  const aborted = channel.catalog.getDataset({ name: 'ds' }, { signal: abort.signal });
  await expect(aborted).rejects.toMatchObject({ code: 'CANCELLED' });
  await systemClock.sleep(50);
  expect(seen.aborted).toBe(2);
});

test('server stream: in order, held back by a slow reader, cancelled when left', async () => {
  let next = 0;
  for await (const { offset } of channel.catalog.readManifest({ length: 50 })) {
    expect(offset).toBe(next);
    next += 1;
  }
  expect(next).toBe(50);
  seen.produced = 0;
  for await (const _chunk of channel.catalog.readManifest({ length: 5000 })) {
    await systemClock.sleep(300);
    break;
  }
  // 5000 chunks would be 312 MiB; what was produced fits into the windows of one stream.
  expect(seen.produced).toBeLessThan(500);
  await systemClock.sleep(100);
  expect(seen.aborted).toBe(1);
});

test('server stream: an error comes after what was sent before it', async () => {
  const offsets: number[] = [];
  const read = async () => {
    for await (const { offset } of channel.catalog.readManifest({ length: 8 }))
      offsets.push(offset);
  };
  await expect(read()).rejects.toMatchObject({ code: 'MANIFEST_CORRUPT', facts: { page: 7 } });
  expect(offsets).toHaveLength(8);
});

test('client stream: held back by a slow server; an early answer ends it', async () => {
  let sent = 0;
  const big = Buffer.alloc(100 * 1024);
  const batches = async function* (command: number) {
    for (;;) {
      sent += 1;
      yield { command, skipped: [{ key: big, reason: '' }], last: sent === 100 };
    }
  };
  const early = channel.cluster.pushListing(batches(13));
  await expect(early).rejects.toMatchObject({ code: 'NOT_FOUND' });
  sent = 0;
  await expect(channel.cluster.pushListing(batches(1))).resolves.toEqual({});
  expect(seen.consumed).toBeGreaterThanOrEqual(100);
  sent = 1000;
  const abort = new AbortController();
  const slow = channel.cluster.pushListing(batches(7), { signal: abort.signal });
  await systemClock.sleep(300);
  expect(sent - 1000).toBeLessThan(100);
  abort.abort();
  await expect(slow).rejects.toMatchObject({ code: 'CANCELLED' });
});

test('client stream: what the sender throws cancels the call and is thrown', async () => {
  const broken = async function* () {
    yield { command: 1 };
    await systemClock.sleep(1);
    throw new LarderError('ORIGIN_DENIED');
  };
  await expect(channel.cluster.pushListing(broken())).rejects.toMatchObject({
    code: 'ORIGIN_DENIED',
  });
});

test('both ways: messages cross, the end of one side ends the other', async () => {
  const stream = channel.cluster.join();
  const terms: number[] = [];
  await stream.send({ hello: { protocol: 1 } });
  for await (const { welcome } of stream.messages) {
    terms.push(welcome?.term ?? 0);
    if (terms.length === 3) stream.end();
    else await stream.send({ hello: { protocol: terms.length + 1 } });
  }
  expect(terms).toEqual([1, 2, 3]);
  const refused = channel.cluster.join();
  await refused.send({ hello: { incarnation: 'refused' } });
  await systemClock.sleep(50);
  const read = async () => {
    for await (const _message of refused.messages);
  };
  await expect(read()).rejects.toMatchObject({ code: 'PROTOCOL_MISMATCH' });
});

test('the channel connects again soon after the server is back', async () => {
  await channel.catalog.getDataset({ name: 'ds' });
  const listen = formatAddress(server.address);
  await server[Symbol.asyncDispose]();
  await expect(channel.catalog.listDatasets({})).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await systemClock.sleep(2500);
  server = await createGrpcServer({
    listen,
    insecure: false,
    log: silentLogger,
    services: [{ name: 'Catalog', handlers: catalogHandlers() }],
  });
  const startMs = systemClock.monotonicMs();
  for (;;) {
    const answer = await channel.catalog.listDatasets({}).catch(() => undefined);
    if (answer !== undefined) break;
    await systemClock.sleep(20);
  }
  expect(systemClock.monotonicMs() - startMs).toBeLessThan(2000);
});
