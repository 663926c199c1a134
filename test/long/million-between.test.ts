/** A key that is a file and, a million keys later, a directory: from a listing to a mount. */
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { connect } from '../../sdk/index.ts';
import { TEST_CREDENTIALS, TestLarder } from '../support/larder.ts';
import { startS3Server } from '../support/s3/index.ts';

const BETWEEN = 1_000_000;

test('blue, a million blue-… and blue/x: the directory is shown, the file is named as left out', async () => {
  await using larder = new TestLarder();
  await using s3 = await startS3Server({ buckets: ['b'], credentials: [TEST_CREDENTIALS] });
  s3.put('b', 'blue', 'hidden');
  const body = { kind: 'pattern', sizeBytes: 10, seed: 1 } as const;
  for (let i = 0; i < BETWEEN; i += 1) s3.put('b', `blue-${String(i).padStart(7, '0')}`, body);
  s3.put('b', 'blue/x', 'shown');
  const mountpoint = await larder.up('s3://b', '--endpoint', s3.endpoint);
  expect(fs.statSync(path.join(mountpoint, 'blue')).isDirectory()).toBe(true);
  expect(await fs.promises.readFile(path.join(mountpoint, 'blue/x'), 'utf8')).toBe('shown');
  let names = 0;
  let blue = 0;
  for await (const { name } of await fs.promises.opendir(mountpoint, { bufferSize: 1_000 })) {
    names += 1;
    if (name === 'blue') blue += 1;
  }
  expect([names, blue]).toEqual([BETWEEN + 1, 1]);

  const { processes, datasets } = await larder.status();
  const master = processes.find(({ role }) => role === 'master')?.master ?? '';
  await using client = connect({ master });
  await using dataset = await client.datasets.get(datasets[0]?.name ?? '');
  const skipped: string[] = [];
  for await (const { key, reason } of dataset.skipped()) skipped.push(`${String(key)} ${reason}`);
  expect(skipped).toEqual(['blue shadowed-by-directory']);
  await expect(dataset.open('blue')).rejects.toMatchObject({ code: 'IS_A_DIRECTORY' });
  await using file = await dataset.open('blue/x');
  expect((await file.read(0, 5)).toString()).toBe('shown');
});
