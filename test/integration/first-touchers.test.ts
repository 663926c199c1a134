/** Objects that are kept where they are read first: nodes that read the same part again each epoch. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Larder } from '../../sdk/index.ts';
import { eventually } from '../support/larder.ts';
import { TestWorkers } from '../support/workers.ts';
import type { TestFile } from '../support/workers.ts';

const NAMES = ['a', 'b', 'c', 'd'];
const FILES = 120;

let cluster: TestWorkers;
let clients: Larder[];
/** From the origin, before a test begins. */
let baseBytes: number;

beforeEach(async () => {
  cluster = await TestWorkers.start(NAMES);
  clients = NAMES.map((name) => cluster.client(name));
  await settled();
  baseBytes = (await cluster.status()).origin.bytes;
});

afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
});

/**
 * Resolves when each worker gives away what it owns: it has heard from all others what they have. Seen by small
 * files of another dataset, one after the other.
 */
async function settled(): Promise<void> {
  const names = Array.from({ length: 400 }, (_, i) => `q${String(i)}`);
  for (const name of names) cluster.s3.put('b', `q/${name}`, Buffer.from(name));
  const larder = cluster.client();
  const settings = { endpoint: cluster.s3.endpoint, region: 'us-east-1', policy: 'partitioned' };
  await larder.datasets.create('probe', 's3://b/q', { settings });
  await using dataset = await larder.datasets.get('probe');
  const probes = names.values();
  for (const [i, owner] of NAMES.entries()) {
    const reader = NAMES[(i + 1) % NAMES.length] ?? '';
    await using readers = await cluster.client(reader).datasets.get('probe');
    const isGiven = async (name: string): Promise<boolean> => {
      const [at] = await dataset.locate(name);
      if (at?.nodes[0] !== owner) return false;
      const before = await cluster.usedBytes(reader);
      await using file = await readers.open(name);
      await file.read(0, 10);
      const held = async () => (await cluster.usedBytes(reader)) > before || undefined;
      return await eventually(held, 500).catch(() => false);
    };
    for (const name of probes) if (await isGiven(name)) break;
  }
}

/** Sizes around 100 KB, of which each node's part has about as many bytes. */
function putFiles(count = FILES): TestFile[] {
  return Array.from({ length: count }, (_, i) => cluster.put(1, 60_000 + (i % 7) * 13_000)).flat();
}

/** Each file is read by the node that `nodeOf` names, all nodes at once. */
async function epoch(
  files: readonly TestFile[],
  nodeOf: (index: number) => number,
): Promise<{ localShare: number; originBytes: number }> {
  const before = await cluster.status();
  const parts = clients.map((client, node) => ({
    client,
    files: files.filter((_, i) => nodeOf(i) === node),
  }));
  const right = await Promise.all(
    parts.map(async (part) => {
      const results: boolean[] = [];
      for (const file of part.files) results.push(await cluster.readsRight(part.client, file));
      return results.every(Boolean);
    }),
  );
  expect(right).toEqual(NAMES.map(() => true));
  const after = await cluster.status();
  const read = after.reads.bytes - before.reads.bytes;
  const peer = after.reads.peerBytes - before.reads.peerBytes;
  const origin = after.reads.originBytes - before.reads.originBytes;
  return { localShare: (read - peer - origin) / read, originBytes: after.origin.bytes - baseBytes };
}

const bytesOf = (files: readonly TestFile[]) =>
  files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

async function info(): Promise<Awaited<ReturnType<typeof cluster.status>>['datasets'][number]> {
  const found = (await cluster.status()).datasets.find(({ name }) => name === 'data');
  if (found === undefined) throw new Error('no dataset');
  return found;
}

const stable = (index: number) => index % NAMES.length;

describe('stable partitions', () => {
  test('from the second epoch on, nodes read from their own disks, and the origin was read once', async () => {
    const files = putFiles();
    await cluster.dataset({ policy: 'partitioned' });
    const first = await epoch(files, stable);
    expect(first.originBytes).toBe(bytesOf(files));
    const second = await epoch(files, stable);
    expect(second.localShare).toBeGreaterThanOrEqual(0.95);
    const third = await epoch(files, stable);
    expect(third.localShare).toBeGreaterThanOrEqual(0.95);
    expect(third.originBytes).toBe(bytesOf(files));
    // One copy of each, and no worker with more than about its part.
    for (const { usedBytes } of (await cluster.status()).workers) {
      expect(usedBytes).toBeLessThan(0.35 * bytesOf(files));
    }
    const { keptBy, pattern, heldBytes } = await info();
    expect(heldBytes).toBe(bytesOf(files));
    expect(keptBy).toBe('first-toucher');
    expect(pattern?.sameNodeShare).toBeGreaterThan(0.9);
  });

  test('by default, owners by hash keep what is read: a quarter of it is local', async () => {
    const files = putFiles();
    await cluster.dataset();
    await epoch(files, stable);
    const second = await epoch(files, stable);
    expect(second.localShare).toBeLessThan(0.5);
    await epoch(files, stable);
    // That it is partitioned is seen nevertheless.
    const { keptBy, pattern, policy } = await info();
    expect([keptBy, policy]).toEqual(['owner', 'auto']);
    expect(pattern).toMatchObject({ kind: 'partitioned', nodes: 4 });
  });
});

