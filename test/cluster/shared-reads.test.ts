/** Several nodes that read one dataset at once, and a node without a worker. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOSTS_MISSING, testFiles, TestHosts, totalBytes } from '../support/hosts.ts';

const NODES = 8;
const files = [...testFiles(160, 100_000, 'small'), ...testFiles(6, 9_000_000, 'large')];

describe.skipIf(HOSTS_MISSING !== undefined)('shared reads', () => {
  let hosts: TestHosts;

  beforeAll(async () => {
    hosts = await TestHosts.start({ workers: NODES, others: ['cpu'] });
    await hosts.dataset('d', files);
  });

  afterAll(async () => {
    await hosts[Symbol.asyncDispose]();
  });

  test('eight nodes read everything at once: every byte is right, and left the origin once', async () => {
    const nodes = [...hosts.workers.keys()];
    const clients = await Promise.all(nodes.map((name) => hosts.client(name)));
    const reports = await Promise.all(
      clients.map((client) => client.read({ dataset: 'd', files, readers: 4 })),
    );
    for (const report of reports) {
      expect(report).toMatchObject({ wrong: [], failed: [], bytes: totalBytes(files) });
    }
    const { bytes, byKey } = await hosts.served();
    expect(bytes / totalBytes(files)).toBeLessThanOrEqual(1.01);
    expect(Object.keys(byKey)).toHaveLength(files.length);
    const { origin } = await hosts.status();
    expect(origin.bytes).toBe(bytes);
    expect(origin.bytes / origin.uniqueBytes).toBeLessThanOrEqual(1.01);
  });

  test('a node without a worker reads from the owners', async () => {
    const before = await hosts.served();
    const client = await hosts.client('cpu');
    const report = await client.read({ dataset: 'd', files });
    expect(report).toMatchObject({ wrong: [], failed: [], bytes: totalBytes(files) });
    expect((await hosts.served()).bytes).toBe(before.bytes);
  });

  test('a node without a worker has mounts, too', async () => {
    const before = await hosts.served();
    const mountpoint = await hosts.mount('cpu', 'd');
    const client = await hosts.client('cpu');
    const report = await client.readMount({ dataset: mountpoint, files });
    expect(report).toMatchObject({ wrong: [], failed: [], bytes: totalBytes(files) });
    expect((await hosts.served()).bytes).toBe(before.bytes);
    await hosts.unmount('cpu', mountpoint);
  });
});
