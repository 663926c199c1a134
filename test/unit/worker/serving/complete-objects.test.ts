/** Where serving threads find objects while disks come and go. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ObjectReader } from '../../../../worker/fetching/index.ts';
import { CompleteObjects } from '../../../../worker/serving/complete-objects.ts';
import { ObjectStore } from '../../../../worker/store/index.ts';
import { RecordReader, recordsPathOf } from '../../../../worker/store/record-reader.ts';
import { temporaryDirectory } from '../fetching/larder.ts';
import { contentOf, MemoryOrigin, refOf } from '../fetching/memory-origin.ts';

const SIGNAL = new AbortController().signal;
const CAPACITY_BYTES = 64 << 20;
const REFS = Array.from({ length: 16 }, (_, i) =>
  refOf(`o${String(i)}`, 100_000, { firstBlock: i }),
);

let directory: string;

beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => {
  fs.rmSync(directory, { recursive: true, force: true });
});

test('they are found on every disk, on no disk that is gone, and again on one that is back', async () => {
  const paths = ['a', 'b'].map((name) => join(directory, name));
  const store = await ObjectStore.open({
    directories: paths.map((path) => ({ path, capacityBytes: CAPACITY_BYTES })),
  });
  const origin = new MemoryOrigin();
  const reader = new ObjectReader({ store, originFor: async () => origin });
  for (const ref of REFS) await reader.fetchWhole(ref, SIGNAL);
  const placeAt = (path: string) => ({
    completeDirectory: join(path, 'complete'),
    records: new RecordReader(recordsPathOf(join(path, 'complete'))),
    gone: SIGNAL,
  });
  const [one, other] = paths.map(placeAt);
  if (one === undefined || other === undefined) throw new Error('there are two');
  using objects = new CompleteObjects({ places: [one, other], maxOpenFiles: 64 });
  const found = async () => {
    const names: string[] = [];
    for (const { objectId, sizeBytes, key } of REFS) {
      using object = await objects.open({ objectId, sizeBytes });
      if (object === undefined) continue;
      names.push(objectId);
      const bytes = Buffer.alloc(sizeBytes);
      fs.readSync(object.fd, bytes, 0, sizeBytes, 0);
      expect(bytes.equals(contentOf(key, 0, sizeBytes))).toBe(true);
      expect(object.checksum(0)).toBeDefined();
    }
    return names;
  };
  await expect.poll(found).toHaveLength(REFS.length);
  objects.moveTo([other]);
  const rest = await found();
  expect(rest.length).toBeGreaterThan(0);
  expect(rest.length).toBeLessThan(REFS.length);
  // Whoever still has one of its objects gets nothing from its records.
  await one.records[Symbol.asyncDispose]();
  const gone = REFS.find(({ objectId }) => !rest.includes(objectId));
  expect(one.records.record(gone?.objectId ?? '')).toBeUndefined();
  const back = placeAt(paths[0] ?? '');
  objects.moveTo([back, other]);
  expect(await found()).toHaveLength(REFS.length);
  for (const { records } of [back, other]) await records[Symbol.asyncDispose]();
  await reader[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
});
