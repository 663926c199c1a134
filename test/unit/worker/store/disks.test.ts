/** Several directories as one store: whose they are, where objects lie, and what comes and goes. */
import * as fs from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ObjectReader } from '../../../../worker/fetching/index.ts';
import { ObjectStore } from '../../../../worker/store/index.ts';
import { temporaryDirectory } from '../fetching/larder.ts';
import { contentOf, MemoryOrigin, refOf } from '../fetching/memory-origin.ts';

const MIB = 1024 * 1024;
const SIGNAL = new AbortController().signal;
const REFS = Array.from({ length: 24 }, (_, i) =>
  refOf(`o${String(i)}`, 100_000, { firstBlock: i }),
);

let directory: string;

beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => {
  fs.rmSync(directory, { recursive: true, force: true });
});

const at = (name: string, capacityBytes = 64 * MIB) => ({
  path: join(directory, name),
  capacityBytes,
});

async function open(...names: string[]) {
  const store = await ObjectStore.open({ directories: names.map((name) => at(name)) });
  const origin = new MemoryOrigin();
  const reader = new ObjectReader({ store, originFor: async () => origin });
  return {
    store,
    origin,
    reader,
    async [Symbol.asyncDispose]() {
      await reader[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

async function readAll({ reader }: Awaited<ReturnType<typeof open>>): Promise<void> {
  for (const ref of REFS) {
    const pieces: Buffer[] = [];
    const options = { mayFetch: true, signal: SIGNAL };
    for await (const { bytes } of reader.read(ref, 0, ref.sizeBytes, options)) pieces.push(bytes);
    expect(Buffer.concat(pieces).equals(contentOf(ref.key, 0, ref.sizeBytes))).toBe(true);
  }
  await reader.settled();
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

function filesIn(name: string): string[] {
  return fs
    .readdirSync(join(directory, name, 'complete'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /[0-9a-f]{40}$/.test(file))
    .sort();
}

describe('whose directories they are', () => {
  test('all have one worker, which stays over restarts in any order', async () => {
    const opened = await open('a', 'b');
    const { workerId } = opened.store;
    await opened[Symbol.asyncDispose]();
    for (const names of [['b', 'a'], ['b'], ['a', 'c']]) {
      await using again = await open(...names);
      expect(again.store.workerId).toBe(workerId);
    }
  });

  test('those of two workers are refused, and changed in nothing', async () => {
    for (const name of ['a', 'b']) await (await open(name))[Symbol.asyncDispose]();
    const before = fs.readFileSync(join(directory, 'b', 'worker-id'), 'utf8');
    await expect(open('a', 'b')).rejects.toMatchObject({ code: 'CACHE_DIRS_MIXED' });
    expect(fs.readFileSync(join(directory, 'b', 'worker-id'), 'utf8')).toBe(before);
    await using one = await open('b');
    expect(`${one.store.workerId}\n`).toBe(before);
  });

  test.each([
    ['twice', ['a', 'a']],
    ['one in the other', ['a', 'a/b']],
    ['one above the other', ['a/b', 'a']],
  ])('the same directory is refused: %s', async (_, names) => {
    await expect(open(...names)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('one that another process uses stops the worker, also beside others', async () => {
    await using first = await open('a');
    expect(first.store.objects).toBe(0);
    await expect(open('b', 'a')).rejects.toMatchObject({ code: 'CACHE_DIR_LOCKED' });
  });

  test('one that cannot be used is left out; with none the worker does not start', async () => {
    fs.writeFileSync(join(directory, 'file'), '');
    await using opened = await open('file', 'b');
    expect(opened.store.disks.map(({ state, problem }) => [state, problem])).toEqual([
      ['missing', 'not a directory'],
      ['good', undefined],
    ]);
    await expect(open('file', 'no/parent')).rejects.toMatchObject({ code: 'CACHE_DIR_UNUSABLE' });
  });
});

describe('where objects lie', () => {
  test('a scan goes over both disks', async () => {
    await using opened = await open('a', 'b');
    await readAll(opened);
    const { datasetId } = REFS[0]!;
    const request = {
      datasetId,
      checksums: true,
      isChanged: () => false,
      unsettled: () => undefined,
    };
    {
      using scan = opened.store.scan(request);
      const batches = await all(scan.run(SIGNAL));
      expect(scan.held.size).toBe(REFS.length);
      expect(batches.reduce((sum, { objects }) => sum + objects, 0)).toBe(REFS.length);
      expect(batches.flatMap(({ problems }) => problems)).toEqual([]);
    }
    const [first] = filesIn('a');
    fs.rmSync(join(directory, 'a', 'complete', first ?? ''));
    const [other] = filesIn('b');
    fs.rmSync(join(directory, 'b', 'complete', other ?? ''));
    using scan = opened.store.scan(request);
    const batches = await all(scan.run(SIGNAL));
    const problems = batches.flatMap((batch) => batch.problems.map(({ objectId }) => objectId));
    expect(problems).toEqual([basename(first ?? ''), basename(other ?? '')]);
  });

  test('a replica is one on each disk, and is sorted there', async () => {
    const store = await ObjectStore.open({
      directories: [at('a'), at('b')],
      isReplica: ({ firstBlock }) => firstBlock % 2 === 1,
    });
    const origin = new MemoryOrigin();
    const reader = new ObjectReader({ store, originFor: async () => origin });
    for (const ref of REFS) await reader.fetchWhole(ref, SIGNAL);
    await expect.poll(() => [...store.idsOf('replica')].length).toBe(REFS.length / 2);
    const replicas = [...store.idsOf('replica')];
    const odd = REFS.filter(({ firstBlock }) => firstBlock % 2 === 1);
    expect(replicas.sort()).toEqual(odd.map(({ objectId }) => objectId).sort());
    const names = (disk: string) => filesIn(disk).map((file) => basename(file));
    const on = ['a', 'b'].map((disk) => names(disk).filter((id) => replicas.includes(id)).length);
    expect(Math.min(...on)).toBeGreaterThan(0);
    // A read promotes what passes through, and not a replica.
    for (const { objectId } of odd) {
      const object = store.find(objectId)!;
      expect(store.hasSpareFor(object)).toBe(true);
      store.promote(object, REFS[0]!);
      expect(object.record.region).toBe('replica');
      store.sortAs(object, 'own');
    }
    await expect.poll(() => [...store.idsOf('replica')]).toEqual([]);
    await reader[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  });

  test('on both disks, each once; held and used are sums', async () => {
    await using opened = await open('a', 'b');
    await readAll(opened);
    const [one, other] = [filesIn('a'), filesIn('b')];
    expect(Math.min(one.length, other.length)).toBeGreaterThan(3);
    expect(one.length + other.length).toBe(REFS.length);
    const blocks = opened.store.held.blocks(REFS[0]!.datasetId);
    expect(blocks.size).toBe(REFS.length);
    blocks.dispose();
    expect(opened.store.held.bytes(REFS[0]!.datasetId)).toBe(REFS.length * 100_000);
    expect(opened.store.capacityBytes).toBe(128 * MIB);
  });

  test('a disk is added: what is held stays and is found; one is taken away: its own is gone', async () => {
    const before = await open('a');
    await readAll(before);
    await before[Symbol.asyncDispose]();
    const files = filesIn('a');
    const both = await open('a', 'b');
    await readAll(both);
    expect(both.origin.counters.gets).toBe(0);
    expect([filesIn('a'), filesIn('b')]).toEqual([files, []]);
    // New ones go to both.
    const added = Array.from({ length: 16 }, (_, i) =>
      refOf(`n${String(i)}`, 100_000, { firstBlock: 100 + i }),
    );
    for (const ref of added) await both.reader.fetchWhole(ref, SIGNAL);
    const onNew = filesIn('b').length;
    expect(onNew).toBeGreaterThan(2);
    expect(filesIn('a').length).toBe(REFS.length + added.length - onNew);
    await both[Symbol.asyncDispose]();
    await using one = await open('a');
    const blocks = one.store.held.blocks(REFS[0]!.datasetId);
    expect(blocks.size).toBe(REFS.length + added.length - onNew);
    blocks.dispose();
  });

  test('an object that its disk has no room for goes to the one that has', async () => {
    const store = await ObjectStore.open({ directories: [at('small', MIB), at('large')] });
    const origin = new MemoryOrigin();
    const reader = new ObjectReader({ store, originFor: async () => origin });
    for (let i = 0; i < 12; i += 1) {
      await reader.fetchWhole(refOf(`big${String(i)}`, 2 * MIB, { firstBlock: i }), SIGNAL);
    }
    expect([filesIn('small').length, filesIn('large').length]).toEqual([0, 12]);
    await reader[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  });
});
