import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { crc32 } from '@node-rs/crc32';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LarderError, Placement, silentLogger, systemClock } from '../../../common/index.ts';
import type { ObjectRef } from '../../../common/index.ts';
import { DataServer } from '../../../rpc/data/index.ts';
import type { DataHandler, Reply } from '../../../rpc/data/index.ts';
import {
  boundCrc,
  decodeRead,
  encodeDataHead,
  encodeFrame,
  encodeJson,
  FRAME,
} from '../../../rpc/frames/index.ts';
import type { ReadRequest } from '../../../rpc/frames/index.ts';
import { Connections } from '../../../sdk/connections.ts';
import { connectConfig } from '../../../sdk/options.ts';
import type { ConnectOptions } from '../../../sdk/options.ts';
import { Router } from '../../../sdk/router.ts';

const ref: ObjectRef = {
  objectId: 'ab'.repeat(20),
  key: Buffer.from('k'),
  sizeBytes: 100,
  blockSizeBytes: 4_194_304,
  firstBlock: 0,
  datasetId: 1,
  mtimeS: 0,
  mtimeNs: 0,
  validator: { kind: 'modified' },
};
const range = {
  file: { datasetId: 1, version: 1, ordinal: 1 },
  ref,
  offsetBytes: 0,
  lengthBytes: 3,
};
const never = new AbortController().signal;

let directory: string;
let servers: DataServer[];
let connections: Connections[];

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'larder-router-'));
  servers = [];
  connections = [];
});

afterEach(async () => {
  for (const one of connections) await one[Symbol.asyncDispose]();
  for (const server of servers) await server[Symbol.asyncDispose]();
  fs.rmSync(directory, { recursive: true });
});

type Answer = (reply: Reply, mayFetch: boolean, request: ReadRequest) => Promise<void>;

const bytes = Buffer.from('abc');
const answerWithBytes = async (reply: Reply): Promise<void> => {
  const crc = boundCrc(ref.objectId, 0, bytes.length, crc32(bytes));
  await reply.send(encodeDataHead(reply.requestId, 0, crc, bytes.length), bytes);
  await reply.send(encodeFrame(FRAME.END, reply.requestId));
};

/** A worker that answers every READ in one way; its address. */
async function worker(workerId: string, answer: Answer, socket?: string): Promise<string> {
  const handler: DataHandler = {
    welcome: { protocol: 1, workerId },
    request: (_, body, reply) => {
      const request = decodeRead(body);
      return answer(reply, request.mayFetch, request);
    },
    notice: () => undefined,
  };
  const options = {
    clock: systemClock,
    log: silentLogger,
    frameTimeoutMs: 1_000,
    sendTimeoutMs: 1_000,
    maxRequests: 100,
    maxConnections: 9,
    maxReadBytes: 1 << 20,
  };
  const server = new DataServer({ handler, ...options });
  servers.push(server);
  if (socket !== undefined) return await server.listen({ kind: 'unix', path: socket });
  return await server.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 });
}

/** These addresses, as the candidates for the object in this order. */
function placementOf(number: number, addresses: readonly string[]): Placement {
  const member = (workerId: string, dataAddress: string) => ({
    ...{ workerId, dataAddress, weightBytes: 1, node: workerId, state: 'active' as const },
  });
  const order = new Placement(
    number,
    addresses.map((_, i) => member(`w${String(i)}`, '')),
  ).candidates(ref.objectId);
  const members = order.map(({ workerId }, i) => member(workerId, addresses[i] ?? ''));
  return new Placement(number, members);
}

function routerWith(placement: () => Placement, options: ConnectOptions = {}): Router {
  const config = connectConfig({ readTimeoutMs: 600, attemptTimeoutMs: 200, ...options });
  const made = new Connections(config);
  connections.push(made);
  return new Router({ config, connections: made, placement });
}

/** A router whose candidates for the object are these addresses, in this order. */
function routerTo(addresses: string[], options: ConnectOptions = {}): Router {
  const placement = placementOf(1, addresses);
  return routerWith(() => placement, options);
}

const unreachable = '127.0.0.1:9';

test('the owner is asked first, and others are left alone', async () => {
  let others = 0;
  const first = await worker('w0', answerWithBytes);
  const second = await worker('w1', async (reply) => {
    others += 1;
    await answerWithBytes(reply);
  });
  expect(await routerTo([first, second]).read(range, never)).toEqual(bytes);
  expect(others).toBe(0);
});

test.each([
  ['cannot be reached', undefined],
  [
    'hangs',
    (reply: Reply) =>
      new Promise<void>((done) => reply.signal.addEventListener('abort', () => done())),
  ],
  ['is busy', () => Promise.reject(new LarderError('BUSY'))],
  ['has a failing disk', () => Promise.reject(new LarderError('CACHE_IO'))],
])('an owner that %s is passed over for the next candidate', async (_, answer) => {
  const owner = answer === undefined ? unreachable : await worker('w0', answer);
  const next = await worker('w1', answerWithBytes);
  expect(await routerTo([owner, next]).read(range, never)).toEqual(bytes);
});

test.each(['ORIGIN_CREDENTIALS', 'ORIGIN_DENIED', 'ORIGIN_UNREACHABLE'] as const)(
  'a worker that says %s is passed over; where all say so, that is the answer at once',
  async (code) => {
    const unable = await worker('w0', () => Promise.reject(new LarderError(code)));
    const able = await worker('w1', answerWithBytes);
    expect(await routerTo([unable, able]).read(range, never)).toEqual(bytes);
    const config = { readTimeoutMs: 60_000 };
    const all = await Promise.all(
      ['w0', 'w1', 'w2', 'w3'].map((id) => worker(id, () => Promise.reject(new LarderError(code)))),
    );
    await expect(routerTo(all, config).read(range, never)).rejects.toMatchObject({ code });
  },
);

