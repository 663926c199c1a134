import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { HANDLE, OpenTable } from '../../../fuse-client/open-table.ts';
import type { FirstOpen } from '../../../fuse-client/open-table.ts';
import { BackingModel } from '../../support/backing-model.ts';

const DAEMON: FirstOpen = { because: 'asked' };
const NO_BACKING = new BackingModel();

const make = () => new OpenTable(new ArrayBuffer(OpenTable.BYTES), 0);
const fresh = (node: number, unique: number) => ({ node, unique, isResent: false });
const again = (node: number, unique: number) => ({ node, unique, isResent: true });

describe('the open table', () => {
  test('counts opens and releases per node', () => {
    const table = make();
    expect(table.open(fresh(5, 2), DAEMON)).toEqual({
      handle: HANDLE.counted,
      outcome: 'asked',
      backingId: 0,
    });
    table.open(fresh(5, 4), DAEMON);
    table.open(fresh(0xffff_fffe, 6), DAEMON);
    expect(table.count(5)).toBe(2);
    expect(table.nodes()).toEqual(new Set([5, 0xffff_fffe]));
    table.release(fresh(5, 8), HANDLE.counted, NO_BACKING);
    table.release(fresh(5, 10), HANDLE.counted, NO_BACKING);
    expect(table.count(5)).toBe(0);
    expect(table.nodes()).toEqual(new Set([0xffff_fffe]));
  });

  test('applies a request that is sent again once, also beyond 2^32', () => {
    const table = make();
    const unique = 2 ** 40 + 2;
    table.open(fresh(5, unique), DAEMON);
    table.open(again(5, unique), DAEMON);
    expect(table.count(5)).toBe(1);
    table.open(fresh(5, unique + 2), DAEMON);
    table.release(fresh(5, unique + 4), HANDLE.counted, NO_BACKING);
    table.release(again(5, unique + 4), HANDLE.counted, NO_BACKING);
    expect(table.count(5)).toBe(1);
  });

  test('applies a request that was sent again and never arrived before', () => {
    const table = make();
    table.open(again(5, 2), DAEMON);
    expect(table.count(5)).toBe(1);
    table.release(again(5, 4), HANDLE.counted, NO_BACKING);
    expect(table.count(5)).toBe(0);
    table.release(again(5, 4), HANDLE.counted, NO_BACKING);
    expect(table.count(5)).toBe(0);
  });

  test('a full bucket is counted in a sum, and never refuses', () => {
    const table = make();
    const handles = new Map<number, number>();
    for (let node = 1; node <= 60_000; node++) {
      handles.set(node, table.open(fresh(node, node * 2), DAEMON)!.handle);
    }
    const over = [...handles.values()].filter((handle) => handle === HANDLE.overflow).length;
    expect(over).toBeGreaterThan(0);
    expect(table.overflow).toBe(over);
    expect(table.nodes().size).toBe(60_000 - over);
    for (const [node, handle] of handles) {
      table.release(fresh(node, 200_000 + node), handle, NO_BACKING);
    }
    expect(table.overflow).toBe(0);
    expect(table.nodes().size).toBe(0);
  });

  test('locks that a dead server had are cleared', () => {
    const buffer = new ArrayBuffer(OpenTable.BYTES);
    const words = new Int32Array(buffer);
    words.fill(1, 16, 16 + 4096);
    words[3] = 1;
    const table = new OpenTable(buffer, 0);
    table.takeOver(NO_BACKING);
    const backing = new BackingModel();
    expect(table.open(fresh(1, 2), { fd: 9, backing })?.backingId).toBe(1);
  });

  test('applies a release that is sent again after a later open', () => {
    const table = make();
    table.open(fresh(1, 2), DAEMON);
    // The release 4 was read by a server that is dead; its successor is faster with the open 6.
    table.open(fresh(1, 6), DAEMON);
    table.release(again(1, 4), HANDLE.counted, NO_BACKING);
    expect(table.count(1)).toBe(1);
    table.release(again(1, 4), HANDLE.counted, NO_BACKING);
    expect(table.count(1)).toBe(1);
    table.release(fresh(1, 8), HANDLE.counted, NO_BACKING);
    // It ended the entry; the next open is not taken back by it.
    table.open(fresh(1, 10), DAEMON);
    table.release(again(1, 8), HANDLE.counted, NO_BACKING);
    expect(table.count(1)).toBe(1);
  });

  test('a count is never below what is open, whatever is sent again', () => {
    const step = fc.record({
      kind: fc.constantFrom('open', 'release'),
      node: fc.integer({ min: 1, max: 3 }),
      repeats: fc.integer({ min: 0, max: 2 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const table = make();
        const open = new Map<number, number>();
        steps.forEach(({ kind, node, repeats }, index) => {
          const unique = 2 + index * 2;
          const before = open.get(node) ?? 0;
          if (kind === 'release' && before === 0) return;
          open.set(node, before + (kind === 'open' ? 1 : -1));
          for (let time = 0; time <= repeats; time++) {
            const request = { node, unique, isResent: time > 0 };
            if (kind === 'open') table.open(request, DAEMON);
            else table.release(request, HANDLE.counted, NO_BACKING);
          }
        });
        for (const [node, count] of open) expect(table.count(node)).toBe(count);
      }),
    );
  });
});

describe('the mode of a node', () => {
  test('is that of its first open until its last release', () => {
    const table = make();
    const backing = new BackingModel();
    const whole: FirstOpen = { fd: 33, backing };
    expect(table.open(fresh(5, 2), { because: 'incomplete' })).toMatchObject({
      outcome: 'incomplete',
      backingId: 0,
    });
    expect(table.open(fresh(5, 4), whole)).toMatchObject({ outcome: 'kept', backingId: 0 });
    expect(backing.files.size).toBe(0);
    table.release(fresh(5, 6), HANDLE.counted, backing);
    expect(table.outcome(5)).toBe('incomplete');
    table.release(fresh(5, 8), HANDLE.counted, backing);
    expect(table.outcome(5)).toBeUndefined();
    expect({ ...table.open(fresh(5, 10), whole) }).toEqual({
      handle: HANDLE.counted,
      outcome: 'passthrough',
      backingId: 1,
    });
    expect(table.open(fresh(5, 12))).toMatchObject({ outcome: 'passthrough', backingId: 1 });
    expect(backing.files).toEqual(new Map([[1, 33]]));
    table.release(fresh(5, 14), HANDLE.counted, backing);
    expect(backing.files.size).toBe(1);
    table.release(fresh(5, 16), HANDLE.counted, backing);
    expect(backing.files.size).toBe(0);
  });

  test('is not guessed where the node has been closed meanwhile', () => {
    const table = make();
    expect(table.open(fresh(5, 2))).toBeUndefined();
    expect(table.changes).toBe(0);
  });

  test('is daemon mode, and why, where the kernel refuses', () => {
    const table = make();
    const backing = new BackingModel();
    backing.refuse = 'stacked';
    const opened = table.open(fresh(5, 2), { fd: 9, backing });
    expect(opened).toMatchObject({ outcome: 'stacked', backingId: 0 });
  });

  test('is daemon mode in a bucket that has opens without an entry, until they are closed', () => {
    const table = make();
    const backing = new BackingModel();
    const open = (node: number, unique: number) => ({
      node,
      ...table.open(fresh(node, unique), { fd: 9, backing })!,
    });
    // Until one is the first that finds its bucket full.
    const opened = [];
    for (let node = 1; table.overflow === 0; node++) opened.push(open(node, node * 2));
    const over = opened.at(-1)!;
    expect(over).toMatchObject({ handle: HANDLE.overflow, outcome: 'overflow', backingId: 0 });
    const rest = opened.slice(0, -1);
    expect(rest.every(({ outcome }) => outcome === 'passthrough')).toBe(true);
    for (const { node } of rest) table.release(fresh(node, 200_000), HANDLE.counted, backing);
    expect(backing.files.size).toBe(0);
    // There is room now, but the same inode may be open in one mode only.
    expect(open(over.node, 300_000)).toMatchObject({ handle: HANDLE.counted, outcome: 'overflow' });
    table.release(fresh(over.node, 300_002), HANDLE.overflow, backing);
    expect(open(over.node, 300_004)).toMatchObject({ outcome: 'overflow' });
    table.release(fresh(over.node, 300_006), HANDLE.counted, backing);
    table.release(fresh(over.node, 300_008), HANDLE.counted, backing);
    expect(open(over.node, 300_010)).toMatchObject({ outcome: 'passthrough' });
  });
});

describe('a server that is killed at any step', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** Throws instead of the `steps`th change of the memory from here on, and of all that come after it. */
  function killAt(steps: number): void {
    const { store, add, sub } = Atomics;
    let left = steps;
    const dies = () => {
      left -= 1;
      if (left < 0) throw new Error('killed');
    };
    vi.spyOn(Atomics, 'store').mockImplementation((...args: Parameters<typeof store>) => {
      dies();
      return store(...args);
    });
    vi.spyOn(Atomics, 'add').mockImplementation((...args: Parameters<typeof add>) => {
      dies();
      return add(...args);
    });
    vi.spyOn(Atomics, 'sub').mockImplementation((...args: Parameters<typeof sub>) => {
      dies();
      return sub(...args);
    });
  }

  function killed(action: () => unknown, steps: number): boolean {
    killAt(steps);
    try {
      action();
      return false;
    } catch (error) {
      expect((error as Error).message).toBe('killed');
      return true;
    } finally {
      vi.restoreAllMocks();
    }
  }

  /** By node that is open, the id that its entry names. */
  function entries(buffer: ArrayBuffer): Map<number, number> {
    const words = new Int32Array(buffer);
    const ids = new Map<number, number>();
    for (let at = 16 + 2 * 4096; at < words.length; at += 8) {
      if (words[at] !== 0) ids.set(words[at]!, words[at + 2]!);
    }
    return ids;
  }

  const sorted = (ids: Iterable<number>) => [...ids].sort((a, b) => a - b);

  test.each([1, 2 ** 31 - 3])(
    'leaves no backing id behind; the first id is %d',
    (firstId) => {
      const step = fc.record({
        kind: fc.constantFrom('open', 'release'),
        node: fc.integer({ min: 1, max: 4 }),
        killAfter: fc.option(fc.integer({ min: 0, max: 14 })),
      });
      fc.assert(
        fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
          const buffer = new ArrayBuffer(OpenTable.BYTES);
          // As it is when the ids below have been given out.
          new Int32Array(buffer)[2] = firstId - 1;
          const backing = new BackingModel(firstId);
          const open = new Map<number, number>();
          let table = new OpenTable(buffer, 0);
          steps.forEach(({ kind, node, killAfter }, index) => {
            const unique = 2 + index * 2;
            const before = open.get(node) ?? 0;
            if (kind === 'release' && before === 0) return;
            const apply = (isResent: boolean) => {
              const request = { node, unique, isResent };
              const first: FirstOpen = { fd: 100 + node, backing };
              if (kind === 'open') return table.open(request, first);
              table.release(request, HANDLE.counted, backing);
              return undefined;
            };
            const isKilled = killed(() => apply(false), killAfter ?? Infinity);
            if (isKilled) {
              table = new OpenTable(buffer, 0);
              table.takeOver(backing);
              expect(sorted(entries(buffer).values())).toEqual(sorted(backing.files.keys()));
              apply(true);
            }
            open.set(node, before + (kind === 'open' ? 1 : -1));
            expect(sorted(entries(buffer).values())).toEqual(sorted(backing.files.keys()));
            for (const [which, count] of open) {
              expect(table.count(which)).toBeGreaterThanOrEqual(count);
            }
            // Every file that is open has an id that the kernel knows, of its own bytes.
            for (const [which, id] of entries(buffer))
              expect(backing.files.get(id)).toBe(100 + which);
            expect(entries(buffer).size).toBe(table.nodes().size);
          });
        }),
        { numRuns: 60 },
      );
    },
    60_000,
  );

  test('while it closes what its predecessor left, twice', () => {
    const buffer = new ArrayBuffer(OpenTable.BYTES);
    const backing = new BackingModel();
    for (const unique of [2, 4, 6]) {
      const table = new OpenTable(buffer, 0);
      // After the kernel has given an id, before that is noted.
      const open = () => table.open(fresh(1, unique), { fd: 7, backing });
      expect(killed(open, 1)).toBe(true);
      expect(backing.files.size).toBe(1);
      // 4,096 locks, one more, and then the id that it has just closed.
      expect(killed(() => new OpenTable(buffer, 0).takeOver(backing), 4097)).toBe(true);
      expect(backing.files.size).toBe(0);
    }
    new OpenTable(buffer, 0).takeOver(backing);
    const table = new OpenTable(buffer, 0);
    expect(table.open(fresh(1, 8), { fd: 7, backing })?.outcome).toBe('passthrough');
    expect([...entries(buffer).values()]).toEqual([...backing.files.keys()]);
  });
});
