/** An object of several stripes, whose owners join, die and are drained. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PATIENCE } from '../support/epochs.ts';
import { HOSTS_MISSING, TestHosts } from '../support/hosts.ts';
import type { HostClient, TestFile } from '../support/hosts.ts';
import { eventually } from '../support/larder.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
/** Its bytes are made up as they are read. The last stripe is a short one. */
const FILE: TestFile = { path: 'weights', sizeBytes: 2 * GIB + 16 * MIB + 1, seed: 3 };
const PIECE_BYTES = 4 * MIB;
const MOVED_MS = 120_000;
/** Chosen among so many, so that it has the owners that the test needs; all but one are only listed. */
const CANDIDATES = 24;

describe.skipIf(HOSTS_MISSING !== undefined)('an object of several stripes', () => {
  let hosts: TestHosts;
  let name: string;

  beforeAll(async () => {
    const worker = () => ({ cacheSize: '3GiB' });
    hosts = await TestHosts.start({ workers: 3, others: ['cpu'], worker });
  });

  afterAll(async () => {
    await hosts[Symbol.asyncDispose]();
  });

  const stripes = () => hosts.control.stripes({ dataset: name, file: FILE });

  /** A dataset of one object, of whose two whole stripes w3 owns just one. */
  async function choose(): Promise<void> {
    for (let i = 0; i < CANDIDATES; i += 1) {
      name = `d${String(i)}`;
      await hosts.dataset(name, [FILE]);
      const [first, second] = await stripes();
      if ((first === 'w3') !== (second === 'w3')) return;
    }
    throw new Error(`w3 owns one of two stripes of none of ${String(CANDIDATES)} objects`);
  }

  /** Both ends and the middle of each stripe, by a reader that has no worker. */
  async function readsRight(): Promise<void> {
    const reader: HostClient = await hosts.client('cpu', PATIENCE);
    for (const start of [0, GIB, 2 * GIB]) {
      const end = Math.min(FILE.sizeBytes, start + GIB);
      for (const offsetBytes of [start - PIECE_BYTES / 2, (start + end) / 2, end - PIECE_BYTES]) {
        const from = Math.max(0, Math.floor(offsetBytes));
        const piece = { dataset: name, file: FILE, offsetBytes: from, lengthBytes: PIECE_BYTES };
        expect(await reader.readPiece(piece), `at ${String(from)}`).toBe(true);
      }
    }
    await reader.process.kill();
  }

  const drain = (...flags: string[]) =>
    hosts.ok('master', ['worker', 'drain', 'w3', ...flags, '--master', hosts.masterAddress]);

  async function usedBytes(host: string): Promise<number> {
    const { workers } = await hosts.status();
    return workers.find(({ node }) => node === host)?.usedBytes ?? 0;
  }

  const fromOrigin = async () => (await hosts.served()).bytes;

  test('each byte leaves the origin once, whoever joins, dies or is drained as an owner of some', async () => {
    await choose();
    await drain();
    await eventually(async () => ((await stripes()).includes('w3') ? undefined : true));
    expect(await hosts.control.preload(name)).toBe('complete');
    expect(await fromOrigin()).toBe(FILE.sizeBytes);
    expect(await usedBytes('w3')).toBe(0);
    await readsRight();

    // It joins as the owner of a stripe, and gets it from those that have it.
    await drain('--cancel');
    await eventually(async () => ((await stripes()).includes('w3') ? true : undefined));
    await eventually(async () => ((await usedBytes('w3')) >= GIB ? true : undefined), MOVED_MS);
    await readsRight();
    expect(await fromOrigin()).toBe(FILE.sizeBytes);

    await hosts.worker('w3').kill();
    await readsRight();
    await hosts.worker('w3').restart();
    await hosts.alive('w1', 'w2', 'w3');
    const before = await fromOrigin();
    // Only what nobody else had, of what was read.
    expect(before - FILE.sizeBytes).toBeLessThan(GIB);
    await readsRight();
    expect(await fromOrigin()).toBe(before);

    // It goes for good, after others have what it owned.
    await drain();
    await eventually(async () => {
      const { workers } = await hosts.status();
      return workers.find(({ node }) => node === 'w3')?.drained === true ? true : undefined;
    }, MOVED_MS);
    await hosts.worker('w3').kill();
    await readsRight();
    expect(await fromOrigin()).toBe(before);
  }, 600_000);
});
