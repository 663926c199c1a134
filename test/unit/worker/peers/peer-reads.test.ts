/** Object readers of several workers that ask each other over real sockets, in one process. */
import { crc32 } from '@node-rs/crc32';
import { afterEach, describe, expect, test } from 'vitest';
import { Placement, silentLogger, systemClock, untilAborted } from '../../../../common/index.ts';
import type { ObjectRef, PlacementMember } from '../../../../common/index.ts';
import { DataServer } from '../../../../rpc/data/index.ts';
import {
  boundCrc,
  decodeRead,
  encodeDataHead,
  encodeFrame,
  encodeJson,
  FRAME,
} from '../../../../rpc/frames/index.ts';
import { noKeepers, PeerLinks, PeerReads } from '../../../../worker/peers/index.ts';
import type { Keepers } from '../../../../worker/peers/index.ts';
import { Larder } from '../fetching/larder.ts';
import { MemoryOrigin, refOf } from '../fetching/memory-origin.ts';

const MIB = 1024 * 1024;
const POLL = { timeout: 20_000 };
const never = new AbortController().signal;
const [clock, log] = [systemClock, silentLogger];

const ref: ObjectRef = refOf('object', 4 * MIB, { entry: { version: 1, ordinal: 1 } });
/** So large that a few reads do not have the rest fetched. */
const large: ObjectRef = refOf('large', 64 * MIB, { entry: { version: 1, ordinal: 2 } });

interface Node extends AsyncDisposable {
  readonly larder: Larder;
  readonly member: PlacementMember;
  readonly links: PeerLinks;
}

const nodes: Node[] = [];
let placement: Placement;

afterEach(async () => {
  for (const node of nodes.splice(0)) await node[Symbol.asyncDispose]();
});

