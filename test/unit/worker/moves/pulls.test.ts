import { afterEach, expect, test } from 'vitest';
import { LarderError, MIB, Placement } from '../../../../common/index.ts';
import type { Clock, ObjectRef, PlacementMember } from '../../../../common/index.ts';
import { Arrivals } from '../../../../worker/moves/arrivals.ts';
import { Pulls } from '../../../../worker/moves/pulls.ts';
import { Rate } from '../../../../worker/moves/rate.ts';
import type { PeerRead, PeerReads } from '../../../../worker/peers/index.ts';
import { workers } from '../../../support/placements.ts';
import { Larder } from '../fetching/larder.ts';
import { contentOf } from '../fetching/memory-origin.ts';
import { clock, dataset, DATASET, files, log, MemoryVersions } from './support.ts';

const BLOCK = 4 * MIB;
const KEEPER = workers(2)[1]!;

let larder: Larder;
let pulls: Pulls;
const receipts: string[] = [];

/** What the keeper answers for a range: nothing, or throws. */
type Answer = (read: PeerRead) => void;

afterEach(async () => {
  await pulls[Symbol.asyncDispose]();
  await larder[Symbol.asyncDispose]();
  receipts.length = 0;
});

async function start(
  sizeBytes: number,
  answer: Answer = () => undefined,
  capacityBytes = 64 * MIB,
) {
  const peers = {
    route: () => ({ asks: [], keeps: true }),
    readKept: async (_: PlacementMember, read: PeerRead, sink: (bytes: Buffer) => unknown) => {
      answer(read);
      const end = read.offsetBytes + read.lengthBytes;
      for (let at = read.offsetBytes; at < end; at += 65_536) {
        await sink(contentOf(read.ref.key, at, Math.min(65_536, end - at)));
      }
    },
  } as unknown as PeerReads;
  larder = await Larder.open({ peers, store: { capacityBytes } });
  const { store, reader } = larder;
  const memory = new MemoryVersions();
  memory.add(files(1, { sizeBytes }));
  const { workerId, held } = store;
  const placement = new Placement(1, [
    { ...KEEPER, state: 'leaving' },
    { ...workers(1)[0]!, workerId },
  ]);
  const arrivals = new Arrivals();
  pulls = new Pulls({
    ...{ workerId, held, versions: memory, arrivals, clock, log },
    placement: () => placement,
    replicas: () => 1,
    receipts: {
      add: ({ workerId: to }, { ordinal, what }) => {
        receipts.push(`${what} ${String(ordinal)} to ${to}`);
      },
    },
    bring: (ref, how) => reader.bring(ref, how),
    bytesPerSecond: 1000 * MIB,
  });
  const ref = memory.readers[0]!.objectRef(1, dataset);
  const arrival = { from: KEEPER.workerId, datasetId: DATASET, version: 1, ordinal: 1 };
  arrivals.add(arrival, ref);
  pulls.wake();
  return { ref, arrivals };
}

const receipt = (what: string) =>
  expect.poll(() => receipts, { timeout: 5000 }).toEqual([`${what} 1 to worker-1`]);
const held = (ref: ObjectRef) => larder.heldBlocks(ref.datasetId).map((b) => b - ref.firstBlock);

test('what was offered comes from its keeper, and nothing of it from the origin', async () => {
  const { ref, arrivals } = await start(3 * BLOCK + 5);
  expect(arrivals.keepersOf(ref)).toEqual([KEEPER.workerId]);
  await receipt('taken');
  expect(await larder.readsRight(ref)).toBe(true);
  expect(larder.origin.counters).toEqual({ gets: 0, bytes: 0, refusals: 0 });
  expect(larder.reader.counters).toMatchObject({ bytes: 0, uniqueBytes: 0 });
  expect(pulls.movedBytes).toBe(ref.sizeBytes);
  expect(arrivals.keepersOf(ref)).toEqual([]);
  expect([arrivals.objects, arrivals.bytes, pulls.underWay]).toEqual([0, 0, 0]);
});

