import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HANDLE, OpenTable } from '../../../fuse-client/open-table.ts';

const make = () => new OpenTable(new ArrayBuffer(OpenTable.BYTES), 0);
const fresh = (node: number, unique: number) => ({ node, unique, isResent: false });
const again = (node: number, unique: number) => ({ node, unique, isResent: true });

describe('the open table', () => {
  test('counts opens and releases per node', () => {
    const table = make();
    expect(table.open(fresh(5, 2))).toBe(HANDLE.counted);
    table.open(fresh(5, 4));
    table.open(fresh(0xffff_fffe, 6));
    expect(table.count(5)).toBe(2);
    expect(table.nodes()).toEqual(new Set([5, 0xffff_fffe]));
    table.release(fresh(5, 8), HANDLE.counted);
    table.release(fresh(5, 10), HANDLE.counted);
    expect(table.count(5)).toBe(0);
    expect(table.nodes()).toEqual(new Set([0xffff_fffe]));
  });

  test('applies a request that is sent again once, also beyond 2^32', () => {
    const table = make();
    const unique = 2 ** 40 + 2;
    table.open(fresh(5, unique));
    table.open(again(5, unique));
    expect(table.count(5)).toBe(1);
    table.open(fresh(5, unique + 2));
    table.release(fresh(5, unique + 4), HANDLE.counted);
    table.release(again(5, unique + 4), HANDLE.counted);
    expect(table.count(5)).toBe(1);
  });

  test('applies a request that was sent again and never arrived before', () => {
    const table = make();
    table.open(again(5, 2));
    expect(table.count(5)).toBe(1);
    table.release(again(5, 4), HANDLE.counted);
    expect(table.count(5)).toBe(0);
    table.release(again(5, 4), HANDLE.counted);
    expect(table.count(5)).toBe(0);
  });

  test('a full bucket is counted in a sum, and never refuses', () => {
    const table = make();
    const handles = new Map<number, number>();
    for (let node = 1; node <= 60_000; node++) handles.set(node, table.open(fresh(node, node * 2)));
    const over = [...handles.values()].filter((handle) => handle === HANDLE.overflow).length;
    expect(over).toBeGreaterThan(0);
    expect(table.overflow).toBe(over);
    expect(table.nodes().size).toBe(60_000 - over);
    for (const [node, handle] of handles) table.release(fresh(node, 200_000 + node), handle);
    expect(table.overflow).toBe(0);
    expect(table.nodes().size).toBe(0);
  });

  test('a lock that a dead server had is cleared', () => {
    const buffer = new ArrayBuffer(OpenTable.BYTES);
    new Int32Array(buffer).fill(1, 16, 16 + 4096);
    const table = new OpenTable(buffer, 0);
    table.resetLocks();
    expect(table.open(fresh(1, 2))).toBe(HANDLE.counted);
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
            if (kind === 'open') table.open(request);
            else table.release(request, HANDLE.counted);
          }
        });
        for (const [node, count] of open) expect(table.count(node)).toBe(count);
      }),
    );
  });
});