test('a keeper that the owner names is asked, and may fetch', async () => {
  let mayKeeperFetch: boolean | undefined;
  const keeper = await worker('w1', async (reply, mayFetch) => {
    mayKeeperFetch = mayFetch;
    await answerWithBytes(reply);
  });
  const owner = await worker('w0', (reply) =>
    reply.send(
      encodeJson(FRAME.REDIRECT, reply.requestId, { workerId: 'w1', dataAddress: keeper }),
    ),
  );
  expect(await routerTo([owner]).read(range, never)).toEqual(bytes);
  expect(mayKeeperFetch).toBe(true);
});

test('where the keeper has it no more, the next candidate is asked', async () => {
  const keeper = await worker('w1', () => Promise.reject(new LarderError('NOT_FOUND')));
  const owner = await worker('w0', (reply) =>
    reply.send(
      encodeJson(FRAME.REDIRECT, reply.requestId, { workerId: 'w1', dataAddress: keeper }),
    ),
  );
  const next = await worker('w2', answerWithBytes);
  expect(await routerTo([owner, next]).read(range, never)).toEqual(bytes);
});

test('a busy worker is asked again when it said so', async () => {
  let tries = 0;
  const busy = await worker('w0', async (reply) => {
    tries += 1;
    if (tries === 1) {
      await reply.send(encodeJson(FRAME.BUSY, reply.requestId, { retryAfterMs: 20 }));
    } else await answerWithBytes(reply);
  });
  const other = await worker('w1', () => Promise.reject(new LarderError('CACHE_IO')));
  expect(await routerTo([busy, other]).read(range, never)).toEqual(bytes);
  expect(tries).toBe(2);
});

describe('an answer MOVED', () => {
  const movedTo = (placement: number): Answer =>
    async function (reply, _, request) {
      if (request.placement === 0 || request.placement >= placement) {
        await answerWithBytes(reply);
      } else await reply.send(encodeJson(FRAME.MOVED, reply.requestId, { placement }));
    };

  test('is followed as soon as the placement is there', async () => {
    const old = await worker('w0', movedTo(2));
    const owner = await worker('w1', answerWithBytes);
    let current = placementOf(1, [old]);
    const router = routerWith(() => current);
    setTimeout(() => (current = placementOf(2, [owner])), 30);
    expect(await router.read(range, never)).toEqual(bytes);
  });

  test('where the placement does not come, whoever was asked answers', async () => {
    const old = await worker('w0', movedTo(2));
    const router = routerWith(() => placementOf(1, [old]), { readTimeoutMs: 5_000 });
    expect(await router.read(range, never)).toEqual(bytes);
  });
});

test('of a dataset that every worker keeps, the worker of this node is asked first', async () => {
  const socket = path.join(directory, 'own.sock');
  await worker('w1', answerWithBytes, socket);
  const owner = await worker('w0', () => Promise.reject(new LarderError('INTERNAL')));
  const router = routerWith(() => placementOf(1, [owner]), { workerSocket: socket });
  expect(await router.read({ ...range, replicas: 'all' }, never)).toEqual(bytes);
  await expect(router.read(range, never)).rejects.toMatchObject({ code: 'INTERNAL' });
});

test('what asking again cannot cure is said at once', async () => {
  let asked = 0;
  const answer: Answer = async () => {
    asked += 1;
    throw new LarderError('ORIGIN_CHANGED', { key: 'k' });
  };
  const addresses = [await worker('w0', answer), await worker('w1', answer)];
  await expect(routerTo(addresses).read(range, never)).rejects.toMatchObject({
    code: 'ORIGIN_CHANGED',
  });
  expect(asked).toBe(1);
});

test('a worker that comes back in time is waited for', async () => {
  let tries = 0;
  const address = await worker('w0', async (reply) => {
    tries += 1;
    if (tries < 3) throw new LarderError('UNAVAILABLE');
    await answerWithBytes(reply);
  });
  expect(await routerTo([address]).read(range, never)).toEqual(bytes);
});

test('a read ends at its deadline with what was last met', async () => {
  await expect(routerTo([unreachable]).read(range, never)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
  });
  const hanging = await worker(
    'w0',
    (reply) => new Promise((done) => reply.signal.addEventListener('abort', () => done())),
  );
  await expect(routerTo([hanging]).read(range, never)).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
  });
  await expect(routerTo([]).read(range, never)).rejects.toMatchObject({ code: 'NO_WORKER' });
});

test('a read that is aborted ends at once', async () => {
  const controller = new AbortController();
  const reading = routerTo([unreachable]).read(range, controller.signal);
  controller.abort();
  await expect(reading).rejects.toThrow();
});

test('memory is lent to the first try only, whose late bytes must not reach those of another', async () => {
  const memory = Buffer.alloc(3);
  const good = await worker('w1', answerWithBytes);
  expect(await routerTo([good]).read(range, never, memory)).toBe(memory);
  expect(memory).toEqual(bytes);
  const broken = await worker('w0', async (reply) => {
    await reply.send(encodeDataHead(reply.requestId, 0, 1, 3), Buffer.from('xyz'));
  });
  const read = await routerTo([broken, good]).read(range, never, memory);
  expect(read).toEqual(bytes);
  expect(read.buffer).not.toBe(memory.buffer);
});
