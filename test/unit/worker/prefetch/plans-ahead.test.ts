/** What plans bring, and cost, where the cache is smaller than the dataset: counts of files, no times. */
import { expect, test } from 'vitest';
import { PlannedNode } from './planned-node.ts';

const FILES = 600;
const EPOCHS = 5;

test.each([
  { kept: 0.5, batch: 1, waits: 0.01 },
  { kept: 0.5, batch: 16, waits: 0.01 },
  // What passes through has room for 13 files, and readers are 16 apart: before, 0.29 of all came twice.
  { kept: 0.25, batch: 16, waits: 0.2 },
  { kept: 0.25, batch: 32, waits: 0.45 },
])('of $kept kept, in batches of $batch: nothing comes twice', async ({ kept, batch, waits }) => {
  await using node = new PlannedNode(FILES, kept);
  await node.tell(1);
  for (let epoch = 0; epoch < EPOCHS; epoch += 1) {
    const { origin, waited } = await node.epoch(epoch, [1], batch);
    if (epoch === 0) continue;
    expect(origin).toBeLessThan(1 - kept + 0.01);
    expect(waited).toBeLessThan(waits);
  }
});

test('two jobs with half of their dataset kept hit 0.9 of what Belady does, and do not wait', async () => {
  await using node = new PlannedNode(FILES, 0.5);
  for (const job of [1, 2]) await node.tell(job);
  let origin = 0;
  for (let epoch = 0; epoch < EPOCHS; epoch += 1) {
    const counts = await node.epoch(epoch, [1, 2], 4);
    if (epoch === 0) continue;
    origin += counts.origin / 2 / (EPOCHS - 1);
    expect(counts.waited / 2).toBeLessThan(0.02);
  }
  // `policy.md`, Belady with the next epochs known.
  expect(1 - origin).toBeGreaterThan(0.9 * 0.73);
  for (const { state, strayed } of node.plans.list())
    expect([state, strayed]).toEqual(['followed', 0]);
});
