/**
 * Somebody who joined the cluster as a worker, and answers as the test says: hangs, lies, or speaks another
 * protocol. What it answers to PING as well.
 */
import { randomUUID } from 'node:crypto';
import { crc32 } from '@node-rs/crc32';
import {
  LarderError,
  PROTOCOL_VERSION,
  silentLogger,
  systemClock,
  systemRandom,
} from '../../common/index.ts';
import { DataServer } from '../../rpc/data/index.ts';
import type { Reply } from '../../rpc/data/index.ts';
import {
  boundCrc,
  decodeRead,
  encodeDataHead,
  encodeFrame,
  FRAME,
} from '../../rpc/frames/index.ts';
import type { ReceivedRead } from '../../rpc/frames/index.ts';
import { connectMaster } from '../../rpc/grpc/index.ts';
import { joinCluster } from '../../worker/membership/index.ts';

export interface RogueOptions {
  readonly master: string;
  readonly name: string;
  /** Default: as it must be. */
  readonly protocol?: number;
  /** Answers a READ. */
  readonly answer: (request: ReceivedRead, reply: Reply) => Promise<void>;
}

export interface RogueWorker extends AsyncDisposable {
  readonly workerId: string;
  /** READs that came. */
  readonly reads: () => number;
}

const CAPACITY_BYTES = 1 << 30;

export async function startRogue(options: RogueOptions): Promise<RogueWorker> {
  const workerId = `rogue-${randomUUID()}`;
  const [clock, log] = [systemClock, silentLogger];
  let reads = 0;
  const server = new DataServer({
    ...{ clock, log, frameTimeoutMs: 60_000, sendTimeoutMs: 60_000 },
    ...{ maxRequests: 1_000, maxConnections: 1_000, maxReadBytes: CAPACITY_BYTES },
    handler: {
      welcome: { protocol: options.protocol ?? PROTOCOL_VERSION, workerId },
      request: async (header, body, reply) => {
        if (header.type === FRAME.PING) await reply.send(encodeFrame(FRAME.END, reply.requestId));
        if (header.type !== FRAME.READ) return;
        reads += 1;
        await options.answer(decodeRead(body), reply);
      },
      notice: () => undefined,
    },
  });
  const dataAddress = await server.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 });
  const master = connectMaster({ address: options.master });
  const node = options.name;
  const membership = joinCluster({
    ...{ master, clock, log, random: systemRandom, softwareVersion: 'rogue' },
    member: () => ({
      ...{ workerId, weightBytes: CAPACITY_BYTES, dataAddress, node },
      state: 'active',
    }),
    held: {
      datasetIds: () => [],
      blocks: noBlocks,
      bytes: () => 0,
      onChange: () => () => undefined,
    },
    handlers: {
      ...{ listOrigin: nothing, fetchObjects: nothing },
      scan: () => {
        throw new LarderError('NOT_YET_AVAILABLE');
      },
      collect: () => Promise.resolve(),
      visit: nothing,
    },
    counters: () => ({
      ...{ capacityBytes: CAPACITY_BYTES, usedBytes: 0, originTroubles: [] },
      origin: { gets: 0, bytes: 0, uniqueBytes: 0, requestedBytes: 0 },
      reads: { bytes: 0, originBytes: 0, peerBytes: 0 },
      moves: { pendingObjects: 0, pendingBytes: 0, movedBytes: 0 },
      peers: { receivedBytes: 0, badAnswers: 0, lastBadPeer: '' },
    }),
  });
  await membership.joined(AbortSignal.timeout(20_000));
  return {
    workerId,
    reads: () => reads,
    [Symbol.asyncDispose]: async () => {
      await membership[Symbol.asyncDispose]();
      await master[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** DATA frames of these bytes, in chunks, as if they were those of an object at an offset. */
export async function sendBytes(
  reply: Reply,
  objectId: string,
  offsetBytes: number,
  bytes: Buffer,
): Promise<void> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    const chunk = bytes.subarray(at, at + CHUNK_BYTES);
    const crc = boundCrc(objectId, offsetBytes + at, chunk.length, crc32(chunk));
    await reply.send(encodeDataHead(reply.requestId, offsetBytes + at, crc, chunk.length), chunk);
  }
}

const CHUNK_BYTES = 1 << 18;

function noBlocks(): never {
  throw new Error('nothing is held');
}

async function* nothing(): AsyncGenerator<never> {
  yield* [];
}
