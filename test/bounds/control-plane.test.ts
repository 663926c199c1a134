/** Clients that do not behave, on the gRPC port of a master, and honest ones beside them. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import type net from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, isRunning } from '../support/larder.ts';
import { limitFds, openFds, rssBytes, TestParts } from '../support/parts.ts';
import type { Part } from '../support/parts.ts';
import { RawClients } from '../support/raw-clients.ts';

const MIB = 1024 * 1024;
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
/** SETTINGS without any. */
const SETTINGS = Buffer.from('000000040000000000', 'hex');

let parts: TestParts;
let master: Part;
const rogues = new RawClients();

beforeAll(async () => {
  parts = new TestParts();
  const origin = parts.larder.folder('origin');
  fs.writeFileSync(path.join(origin, 'file'), 'file');
  master = await parts.master();
  await parts.worker();
  await parts.dataset('d', `file://${origin}`);
});

afterAll(async () => {
  rogues[Symbol.dispose]();
  await parts[Symbol.asyncDispose]();
});

function dial(): net.Socket {
  const port = Number(parts.masterAddress.split(':')[1]);
  return rogues.dial({ host: '127.0.0.1', port });
}

async function untilClosed(client: net.Socket, timeoutMs = 9_000): Promise<string> {
  const chunks: Buffer[] = [];
  client.on('data', (chunk: Buffer) => chunks.push(chunk));
  await eventually(() => (client.closed ? true : undefined), timeoutMs);
  return Buffer.concat(chunks).toString('latin1');
}

/** A call of a client that is not there yet. */
async function honestCall(): Promise<void> {
  const shown = await parts.larder.ok([
    'dataset',
    'list',
    '--json',
    '--master',
    parts.masterAddress,
  ]);
  expect(shown).toContain('"d"');
}

test('a request of HTTP/1 is told what is here', async () => {
  const client = dial();
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  const answer = await untilClosed(client);
  expect(answer).toContain('400 Bad Request');
  expect(answer).toContain('gRPC port of a Larder master');
  await honestCall();
});

test('garbage, before the preface and after it, closes that connection and no other', async () => {
  const before = dial();
  before.write(randomBytes(100_000));
  const after = dial();
  after.write(Buffer.concat([Buffer.from(PREFACE), SETTINGS, randomBytes(100_000)]));
  await Promise.all([untilClosed(before), untilClosed(after)]);
  await honestCall();
});

test('nothing, half a preface, and a byte a second: closed after the deadline', async () => {
  const silent = dial();
  const half = dial();
  half.write(PREFACE.slice(0, 10));
  const slow = dial();
  let sent = 0;
  const timer = setInterval(() => slow.write(PREFACE.slice(sent, ++sent)), 1_000);
  try {
    await Promise.all([silent, half, slow].map((client) => untilClosed(client)));
  } finally {
    clearInterval(timer);
  }
  await honestCall();
});

test('1,000 connections at once: honest ones are served, and all is given back', async () => {
  const [fds, rss] = [openFds(master.pid), rssBytes(master.pid)];
  const clients = Array.from({ length: 1_000 }, () => {
    const client = dial();
    client.write(Buffer.concat([Buffer.from(PREFACE), SETTINGS]));
    client.resume();
    return client;
  });
  await eventually(() => (openFds(master.pid) >= fds + 980 ? true : undefined));
  await honestCall();
  const grown = rssBytes(master.pid) - rss;
  console.log(`1,000 connections to a master take ${(grown / MIB).toFixed(0)} MiB`);
  expect(grown).toBeLessThan(200 * MIB);
  for (const client of clients) client.destroy();
  await eventually(() => (openFds(master.pid) <= fds + 5 ? true : undefined));
  await honestCall();
});

test('no file descriptor is left: the master lives, and serves when there are some again', async () => {
  const fds = openFds(master.pid);
  await limitFds(master.pid, fds + 10);
  const clients = Array.from({ length: 300 }, () => dial());
  await eventually(() => (openFds(master.pid) >= fds + 8 ? true : undefined));
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(isRunning(master.pid)).toBe(true);
  for (const client of clients) client.destroy();
  await eventually(() => (openFds(master.pid) <= fds + 5 ? true : undefined));
  await honestCall();
  await limitFds(master.pid, 1_024);
  await honestCall();
});
