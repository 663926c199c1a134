/** A worker whose answers are not what they should be, as a broken one or a broken network makes them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { epoch, expectRight, PATIENCE } from '../support/epochs.ts';
import { HOSTS_MISSING, testFiles, TestHosts } from '../support/hosts.ts';
import type { Meddling } from '../support/hosts.ts';

const KINDS: readonly Meddling[] = [
  'wrong-bytes',
  'short-frames',
  'lost-frames',
  'other-object',
  'other-protocol',
];
const MEDDLER_PORT = 7999;

describe.skipIf(HOSTS_MISSING !== undefined)('a peer that serves', () => {
  let hosts: TestHosts;

  beforeAll(async () => {
    hosts = await TestHosts.start({ workers: 3, others: ['cpu'] });
  });

  afterAll(async () => {
    await hosts[Symbol.asyncDispose]();
  });

  test.each(KINDS)('%s: no reader is given any of it, and no read fails', async (kind) => {
    // All of one size: what is asked of one can be had of the next.
    const all = testFiles(25, 300_000).map((file) => ({ ...file, sizeBytes: 300_000 }));
    const files = all.slice(0, -1);
    // One asks the peer itself, for the other its own worker does. New ones: they know of no earlier test's peer.
    const readers = await Promise.all(['w1', 'cpu'].map((name) => hosts.client(name, PATIENCE)));
    await hosts.dataset(kind, all);
    const target = `${hosts.network.address('w3')}:7500`;
    const meddler = await hosts.process('w3', 'meddler-process', `${MEDDLER_PORT}`, target, kind);
    const nat = `-t nat -A PREROUTING -p tcp --dport 7500 -j REDIRECT --to-port ${MEDDLER_PORT}`;
    hosts.network.run('w3', `iptables -w ${nat}`);
    // Connections that are there already would go past it.
    await hosts.worker('w3').restart();
    await hosts.alive('w1', 'w2', 'w3');
    try {
      const plan = { dataset: kind, files, readers: 4 };
      const owners = await hosts.control.owners(plan);
      expect(owners).toContain('w3');
      expectRight(await epoch(readers, plan), plan);
      expect(await meddler.call('meddled', {})).toBeGreaterThan(0);
    } finally {
      hosts.network.run('w3', 'iptables -w -t nat -F');
      await meddler.kill();
    }
  });
});
