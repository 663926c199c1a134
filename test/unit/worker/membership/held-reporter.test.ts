import { RoaringBitmap32 } from 'roaring-wasm';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../common/index.ts';
import { HeldBlocks } from '../../../../master/held.ts';
import type { HeldReport } from '../../../../proto/generated/larder/v1/HeldReport.ts';
import { HeldReporter } from '../../../../worker/membership/held-reporter.ts';
import type { HeldChange, HeldSource } from '../../../../worker/membership/index.ts';

class Disk implements HeldSource {
  readonly bitmaps = new Map<number, RoaringBitmap32>();
  #listener: (change: HeldChange) => void = () => undefined;

  datasetIds(): number[] {
    return [...this.bitmaps].filter(([, blocks]) => !blocks.isEmpty).map(([id]) => id);
  }
  blocks(datasetId: number): RoaringBitmap32 {
    return this.bitmaps.get(datasetId)?.clone() ?? new RoaringBitmap32();
  }
  bytes(datasetId: number): number {
    return this.blocks(datasetId).size;
  }
  onChange(listener: (change: HeldChange) => void): () => void {
    this.#listener = listener;
    return () => (this.#listener = () => undefined);
  }
  set(datasetId: number, firstBlock: number, count: number, held: boolean): void {
    const blocks = this.bitmaps.get(datasetId) ?? new RoaringBitmap32();
    this.bitmaps.set(datasetId, blocks);
    if (held) blocks.addRange(firstBlock, firstBlock + count);
    else blocks.removeRange(firstBlock, firstBlock + count);
    this.#listener({ datasetId, firstBlock, count, held });
  }
}

const stop = new AbortController();

function setUp(disk: Disk, reportMs: number) {
  const reports: HeldReport[] = [];
  const held = new HeldBlocks();
  const reporter = new HeldReporter({
    held: disk,
    clock: systemClock,
    reportMs,
    known: new Set([5]),
    signal: stop.signal,
    predict: async () => undefined,
    // Slow, so that changes happen between the parts of a report.
    send: async (report) => {
      await systemClock.sleep(1);
      reports.push(report);
      held.apply('w', {
        datasetId: report.dataset_id ?? 0,
        full: report.full ?? false,
        more: report.more ?? false,
        added: Buffer.from(report.added ?? ''),
        removed: Buffer.from(report.removed ?? ''),
        heldBytes: Number(report.held_bytes),
      });
    },
  });
  return { reports, held, reporter };
}

test('begins with everything, also with what is empty now and was told before', async () => {
  const disk = new Disk();
  disk.set(1, 0, 3, true);
  const { reports, reporter } = setUp(disk, 10_000);
  await reporter.flush();
  expect(reports.map(({ dataset_id: id, full, held_bytes: bytes }) => [id, full, bytes])).toEqual([
    [5, true, 0],
    [1, true, 3],
  ]);
});

test('changes are told together, each once, as they are in the end', async () => {
  const disk = new Disk();
  const { reports, held, reporter } = setUp(disk, 20);
  await reporter.flush();
  reports.length = 0;
  for (let i = 0; i < 100; i += 1) disk.set(1, i, 1, true);
  disk.set(1, 50, 10, false);
  disk.set(1, 55, 1, true);
  await systemClock.sleep(100);
  expect(reports).toHaveLength(1);
  expect(held.blocks('w', 1)?.isEqual(disk.blocks(1))).toBe(true);
  reporter[Symbol.dispose]();
  disk.set(1, 0, 1, false);
  await systemClock.sleep(60);
  expect(reports).toHaveLength(1);
});

test('what changes while a large report is under way is not lost', async () => {
  const disk = new Disk();
  const blocks = new RoaringBitmap32();
  for (let at = 0; at < 2 ** 25; at += 1009) blocks.addRange(at, at + 300);
  disk.bitmaps.set(1, blocks);
  const { reports, held, reporter } = setUp(disk, 1);
  for (let i = 0; i < 20; i += 1) {
    disk.set(1, i * 1_500_000, 1000, i % 2 === 0);
    await systemClock.sleep(1);
  }
  await reporter.flush();
  expect(reports.filter(({ more }) => more).length).toBeGreaterThan(2);
  expect(held.blocks('w', 1)?.isEqual(disk.blocks(1))).toBe(true);
});

test('a delta that is too large for a message goes as a full report', async () => {
  const disk = new Disk();
  disk.set(1, 2 ** 30, 1, true);
  const { reports, held, reporter } = setUp(disk, 10_000);
  await reporter.flush();
  reports.length = 0;
  for (let at = 0; at < 2 ** 25; at += 31) disk.set(1, at, 7, true);
  await reporter.flush();
  expect(reports.every(({ full }) => full)).toBe(true);
  expect(held.blocks('w', 1)?.isEqual(disk.blocks(1))).toBe(true);
});
