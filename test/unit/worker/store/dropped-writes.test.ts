/** A write that comes when its object has been dropped. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Larder } from '../fetching/larder.ts';
import { refOf } from '../fetching/memory-origin.ts';

test.each([
  ['of a small object', 1_000],
  ['of the first chunk of a larger one', 300_000],
])('%s makes no file, which nothing would ever delete', async (_, sizeBytes) => {
  await using larder = await Larder.open();
  const stored = larder.store.pin(refOf('one', sizeBytes));
  await larder.store.drop(stored, 'test');
  const lengthBytes = Math.min(sizeBytes, 256 * 1024);
  const bytes = { memory: new ArrayBuffer(lengthBytes), lengthBytes, offsetBytes: 0 };
  await expect(larder.store.write(stored, bytes)).rejects.toMatchObject({ code: 'CACHE_IO' });
  expect(fs.readdirSync(join(larder.directory, 'growing'))).toEqual([]);
  larder.store.unpin(stored);
});
