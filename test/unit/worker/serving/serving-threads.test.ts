/** Serving threads in front of a handler that stands for the worker's main thread. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { crc32 } from '@node-rs/crc32';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LarderError, silentLogger, systemClock } from '../../../../common/index.ts';
import { ConnectionSlots, DataClient, DataServer, tcpAddress } from '../../../../rpc/data/index.ts';
import type { DataHandler } from '../../../../rpc/data/index.ts';
import {
  boundCrc,
  decodeRead,
  encodeDataHead,
  encodeFrame,
  encodeJson,
  encodeRead,
  FRAME,
} from '../../../../rpc/frames/index.ts';
import { ServingThreads } from '../../../../worker/serving/serving-threads.ts';
import { RecordStore } from '../../../../worker/store/record-store.ts';
import { eventually } from '../../../support/larder.ts';

const KIB = 1024;
const PIECE = 256 * KIB;
const OBJECT = 'ab'.repeat(20);
const content = randomBytes(16 * KIB * KIB);
const never = new AbortController().signal;
const wait = { timeoutMs: 10_000, signal: never };

let directory: string;
let records: RecordStore;
let server: DataServer;
let threads: ServingThreads;
let slots: ConnectionSlots;
let sentBytes: number;
let aborted: number;
let openSessions: Set<object>;

const handler: DataHandler = {
  welcome: { protocol: 1, workerId: 'w1' },
  memoryBytes: () => PIECE,
  async request(_, body, reply) {
    const { ordinal, offsetBytes, lengthBytes } = decodeRead(body);
    reply.signal.addEventListener('abort', () => (aborted += 1));
    if (ordinal === 404) throw new LarderError('ORIGIN_CHANGED', { key: 'k' });
    if (ordinal === 500) await systemClock.sleep(10_000, reply.signal);
    const end = offsetBytes + lengthBytes;
    for (let at = offsetBytes; at < end && !reply.signal.aborted; at += PIECE) {
      const bytes = content.subarray(at, Math.min(at + PIECE, end));
      const crc = boundCrc(OBJECT, at, bytes.length, crc32(bytes));
      sentBytes += bytes.length;
      await reply.send(encodeDataHead(reply.requestId, at, crc, bytes.length), bytes);
    }
    await reply.send(encodeFrame(FRAME.END, reply.requestId));
  },
  notice(_, __, session) {
    openSessions.add(session);
    session.onClose(() => openSessions.delete(session));
  },
};

const range = (offsetBytes: number, lengthBytes: number, ordinal = 1) => ({
  ...{ datasetId: 1, version: 1, ordinal, offsetBytes, lengthBytes },
  ...{ mayFetch: true, placement: 0, deadlineMs: 5_000 },
});

const options = (port = 0, count = 1) => ({
  ...{ threads: count, host: '127.0.0.1', port, slots, handler, clock: systemClock },
  log: silentLogger,
  placement: () => 1,
  share: () => server.share(),
  describe: () => Promise.reject(new LarderError('NOT_FOUND')),
  onServed: () => undefined,
  onDoubt: () => undefined,
  thread: {
    ...{ workerId: 'w1', maxOpenFiles: 8, maxReadBytes: 4 * KIB * KIB, maxConnections: 6 },
    ...{ frameTimeoutMs: 1_000, sendTimeoutMs: 5_000, maxRequests: 16 },
  },
  completeDirectories: () => [path.join(directory, 'complete')],
  entry: new URL('../../../support/crashing-thread-child.ts', import.meta.url),
});

beforeEach(async () => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'larder-serving-'));
  fs.mkdirSync(path.join(directory, 'records'));
  records = new RecordStore(path.join(directory, 'records'));
  [sentBytes, aborted, openSessions] = [0, 0, new Set()];
  slots = new ConnectionSlots(6, { users: 3 });
  server = new DataServer({
    ...{ handler, clock: systemClock, log: silentLogger, frameTimeoutMs: 1_000 },
    ...{ sendTimeoutMs: 5_000, maxRequests: 16, maxConnections: 6, maxReadBytes: 4 * KIB * KIB },
  });
  threads = await ServingThreads.start(options());
});

afterEach(async () => {
  await threads[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await records[Symbol.asyncDispose]();
  fs.rmSync(directory, { recursive: true });
});

const dial = () =>
  DataClient.connect(
    tcpAddress(threads.address),
    { clock: systemClock, client: 't', connectTimeoutMs: 5_000 },
    never,
  );

test('answers of the main thread arrive whole and in order, many at once', async () => {
  await using client = await dial();
  const reads = Array.from({ length: 12 }, (_, i) => range(i * 1_111, 2_000_000 - i * 977));
  const answers = await Promise.all(reads.map((read) => client.read(read, OBJECT, wait)));
  answers.forEach((answer, i) => {
    const { offsetBytes, lengthBytes } = reads[i]!;
    const expected = content.subarray(offsetBytes, offsetBytes + lengthBytes);
    expect(answer.kind === 'data' && answer.bytes.equals(expected)).toBe(true);
  });
  await expect(client.read(range(0, 1, 404), OBJECT, wait)).rejects.toMatchObject({
    code: 'ORIGIN_CHANGED',
    facts: { key: 'k' },
  });
});

test('the main thread does not run ahead of a receiver that takes nothing, and others are served', async () => {
  const port = Number(threads.address.split(':')[1]);
  const slow = net.connect({ host: '127.0.0.1', port });
  slow.on('error', () => undefined);
  slow.write(encodeJson(FRAME.HELLO, 1, { protocol: 1, client: 'slow' }));
  await new Promise((resolve) => slow.once('data', resolve));
  slow.pause();
  for (let id = 2; id < 10; id += 1) slow.write(encodeRead(id, range(0, content.length)));
  await eventually(() => (sentBytes > 0 ? true : undefined));
  await systemClock.sleep(500);
  const before = sentBytes;
  await using client = await dial();
  const answer = await client.read(range(0, PIECE), OBJECT, wait);
  expect(answer.kind).toBe('data');
  // What the sockets hold, and a window: 128 MiB were asked for.
  expect(before).toBeLessThan(20 * KIB * KIB);
  slow.destroy();
  await eventually(() => (server.readBytes === 0 ? true : undefined));
  expect(aborted).toBeGreaterThan(0);
});

test('a request that is given up is cancelled at the main thread', async () => {
  await using client = await dial();
  const options = { timeoutMs: 100, signal: never };
  await expect(client.read(range(0, 1, 500), OBJECT, options)).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
  });
  await eventually(() => (aborted === 1 ? true : undefined));
  expect(server.readBytes).toBe(0);
});

test('one connection more than there may be is told so; when one ends there is room', async () => {
  const clients = await Promise.all(Array.from({ length: 6 }, dial));
  await expect(dial()).rejects.toMatchObject({ code: 'BUSY' });
  await clients[0]?.[Symbol.asyncDispose]();
  const again = await eventually(() => dial().catch(() => undefined));
  expect(again.workerId).toBe('w1');
  await Promise.all([...clients, again].map((client) => client[Symbol.asyncDispose]()));
});

test('what was evicted is told to every connection', async () => {
  await using client = await dial();
  const evicted: string[] = [];
  client.onEvicted((objectId) => evicted.push(objectId));
  threads.evicted(OBJECT);
  await eventually(() => (evicted.length > 0 ? true : undefined));
  expect(evicted).toEqual([OBJECT]);
});

test('a thread that dies takes its connections with it, and another takes its place', async () => {
  await using client = await dial();
  client.reportOpen(OBJECT, true);
  await eventually(() => (openSessions.size === 1 ? true : undefined));
  const reading = client.read(range(0, 1, 500), OBJECT, wait);
  await Promise.all([
    expect(reading).rejects.toMatchObject({ code: 'UNAVAILABLE' }),
    fs.promises.writeFile(path.join(directory, 'crash'), ''),
  ]);
  await eventually(() => (openSessions.size === 0 && aborted === 1 ? true : undefined));
  expect(server.readBytes).toBe(0);
  // All six: what the dead one had was given back.
  const clients: DataClient[] = [];
  for (let i = 0; i < 6; i += 1)
    clients.push(await eventually(() => dial().catch(() => undefined)));
  expect(await clients[5]?.read(range(0, 10), OBJECT, wait)).toMatchObject({ kind: 'data' });
  await Promise.all(clients.map((each) => each[Symbol.asyncDispose]()));
});

test('a port that another worker shares among its threads is taken', async () => {
  const port = Number(threads.address.split(':')[1]);
  await expect(ServingThreads.start(options(port))).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    facts: { why: 'EADDRINUSE' },
  });
});
