/** The master's view follows the disks: what comes and what goes is known within two seconds. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../common/index.ts';
import { TestWorkers } from '../support/workers.ts';

const NAMES = ['a', 'b'];
const FILES = 60;
/** Whole pages, as a disk counts. */
const SIZE_BYTES = 16 * 4096;
/** Of each of two workers: a part of what they hold. */
const SMALL_BYTES = 8 * SIZE_BYTES;
const TICK_MS = 50;
/**
 * Two seconds as this process has them: master, workers and the timer that counts share one event loop, so that while
 * a busy machine keeps it from running nothing is counted.
 */
const TICKS = 2_000 / TICK_MS;

let cluster: TestWorkers;

beforeEach(async () => {
  cluster = await TestWorkers.start(NAMES);
});

afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
});

const onDisks = () => NAMES.reduce((sum, name) => sum + cluster.complete(name).length, 0);

interface Change {
  /** Objects on the disks from then on. */
  readonly objects: number;
  readonly atTick: number;
}

/** The most ticks from a change on a disk until a status says so, while it works and until all is known. */
async function slowest(work: () => Promise<unknown>): Promise<number> {
  let [most, ticks] = [0, 0];
  const progress = { isDone: false };
  const timer = setInterval(() => (ticks += 1), TICK_MS);
  // The first is known already.
  let changes: Change[] = [{ objects: onDisks(), atTick: 0 }];
  const working = work().finally(() => {
    progress.isDone = true;
  });
  // Beyond that it is wrong already; how wrong is of no interest.
  while (most <= 2 * TICKS && !(progress.isDone && changes.length === 1)) {
    const { datasets } = await cluster.status();
    const known = (datasets[0]?.heldBytes ?? 0) / SIZE_BYTES;
    changes = changes.slice(
      Math.max(
        0,
        changes.findIndex(({ objects }) => objects === known),
      ),
    );
    const objects = onDisks();
    if (objects !== changes.at(-1)?.objects) changes.push({ objects, atTick: ticks });
    const [, unknown] = changes;
    if (unknown !== undefined) most = Math.max(most, ticks - unknown.atTick);
    await systemClock.sleep(TICK_MS / 5);
  }
  clearInterval(timer);
  await working;
  return most;
}

test('what arrives, is collected or evicted is in the status within two seconds, and in an audit', async () => {
  const files = cluster.put(FILES, SIZE_BYTES);
  await cluster.dataset();
  const client = cluster.client('a');
  const isEqual = async () => (await client.datasets.audit('data')).equal;
  const arrives = await slowest(async () => {
    for (const file of files) expect(await cluster.readsRight(client, file)).toBe(true);
  });
  expect(arrives).toBeLessThanOrEqual(TICKS);
  expect(onDisks()).toBe(FILES);
  expect(await isEqual()).toBe(true);

  for (const { path } of files.slice(FILES / 2)) cluster.s3.delete('b', `p/${path}`);
  await client.datasets.refresh('data');
  const isCollected = await slowest(async () => {
    await client.datasets.delete('data@v1');
    while (onDisks() > FILES / 2) await systemClock.sleep(TICK_MS);
  });
  expect(isCollected).toBeLessThanOrEqual(TICKS);
  expect(await isEqual()).toBe(true);

  const isEvicted = await slowest(async () => {
    const workers = [...cluster.workers.values()];
    await Promise.all(workers.map((worker) => worker.setCapacities([SMALL_BYTES])));
  });
  expect(isEvicted).toBeLessThanOrEqual(TICKS);
  expect(onDisks()).toBeGreaterThan(0);
  expect(onDisks() * SIZE_BYTES).toBeLessThanOrEqual(NAMES.length * SMALL_BYTES);
  expect(await isEqual()).toBe(true);
});
