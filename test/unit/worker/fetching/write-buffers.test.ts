import { expect, test } from 'vitest';
import { CHUNK_BYTES, MIB } from '../../../../common/index.ts';
import { WriteBuffers } from '../../../../worker/fetching/write-buffers.ts';

test('a buffer has room for a chunk where that is enough, else for several', () => {
  const buffers = new WriteBuffers();
  expect(buffers.take(1).length).toBe(CHUNK_BYTES);
  expect(buffers.take(CHUNK_BYTES).length).toBe(CHUNK_BYTES);
  expect(buffers.take(CHUNK_BYTES + 1).length).toBe(4 * CHUNK_BYTES);
});

test('what is given back is taken again, the last one first, for the size that it has', () => {
  const buffers = new WriteBuffers();
  const [one, other, long] = [buffers.take(1), buffers.take(1), buffers.take(MIB)];
  for (const { buffer } of [one, long, other]) buffers.giveBack(buffer);
  expect(buffers.take(MIB).buffer).toBe(long.buffer);
  expect(buffers.take(1).buffer).toBe(other.buffer);
  expect(buffers.take(1).buffer).toBe(one.buffer);
  expect([one.buffer, other.buffer]).not.toContain(buffers.take(1).buffer);
});

test('no more than 64 MiB are kept', () => {
  const buffers = new WriteBuffers();
  const taken = Array.from({ length: 65 }, () => buffers.take(MIB).buffer);
  for (const memory of taken) buffers.giveBack(memory);
  const again = Array.from({ length: 65 }, () => buffers.take(MIB).buffer);
  expect(again.filter((memory) => taken.includes(memory))).toHaveLength(64);
});
