/** What is fetched, and when readers get it, while objects grow: over real mounts. */
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually, TEST_CREDENTIALS, TestLarder } from '../support/larder.ts';
import { getxattr } from '../support/libc.ts';
import { patternBytes, startS3Server } from '../support/s3/index.ts';
import type { S3Server } from '../support/s3/index.ts';

const execute = promisify(execFile);
const KIB = 1024;
const MIB = 1024 * KIB;
const BLOCK = 4 * MIB;
const SIZE = 160 * MIB;
const MAPPED = path.join(import.meta.dirname, '../support/readers/mapped.py');

let larder: TestLarder;
let s3: S3Server;
let mountpoint: string;

beforeEach(async () => {
  larder = new TestLarder();
  s3 = await startS3Server({ buckets: ['b'], credentials: [TEST_CREDENTIALS] });
  for (const [seed, name] of ['one', 'two'].entries()) {
    s3.put('b', name, { kind: 'pattern', sizeBytes: SIZE, seed });
  }
  mountpoint = await larder.up('s3://b', '--endpoint', s3.endpoint);
});

afterEach(async () => {
  await larder[Symbol.asyncDispose]();
  await s3[Symbol.asyncDispose]();
});

/** Bytes of a range; whether they are right. */
async function readsRight(
  name: string,
  seed: number,
  offsetBytes: number,
  lengthBytes: number,
): Promise<boolean> {
  const file = await fs.promises.open(path.join(mountpoint, name));
  try {
    const into = Buffer.alloc(lengthBytes);
    const { bytesRead } = await file.read(into, 0, lengthBytes, offsetBytes);
    return bytesRead === lengthBytes && into.equals(patternBytes(seed, offsetBytes, lengthBytes));
  } finally {
    await file.close();
  }
}

/** Of the worker, which needs no origin to answer. */
const statusOf = (name: string) => getxattr(path.join(mountpoint, name), 'user.larder.status');

/** Resolves when the number of bytes that the origin sent does not change any more. */
async function quiet(): Promise<number> {
  let last = -1;
  return await eventually(async () => {
    await new Promise((resolve) => setTimeout(resolve, 400));
    const now = s3.counters.bytes;
    const isQuiet = now === last && s3.requests.every(({ status }) => status > 0);
    last = now;
    return isQuiet ? now : undefined;
  }, 30_000);
}

describe('a random reader', () => {
  test.each([4, 128])(
    'of %i KiB at a time has only the blocks fetched that it touches',
    async (lengthKib) => {
      const blocks = [3, 38, 11, 25, 17, 30, 7, 21];
      for (const [i, block] of blocks.entries()) {
        const offset = block * BLOCK + ((i * 977 * KIB) % (BLOCK - 256 * KIB));
        expect(await readsRight('one', 0, offset, lengthKib * KIB)).toBe(true);
      }
      // Of blocks that are held by now, far from each other: what lies between them was not read.
      for (const block of blocks) {
        expect(await readsRight('one', 0, block * BLOCK + 2 * MIB, 4 * KIB)).toBe(true);
      }
      expect(await quiet()).toBe(blocks.length * BLOCK);
      expect(await readsRight('one', 0, 3 * BLOCK, 4 * KIB)).toBe(true);
      expect(await quiet()).toBe(blocks.length * BLOCK);
      const { origin } = await larder.status();
      expect(origin.requestedBytes).toBeLessThan(blocks.length * BLOCK);
      expect(statusOf('one')).toBe('partial');
    },
  );

  test('that has touched a quarter of the blocks has the rest fetched, each byte once', async () => {
    for (let block = 0; block < 40; block += 4) {
      expect(await readsRight('one', 0, block * BLOCK + MIB, 4 * KIB)).toBe(true);
    }
    expect(await quiet()).toBe(SIZE);
    expect(statusOf('one')).toBe('held');
  });
});

test('two readers from one end to the other, interleaved, have everything fetched once', async () => {
  const [front, middle] = [0, 80 * MIB];
  for (let at = 0; at < 20 * MIB; at += 256 * KIB) {
    expect(await readsRight('one', 0, front + at, 256 * KIB)).toBe(true);
    expect(await readsRight('one', 0, middle + at, 256 * KIB)).toBe(true);
  }
  expect(await quiet()).toBe(SIZE);
  expect(statusOf('one')).toBe('held');
});

describe('a file that is mapped', () => {
  const copyOf = (seed: number) => {
    const copy = path.join(larder.directory, 'copy');
    fs.writeFileSync(copy, patternBytes(seed, 0, SIZE));
    return copy;
  };
  const read = async (name: string, copy: string, ...places: [number, number][]) => {
    const texts = places.map(([offset, length]) => `${String(offset)}:${String(length)}`);
    const file = path.join(mountpoint, name);
    return (await execute('python3', [MAPPED, file, copy, ...texts])).stdout.trim();
  };

  test('is completed after one fault, and each byte is read once (safetensors)', async () => {
    const copy = copyOf(0);
    // The header, and two tensors in another order: far under a quarter of the file.
    const places: [number, number][] = [
      [0, 100 * KIB],
      [120 * MIB + 4096, 300 * KIB],
      [41 * MIB, 300 * KIB],
    ];
    expect(await read('one', copy, ...places)).toBe('right');
    expect(await quiet()).toBe(SIZE);
    expect(statusOf('one')).toBe('held');
    expect(await read('one', copy, [0, SIZE])).toBe('right');
    expect(s3.counters.bytes).toBe(SIZE);
    // Another file, of which nothing is mapped, is not touched.
    expect(s3.bytesServed('b', 'two')).toBe(0);
  });

  test('is right while it is completed: record batches from several places (Arrow)', async () => {
    const copy = copyOf(1);
    const batches = Array.from({ length: 20 }, (_, i): [number, number] => [
      ((i * 53) % 160) * MIB,
      700 * KIB,
    ]);
    const footer: [number, number] = [SIZE - 64 * KIB, 64 * KIB];
    expect(await read('two', copy, footer, ...batches)).toBe('right');
    expect(await quiet()).toBe(SIZE);
    expect(statusOf('two')).toBe('held');
  });
});

describe('a block that arrives slowly', () => {
  const gets = () => s3.requests.filter(({ operation }) => operation === 'get');
  const areUnderWay = () => gets().every(({ bodyBytes }) => bodyBytes === 0);

  test('is given to readers as it arrives, also to one that comes in the middle', async () => {
    // 640 KiB/s: the block takes six seconds, the next one as long.
    const action = { kind: 'trickle', pieceBytes: 32 * KIB, everyMs: 50 } as const;
    s3.faults.add({ action, operation: 'get', times: 100 });
    const block = 10 * BLOCK;
    expect(await readsRight('one', 0, block, 128 * KIB)).toBe(true);
    expect(gets()).toHaveLength(1);
    expect(areUnderWay()).toBe(true);
    expect(statusOf('one')).toBe('absent');
    const middle = readsRight('one', 0, block + 1_500_000, 128 * KIB);
    const end = readsRight('one', 0, block + BLOCK - 4 * KIB, 4 * KIB);
    expect(await middle).toBe(true);
    expect(areUnderWay()).toBe(true);
    // Again what has come by now: from its file.
    expect(await readsRight('one', 0, block + 700_000, 128 * KIB)).toBe(true);
    expect(areUnderWay()).toBe(true);
    expect(await end).toBe(true);
    expect(gets()).toHaveLength(1);
    expect(await quiet()).toBe(BLOCK);
  });
});
