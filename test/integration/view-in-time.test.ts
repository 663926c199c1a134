/** The master's view follows the disks: what comes and what goes is known within two seconds. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../common/index.ts';
import { TestWorkers } from '../support/workers.ts';

const NAMES = ['a', 'b'];
const FILES = 60;
/** Whole pages, as a disk counts. */
const SIZE_BYTES = 16 * 4096;
/** Of each of two workers: a part of what they hold. */
const SMALL_BYTES = 1 << 20;
const TURN_MS = 50;
/**
 * Two seconds as this process has them: master, workers and this count share one event loop, so that on a machine
 * which gives it half of the time a turn lasts twice as long, for all of them.
 */
const TURNS = 2_000 / TURN_MS;

let cluster: TestWorkers;

beforeEach(async () => {
  cluster = await TestWorkers.start(NAMES);
});

afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
});

function bytesOnDisks(): number {
  const sizes = NAMES.flatMap((name) => {
    const folder = path.join(cluster.scratch.folder(name), 'complete');
    const entries = fs.readdirSync(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return files.map(({ parentPath, name: file }) => fs.statSync(path.join(parentPath, file)).size);
  });
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** The most turns between a change on a disk and a status that says so, from now until work is done and known. */
async function slowest(work: Promise<unknown>): Promise<number> {
  let [most, since, before, isDone] = [0, 0, -1, false];
  void work.finally(() => {
    isDone = true;
  });
  for (;;) {
    const wasDone = isDone;
    const onDisks = bytesOnDisks();
    if (onDisks !== before) [before, since] = [onDisks, 0];
    const { datasets } = await cluster.status();
    if (datasets[0]?.heldBytes === onDisks) {
      if (wasDone) return most;
    } else {
      since += 1;
      most = Math.max(most, since);
    }
    // It is wrong already; how wrong is of no interest.
    if (most > 2 * TURNS) return most;
    await systemClock.sleep(TURN_MS);
  }
}

test('what arrives and what is evicted is in the status within two seconds, and in an audit', async () => {
  const files = cluster.put(FILES, SIZE_BYTES);
  await cluster.dataset();
  const client = cluster.client('a');
  const isEqual = async () => (await client.datasets.audit('data')).equal;
  const reading = (async () => {
    for (const file of files) expect(await cluster.readsRight(client, file)).toBe(true);
  })();
  expect(await slowest(reading)).toBeLessThanOrEqual(TURNS);
  await reading;
  expect(bytesOnDisks()).toBe(FILES * SIZE_BYTES);
  expect(await isEqual()).toBe(true);
  const smaller = [...cluster.workers.values()].map((worker) =>
    worker.setCapacities([SMALL_BYTES]),
  );
  expect(await slowest(Promise.all(smaller))).toBeLessThanOrEqual(TURNS);
  expect(bytesOnDisks()).toBeLessThanOrEqual(NAMES.length * SMALL_BYTES);
  expect(await isEqual()).toBe(true);
});
