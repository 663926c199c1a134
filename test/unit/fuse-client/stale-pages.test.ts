import { beforeEach, expect, test } from 'vitest';
import { OpenTable } from '../../../fuse-client/open-table.ts';
import type { FirstOpen } from '../../../fuse-client/open-table.ts';
import { StalePages } from '../../../fuse-client/stale-pages.ts';
import type { PageRange } from '../../../fuse-client/stale-pages.ts';

const MIB = 1024 * 1024;
const NODE = 8;
const noBacking = { open: () => 0, close: () => false };

let table: OpenTable;
let dropped: PageRange[];
let pages: StalePages;
let handle: number;

function open(because: Extract<FirstOpen, { because: unknown }>['because'], node = NODE): void {
  const first = { because };
  handle = table.open({ node, unique: node * 2, isResent: false }, first)?.handle ?? 0;
}

const read = (fromMib: number, toMib: number, bytes = (toMib - fromMib) * MIB) => {
  const offsetBytes = fromMib * MIB;
  pages.read([{ ordinal: NODE - 1, offsetBytes, endBytes: toMib * MIB, bytes }]);
};

const range = (fromMib: number, lengthMib: number): PageRange => ({
  node: NODE,
  offsetBytes: fromMib * MIB,
  lengthBytes: lengthMib * MIB,
});

beforeEach(() => {
  table = new OpenTable(new ArrayBuffer(OpenTable.BYTES), 0);
  dropped = [];
  pages = new StalePages(table, (one) => dropped.push(one));
});

test('what lies behind a sequential reader of a growing file is dropped, each part once', () => {
  open('incomplete');
  read(0, 50);
  read(50, 100);
  read(100, 104);
  read(104, 200);
  expect(dropped).toEqual([range(0, 42), range(42, 50)]);
});

test('a reader that stays behind keeps its pages', () => {
  open('incomplete');
  read(10, 300);
  read(12, 400);
  expect(dropped).toEqual([]);
});

test('of several readers the lowest counts', () => {
  open('incomplete');
  const at = (fromMib: number) => {
    const span = { offsetBytes: fromMib * MIB, endBytes: (fromMib + 20) * MIB, bytes: 20 * MIB };
    return { ordinal: NODE - 1, ...span };
  };
  pages.read([at(30), at(500)]);
  expect(dropped).toEqual([range(0, 22)]);
});

test('reads here and there drop nothing', () => {
  open('incomplete');
  read(100, 200, 4 * MIB);
  expect(dropped).toEqual([]);
});

test.each(['asked', 'kernel', 'remote', 'strict'] as const)(
  'where the next open is not passed through (%s), the pages stay',
  (because) => {
    open(because);
    read(100, 200);
    expect(dropped).toEqual([]);
  },
);

test('the rest goes with the last close, of those that lost pages before', () => {
  open('incomplete');
  read(100, 200);
  pages.sweep();
  expect(dropped).toEqual([range(0, 92)]);
  table.release({ node: NODE, unique: 100, isResent: false }, handle, noBacking);
  pages.sweep();
  pages.sweep();
  expect(dropped.slice(1)).toEqual([range(92, 0)]);
});
