/** The long form of test/fuse/race.test.ts. */
import { expect, test } from 'vitest';
import { race } from '../support/race.ts';

test('five minutes of reads, evictions, fetches and kills: every byte is right', async () => {
  const result = await race({ seconds: 300, readers: 6, everyMs: 3_000 });
  console.log(JSON.stringify(result));
  expect(result.ways).toEqual(['direct', 'mapped', 'sequential', 'single']);
  expect(result.killed.server).toBeGreaterThan(10);
  expect(result.killed.worker).toBeGreaterThan(10);
  expect(result.fetchedAgain).toBeGreaterThan(10);
});
