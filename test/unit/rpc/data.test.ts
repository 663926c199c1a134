import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { crc32 } from '@node-rs/crc32';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LarderError, silentLogger, systemClock } from '../../../common/index.ts';
import { DataClient, DataServer } from '../../../rpc/data/index.ts';
import type { DataAddress, DataHandler } from '../../../rpc/data/index.ts';
import {
  boundCrc,
  decodeOpenState,
  decodeRead,
  encodeDataHead,
  encodeFrame,
  encodeJson,
  encodeRead,
  FRAME,
} from '../../../rpc/frames/index.ts';

const OBJECT = 'ab'.repeat(20);
const content = Buffer.from(Array.from({ length: 700_001 }, (_, i) => (i * 7) & 255));
const never = new AbortController().signal;
const wait = { timeoutMs: 5_000, signal: never };

let directory: string;
let address: DataAddress;
let server: DataServer;
let aborted: number;
let opened: string[];
let corrupt: boolean;

const handler: DataHandler = {
  welcome: { protocol: 1, workerId: 'w1' },
  memoryBytes: (header, body) => (header.type === FRAME.READ ? decodeRead(body).lengthBytes : 0),
  request: async (header, body, reply) => {
    if (header.type !== FRAME.READ)
      throw new LarderError('INVALID_ARGUMENT', { type: header.type });
    const read = decodeRead(body);
    if (read.ordinal === 404) throw new LarderError('ORIGIN_CHANGED', { key: 'k' });
    if (read.ordinal === 408) {
      await new Promise((resolve) => reply.signal.addEventListener('abort', resolve));
      aborted += 1;
      return;
    }
    if (read.ordinal === 302) {
      await reply.send(
        encodeJson(FRAME.REDIRECT, reply.requestId, { workerId: 'x', dataAddress: 'h:1' }),
      );
      return;
    }
    const end = read.offsetBytes + read.lengthBytes;
    for (let at = read.offsetBytes; at < end; at += 262_144) {
      const bytes = Buffer.from(content.subarray(at, Math.min(end, at + 262_144)));
      const crc = boundCrc(OBJECT, at, bytes.length, crc32(bytes));
      if (corrupt) bytes[5] = (bytes[5] ?? 0) ^ 1;
      await reply.send(encodeDataHead(reply.requestId, at, crc, bytes.length), bytes);
    }
    await reply.send(encodeFrame(FRAME.END, reply.requestId));
  },
  notice: (header, body) => {
    if (header.type === FRAME.OPEN_STATE) opened.push(JSON.stringify(decodeOpenState(body)));
  },
};

const range = (offsetBytes: number, lengthBytes: number, ordinal = 1) => ({
  datasetId: 1,
  version: 1,
  ordinal,
  offsetBytes,
  lengthBytes,
  mayFetch: true,
  placement: 1,
  deadlineMs: 5_000,
});

beforeEach(async () => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'larder-data-'));
  address = { kind: 'unix', path: path.join(directory, 's.sock') };
  aborted = 0;
  opened = [];
  corrupt = false;
  server = new DataServer({
    handler,
    clock: systemClock,
    log: silentLogger,
    frameTimeoutMs: 100,
    sendTimeoutMs: 300,
    maxRequests: 100,
    maxConnections: 10,
    maxReadBytes: 4 * 1024 * 1024,
  });
  await server.listen(address);
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
  fs.rmSync(directory, { recursive: true });
});

const connect = () =>
  DataClient.connect(address, { clock: systemClock, client: 't', connectTimeoutMs: 1_000 }, never);

test('ranges of many chunks arrive whole, also many at once', async () => {
  await using client = await connect();
  expect(client.workerId).toBe('w1');
  const reads = Array.from({ length: 40 }, (_, i) => range(i * 1_111, 600_000 - i * 977));
  const answers = await Promise.all(reads.map((read) => client.read(read, OBJECT, wait)));
  answers.forEach((answer, i) => {
    const { offsetBytes, lengthBytes } = reads[i]!;
    expect(answer.kind).toBe('data');
    if (answer.kind !== 'data') return;
    expect(answer.bytes.equals(content.subarray(offsetBytes, offsetBytes + lengthBytes))).toBe(
      true,
    );
  });
});

test('over TCP as well', async () => {
  const listening = await server.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 });
  const port = Number(listening.split(':')[1]);
  await using client = await DataClient.connect(
    { kind: 'tcp', host: '127.0.0.1', port },
    { clock: systemClock, client: 't', connectTimeoutMs: 1_000 },
    never,
  );
  const answer = await client.read(range(5, 10), OBJECT, wait);
  expect(answer).toEqual({ kind: 'data', bytes: Buffer.from(content.subarray(5, 15)) });
});

test('an error of the worker keeps its code and facts', async () => {
  await using client = await connect();
  await expect(client.read(range(0, 1, 404), OBJECT, wait)).rejects.toMatchObject({
    code: 'ORIGIN_CHANGED',
    facts: { key: 'k' },
  });
});