/** @param sendsTo the id of a worker to which it sends whoever reads */
async function start(
  workerId: string,
  keepers: Keepers = noKeepers,
  sendsTo?: string,
): Promise<Node> {
  const links = new PeerLinks({ workerId, clock, log, timeoutMs: 2_000 });
  const peers = new PeerReads({
    ...{ workerId, links, keepers, clock, log, placement: () => placement },
    replicasOf: () => 1,
  });
  const larder = await Larder.open({ peers, origin: new MemoryOrigin(), smallObjectBytes: 0 });
  const server = new DataServer({
    ...{ clock, log, frameTimeoutMs: 9_000, sendTimeoutMs: 9_000, maxReadBytes: 64 * MIB },
    ...{ maxRequests: 99, maxConnections: 99 },
    handler: {
      welcome: { protocol: 1, workerId },
      request: async (header, body, reply) => {
        const to = placement.members.find((member) => member.workerId === sendsTo);
        if (header.type === FRAME.READ && to !== undefined) {
          await reply.send(encodeJson(FRAME.REDIRECT, reply.requestId, to));
          return;
        }
        if (header.type === FRAME.READ) {
          const { ordinal, offsetBytes, lengthBytes, mayFetch, hops } = decodeRead(body);
          const object = ordinal === 1 ? ref : large;
          const options = { mayFetch, hops, signal: reply.signal };
          for await (const piece of larder.reader.read(object, offsetBytes, lengthBytes, options)) {
            const { offsetBytes: at, bytes } = piece;
            const crc = boundCrc(object.objectId, at, bytes.length, crc32(bytes));
            await reply.send(encodeDataHead(reply.requestId, at, crc, bytes.length), bytes);
          }
        }
        await reply.send(encodeFrame(FRAME.END, reply.requestId));
      },
      notice: () => undefined,
    },
  });
  const dataAddress = await server.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 });
  const node: Node = {
    ...{ larder, links },
    member: { workerId, dataAddress, weightBytes: MIB, node: workerId, state: 'active' },
    [Symbol.asyncDispose]: async () => {
      await larder[Symbol.asyncDispose]();
      await links[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
  nodes.push(node);
  placement = new Placement(
    1,
    nodes.map(({ member }) => member),
  );
  return node;
}

const IDS = ['w0', 'w1', 'w2'];

/** Workers that are the candidates of an object in this order. */
function orderOf({ objectId }: ObjectRef): [string, string, string] {
  const members = IDS.map((workerId) => ({
    ...{ workerId, dataAddress: 'x:1', weightBytes: MIB, node: workerId },
    state: 'active' as const,
  }));
  const order = new Placement(1, members).candidates(objectId).map(({ workerId }) => workerId);
  const [first = '', second = '', third = ''] = order;
  return [first, second, third];
}

const [FIRST, SECOND, THIRD] = orderOf(ref);

test('what a keeper has comes from it, and only the rest from the origin', async () => {
  const [first, second] = orderOf(large);
  const keeper = await start(second);
  placement = new Placement(1, [keeper.member]);
  for (const block of [0, 2]) await keeper.larder.read(large, block * MIB, MIB);
  const knows = { ...noKeepers, keepersOf: () => [keeper.member], isSettled: () => true };
  const owner = await start(first, knows);
  expect(await owner.larder.readsRight(large, 0, 4 * MIB)).toBe(true);
  await owner.larder.quiet();
  expect(owner.larder.origin.reads.map(({ offsetBytes }) => offsetBytes / MIB)).toEqual([1, 3]);
  expect(owner.larder.origin.counters.bytes).toBe(2 * MIB);
  expect(owner.links.counters.receivedBytes).toBe(2 * MIB);
  const { uniqueBytes, readOriginBytes, readPeerBytes } = owner.larder.reader.counters;
  expect([uniqueBytes, readOriginBytes + readPeerBytes]).toEqual([2 * MIB, 4 * MIB]);
  expect(owner.larder.heldBlocks(1)).toEqual([0, 1, 2, 3]);
  // The keeper read no origin for it.
  expect(keeper.larder.origin.counters.gets).toBe(2);
});

test('an owner that has not heard what others have asks the next two before the origin', async () => {
  const before = await start(SECOND);
  placement = new Placement(1, [before.member]);
  expect(await before.larder.readsRight(ref)).toBe(true);
  const owner = await start(FIRST, { ...noKeepers, keepersOf: () => [], isSettled: () => false });
  expect(await owner.larder.readsRight(ref)).toBe(true);
  expect(owner.larder.origin.counters.gets).toBe(0);
});

describe('an owner that has given an object away', () => {
  test('sends its keeper to itself, which reads the origin for all, and keeps it', async () => {
    await start(FIRST, noKeepers, THIRD);
    const second = await start(SECOND);
    const taken: number[] = [];
    const take = ({ firstBlock }: { firstBlock: number }) => void taken.push(firstBlock);
    const keeper = await start(THIRD, { ...noKeepers, take });
    expect(await keeper.larder.readsRight(ref)).toBe(true);
    expect(new Set(taken)).toEqual(new Set([ref.firstBlock]));
    expect(keeper.larder.origin.counters.gets).toBe(1);
    await keeper.larder.quiet();
    expect(keeper.larder.heldBlocks(1)).not.toEqual([]);
    // Whoever is asked for it is sent there as well, and has it from there.
    expect(await second.larder.readsRight(ref)).toBe(true);
    expect(second.larder.origin.counters.gets).toBe(0);
  });

  test('and a keeper that has nothing of it yet fetches it for who is sent there', async () => {
    await start(FIRST, noKeepers, THIRD);
    const keeper = await start(THIRD, { ...noKeepers, isMine: () => true });
    const second = await start(SECOND);
    expect(await second.larder.readsRight(ref)).toBe(true);
    expect(second.larder.origin.counters.gets).toBe(0);
    expect(keeper.larder.origin.counters.gets).toBe(1);
    expect(second.larder.heldBlocks(1)).toEqual([]);
  });
});

test('what arrives at a worker from another one is not given to one that may not fetch', async () => {
  const owner = await start(FIRST);
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  owner.larder.origin.beforePiece = ({ signal }, sent) =>
    sent >= MIB / 2 ? untilAborted(held, signal) : undefined;
  const second = await start(SECOND);
  const relayed = second.larder.readsRight(ref, 0, MIB);
  await expect.poll(() => second.links.counters.receivedBytes, POLL).toBeGreaterThan(0);
  const asked = second.larder.read(ref, 0, MIB, { mayFetch: false, signal: never });
  await expect(asked).rejects.toMatchObject({ code: 'NOT_FOUND' });
  release();
  expect(await relayed).toBe(true);
  expect(second.larder.origin.counters.gets).toBe(0);
});

test('readers of three workers at once: the owner reads the origin once, and nobody else', async () => {
  const [first, second, third] = [await start(FIRST), await start(SECOND), await start(THIRD)];
  const reads = [first, second, third].flatMap(({ larder }) =>
    [0, 1, 2].map(() => larder.readsRight(ref)),
  );
  expect(await Promise.all(reads)).toEqual(reads.map(() => true));
  expect(first.larder.origin.counters.bytes).toBe(ref.sizeBytes);
  expect([second, third].map(({ larder }) => larder.origin.counters.gets)).toEqual([0, 0]);
  expect(second.larder.heldBlocks(1)).toEqual([]);
});

test('a read whose time is up ends with that, and reads no origin', async () => {
  const owner = await start(FIRST);
  const second = await start(SECOND);
  owner.larder.origin.beforePiece = ({ signal }) =>
    untilAborted(new Promise<void>(() => undefined), signal);
  const deadlineAtMs = clock.monotonicMs() + 300;
  const pieces = second.larder.reader.read(ref, 0, MIB, {
    ...{ mayFetch: true, signal: never, deadlineAtMs },
  });
  await expect(pieces.next()).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  expect(second.larder.origin.counters.gets).toBe(0);
});
