/** A block that an origin sends slowly: whoever asks another worker for it has its front while the rest is on its way. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CHUNK_BYTES } from '../../common/index.ts';
import { TestWorkers } from '../support/workers.ts';
import type { TestFile } from '../support/workers.ts';

const NAMES = ['a', 'b', 'c'];
/** One block. */
const SIZE_BYTES = 12 * CHUNK_BYTES;
/** About five seconds for all of it. */
const SLOWLY = { kind: 'trickle', pieceBytes: CHUNK_BYTES / 2, everyMs: 200 } as const;

let cluster: TestWorkers;

beforeEach(async () => {
  cluster = await TestWorkers.start(NAMES);
});

afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
});

async function slowFile(settings: Readonly<Record<string, string>> = {}): Promise<TestFile> {
  const [file] = cluster.put(1, SIZE_BYTES);
  if (file === undefined) throw new Error('no file');
  await cluster.dataset(settings);
  cluster.s3.faults.add({ action: SLOWLY, operation: 'get' });
  return file;
}

/** It was asked, and has not sent all: what was sent counts when the answer has ended. */
function originStillSends(file: TestFile): boolean {
  return cluster.gets(file) === 1 && cluster.s3.bytesServed('b', `p/${file.path}`) === 0;
}

test('a worker that passes bytes on gives the first before their owner has the block', async () => {
  const file = await slowFile();
  const [owner = '', second = ''] = await cluster.candidates(file);
  await using reader = await cluster.through([second]);
  expect(await reader.readsRight(file, 0, CHUNK_BYTES)).toBe(true);
  expect(originStillSends(file)).toBe(true);
  expect(cluster.complete(owner)).toEqual([]);
  expect(await reader.readsRight(file)).toBe(true);
  expect(cluster.s3.bytesServed('b', `p/${file.path}`)).toBe(SIZE_BYTES);
});

test('along a chain of workers that keep it, the last has the first bytes before the first has all', async () => {
  const file = await slowFile({ replicas: 'all' });
  const [owner = '', second = '', third = ''] = await cluster.candidates(file);
  await using reader = await cluster.through([third]);
  expect(await reader.readsRight(file, 0, CHUNK_BYTES)).toBe(true);
  expect(originStillSends(file)).toBe(true);
  for (const name of [owner, second, third]) {
    expect(cluster.complete(name), name).toEqual([]);
  }
  expect(await reader.readsRight(file)).toBe(true);
  expect(cluster.s3.bytesServed('b', `p/${file.path}`)).toBe(SIZE_BYTES);
});