describe('how a dataset is read is seen by its workers', () => {
  const passes = async (files: readonly TestFile[], orderOf: (pass: number) => TestFile[]) => {
    await cluster.dataset();
    const [client] = clients;
    for (let pass = 0; pass < 4; pass += 1) {
      for (const file of orderOf(pass)) {
        expect(client && (await cluster.readsRight(client, file))).toBe(true);
      }
    }
    // What threads have served they tell a moment later.
    return await eventually(async () => {
      const { pattern } = await info();
      return pattern !== null && pattern.passes >= 2 ? pattern : undefined;
    });
  };

  test('the same order each pass', async () => {
    const files = putFiles(80);
    const pattern = await passes(files, () => [...files]);
    expect(pattern.kind).toBe('repeated');
    expect(pattern.orderCorrelation).toBeGreaterThan(0.95);
  });

  test('a new order each pass', async () => {
    const files = putFiles(80);
    const pattern = await passes(files, (pass) => {
      const keyOf = shuffledParts(pass + 1);
      return files
        .map((file, i) => ({ file, key: keyOf(i) * FILES + ((i * 37 + pass * 11) % FILES) }))
        .sort((a, b) => a.key - b.key)
        .map(({ file }) => file);
    });
    expect(pattern.kind).toBe('shuffled');
    expect(Math.abs(pattern.orderCorrelation ?? 1)).toBeLessThan(0.5);
  });
});

/** Each epoch a new permutation over all nodes, from a seed. */
function shuffledParts(seed: number): (index: number) => number {
  const nodes = Array.from({ length: FILES }, (_, i) => i % NAMES.length);
  let state = seed;
  for (let i = FILES - 1; i > 0; i -= 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = state % (i + 1);
    [nodes[i], nodes[j]] = [nodes[j] ?? 0, nodes[i] ?? 0];
  }
  return (index) => nodes[index] ?? 0;
}

describe('parts that are not stable', () => {
  test('objects go to their owners, and the origin is not read again', async () => {
    const files = putFiles();
    await cluster.dataset({ policy: 'partitioned' });
    for (let n = 1; n < 5; n += 1) await epoch(files, shuffledParts(n));
    await eventually(async () => ((await info()).keptBy === 'owner' ? true : undefined));
    const owners = await Promise.all(
      files.map(async (file) => (await cluster.candidates(file))[0] ?? ''),
    );
    // They move in the background, a few hundred a second; what is read meanwhile owners get themselves.
    await eventually(async () => {
      for (const name of NAMES) {
        const owned = bytesOf(files.filter((_, i) => owners[i] === name));
        const surplus = (await cluster.usedBytes(name)) - owned;
        if (Math.abs(surplus) > 0.02 * bytesOf(files)) return undefined;
      }
      const heldBytes = (await info()).heldBytes;
      return heldBytes === bytesOf(files) ? true : undefined;
    });
    const { workers, origin } = await cluster.status();
    const moves = workers.reduce((sum, worker) => sum + worker.moves.movedBytes, 0);
    expect(workers.map((worker) => worker.moves.pendingObjects)).toEqual(NAMES.map(() => 0));
    expect(origin.bytes - baseBytes).toBe(bytesOf(files));
    expect(moves).toBeGreaterThan(0);
    expect(moves).toBeLessThan(bytesOf(files));
    // Owners have them, and serve them: nothing is fetched.
    const used = await Promise.all(NAMES.map((name) => cluster.usedBytes(name)));
    for (const [i, file] of files.slice(0, 20).entries()) {
      await using owner = await cluster.through([owners[i] ?? '']);
      expect(await owner.readsRight(file)).toBe(true);
    }
    expect(await Promise.all(NAMES.map((name) => cluster.usedBytes(name)))).toEqual(used);
    expect((await cluster.status()).origin.bytes - baseBytes).toBe(bytesOf(files));
    // It stays given up, also for nodes that read the same again, until it is set anew.
    await epoch(files, stable);
    await epoch(files, stable);
    expect((await info()).keptBy).toBe('owner');
    const { datasets } = cluster.client();
    await datasets.set('data', { policy: 'auto' });
    await datasets.set('data', { policy: 'partitioned' });
    expect((await info()).keptBy).toBe('first-toucher');
  });
});

