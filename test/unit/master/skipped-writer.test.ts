import { expect, test } from 'vitest';
import type { Catalog } from '../../../master/catalog.ts';
import type { SkippedKey } from '../../../master/records.ts';
import { SkippedWriter } from '../../../master/skipped-writer.ts';

const version = { datasetId: 1, number: 1 };

/** Only what the writer calls; the chunks that it writes are counted. */
function catalog() {
  const written: SkippedKey[] = [];
  const putSkipped = async (_version: object, _chunk: number, keys: readonly SkippedKey[]) => {
    written.push(...keys);
  };
  return { written, catalog: { putSkipped } as unknown as Catalog };
}

test('beyond a million keys are counted by reason and not kept', async () => {
  const { written, catalog: target } = catalog();
  const writer = new SkippedWriter(target, version);
  const key = Buffer.from('k');
  for (let i = 0; i < 1_000_000; i += 1) writer.add(key, 'nul-byte');
  for (let i = 0; i < 5; i += 1) writer.add(key, 'fifo');
  await writer.finish();
  expect(written).toHaveLength(1_000_000);
  expect(writer.count).toBe(1_000_005);
  expect(writer.reasons).toEqual({ 'nul-byte': 1_000_000, fifo: 5 });
});

test('a worker cannot make reasons without bound, nor put control characters into them', async () => {
  const { written, catalog: target } = catalog();
  const writer = new SkippedWriter(target, version);
  for (let i = 0; i < 1_000; i += 1) writer.add(Buffer.from('k'), `reason-${String(i)}`);
  for (const odd of ['\u001b[31m', '', 'x'.repeat(1_000), '__proto__']) {
    writer.add(Buffer.from('k'), odd);
  }
  await writer.finish();
  const { other, ...named } = writer.reasons;
  expect(Object.keys(named)).toHaveLength(64);
  expect(other).toBe(1_004 - 64);
  expect(new Set(written.map(({ reason }) => reason)).size).toBe(65);
});
