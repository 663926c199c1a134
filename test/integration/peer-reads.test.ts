/** Reads in a cluster: who is asked, and how often the origin is read. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../support/larder.ts';
import { TestWorkers } from '../support/workers.ts';
import type { TestFile } from '../support/workers.ts';

const MIB = 1024 * 1024;
const NAMES = ['a', 'b', 'c', 'd'];

let cluster: TestWorkers;

beforeEach(async () => {
  cluster = await TestWorkers.start(NAMES);
});

afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
});

/** Of all files that were asked for, each byte came from the origin once. */
function expectOneRead(files: readonly TestFile[]): void {
  for (const file of files) {
    expect(cluster.s3.bytesServed('b', `p/${file.path}`), file.path).toBe(file.sizeBytes);
  }
}

test('nodes that start on the same files at once read each byte of the origin once', async () => {
  const files = [...cluster.put(6, 300_000), ...cluster.put(2, 21 * MIB)];
  await cluster.dataset();
  const clients = [...NAMES.map((name) => cluster.client(name)), cluster.client()];
  const reads = clients.flatMap((client) => files.map((file) => cluster.readsRight(client, file)));
  expect(await Promise.all(reads)).toEqual(reads.map(() => true));
  expectOneRead(files);
  const { origin, reads: cold, workers } = await cluster.status();
  expect(origin.bytes / origin.uniqueBytes).toBe(1);
  const bytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const kept = workers.flatMap(({ decisions }) => decisions.filter((it) => it.decision === 'kept'));
  expect(kept.every(({ reason }) => reason === 'below threshold')).toBe(true);
  expect(kept.reduce((sum, { count }) => sum + count, 0)).toBe(files.length);
  // What is asked again on a machine that is slow counts again.
  expect(cold.bytes).toBeGreaterThanOrEqual(5 * bytes);
  // Warm, each is on the node of one of the five, and goes to the others.
  for (const client of clients) {
    for (const file of files) expect(await cluster.readsRight(client, file)).toBe(true);
  }
  const { reads: warm } = await cluster.status();
  const share = (warm.peerBytes - cold.peerBytes) / (warm.bytes - cold.bytes);
  expect(share).toBeGreaterThan(0.7);
  expect(share).toBeLessThan(0.9);
  expect(warm.originBytes).toBe(cold.originBytes);
});

test('a client that reaches only one worker gets all through it, and nothing is kept there', async () => {
  const [file] = cluster.put(1, 9 * MIB);
  await cluster.dataset();
  if (file === undefined) throw new Error('no file');
  const [owner = '', , , last = ''] = await cluster.candidates(file);
  await using reader = await cluster.through([last]);
  expect(await reader.readsRight(file)).toBe(true);
  expect(await reader.readsRight(file)).toBe(true);
  expectOneRead([file]);
  expect(await cluster.usedBytes(owner)).toBe(file.sizeBytes);
  expect(await cluster.usedBytes(last)).toBe(0);
});

describe('a dataset that every worker keeps', () => {
  test.each(['at once', 'one after the other'])('is passed along: %s', async (how) => {
    const files = cluster.put(1, 40 * MIB + 4096);
    const [file] = files;
    if (file === undefined) throw new Error('no file');
    await cluster.dataset({ replicas: 'all' });
    const clients = NAMES.map((name) => cluster.client(name));
    const readers = clients.map((client) => () => cluster.readsRight(client, file));
    if (how === 'at once') {
      expect(await Promise.all(readers.map((read) => read()))).toEqual([true, true, true, true]);
    } else {
      for (const read of readers.reverse()) expect(await read()).toBe(true);
    }
    expectOneRead(files);
    const [owner] = await cluster.candidates(file);
    for (const { node, usedBytes, peers } of (await cluster.status()).workers) {
      expect(usedBytes, node).toBe(file.sizeBytes);
      expect(peers.receivedBytes, node).toBe(node === owner ? 0 : file.sizeBytes);
    }
  });

  test('more reads at once than their memory holds do not wait for each other for ever', async () => {
    const files = cluster.put(12, 4 * MIB);
    await cluster.dataset({ replicas: 'all' });
    for (const name of NAMES) {
      await cluster.stop(name);
      await cluster.add(name, { readMemoryBytes: 4 * MIB });
    }
    const clients = NAMES.map((name) => cluster.client(name));
    const reads = clients.flatMap((client) =>
      files.map((file) => cluster.readsRight(client, file)),
    );
    expect(await Promise.all(reads)).toEqual(reads.map(() => true));
    expectOneRead(files);
  });

  test('and the one before in the chain is away: the next before it is asked', async () => {
    const files = cluster.put(1, 9 * MIB);
    const [file] = files;
    if (file === undefined) throw new Error('no file');
    await cluster.dataset({ replicas: 'all' });
    const [first = '', second = '', third = ''] = await cluster.candidates(file);
    expect(await cluster.readsRight(cluster.client(first), file)).toBe(true);
    await cluster.stop(second);
    expect(await cluster.readsRight(cluster.client(third), file)).toBe(true);
    expectOneRead(files);
    // All of it, unless the machine is so slow that its reader went on to the next worker for the rest.
    await eventually(async () => ((await cluster.usedBytes(third)) > 0 ? true : undefined));
  });
});

describe('while the owner is away', () => {
  test('one candidate stands in for all, and keeps what it fetched as a guest', async () => {
    const files = cluster.put(1, 9 * MIB);
    const [file] = files;
    await cluster.dataset();
    if (file === undefined) throw new Error('no file');
    const [owner = '', second = '', third = ''] = await cluster.candidates(file);
    await cluster.stop(owner);
    const clients = [second, third].map((name) => cluster.client(name));
    await using reader = await cluster.through([third]);
    const reads = clients.map((client) => cluster.readsRight(client, file));
    expect(await Promise.all([...reads, reader.readsRight(file)])).toEqual([true, true, true]);
    expectOneRead(files);
    expect(await cluster.usedBytes(second)).toBe(file.sizeBytes);
    expect(await cluster.usedBytes(third)).toBe(0);
  });

  test('and back again, it serves what it had, and others go on', async () => {
    const files = cluster.put(4, 5 * MIB);
    await cluster.dataset();
    const client = cluster.client('a');
    for (const file of files) expect(await cluster.readsRight(client, file)).toBe(true);
    await cluster.stop('b');
    await cluster.add('b');
    for (const file of files) expect(await cluster.readsRight(client, file)).toBe(true);
    expectOneRead(files);
  });
});
