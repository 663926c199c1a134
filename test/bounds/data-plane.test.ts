/** Clients that do not behave, on both doors of a worker, and an honest one beside them. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import type net from 'node:net';
import path from 'node:path';
import { crc32 } from '@node-rs/crc32';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeFrame, encodeJson, encodeRead, FRAME } from '../../rpc/frames/index.ts';
import { eventually } from '../support/larder.ts';
import { openFds, rssBytes, TestParts } from '../support/parts.ts';
import type { Part } from '../support/parts.ts';
import { RawClients } from '../support/raw-clients.ts';
import { digest, sha256 } from '../support/trees.ts';

const MIB = 1024 * 1024;
const LARGE = 64 * MIB;
const content = randomBytes(LARGE);

let parts: TestParts;
let worker: Part;
let mountpoint: string;
let ordinal: number;
const rogues = new RawClients();

beforeAll(async () => {
  parts = new TestParts();
  const origin = parts.larder.folder('origin');
  fs.writeFileSync(path.join(origin, 'large'), content);
  for (let i = 0; i < 40; i += 1)
    fs.writeFileSync(path.join(origin, `f${String(i)}`), `file ${String(i)}`);
  await parts.master();
  worker = await parts.worker();
  await parts.dataset('d', `file://${origin}`);
  mountpoint = await parts.mount('d');
  expect(await sha256(path.join(mountpoint, 'large'))).toBe(digest(content));
  ordinal = fs.statSync(path.join(mountpoint, 'large')).ino - 1;
});

afterAll(async () => {
  rogues[Symbol.dispose]();
  await parts[Symbol.asyncDispose]();
});

const doors = ['TCP', 'Unix'] as const;
type Door = (typeof doors)[number];

function dial(door: Door): net.Socket {
  const { dataAddress = '', socket = '' } = worker.ready;
  const port = Number(dataAddress.split(':')[1]);
  return rogues.dial(door === 'TCP' ? { host: '127.0.0.1', port } : { path: socket });
}

const hello = () => encodeJson(FRAME.HELLO, 1, { protocol: 1, client: 'rogue' });

const read = (requestId: number, lengthBytes = MIB) =>
  encodeRead(requestId, {
    datasetId: 1,
    version: 1,
    ordinal,
    offsetBytes: 0,
    lengthBytes,
    mayFetch: true,
    placement: 0,
    deadlineMs: 30_000,
  });

/** Everything that the worker sends until it closes. */
async function untilClosed(client: net.Socket): Promise<string> {
  const chunks: Buffer[] = [];
  client.on('data', (chunk: Buffer) => chunks.push(chunk));
  await eventually(() => (client.closed ? true : undefined), 12_000);
  return Buffer.concat(chunks).toString('latin1');
}

/** A file that no cache of the kernel has answers through the worker. */
let next = 0;
async function honestRead(): Promise<void> {
  const name = `f${String(next++ % 40)}`;
  const file = path.join(mountpoint, name);
  expect(await sha256(file)).toBe(digest(Buffer.from(`file ${name.slice(1)}`)));
}

function oversize(): Buffer {
  const frame = encodeFrame(FRAME.READ, 2);
  frame.writeUInt32LE(0xffffffff, 8);
  frame.writeUInt32LE(crc32(frame.subarray(0, 12)), 12);
  return frame;
}

function unknownType(): Buffer {
  const frame = encodeFrame(FRAME.READ, 2);
  frame.writeUInt8(250, 3);
  frame.writeUInt32LE(crc32(frame.subarray(0, 12)), 12);
  return frame;
}

describe.each(doors)('over %s', (door) => {
  test.each([
    ['garbage', () => randomBytes(100_000), 'not a Larder frame'],
    [
      'another protocol',
      () => Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
      'not a Larder frame',
    ],
    ['an oversize length', () => Buffer.concat([hello(), oversize()]), 'body of 4294967295 bytes'],
    ['an unknown type', () => Buffer.concat([hello(), unknownType()]), 'unknown type 250'],
    [
      'a long body',
      () => Buffer.concat([hello(), encodeFrame(FRAME.HELD, 2, Buffer.alloc(5_000))]),
      'body too long',
    ],
    [
      'bytes for the worker',
      () => Buffer.concat([hello(), encodeFrame(FRAME.DATA, 2, Buffer.alloc(100))]),
      'DATA from a reader',
    ],
  ])('%s: told why, closed, and others are served', async (_, bytes, why) => {
    const client = dial(door);
    client.write(bytes());
    const answer = await untilClosed(client);
    expect(answer).toContain('FRAME_INVALID');
    expect(answer).toContain(why);
    await honestRead();
  });

  test('a frame that is cut short, and a byte a second: closed after the deadline', async () => {
    const silent = dial(door);
    const cut = dial(door);
    cut.write(Buffer.concat([hello(), read(2).subarray(0, 20)]));
    const slow = dial(door);
    slow.write(hello());
    const frame = read(2);
    let sent = 0;
    // Not in step with the deadline: a write to a connection that has just ended loses what it said.
    const timer = setInterval(() => slow.write(frame.subarray(sent, ++sent)), 1_300);
    const started = performance.now();
    try {
      const answers = await Promise.all([silent, cut, slow].map((client) => untilClosed(client)));
      expect(answers[0]).toContain('no HELLO');
      expect(answers[1]).toContain('an unfinished frame');
      expect(answers[2]).toContain('an unfinished frame');
    } finally {
      clearInterval(timer);
    }
    expect(performance.now() - started).toBeLessThan(11_000);
    await honestRead();
  });

  test('one that asks for much and reads nothing costs no more than its share', async () => {
    const before = rssBytes(worker.pid);
    const client = dial(door);
    client.write(hello());
    await once(client, 'data');
    client.pause();
    // 60 GiB, asked for in 3 MB of requests.
    for (let id = 2; id < 60_000; id += 1) client.write(read(id));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    for (let i = 0; i < 5; i += 1) await honestRead();
    const grown = rssBytes(worker.pid) - before;
    console.log(
      `${door}: ${(grown / MIB).toFixed(0)} MiB more while 60 GiB are asked for and not read`,
    );
    expect(grown).toBeLessThan(250 * MIB);
    client.destroy();
    await honestRead();
  });

  test('1,000 connections at once: honest ones are served, and all is given back', async () => {
    await eventually(() => (rogues.size === 0 ? true : undefined));
    const [fds, rss] = [openFds(worker.pid), rssBytes(worker.pid)];
    const clients = Array.from({ length: 1_000 }, () => dial(door));
    const welcomed = clients.map(async (client) => {
      client.write(hello());
      const [bytes] = (await once(client, 'data', { signal: AbortSignal.timeout(10_000) })) as [
        Buffer,
      ];
      return bytes.toString('latin1').includes('workerId');
    });
    expect((await Promise.all(welcomed)).every(Boolean)).toBe(true);
    // Files of objects may have been closed meanwhile.
    expect(openFds(worker.pid)).toBeGreaterThanOrEqual(fds + 980);
    await honestRead();
    console.log(
      `${door}: 1,000 connections take ${((rssBytes(worker.pid) - rss) / MIB).toFixed(0)} MiB`,
    );
    expect(rssBytes(worker.pid) - rss).toBeLessThan(150 * MIB);
    for (const client of clients) client.destroy();
    await eventually(() => (openFds(worker.pid) <= fds + 5 ? true : undefined));
    await honestRead();
  });
});
