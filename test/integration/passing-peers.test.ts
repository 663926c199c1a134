/** What the owner of a file does not keep, read by nodes at once and after each other. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MIB } from '../../common/index.ts';
import { TestWorkers } from '../support/workers.ts';

/** None of the files fits into what a worker keeps. */
const CAPACITY_BYTES = 2 * MIB;
const SIZE_BYTES = 6 * MIB;

let cluster: TestWorkers;

beforeEach(async () => {
  cluster = await TestWorkers.start([]);
  for (const name of ['a', 'b', 'c']) {
    await cluster.add(name, { capacities: [CAPACITY_BYTES], transitBytes: 64 * MIB });
  }
});

afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
});

test('a file that nobody keeps leaves the origin once while its owner has it in memory, and is on no disk', async () => {
  const [file] = cluster.put(1, SIZE_BYTES);
  await cluster.dataset();
  const clients = ['a', 'b', 'c', undefined].map((name) => cluster.client(name));
  const reads = clients.flatMap((client) => [
    cluster.readsRight(client, file!),
    cluster.readsRight(client, file!, { offsetBytes: 5 * MIB, lengthBytes: MIB }),
  ]);
  expect(await Promise.all(reads)).toEqual(reads.map(() => true));
  for (const client of clients) expect(await cluster.readsRight(client, file!)).toBe(true);
  expect(cluster.s3.counters.bytes).toBe(SIZE_BYTES);
  const [owner] = await cluster.candidates(file!);
  await expect
    .poll(async () => (await cluster.workerStatus(owner!)).transit.passedBytes, { timeout: 20_000 })
    .toBe(SIZE_BYTES);
  const { workers } = await cluster.status();
  expect(workers.map(({ usedBytes }) => usedBytes)).toEqual([0, 0, 0]);
  expect(workers.map(({ transit }) => transit.writtenBytes)).toEqual([0, 0, 0]);
});
