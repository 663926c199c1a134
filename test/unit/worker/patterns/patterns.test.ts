/** How a dataset is read, seen in traces of touches. */
import { describe, expect, test } from 'vitest';
import { Patterns } from '../../../../worker/patterns/index.ts';
import type { DatasetPattern } from '../../../../worker/patterns/index.ts';

const FILES = 2_000;
const VERSION = { datasetId: 7, version: 3, entries: FILES + 100, files: FILES };

/** From a seed, so that a failure comes again. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const random = randomFrom(42);

function shuffled(count: number): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
  }
  return order;
}

/** Several readers take turns at random: each object moves by some places. */
function jostled(order: readonly number[], places: number): number[] {
  return order
    .map((ordinal, i) => ({ ordinal, at: i + random() * places }))
    .sort((a, b) => a.at - b.at)
    .map(({ ordinal }) => ordinal);
}

interface Trace {
  readonly passes: readonly (readonly number[])[];
  readonly reader?: (ordinal: number, pass: number) => string;
  readonly share?: number;
  /** Reads of each object, one after the other. */
  readonly pieces?: number;
}

function watch(trace: Trace): Patterns {
  const { passes, reader = () => 'a', share = 1, pieces = 1 } = trace;
  const patterns = new Patterns({ share: () => share });
  passes.forEach((order, pass) => {
    for (const ordinal of order) {
      for (let i = 0; i < pieces; i += 1) {
        patterns.touched(VERSION, ordinal, reader(ordinal, pass));
      }
    }
  });
  return patterns;
}

function see(trace: Trace): DatasetPattern {
  const [found] = watch(trace).list();
  if (found === undefined) throw new Error('nothing was seen');
  return found;
}

const times = (count: number, make: () => number[]) => Array.from({ length: count }, make);

describe('one order, pass after pass', () => {
  test('is a repeated order', () => {
    const order = shuffled(FILES);
    const { kind, passes, correlation, seenShare } = see({ passes: times(4, () => order) });
    expect(kind).toBe('repeated');
    expect(passes).toBe(3);
    expect(correlation).toBeGreaterThan(0.999);
    expect(seenShare).toBeGreaterThan(0.99);
  });

  test('of several readers that run beside each other', () => {
    const order = shuffled(FILES);
    const { kind, correlation } = see({ passes: times(4, () => jostled(order, 100)), pieces: 3 });
    expect(kind).toBe('repeated');
    expect(correlation).toBeGreaterThan(0.98);
  });

  test('with one file that is read all the time', () => {
    const order = shuffled(FILES).flatMap((ordinal) => [ordinal, 5]);
    const { kind, passes } = see({ passes: times(4, () => order) });
    expect(kind).toBe('repeated');
    expect(passes).toBe(3);
  });

  test('of a few large files', () => {
    const order = shuffled(21);
    const patterns = new Patterns({ share: () => 1 });
    const few = { ...VERSION, entries: 22, files: 21 };
    for (let pass = 0; pass < 4; pass += 1) {
      for (const ordinal of jostled(order, 3)) {
        for (let i = 0; i < 30; i += 1) patterns.touched(few, ordinal, 'a');
      }
    }
    expect(patterns.list()[0]).toMatchObject({ kind: 'repeated', passes: 3 });
  });

  test('is recorded, with where the pass is', () => {
    const order = shuffled(FILES);
    const patterns = watch({ passes: [order, order, order, order.slice(0, 500)] });
    const recorded = patterns.orderOf(7);
    expect(recorded).toMatchObject({ datasetId: 7, version: 3 });
    // What comes while a pass ends is not all placed: all but a few percent are in it, in their order.
    const places = new Map(order.map((ordinal, place) => [ordinal, place]));
    const found = [...(recorded?.ordinals ?? [])].map((ordinal) => places.get(ordinal) ?? -1);
    expect(found).toEqual([...found].sort((a, b) => a - b));
    expect(found.length).toBeGreaterThan(0.95 * FILES);
    expect(recorded?.cursor).toBe(500);
    // The same array as long as it is the same pass.
    expect(patterns.orderOf(7)?.ordinals).toBe(recorded?.ordinals);
  });
});

describe('a new order each pass', () => {
  test('is shuffled, and not recorded', () => {
    const patterns = watch({ passes: times(4, () => shuffled(FILES)) });
    const [found] = patterns.list();
    expect(found?.kind).toBe('shuffled');
    expect(found?.passes).toBe(3);
    expect(Math.abs(found?.correlation ?? 1)).toBeLessThan(0.1);
    expect(patterns.orderOf(7)).toBeUndefined();
  });

  test('read by several nodes at random', () => {
    const nodes = ['a', 'b', 'c', 'd'];
    const reader = () => nodes[Math.floor(random() * 4)] ?? '';
    const { kind, cameToSame, cameAgain } = see({
      passes: times(4, () => shuffled(FILES)),
      reader,
      pieces: 3,
    });
    expect(kind).toBe('shuffled');
    expect(cameToSame / cameAgain).toBeGreaterThan(0.2);
    expect(cameToSame / cameAgain).toBeLessThan(0.3);
  });

  test('of what a worker owns among four', () => {
    const own = shuffled(FILES).slice(0, FILES / 4);
    const passes = times(3, () => shuffled(own.length).map((i) => own[i] ?? 0));
    expect(see({ passes, share: 0.25 })).toMatchObject({ kind: 'shuffled', passes: 2 });
  });
});

