/** Links that are slow, that break connections in the middle, and that send bytes in small pieces. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { epoch, expectRight, PATIENCE } from '../support/epochs.ts';
import {
  HOSTS_MISSING,
  testFiles,
  TestHosts,
  totalBytes,
  TOXIPROXY_MISSING,
} from '../support/hosts.ts';
import type { HostClient, HostProcess, TestFile, Toxic } from '../support/hosts.ts';

if (TOXIPROXY_MISSING !== undefined) console.log(`no bad links can be had: ${TOXIPROXY_MISSING}`);

const MISSING = HOSTS_MISSING ?? TOXIPROXY_MISSING;
const PROXY_PORT = 8666;
const FILE_BYTES = 300_000;

const slow: Toxic = {
  type: 'latency',
  stream: 'downstream',
  attributes: { latency: 150, jitter: 100 },
};
const broken: Toxic = {
  type: 'limit_data',
  stream: 'downstream',
  toxicity: 0.5,
  attributes: { bytes: FILE_BYTES / 2 },
};
const reset: Toxic = {
  type: 'reset_peer',
  stream: 'downstream',
  toxicity: 0.3,
  attributes: { timeout: 20 },
};
const sliced: Toxic = {
  type: 'slicer',
  stream: 'downstream',
  attributes: { average_size: 700, size_variation: 300, delay: 5 },
};

describe.skipIf(MISSING !== undefined)('a link', () => {
  let hosts: TestHosts;
  let readers: HostClient[];
  let proxy: HostProcess;

  beforeAll(async () => {
    hosts = await TestHosts.start({ workers: 3, others: ['cpu'] });
    readers = await Promise.all(['w1', 'cpu'].map((name) => hosts.client(name, PATIENCE)));
  });

  afterEach(async () => {
    hosts.network.run('w3', 'iptables -w -t nat -F');
    hosts.network.run('master', 'iptables -w -t nat -F');
    await proxy.kill('SIGTERM');
  });

  afterAll(async () => {
    await hosts[Symbol.asyncDispose]();
  });

  async function between(host: string, port: number, toxics: readonly Toxic[]): Promise<string> {
    const [listen, target] = [PROXY_PORT, port].map(
      (it) => `${hosts.network.address(host)}:${String(it)}`,
    ) as [string, string];
    proxy = await hosts.process(host, 'proxy-process', listen, target);
    for (const toxic of toxics) await proxy.call('add', toxic);
    return listen;
  }

  /** What comes from other hosts to a port goes through the proxy. */
  async function divert(host: string, port: number, toxics: readonly Toxic[]): Promise<void> {
    await between(host, port, toxics);
    const to = `--dport ${String(port)} -j REDIRECT --to-port ${String(PROXY_PORT)}`;
    hosts.network.run(host, `iptables -w -t nat -A PREROUTING -p tcp ${to}`);
  }

  async function dataset(name: string, endpoint?: string): Promise<TestFile[]> {
    const files = testFiles(30, FILE_BYTES);
    await hosts.put(name, files);
    await hosts.control.create({
      name,
      endpoint: endpoint ?? String(hosts.s3.ready['endpoint']),
      settings: {},
    });
    return files;
  }

  test.each([
    ['slow', [slow]],
    ['broken in the middle', [broken]],
    ['reset', [reset]],
    ['in small pieces', [sliced]],
  ])(
    'to the origin that is %s: right bytes, and what had come is not read again',
    async (what, toxics) => {
      const origin = new URL(String(hosts.s3.ready['endpoint']));
      const name = `origin-${what.replaceAll(' ', '-')}`;
      const listen = await between('s3', Number(origin.port), []);
      const files = await dataset(name, `http://${listen}`);
      for (const toxic of toxics) await proxy.call('add', toxic);
      const plan = { dataset: name, files, readers: 4 };
      expectRight(await epoch(readers, plan), plan);
      const { byKey } = await hosts.served();
      const sent = files.map(({ path }) => byKey[`${name}/${path}`] ?? 0);
      const all = sent.reduce((sum, bytes) => sum + bytes, 0);
      // Broken connections lose what is on its way in them.
      const most = what === 'slow' || what === 'in small pieces' ? 1 : 2;
      expect(all).toBeLessThanOrEqual(most * totalBytes(files));
    },
  );

  test.each([
    ['slow', [slow]],
    ['broken in the middle', [broken]],
    ['reset', [reset]],
    ['in small pieces', [sliced]],
  ])('to a worker that is %s: right bytes', async (what, toxics) => {
    const name = `worker-${what.replaceAll(' ', '-')}`;
    const files = await dataset(name);
    await divert('w3', 7500, toxics);
    // Connections that are there already would go past it.
    await hosts.worker('w3').restart();
    await hosts.alive('w1', 'w2', 'w3');
    const plan = { dataset: name, files, readers: 4 };
    expect(await hosts.control.owners(plan)).toContain('w3');
    expectRight(await epoch(readers, plan), plan);
  });

  test('to the master that is slow and reset: a worker joins over it, and reads go on', async () => {
    const files = await dataset('joins');
    const mountpoint = await hosts.mount('w1', 'joins');
    await divert('master', 7400, [slow, { ...reset, attributes: { timeout: 1_000 } }]);
    const joining = hosts.worker('w3').restart();
    const plan = { dataset: mountpoint, files, readers: 4 };
    const [reader] = readers as [HostClient, HostClient];
    expectRight([await reader.readMount(plan)], plan);
    await joining;
    await hosts.alive('w1', 'w2', 'w3');
    await hosts.unmount('w1', mountpoint);
  });
});
