/** What a stranger on the network can send to a master's port, or a false master to a client. */
import { once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GRPC_MAX_MESSAGE_BYTES, MIB, silentLogger } from '../../../../common/index.ts';
import {
  connectMaster,
  createGrpcServer,
  formatAddress,
  Handlers,
} from '../../../../rpc/grpc/index.ts';
import type { GrpcServer } from '../../../../rpc/grpc/index.ts';

const METHOD = '/larder.v1.Catalog/GetDataset';
const BOMB = gzipSync(Buffer.alloc(64 * MIB));

let server: GrpcServer;
/** Calls that reached a handler. */
let handled: number;
let session: http2.ClientHttp2Session;

beforeEach(async () => {
  handled = 0;
  const handlers = new Handlers(silentLogger);
  const GetDataset = handlers.unary(async ({ name }: { name: string }) => {
    handled += 1;
    return { id: 1, name };
  });
  server = await createGrpcServer({
    listen: '127.0.0.1:0',
    insecure: false,
    log: silentLogger,
    services: [{ name: 'Catalog', handlers: { GetDataset } }],
  });
  session = http2.connect(`http://${formatAddress(server.address)}`);
  // A server that closes on a hostile peer is one of the right answers.
  session.on('error', () => undefined);
});
afterEach(async () => {
  session.destroy();
  await server[Symbol.asyncDispose]();
});

/** gRPC's frame: whether it is compressed, how long it says it is, what comes. */
function frame(bytes: Buffer, { compressed = 0, length = bytes.length } = {}): Buffer {
  const head = Buffer.alloc(5);
  head[0] = compressed;
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, bytes]);
}

function open(headers: http2.OutgoingHttpHeaders = {}): http2.ClientHttp2Stream {
  const stream = session.request({
    ':method': 'POST',
    ':path': METHOD,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  stream.on('error', () => undefined);
  stream.resume();
  return stream;
}

/** The gRPC status that a stream is answered with; undefined where it is cut off without one. */
function statusOf(stream: http2.ClientHttp2Stream): Promise<number | undefined> {
  return new Promise((resolve) => {
    const look = (headers: Record<string, unknown>) => {
      const value = headers['grpc-status'];
      if (typeof value === 'string') resolve(Number(value));
    };
    stream.on('response', look);
    stream.on('trailers', look);
    stream.on('close', () => {
      resolve(undefined);
    });
  });
}

/** Somebody else, at the same time, is served. */
async function expectService(): Promise<void> {
  await using channel = connectMaster({ address: formatAddress(server.address) });
  expect(await channel.catalog.getDataset({ name: 'ds' })).toMatchObject({ id: 1 });
}

describe('a server', () => {
  test('refuses a message that says it is 4 GiB, before it has come', async () => {
    const stream = open();
    stream.write(frame(Buffer.from('x'), { length: 0xffff_ffff }));
    expect(await statusOf(stream)).toBe(status.RESOURCE_EXHAUSTED);
    expect(handled).toBe(0);
    await expectService();
  });

  test('refuses a message above the limit', async () => {
    const stream = open();
    stream.end(frame(Buffer.alloc(GRPC_MAX_MESSAGE_BYTES + 1)));
    expect(await statusOf(stream)).toBe(status.RESOURCE_EXHAUSTED);
    expect(handled).toBe(0);
    await expectService();
  });

  test('stops at the limit while it unpacks a gzip bomb of 2 GiB', async () => {
    const before = process.resourceUsage().maxRSS;
    const stream = open({ 'grpc-encoding': 'gzip' });
    stream.end(frame(Buffer.concat(Array.from({ length: 32 }, () => BOMB)), { compressed: 1 }));
    expect(await statusOf(stream)).toBe(status.RESOURCE_EXHAUSTED);
    expect(handled).toBe(0);
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(256 * 1024);
    await expectService();
  });

  test('takes a message in frames of one byte, and answers others meanwhile', async () => {
    // Field 1, a name of 3,000 bytes.
    const name = Buffer.concat([Buffer.of(0x0a, 0xb8, 0x17), Buffer.alloc(3_000, 'n')]);
    const stream = open();
    const ends = statusOf(stream);
    for (const byte of frame(name)) stream.write(Buffer.of(byte));
    await expectService();
    stream.end();
    expect(await ends).toBe(status.OK);
  });

  test('cuts off a flood of headers', async () => {
    const flood = Object.fromEntries(
      Array.from({ length: 500 }, (_, i) => [`x-${String(i)}`, 'y'.repeat(1_000)]),
    );
    const stream = open(flood);
    stream.end(frame(Buffer.alloc(0)));
    expect(await statusOf(stream)).not.toBe(status.OK);
    expect(handled).toBe(0);
    await expectService();
  });

  test('survives streams that are opened and reset at once, by the thousand', async () => {
    for (let i = 0; i < 20_000 && !session.destroyed && !session.closed; i += 1) {
      open().close(http2.constants.NGHTTP2_CANCEL);
      if (i % 500 === 0) await new Promise(setImmediate);
    }
    expect(handled).toBe(0);
    await expectService();
  });

  test('says that bytes which are no message are none', async () => {
    const stream = open();
    stream.end(frame(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f])));
    expect(await statusOf(stream)).not.toBe(status.OK);
    const noise = open({ 'grpc-encoding': 'gzip' });
    noise.end(frame(Buffer.from('not gzip at all'), { compressed: 1 }));
    expect(await statusOf(noise)).not.toBe(status.OK);
    expect(handled).toBe(0);
    await expectService();
  });
});

describe('a client', () => {
  test.each([
    ['a message that says it is 4 GiB', frame(Buffer.from('x'), { length: 0xffff_ffff })],
    ['a gzip bomb', frame(BOMB, { compressed: 1 })],
  ])('gets an error from a false master that answers with %s', async (_what, answer) => {
    const master = http2.createServer();
    master.on('stream', (stream) => {
      stream.on('error', () => undefined);
      stream.respond({
        ':status': 200,
        'content-type': 'application/grpc',
        'grpc-encoding': 'gzip',
      });
      stream.write(answer);
    });
    master.listen(0, '127.0.0.1');
    await once(master, 'listening');
    const address = `127.0.0.1:${String((master.address() as AddressInfo).port)}`;
    {
      await using channel = connectMaster({ address });
      const call = channel.catalog.getDataset({ name: 'ds' }, { deadlineMs: 10_000 });
      await expect(call).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    }
    master.close();
  });
});