describe('objects that come to the same node again', () => {
  const reader = (ordinal: number) => `node${String(ordinal % 4)}`;

  test('are partitioned, in a new order each pass', () => {
    const { kind, cameAgain, cameToSame } = see({
      passes: times(3, () => shuffled(FILES)),
      reader,
    });
    expect(kind).toBe('partitioned');
    expect(cameToSame).toBe(cameAgain);
  });

  test('are partitioned, when some strays from node to node', () => {
    const stray = (ordinal: number) => (random() < 0.1 ? 'node1' : reader(ordinal));
    expect(see({ passes: times(4, () => shuffled(FILES)), reader: stray }).kind).toBe(
      'partitioned',
    );
  });

  test('are no partition where there is one node', () => {
    expect(see({ passes: times(3, () => shuffled(FILES)) }).kind).toBe('shuffled');
  });

  test('are partitioned again when the nodes have changed places', () => {
    const moved = (ordinal: number, pass: number) =>
      `node${String((ordinal + (pass > 2 ? 1 : 0)) % 4)}`;
    expect(see({ passes: times(7, () => shuffled(FILES)), reader: moved }).kind).toBe(
      'partitioned',
    );
  });
});

describe('what somebody has set', () => {
  const policy = (is: 'repeated' | 'shuffled' | 'partitioned') => new Map([[7, is]]);

  test('has the last pass replayed, or none, whatever is seen', () => {
    const order = shuffled(FILES);
    const patterns = watch({ passes: [order, order, order] });
    patterns.setPolicies(policy('shuffled'));
    expect(patterns.orderOf(7)).toBeUndefined();
    const once = watch({ passes: [order, shuffled(FILES)] });
    expect(once.orderOf(7)).toBeUndefined();
    once.setPolicies(policy('repeated'));
    expect(once.orderOf(7)?.ordinals.slice(0, 100)).toEqual(Uint32Array.from(order.slice(0, 100)));
  });

  test('begins the count of who reads what anew', () => {
    const reader = (ordinal: number) => `node${String(ordinal % 4)}`;
    const patterns = watch({ passes: times(3, () => shuffled(FILES)), reader });
    expect(patterns.list()[0]?.cameAgain).toBeGreaterThan(0);
    patterns.setPolicies(policy('partitioned'));
    expect(patterns.list()[0]).toMatchObject({ cameAgain: 0, kind: 'shuffled' });
    // Told again and unchanged it goes on.
    patterns.touched(VERSION, 1, 'a');
    patterns.setPolicies(policy('partitioned'));
    expect(patterns.list()[0]?.touchers).toBe(1);
  });
});

describe('what is not known', () => {
  test('before a second pass', () => {
    expect(see({ passes: [shuffled(FILES)] })).toMatchObject({ kind: 'unknown', passes: 0 });
  });

  test('where under half of the touches are seen', () => {
    const order = shuffled(FILES);
    // The page cache answers the others.
    const seen = () => order.filter((ordinal) => ordinal % 5 < 2);
    const found = see({ passes: times(4, seen) });
    expect(found.kind).toBe('unknown');
    expect(found.seenShare).toBeGreaterThan(0.35);
    expect(found.seenShare).toBeLessThan(0.45);
  });

  test('where other halves are seen each time', () => {
    const passes = times(5, () => shuffled(FILES).slice(0, FILES * 0.4));
    expect(see({ passes }).kind).toBe('unknown');
  });

  test('of draws with replacement', () => {
    const passes = times(5, () =>
      Array.from({ length: FILES }, () => Math.floor(random() * FILES)),
    );
    expect(see({ passes }).kind).toBe('unknown');
  });
});

test('of thousands of datasets those are told that were read last', () => {
  const patterns = new Patterns({ share: () => 1 });
  for (let datasetId = 1; datasetId <= 3_000; datasetId += 1) {
    patterns.touched({ datasetId, version: 1, entries: 3, files: 2 }, 1, 'a');
  }
  const told = patterns.list().map(({ datasetId }) => datasetId);
  expect(told).toEqual(Array.from({ length: 64 }, (_, i) => 3_000 - i));
});

test('versions beyond the memory are forgotten, and one that is larger than all of it is not watched', () => {
  const patterns = new Patterns({ share: () => 1 });
  for (let datasetId = 0; datasetId < 10; datasetId += 1) {
    patterns.touched({ datasetId, version: 1, entries: 1_000_000, files: 1_000_000 }, 0, 'a');
  }
  expect(patterns.list().map(({ datasetId }) => datasetId)).toEqual([9, 8, 7, 6]);
  patterns.touched({ datasetId: 11, version: 1, entries: 5_000_000, files: 5_000_000 }, 0, 'a');
  expect(patterns.list()).toHaveLength(4);
});
