/** More connections than a worker takes, and connections that come and go, at the threads that serve TCP. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeJson, FRAME } from '../../rpc/frames/index.ts';
import { connect } from '../../sdk/index.ts';
import type { Dataset, Larder } from '../../sdk/index.ts';
import { eventually } from '../support/larder.ts';
import { openFds, rssBytes, TestParts } from '../support/parts.ts';
import type { Part } from '../support/parts.ts';

const MIB = 1024 * 1024;
const LIMIT = 1_000;
const content = randomBytes(3 * MIB);

let parts: TestParts;
let worker: Part;
let larder: Larder;
let dataset: Dataset;

beforeAll(async () => {
  parts = new TestParts();
  const origin = parts.larder.folder('origin');
  fs.writeFileSync(path.join(origin, 'f'), content);
  await parts.master();
  worker = await parts.worker({
    env: { LARDER_MAX_CONNECTIONS: String(LIMIT), LARDER_SERVING_THREADS: '2' },
  });
  await parts.dataset('d', `file://${origin}`);
  larder = connect({ master: parts.masterAddress });
  dataset = await larder.datasets.get('d');
  await honestRead();
});

afterAll(async () => {
  await dataset[Symbol.asyncDispose]();
  await larder[Symbol.asyncDispose]();
  await parts[Symbol.asyncDispose]();
});

async function honestRead(): Promise<void> {
  await using file = await dataset.open('f');
  expect((await file.read(0, content.length)).equals(content)).toBe(true);
}

const hello = encodeJson(FRAME.HELLO, 1, { protocol: 1, client: 'one of many' });

/** Connects and greets; resolves with the type of the first frame that comes back. */
function greet(): Promise<{ socket: net.Socket; type: number | undefined }> {
  const port = Number(worker.ready['dataAddress']?.split(':')[1]);
  const socket = net.connect({ host: '127.0.0.1', port }, () => socket.write(hello));
  return new Promise((resolve) => {
    socket.once('data', (bytes: Buffer) => {
      resolve({ socket, type: bytes.readUInt8(3) });
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve({ socket, type: undefined });
    });
  });
}

test('10,000 connections: as many as may be are served, the others are told BUSY', async () => {
  const [fds, rss] = [openFds(worker.pid), rssBytes(worker.pid)];
  const welcomed: net.Socket[] = [];
  let refused = 0;
  for (let i = 0; i < 10_000; i += 250) {
    for (const { socket, type } of await Promise.all(Array.from({ length: 250 }, greet))) {
      if (type === FRAME.WELCOME) welcomed.push(socket);
      else {
        // A connection that is reset as it is refused has lost its ERROR.
        expect(type === FRAME.ERROR || type === undefined).toBe(true);
        refused += 1;
      }
    }
  }
  // The honest one is among those that may be.
  expect(welcomed.length).toBe(LIMIT - 1);
  expect(refused).toBe(10_000 - welcomed.length);
  await honestRead();
  expect(rssBytes(worker.pid) - rss).toBeLessThan(200 * MIB);
  for (const socket of welcomed) socket.destroy();
  await eventually(() => (openFds(worker.pid) <= fds + 5 ? true : undefined));
  await honestRead();
});

test('20,000 connections that come and go leave nothing open', async () => {
  const fds = openFds(worker.pid);
  for (let i = 0; i < 20_000; i += 200) {
    const greeted = await Promise.all(Array.from({ length: 200 }, greet));
    for (const { socket } of greeted) socket.destroy();
  }
  await eventually(() => (openFds(worker.pid) <= fds + 5 ? true : undefined));
  await honestRead();
}, 120_000);
