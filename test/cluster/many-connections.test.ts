/** Ten thousand connections to one worker, and an honest reader beside them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectRight, PATIENCE } from '../support/epochs.ts';
import { canHaveOpenFiles, HOSTS_MISSING, testFiles, TestHosts } from '../support/hosts.ts';

const MOST = 10_000;
/** For the reader beside them, and for file descriptors that are none of connections. */
const OTHERS = 100;
/** A worker gives half of its file descriptors to connections. */
const OPEN_FILES = 2 * (MOST + 2 * OTHERS);
const ENOUGH = canHaveOpenFiles(OPEN_FILES);
/** Machines where the limit cannot be raised have 20,000 file descriptors mostly. */
const CONNECTIONS = ENOUGH ? MOST : MOST - OTHERS;

if (!ENOUGH) console.log(`only ${String(CONNECTIONS)} connections: prlimit cannot raise the limit`);

describe.skipIf(HOSTS_MISSING !== undefined)('ten thousand connections', () => {
  let hosts: TestHosts;

  beforeAll(async () => {
    const env = { LARDER_MAX_CONNECTIONS: `${MOST + OTHERS}` };
    const worker = () => (ENOUGH ? { openFiles: OPEN_FILES } : {});
    hosts = await TestHosts.start({ workers: 1, others: ['cpu', 'crowd'], env, worker });
  });

  afterAll(async () => {
    await hosts[Symbol.asyncDispose]();
  });

  test('all are answered, and another reads as before', async () => {
    const files = testFiles(20, 100_000);
    await hosts.dataset('d', files);
    const target = `${hosts.network.address('w1')}:7500`;
    const crowd = await hosts.process('crowd', 'crowd-process', target);
    expect(await crowd.call('connect', CONNECTIONS)).toBe(CONNECTIONS);
    const reader = await hosts.client('cpu', PATIENCE);
    const plan = { dataset: 'd', files };
    expectRight([await reader.read(plan)], plan);
    expect(await crowd.call('askAll', {})).toBe(CONNECTIONS);
    await crowd.kill();
    expectRight([await reader.read(plan)], plan);
  });
});
