/** More connections to a master than it takes, and a client that sends its bytes one by one. */
import fs from 'node:fs';
import type net from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually, isRunning } from '../support/larder.ts';
import { rssBytes, TestParts } from '../support/parts.ts';
import type { Part } from '../support/parts.ts';
import { RawClients } from '../support/raw-clients.ts';

const MIB = 1024 * 1024;
const LIMIT = 24;
/** The preface, and SETTINGS without any. */
const BEGIN = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from('000000040000000000', 'hex'),
]);
const [DATA, HEADERS] = [0, 1];
const END_HEADERS = 4;
/** What RFC 9113 gives a connection and a stream before the receiver gives more. */
const WINDOW_BYTES = 65_535;

let parts: TestParts;
let master: Part;
const clients = new RawClients();

beforeEach(async () => {
  parts = new TestParts();
  const origin = parts.larder.folder('origin');
  fs.writeFileSync(path.join(origin, 'file'), 'file');
  master = await parts.master({ env: { LARDER_MAX_CONNECTIONS: String(LIMIT) } });
  await parts.worker();
  await parts.dataset('d', `file://${origin}`);
});

afterEach(async () => {
  clients[Symbol.dispose]();
  await parts[Symbol.asyncDispose]();
});

function dial(): net.Socket {
  const port = Number(parts.masterAddress.split(':')[1]);
  const client = clients.dial({ host: '127.0.0.1', port });
  client.resume();
  client.write(BEGIN);
  return client;
}

const list = () => parts.larder.run(['dataset', 'list', '--json', '--master', parts.masterAddress]);

function frame(type: number, flags: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(1, 5);
  return Buffer.concat([head, payload]);
}

/** HPACK without its tables. */
function headers(fields: Readonly<Record<string, string>>): Buffer {
  const text = (value: string) => Buffer.concat([Buffer.of(value.length), Buffer.from(value)]);
  const all = Object.entries(fields).flatMap(([k, v]) => [Buffer.of(0), text(k), text(v)]);
  return frame(HEADERS, END_HEADERS, Buffer.concat(all));
}

test('more connections than the limit: those that are there go on, one more is closed', async () => {
  await parts.mount('d');
  const clients = Array.from({ length: 2 * LIMIT }, dial);
  const open = () => clients.filter(({ closed }) => !closed).length;
  await eventually(() => (open() < LIMIT ? true : undefined));
  // Of the worker and the mount: they were there before.
  expect(open()).toBeGreaterThan(LIMIT / 2);
  expect((await list()).code).not.toBe(0);
  for (const client of clients) client.destroy();
  const shown = await eventually(async () => {
    const { code, stdout } = await list();
    return code === 0 ? stdout : undefined;
  });
  expect(shown).toContain('"d"');
  const { workers } = await parts.larder.status();
  expect(workers).toHaveLength(1);
});

test('650,000 frames of one byte cost a master less than 300 MiB, and others are served meanwhile', async () => {
  const before = rssBytes(master.pid);
  const clients = Array.from({ length: 10 }, dial);
  const message = Buffer.alloc(5);
  message.writeUInt32BE(MIB, 1);
  const ones = Buffer.concat(
    Array.from({ length: WINDOW_BYTES - 100 }, () => frame(DATA, 0, Buffer.of(0))),
  );
  for (const client of clients) {
    const call = headers({
      ':method': 'POST',
      ':scheme': 'http',
      ':path': '/larder.v1.Cluster/GetStatus',
      ':authority': 'x',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    client.write(Buffer.concat([call, frame(DATA, 0, message), ones]));
  }
  await eventually(() =>
    clients.every(({ writableLength, closed }) => closed || writableLength === 0)
      ? true
      : undefined,
  );
  expect((await list()).stdout).toContain('"d"');
  const grown = (rssBytes(master.pid) - before) / MIB;
  const closed = clients.filter((client) => client.closed).length;
  console.log(
    `${String(closed)} of 10 closed; ${grown.toFixed(0)} MiB for 650,000 frames of a byte`,
  );
  // About 300 bytes each, 189 MiB in all: what a frame costs until its message is whole.
  expect(grown).toBeLessThan(300);
  for (const client of clients) client.destroy();
  expect(isRunning(master.pid)).toBe(true);
  expect((await list()).stdout).toContain('"d"');
});
