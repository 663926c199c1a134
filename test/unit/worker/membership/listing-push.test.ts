import { expect, test } from 'vitest';
import { LarderError } from '../../../../common/index.ts';
import type { ListingEntry } from '../../../../common/index.ts';
import type { ListingBatch as WireBatch } from '../../../../proto/generated/larder/v1/ListingBatch.ts';
import { listingMessages } from '../../../../worker/membership/listing-push.ts';
import type { ListingBatch } from '../../../../worker/origins/origin.ts';

const entry = (name: string): ListingEntry => ({
  key: Buffer.from(name),
  kind: 'file',
  sizeBytes: 1,
  mtimeS: -5,
  mtimeNs: 1,
  mode: 0o600,
  uid: 1,
  gid: 2,
  validator: { kind: 'etag', etag: 'e' },
});

async function messages(batches: () => AsyncIterable<ListingBatch>): Promise<WireBatch[]> {
  const all: WireBatch[] = [];
  for await (const message of listingMessages(7, batches())) all.push(message);
  return all;
}

test('batches of any size become messages of a bounded size, in order, the last marked', async () => {
  const entries = Array.from({ length: 9000 }, (_, i) => entry(`${'k'.repeat(900)}${i + 10_000}`));
  const skipped = [{ key: Buffer.of(0xff), reason: 'socket' as const }];
  const all = await messages(async function* () {
    yield { entries, skipped };
    yield { entries: [], skipped: [] };
  });
  expect(all.every(({ command }) => command === 7)).toBe(true);
  const keys = all.flatMap((message) => message.entries ?? []).map(({ key }) => key);
  expect(keys).toEqual(entries.map(({ key }) => key));
  expect(all.length).toBeGreaterThan(10);
  for (const { entries: some = [] } of all) expect(some.length).toBeLessThan(600);
  expect(all.at(-2)?.skipped).toEqual(skipped);
  expect(all.at(-1)).toEqual({ command: 7, last: true });
});

test('a failure is the last message', async () => {
  const all = await messages(async function* () {
    yield { entries: [entry('a')], skipped: [] };
    throw new LarderError('ORIGIN_DENIED', { bucket: 'b' });
  });
  expect(all).toHaveLength(2);
  expect(all[1]).toMatchObject({
    last: true,
    failure: { code: 'ORIGIN_DENIED', facts: { bucket: 'b' } },
  });
});