test('a flipped bit is noticed, and the connection goes on', async () => {
  await using client = await connect();
  corrupt = true;
  await expect(client.read(range(0, 100), OBJECT, wait)).rejects.toMatchObject({
    code: 'CHECKSUM_MISMATCH',
  });
  corrupt = false;
  await expect(client.read(range(0, 100), OBJECT, wait)).resolves.toMatchObject({ kind: 'data' });
});

test('bytes of another object do not pass for this one', async () => {
  await using client = await connect();
  await expect(client.read(range(0, 100), 'cd'.repeat(20), wait)).rejects.toMatchObject({
    code: 'CHECKSUM_MISMATCH',
  });
});

test('a deadline or a cancelled read is told to the worker', async () => {
  await using client = await connect();
  await expect(
    client.read(range(0, 1, 408), OBJECT, { timeoutMs: 30, signal: never }),
  ).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  const controller = new AbortController();
  const read = client.read(range(0, 1, 408), OBJECT, {
    timeoutMs: 5_000,
    signal: controller.signal,
  });
  controller.abort();
  await expect(read).rejects.toMatchObject({ code: 'CANCELLED' });
  await expect.poll(() => aborted).toBe(2);
});

test('a redirect is handed on', async () => {
  await using client = await connect();
  await expect(client.read(range(0, 1, 302), OBJECT, wait)).resolves.toEqual({
    kind: 'redirect',
    dataAddress: 'h:1',
  });
});

test('what is in flight fails when the worker goes away', async () => {
  await using client = await connect();
  const read = client.read(range(0, 1, 408), OBJECT, wait);
  await Promise.all([
    expect(read).rejects.toMatchObject({ code: 'UNAVAILABLE' }),
    server[Symbol.asyncDispose](),
  ]);
  await expect(client.read(range(0, 1), OBJECT, wait)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
  });
});

test('evictions reach clients, open files reach the worker', async () => {
  await using client = await connect();
  const evicted: string[] = [];
  client.onEvicted((objectId) => evicted.push(objectId));
  server.broadcastEvicted(OBJECT);
  client.reportOpen(OBJECT, true);
  await expect.poll(() => evicted).toEqual([OBJECT]);
  await expect.poll(() => opened).toEqual([JSON.stringify({ objectId: OBJECT, open: true })]);
});

const raw = async (bytes: Buffer): Promise<string> => {
  const socket = net.connect(path.join(directory, 's.sock'));
  socket.write(bytes);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
};

test.each([
  ['garbage', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
  ['a request before HELLO', encodeFrame(FRAME.READ, 1, Buffer.alloc(40))],
  ['silence', Buffer.alloc(0)],
])('%s closes that connection and no other', async (_, bytes) => {
  await using client = await connect();
  await raw(bytes);
  await expect(client.read(range(0, 5), OBJECT, wait)).resolves.toMatchObject({ kind: 'data' });
});

test('an oversize length is refused before anything is allocated', async () => {
  const frame = encodeFrame(FRAME.HELLO, 1);
  frame.writeUInt32LE(0xffffffff, 8);
  frame.writeUInt32LE(crc32(frame.subarray(0, 12)), 12);
  expect(await raw(frame)).toContain('FRAME_INVALID');
});

test('one connection more than the limit is told so, and there is room again when one has left', async () => {
  const clients = [];
  for (let i = 0; i < 10; i += 1) clients.push(await connect());
  await expect(connect()).rejects.toMatchObject({ code: 'BUSY', facts: { limit: 10 } });
  await clients.pop()?.[Symbol.asyncDispose]();
  await expect.poll(() => server.connections).toBe(9);
  await using again = await connect();
  await expect(again.read(range(0, 5), OBJECT, wait)).resolves.toMatchObject({ kind: 'data' });
  for (const client of clients) await client[Symbol.asyncDispose]();
});

test('a reader that takes nothing is closed after a while, and its memory is given back', async () => {
  const socket = net.connect(path.join(directory, 's.sock'));
  await once(socket, 'connect');
  socket.write(encodeJson(FRAME.HELLO, 1, { protocol: 1, client: 't' }));
  await once(socket, 'data');
  socket.pause();
  for (let id = 2; id < 60; id += 1) socket.write(encodeRead(id, range(0, 700_000)));
  await expect.poll(() => server.readBytes).toBeGreaterThan(600_000);
  expect(server.readBytes).toBeLessThanOrEqual(4 * 1024 * 1024);
  await using client = await connect();
  await expect(client.read(range(0, 5), OBJECT, wait)).resolves.toMatchObject({ kind: 'data' });
  await expect.poll(() => server.connections, { timeout: 3_000 }).toBe(1);
  expect(server.readBytes).toBe(0);
  socket.destroy();
});

test('more requests than the limit wait in the socket, and all are answered', async () => {
  await using client = await connect();
  const reads = Array.from({ length: 500 }, (_, i) => client.read(range(i, 10), OBJECT, wait));
  const answers = await Promise.all(reads);
  expect(answers.every(({ kind }) => kind === 'data')).toBe(true);
  expect(server.readBytes).toBe(0);
});