test('where the keeper lacks a block, the others come, and it is left out', async () => {
  const { ref } = await start(5 * BLOCK, ({ offsetBytes, lengthBytes }) => {
    const lacks = offsetBytes <= 2 * BLOCK && 2 * BLOCK < offsetBytes + lengthBytes;
    if (lacks) throw new LarderError('NOT_FOUND');
  });
  await receipt('taken');
  expect(held(ref)).toEqual([0, 1, 3, 4]);
  expect(larder.origin.counters.gets).toBe(0);
});

test('where the keeper has nothing any more, nothing is said, and nothing is fetched', async () => {
  const { ref, arrivals } = await start(BLOCK, () => {
    throw new LarderError('NOT_FOUND');
  });
  await expect.poll(() => arrivals.keepersOf(ref), { timeout: 5000 }).toEqual([]);
  expect(receipts).toEqual([]);
  expect(larder.origin.counters.gets).toBe(0);
});

test('a keeper that cannot be reached for a while is asked again', async () => {
  let tries = 0;
  const { ref } = await start(BLOCK, () => {
    tries += 1;
    if (tries < 3) throw new LarderError('UNAVAILABLE');
  });
  await receipt('taken');
  expect(tries).toBe(3);
  expect(await larder.readsRight(ref)).toBe(true);
});

test('what there is no room for is refused, and nothing of it is asked for', async () => {
  let asked = 0;
  await start(
    2 * BLOCK,
    () => {
      asked += 1;
    },
    BLOCK,
  );
  await receipt('refused');
  expect(asked).toBe(0);
});

test('bytes go at the rate, after a burst of a second', async () => {
  let nowMs = 0;
  const slept: number[] = [];
  const sleep = async (ms: number) => {
    slept.push(ms);
    nowMs += ms;
  };
  const manual = { monotonicMs: () => nowMs, sleep } as unknown as Clock;
  const rate = new Rate(manual, 1000);
  const { signal } = new AbortController();
  nowMs = 5000;
  await rate.take(1000, signal);
  await rate.take(500, signal);
  await rate.take(500, signal);
  expect(slept).toEqual([500]);
  await rate.take(1, signal);
  expect(nowMs).toBe(6000);
});

test('of small objects 200 come a second, however few their bytes are', async () => {
  larder = await Larder.open({});
  let nowMs = 0;
  const sleep = async (ms: number) => {
    const untilMs = nowMs + ms;
    await new Promise((resolve) => setImmediate(resolve));
    nowMs = Math.max(nowMs, untilMs);
  };
  const memory = new MemoryVersions();
  memory.add(files(600, { sizeBytes: 1 }));
  const { workerId } = larder.store;
  const placement = new Placement(1, [
    { ...KEEPER, state: 'leaving' },
    { ...workers(1)[0]!, workerId },
  ]);
  const arrivals = new Arrivals();
  const broughtAtMs: number[] = [];
  pulls = new Pulls({
    ...{ workerId, versions: memory, arrivals, log, held: { has: () => false } },
    clock: { monotonicMs: () => nowMs, sleep } as unknown as Clock,
    placement: () => placement,
    replicas: () => 1,
    receipts: { add: () => undefined },
    bring: async () => {
      broughtAtMs.push(nowMs);
      return await Promise.resolve('done');
    },
    bytesPerSecond: 1000 * MIB,
  });
  for (let ordinal = 1; ordinal <= 600; ordinal += 1) {
    const arrival = { from: KEEPER.workerId, datasetId: DATASET, version: 1, ordinal };
    arrivals.add(arrival, memory.readers[0]!.objectRef(ordinal, dataset));
  }
  pulls.wake();
  while (broughtAtMs.length < 600) await new Promise((resolve) => setImmediate(resolve));
  expect(broughtAtMs.filter((atMs) => atMs < 1000).length).toBeLessThanOrEqual(204);
  expect(broughtAtMs.at(-1)).toBeGreaterThan(2900);
});
