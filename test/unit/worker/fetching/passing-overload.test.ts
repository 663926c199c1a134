/** Readers of more than fits, into memory or onto the disk: what they wait for leaves the origin once. */
import { describe, expect, test } from 'vitest';
import type { ObjectRef } from '../../../../common/index.ts';
import { Larder } from './larder.ts';
import { MemoryOrigin, refOf } from './memory-origin.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const BLOCK_BYTES = MIB / 2;

interface Scene {
  readonly what: string;
  readonly readers: number;
  readonly memoryBlocks: number;
  readonly diskBlocks: number;
  readonly fileBlocks: number;
  /** At a time, of one reader, as the kernel reads ahead. */
  readonly requests: number;
}

/** In the proportions of 12 files of 64 MiB, 64 MiB of memory, and a disk of 48 MiB. */
const SCENE: Scene = {
  what: 'as many blocks in memory as there are readers, and a few more',
  readers: 12,
  memoryBlocks: 17,
  diskBlocks: 12,
  fileBlocks: 16,
  requests: 2,
};

function filesOf({ readers, fileBlocks }: Scene): ObjectRef[] {
  return Array.from({ length: readers }, (_, i) =>
    refOf(`f${String(i)}`, fileBlocks * BLOCK_BYTES, {
      firstBlock: i * fileBlocks,
      blockSizeBytes: BLOCK_BYTES,
    }),
  );
}

async function openLarder({ memoryBlocks, diskBlocks }: Scene): Promise<Larder> {
  const origin = new MemoryOrigin({ pieceBytes: 32 * KIB });
  origin.beforePiece = () => new Promise((resolve) => setImmediate(resolve));
  return await Larder.open({
    store: { capacityBytes: diskBlocks * BLOCK_BYTES },
    transitBytes: memoryBlocks * BLOCK_BYTES,
    joinBytes: 2 * BLOCK_BYTES,
    smallObjectBytes: 4 * BLOCK_BYTES,
    maxWindowBytes: 16 * BLOCK_BYTES,
    origin,
  });
}

/** From end to end, a few requests at a time. @returns whether all bytes were right */
async function readFile(larder: Larder, ref: ObjectRef, requests: number): Promise<boolean> {
  const requestBytes = BLOCK_BYTES / 4;
  let next = 0;
  let isRight = true;
  const one = async () => {
    while (next < ref.sizeBytes) {
      const at = next;
      next += requestBytes;
      if (!(await larder.readsRight(ref, at, requestBytes))) isRight = false;
    }
  };
  await Promise.all(Array.from({ length: requests }, one));
  return isRight;
}

/** What left the origin, of each byte that was read. */
async function timesFetched(larder: Larder, scene: Scene): Promise<number> {
  const files = filesOf(scene);
  const reads = files.map((ref) => readFile(larder, ref, scene.requests));
  expect(await Promise.all(reads)).toEqual(files.map(() => true));
  await larder.quiet();
  const readBytes = scene.readers * scene.fileBlocks * BLOCK_BYTES;
  return larder.origin.counters.bytes / readBytes;
}

describe('what more readers want than fits leaves the origin once', () => {
  test.each<Scene>([
    SCENE,
    { ...SCENE, what: 'one request after the other', requests: 1 },
    { ...SCENE, what: 'twice as many readers as blocks in memory', readers: 32 },
    { ...SCENE, what: 'room for two blocks, and none on the disk', memoryBlocks: 3, diskBlocks: 0 },
    { ...SCENE, what: 'small files', fileBlocks: 3, readers: 24, diskBlocks: 2 },
    { ...SCENE, what: 'memory for all there is', memoryBlocks: 400 },
  ])('$what', async (scene) => {
    await using larder = await openLarder(scene);
    expect(await timesFetched(larder, scene)).toBe(1);
  });
});

/** Whoever waited for others to read on would wait for itself. What was read ahead of it is pushed out now and then. */
test('more files read in turns by one reader than there is room for', async () => {
  const scene = { ...SCENE, readers: 28, fileBlocks: 3, diskBlocks: 0 };
  await using larder = await openLarder(scene);
  const files = filesOf(scene);
  const requestBytes = BLOCK_BYTES / 2;
  for (let at = 0; at < scene.fileBlocks * BLOCK_BYTES; at += requestBytes) {
    for (const ref of files) expect(await larder.readsRight(ref, at, requestBytes)).toBe(true);
  }
  await larder.quiet();
  const readBytes = scene.readers * scene.fileBlocks * BLOCK_BYTES;
  expect(larder.origin.counters.bytes / readBytes).toBeLessThanOrEqual(1.05);
});

test('a block that two readers have read half of each, both the same half, stays for the other half', async () => {
  const scene = { ...SCENE, memoryBlocks: 2, diskBlocks: 0, fileBlocks: 1, readers: 3 };
  await using larder = await openLarder(scene);
  const [half, ...others] = filesOf(scene) as [ObjectRef, ...ObjectRef[]];
  for (let i = 0; i < 2; i += 1) {
    expect(await larder.readsRight(half, 0, BLOCK_BYTES / 2)).toBe(true);
  }
  for (const ref of others) expect(await larder.readsRight(ref)).toBe(true);
  expect(await larder.readsRight(half, BLOCK_BYTES / 2)).toBe(true);
  await larder.quiet();
  expect(larder.origin.counters.bytes).toBe(3 * BLOCK_BYTES);
});

test('what is in memory, and is to be kept by now, is written from there and not fetched again', async () => {
  const scene = { ...SCENE, memoryBlocks: 3, diskBlocks: 0, fileBlocks: 1, readers: 6 };
  await using larder = await openLarder(scene);
  const [first, ...others] = filesOf(scene) as [ObjectRef, ...ObjectRef[]];
  expect(await larder.readsRight(first)).toBe(true);
  await larder.store.setCapacities([64 * MIB]);
  const reads = [first, ...others].map((ref) => larder.readsRight(ref));
  expect(await Promise.all(reads)).toEqual(reads.map(() => true));
  await larder.quiet();
  expect(larder.origin.counters.bytes).toBe(scene.readers * BLOCK_BYTES);
});
