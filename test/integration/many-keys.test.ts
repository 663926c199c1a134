/**
 * Tens of thousands of keys through a real master and worker: listed at once, refreshed with exact counts. A
 * million belongs to `npm run bench -- metadata`.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Larder } from '../../sdk/index.ts';
import { TestCluster } from '../support/cluster.ts';
import type { S3Server } from '../support/s3/index.ts';

const KEYS = 20_000;
const PER_DIRECTORY = 250;

let cluster: TestCluster;
let s3: S3Server;
let larder: Larder;

beforeEach(async () => {
  cluster = await TestCluster.start();
  ({ s3, larder } = cluster);
});

afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
});

function keyOf(i: number): string {
  const directory = String(Math.floor(i / PER_DIRECTORY)).padStart(3, '0');
  return `p/d${directory}/f${String(i).padStart(6, '0')}`;
}

test('a refresh of many keys counts exactly, listed in parts at once', async () => {
  for (let i = 0; i < KEYS; i += 1) s3.put('b', keyOf(i), `first ${i}`);
  const settings = { endpoint: s3.endpoint, region: 'us-east-1' };
  const created = await larder.datasets.create('many', 's3://b/p', { settings });
  expect(created.changes).toEqual({ added: KEYS, removed: 0, changed: 0, unchanged: 0 });
  const parts = s3.requests.filter(
    ({ url }) => url.includes('start-after=') && !url.includes('delimiter='),
  );
  expect(parts.length).toBeGreaterThan(1);

  const counts = { added: 0, removed: 0, changed: 0, unchanged: 0 };
  for (let i = 0; i < KEYS; i += 1) {
    // A whole directory goes, and its neighbour; 1 % of the others in all.
    const directory = Math.floor(i / PER_DIRECTORY);
    if (directory === 17 || directory === 18 || i % 300 === 1) {
      s3.delete('b', keyOf(i));
      counts.removed += 1;
    } else if (i % 300 === 2) {
      s3.put('b', keyOf(i), `other ${i}`);
      counts.changed += 1;
    } else {
      counts.unchanged += 1;
    }
    if (i % 300 === 3) {
      s3.put('b', `${keyOf(i)}+`, 'new');
      counts.added += 1;
    }
  }
  // Before the first key, behind the last one, and a directory of its own.
  for (const key of ['p/a', 'p/z', 'p/d040+/new']) s3.put('b', key, 'new');
  counts.added += 3;
  const { changes, version } = await larder.datasets.refresh('many');
  expect(changes).toEqual(counts);
  expect(version.files).toBe(counts.added + counts.changed + counts.unchanged);
  expect(await larder.datasets.refresh('many')).toMatchObject({ newVersion: false });
});
