/** Reads from another node's worker: by threads that send files, and by the main thread. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startMaster } from '../../master/index.ts';
import type { Master } from '../../master/index.ts';
import { connect } from '../../sdk/index.ts';
import type { Dataset, Larder } from '../../sdk/index.ts';
import { startWorker } from '../../worker/index.ts';
import type { Worker } from '../../worker/index.ts';
import { encodeJson, encodeRead, FRAME } from '../../rpc/frames/index.ts';
import { eventually, TestLarder } from '../support/larder.ts';

const MIB = 1024 * 1024;
const large = randomBytes(24 * MIB + 12_345);
const small = Array.from({ length: 300 }, (_, i) => randomBytes(i === 7 ? 0 : 1 + i * 997));

let scratch: TestLarder;
let master: Master;
let worker: Worker;
let larder: Larder;
let dataset: Dataset;
let caches: string[];

async function start(servingThreads: number): Promise<void> {
  scratch = new TestLarder();
  const origin = scratch.folder('origin');
  fs.writeFileSync(path.join(origin, 'large'), large);
  small.forEach((bytes, i) => fs.writeFileSync(path.join(origin, `s${String(i)}`), bytes));
  master = await startMaster({ dataDir: scratch.folder('master'), listen: '127.0.0.1:0' });
  caches = ['one', 'two'].map((name) => scratch.folder(name));
  worker = await startWorker({
    master: master.address,
    cacheDirs: caches,
    capacities: [512 * MIB, 512 * MIB],
    listen: '127.0.0.1:0',
    socket: path.join(scratch.directory, 'w.sock'),
    servingThreads,
    softwareVersion: 'test',
  });
  // Without the worker's socket, as on another node.
  larder = connect({ master: master.address });
  await larder.datasets.create('d', `file://${origin}`);
  dataset = await larder.datasets.get('d');
}

async function stop(): Promise<void> {
  await dataset[Symbol.asyncDispose]();
  await larder[Symbol.asyncDispose]();
  await worker[Symbol.asyncDispose]();
  await master[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
}

async function readLarge(): Promise<Buffer> {
  await using file = await dataset.open('large');
  return await file.read(0, large.length);
}

async function preloaded(): Promise<void> {
  let state = '';
  for await (const progress of dataset.preload()) ({ state } = progress);
  expect(state).toBe('complete');
}

/** The files of complete objects. */
function completeFiles(): string[] {
  return caches
    .map((cache) => path.join(cache, 'complete'))
    .flatMap((complete) => fs.readdirSync(complete, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

const largeFile = (): string =>
  completeFiles().find((file) => fs.statSync(file).size === large.length) ?? '';

describe.each([0, 2])('with %i serving threads', (threads) => {
  beforeEach(() => start(threads));
  afterEach(stop);

  test('cold and warm reads, of any range, are the bytes of the origin', async () => {
    expect((await readLarge()).equals(large)).toBe(true);
    await preloaded();
    expect((await readLarge()).equals(large)).toBe(true);
    await using file = await dataset.open('large');
    const ranges = [
      [0, 1],
      [262_143, 2],
      [262_144, 262_144],
      [100, 3 * MIB],
      [large.length - 5, 5],
      [large.length - 400_000, 400_000],
    ] as const;
    const got = await Promise.all(ranges.map(([at, length]) => file.read(at, length)));
    for (const [i, [at, length]] of ranges.entries()) {
      expect(got[i]?.equals(large.subarray(at, at + length))).toBe(true);
    }
  });

  test('many small files in few requests, cold and warm', async () => {
    const paths = small.map((_, i) => `s${String(i)}`);
    for (const round of ['cold', 'warm']) {
      const got = await dataset.readMany(paths);
      expect(got.every((bytes, i) => bytes.equals(small[i] ?? Buffer.of(1)))).toBe(true);
      if (round === 'cold') await preloaded();
    }
    await expect(dataset.readMany(['s1', 'nothing'])).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('a complete file that was damaged on disk: right bytes, and it is given up', async () => {
    await preloaded();
    expect((await readLarge()).equals(large)).toBe(true);
    const file = largeFile();
    const damaged = fs.openSync(file, 'r+');
    fs.writeSync(damaged, Buffer.from('damage'), 0, 6, 5 * MIB);
    fs.closeSync(damaged);
    expect((await readLarge()).equals(large)).toBe(true);
    await preloaded();
    expect(fs.readFileSync(largeFile()).equals(large)).toBe(true);
  });

  test('a complete file that was cut short: right bytes, and it is given up', async () => {
    await preloaded();
    expect((await readLarge()).equals(large)).toBe(true);
    fs.truncateSync(largeFile(), 9 * MIB + 100);
    expect((await readLarge()).equals(large)).toBe(true);
    await eventually(async () => {
      await readLarge();
      await preloaded();
      const file = largeFile();
      return file !== '' && fs.readFileSync(file).equals(large) ? true : undefined;
    });
  });

  test('a file that is evicted while it is sent: its receiver gets all of it', async () => {
    await preloaded();
    const { dataAddress } = worker;
    const socket = net.connect({ host: '127.0.0.1', port: Number(dataAddress.split(':')[1]) });
    const chunks: Buffer[] = [];
    const hello = encodeJson(FRAME.HELLO, 1, { protocol: 1, client: 'slow' });
    const ordinal = 1;
    const request = {
      ...{ datasetId: 1, version: 1, ordinal, offsetBytes: 0, lengthBytes: 16 * MIB },
      ...{ mayFetch: true, placement: 0, deadlineMs: 30_000 },
    };
    socket.write(Buffer.concat([hello, encodeRead(2, request)]));
    socket.once('data', (bytes: Buffer) => {
      chunks.push(bytes);
      socket.pause();
    });
    await eventually(() => (chunks.length > 0 ? true : undefined));
    await worker.setCapacities([MIB, MIB]);
    await eventually(() => (largeFile() === '' ? true : undefined));
    socket.on('data', (bytes: Buffer) => chunks.push(bytes));
    socket.resume();
    const frames = 16 * MIB + 64 * 28 + 16;
    await eventually(() =>
      chunks.reduce((sum, { length }) => sum + length, 0) >= frames ? true : undefined,
    );
    socket.destroy();
    expect(payloadOf(Buffer.concat(chunks)).equals(large.subarray(0, 16 * MIB))).toBe(true);
  });
});

/** The payloads of all DATA frames. */
function payloadOf(stream: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at + 16 <= stream.length;) {
    const [type, bodyBytes] = [stream.readUInt8(at + 3), stream.readUInt32LE(at + 8)];
    if (type === FRAME.DATA) parts.push(stream.subarray(at + 28, at + 16 + bodyBytes));
    at += 16 + bodyBytes;
  }
  return Buffer.concat(parts);
}