test('nodes that start on the same files at once read each byte of the origin once', async () => {
  const files = [...putFiles(6), ...cluster.put(2, 21 << 20)];
  await cluster.dataset({ policy: 'partitioned' });
  const all = [...clients, cluster.client()];
  const reads = all.flatMap((client) => files.map((file) => cluster.readsRight(client, file)));
  expect(await Promise.all(reads)).toEqual(reads.map(() => true));
  for (const file of files) {
    expect(cluster.s3.bytesServed('b', `p/${file.path}`), file.path).toBe(file.sizeBytes);
  }
});

test('a mount has what is given to its node by path, and is sent elsewhere for the rest', async () => {
  const files = putFiles(24);
  await cluster.dataset({ policy: 'partitioned' });
  const [here, there] = [files.slice(0, 4), files.slice(4, 8)];
  await using source = await cluster.client('a').openMount(
    {
      ...{ name: 'data', version: 0, holder: 'm', what: 'test' },
      stateDirectory: cluster.scratch.folder('mount'),
    },
    AbortSignal.timeout(20_000),
  );
  await using reader = await cluster.through(NAMES);
  const hold = async (file: TestFile) => {
    const ordinal = await reader.ordinal(file);
    return await source.hold(ordinal, 0, file.sizeBytes, AbortSignal.timeout(20_000));
  };
  for (const file of here) expect(await hold(file)).toHaveProperty('incarnation');
  const [, other] = clients;
  for (const file of there) expect(other && (await cluster.readsRight(other, file))).toBe(true);
  const owners = await Promise.all(there.map(async (file) => (await cluster.candidates(file))[0]));
  const elsewhere = there.filter((_, i) => owners[i] !== 'a');
  expect(elsewhere.length).toBeGreaterThan(0);
  for (const file of elsewhere) expect(await hold(file)).toBeInstanceOf(Array);
  expect(cluster.s3.counters.bytes).toBe(bytesOf([...here, ...there]));
});

test('a reader without a worker on its node is sent to the keeper, and keeps nothing', async () => {
  const files = putFiles(12);
  await cluster.dataset({ policy: 'partitioned' });
  await epoch(files, () => 2);
  const reader = cluster.client();
  for (const file of files) expect(await cluster.readsRight(reader, file)).toBe(true);
  expect((await info()).heldBytes).toBe(bytesOf(files));
  expect((await cluster.status()).origin.bytes - baseBytes).toBe(bytesOf(files));
});

describe('while workers come and go', () => {
  test('an owner that starts again does not read the origin for what others keep', async () => {
    const files = putFiles(40);
    await cluster.dataset({ policy: 'partitioned' });
    await epoch(files, stable);
    await cluster.stop('b');
    await cluster.add('b');
    for (const client of [cluster.client('a'), cluster.client('b'), cluster.client()]) {
      for (const file of files) expect(await cluster.readsRight(client, file)).toBe(true);
    }
    expect(cluster.s3.counters.bytes).toBe(bytesOf(files));
  });

  test('a worker that joins owns, and leaves what is read elsewhere where it is', async () => {
    const files = putFiles(80);
    await cluster.dataset({ policy: 'partitioned' });
    await epoch(files, stable);
    await cluster.add('e');
    await eventually(async () =>
      (await cluster.status()).workers.length === 5 ? true : undefined,
    );
    const { localShare } = await epoch(files, stable);
    expect(localShare).toBeGreaterThanOrEqual(0.95);
    expect((await cluster.workerStatus('e')).usedBytes).toBe(0);
    expect(cluster.s3.counters.bytes).toBe(bytesOf(files));
  });

  test('a worker that leaves has given all away when it is drained', async () => {
    const files = putFiles(40);
    await cluster.dataset({ policy: 'partitioned' });
    await epoch(files, stable);
    await cluster.client().drainWorker('c');
    await eventually(async () => ((await cluster.workerStatus('c')).drained ? true : undefined));
    await cluster.stop('c');
    const reader = cluster.client('a');
    for (const file of files) expect(await cluster.readsRight(reader, file)).toBe(true);
    expect(cluster.s3.counters.bytes).toBe(bytesOf(files));
  });

  test('a keeper that is gone is stood in for, and read again where it was the only one', async () => {
    const files = putFiles(20);
    await cluster.dataset({ policy: 'partitioned' });
    await epoch(files, () => 3);
    await cluster.stop('d');
    const readers = [cluster.client('a'), cluster.client('b'), cluster.client()];
    const reads = readers.flatMap((client) =>
      files.map((file) => cluster.readsRight(client, file)),
    );
    expect(await Promise.all(reads)).toEqual(reads.map(() => true));
    // Whoever comes first of those that can be reached fetches for all; one that is taken to hang costs one more.
    expect(cluster.s3.counters.bytes).toBeLessThan(2.2 * bytesOf(files));
  });
});
