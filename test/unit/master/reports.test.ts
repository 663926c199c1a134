/** Full reports as a difference, between a real reporter and a real view: right for any content, and small. */
import fc from 'fast-check';
import { RoaringBitmap32 } from 'roaring-wasm';
import { expect, test } from 'vitest';
import { systemClock } from '../../../common/index.ts';
import { HeldBlocks } from '../../../master/held.ts';
import type { HeldReport } from '../../../proto/generated/larder/v1/HeldReport.ts';
import { formatBitmap } from '../../../rpc/bitmaps/index.ts';
import { HeldReporter } from '../../../worker/membership/held-reporter.ts';
import type { HeldPrediction } from '../../../worker/membership/index.ts';

const none = Buffer.alloc(0);
const wire = { version: 1, placement: 1, threshold: 1, blocks: 0, checksum: 0 };

/** What one worker sends that holds `held` while `predicted` is predicted, and what the master then believes. */
async function report(
  held: RoaringBitmap32,
  predicted: RoaringBitmap32 | undefined,
): Promise<{ reports: HeldReport[]; bytes: number; view: RoaringBitmap32 }> {
  const reports: HeldReport[] = [];
  const master = new HeldBlocks();
  const prediction = (): HeldPrediction | undefined =>
    predicted === undefined ? undefined : { blocks: predicted.clone(), wire };
  using reporter = new HeldReporter({
    held: {
      datasetIds: () => [1],
      blocks: () => held.clone(),
      bytes: () => held.size,
      onChange: () => () => undefined,
    },
    clock: systemClock,
    reportMs: 10_000,
    known: new Set(),
    signal: new AbortController().signal,
    predict: async () => prediction(),
    send: async (message) => {
      reports.push(message);
      master.apply('w', {
        datasetId: 1,
        full: message.full ?? false,
        more: message.more ?? false,
        added: Buffer.from(message.added ?? ''),
        removed: none,
        heldBytes: Number(message.held_bytes),
        base: message.predicted === undefined ? undefined : predicted,
      });
    },
  });
  await reporter.reported;
  const bytes = reports.reduce((sum, { added }) => sum + Buffer.from(added ?? '').length, 0);
  return { reports, bytes, view: master.union(['w'], 1) };
}

function random(seed: number) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test('whatever is held and whatever is predicted, the master believes what is held', async () => {
  const range = fc.tuple(fc.nat(2 ** 25), fc.nat(70_000));
  const bitmap = fc.array(range, { maxLength: 12 }).map((ranges) => {
    const blocks = new RoaringBitmap32();
    for (const [first, count] of ranges) blocks.addRange(first, first + count);
    return blocks;
  });
  let predicted = 0;
  await fc.assert(
    fc.asyncProperty(bitmap, bitmap, fc.boolean(), async (some, others, alike) => {
      const held = alike ? others.clone().orInPlace(some) : some;
      const { reports, view } = await report(held, others);
      if (reports.some((one) => one.predicted !== undefined)) predicted += 1;
      expect(view.isEqual(held)).toBe(true);
    }),
    { numRuns: 100 },
  );
  expect(predicted, 'some are sent as a difference').toBeGreaterThan(10);
});

test('a million blocks of which 99 % are as predicted are at most 50 KB', async () => {
  const next = random(1);
  const predicted = new RoaringBitmap32();
  const held = new RoaringBitmap32();
  for (let block = 0; block < 8_000_000; block += 1) {
    if (next() >= 1 / 8) continue;
    predicted.add(block);
    if (next() >= 0.005) held.add(block);
    if (next() < 0.005) held.add(block + 1);
  }
  expect(held.size).toBeGreaterThan(990_000);
  const { bytes, view, reports } = await report(held, predicted);
  expect(view.isEqual(held)).toBe(true);
  expect(reports[0]?.predicted).toEqual(wire);
  expect(bytes).toBeLessThan(50_000);
});

test('a million blocks of any content are at most 165 KB, also with a prediction that is wrong', async () => {
  const next = random(2);
  const predicted = new RoaringBitmap32();
  const held = new RoaringBitmap32();
  for (let block = 0; block < 1_000_000; block += 1) {
    if (next() < 1 / 2) predicted.add(block);
    if (next() < 1 / 2) held.add(block);
  }
  const { bytes, view, reports } = await report(held, predicted);
  expect(view.isEqual(held)).toBe(true);
  expect(reports[0]?.predicted).toBeUndefined();
  expect(bytes).toBeLessThan(165_000);
});

test('a worker may only hold what its dataset has; the rest is refused and takes no memory', () => {
  const held = new HeldBlocks({ blocksOf: (datasetId) => (datasetId === 1 ? 100 : undefined) });
  const changes: object[] = [];
  held.onChange((change) => changes.push(change));
  const report = { datasetId: 1, full: true, more: false, heldBytes: 5, removed: none };
  const beyond = formatBitmap(RoaringBitmap32.of(3, 99, 100, 2 ** 31, 2 ** 32 - 1));
  expect(held.apply('w', { ...report, added: beyond })).toBe(3);
  expect(held.blocks('w', 1)?.toArray()).toEqual([3, 99]);
  expect(held.apply('w', { ...report, full: false, added: beyond })).toBe(3);
  expect(held.blocks('w', 1)?.toArray()).toEqual([3, 99]);
  changes.length = 0;
  held.apply('w', { ...report, datasetId: 2, added: beyond });
  expect(held.blocks('w', 2)).toBeUndefined();
  expect(held.bytes('w', 2)).toBe(0);
  expect(changes).toEqual([{ workerId: 'w', datasetId: 2, full: true, unknown: true }]);
});

test('a full report that broke off with its stream leaves nothing in the next', () => {
  const held = new HeldBlocks();
  const report = { datasetId: 1, full: true, more: false, heldBytes: 5, removed: none };
  const of = (...blocks: number[]) => formatBitmap(RoaringBitmap32.of(...blocks));
  held.apply('w', { ...report, added: of(1) });
  held.apply('w', { ...report, more: true, added: of(50) });
  held.dropParts('w');
  expect(held.blocks('w', 1)?.toArray()).toEqual([1]);
  held.apply('w', { ...report, added: of(2) });
  expect(held.blocks('w', 1)?.toArray()).toEqual([2]);
});

test('after a full report that was of no use nothing is applied before the next', () => {
  const held = new HeldBlocks();
  const report = { datasetId: 1, full: false, more: false, heldBytes: 5, removed: none };
  const of = (...blocks: number[]) => formatBitmap(RoaringBitmap32.of(...blocks));
  held.apply('w', { ...report, full: true, added: of(1, 2) });
  held.apply('w', { ...report, full: true, more: true, added: of(50) });
  held.await('w', 1);
  expect(held.isAwaited('w')).toBe(true);
  held.apply('w', { ...report, added: of(9) });
  held.apply('w', { ...report, added: none, removed: of(1) });
  expect(held.blocks('w', 1)?.toArray()).toEqual([1, 2]);
  held.apply('w', { ...report, full: true, added: of(2, 9) });
  expect(held.isAwaited('w')).toBe(false);
  held.apply('w', { ...report, added: of(10) });
  expect(held.blocks('w', 1)?.toArray()).toEqual([2, 9, 10]);
});
