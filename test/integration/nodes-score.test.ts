/** `larder nodes score`: how much of a dataset each node has, as a scheduler may use it. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestLarder } from '../support/larder.ts';
import { eventually, files, TestMaster } from './master-support.ts';

let larder: TestLarder;
let master: TestMaster;

beforeEach(async () => {
  larder = new TestLarder();
  master = await TestMaster.start();
});
afterEach(async () => {
  await master[Symbol.asyncDispose]();
  await larder[Symbol.asyncDispose]();
});

const score = (...args: string[]) =>
  larder.run(['nodes', 'score', ...args, '--master', master.address]);

test('nodes are named with score, feature and weight, the best first', async () => {
  const one = await master.worker('w1', { node: 'a' });
  const two = await master.worker('w2', { node: 'b' });
  await master.worker('w3', { node: 'b' });
  one.listing = files(4);
  two.listing = files(4);
  await master.create('my.set');
  one.store.set(1, 0, 1, true);
  two.store.set(1, 1, 3, true);
  const answer = await eventually(
    async () => JSON.parse((await score('my.set@v1', '--json')).stdout) as { nodes: unknown },
    ({ nodes }) => JSON.stringify(nodes).includes('"score":75'),
  );
  expect(answer).toMatchObject({
    ...{ dataset: 'my.set', version: 1, bytes: 400 },
    nodes: [
      { node: 'b', score: 75, heldBytes: 300, freeBytes: 1980, feature: 'larder_my_set' },
      { node: 'a', score: 25, usable: true, weight: 76 },
    ],
  });
  const { stdout } = await score('my.set');
  expect(stdout).toMatch(/^b +75 +300 B +1\.9 KiB +larder_my_set +26$/m);
  const { code, stderr } = await score('nope');
  expect([code, stderr]).toEqual([3, expect.stringContaining('[NOT_FOUND]')]);
});
