import { RoaringBitmap32 } from 'roaring-wasm';
import { expect, test } from 'vitest';
import { HeldBlocks } from '../../../master/held.ts';
import type { HeldChange } from '../../../master/held.ts';
import { formatBitmap } from '../../../rpc/bitmaps/index.ts';

const bitmap = (...blocks: number[]) => formatBitmap(RoaringBitmap32.of(...blocks));
const report = { datasetId: 1, full: false, more: false, heldBytes: 0 };
const none = Buffer.alloc(0);

function blocksOf(held: HeldBlocks, worker: string): number[] {
  return held.blocks(worker, 1)?.toArray() ?? [];
}

test('deltas add and remove in their order; a full report replaces', () => {
  const held = new HeldBlocks();
  held.apply('w', { ...report, added: bitmap(1, 2, 3), removed: none, heldBytes: 30 });
  held.apply('w', { ...report, added: bitmap(9), removed: bitmap(2), heldBytes: 31 });
  expect(blocksOf(held, 'w')).toEqual([1, 3, 9]);
  expect(held.bytes('w', 1)).toBe(31);
  held.apply('w', { ...report, full: true, added: bitmap(5), removed: none });
  expect(blocksOf(held, 'w')).toEqual([5]);
  held.apply('w', { ...report, full: true, added: none, removed: none });
  expect(held.datasetsOf('w')).toEqual([]);
});

test('a full report in parts takes effect with its last, and is told once', () => {
  const held = new HeldBlocks();
  const changes: HeldChange[] = [];
  held.apply('w', { ...report, added: bitmap(1), removed: none });
  held.onChange((change) => changes.push(change));
  held.apply('w', { ...report, full: true, more: true, added: bitmap(2), removed: none });
  expect(blocksOf(held, 'w')).toEqual([1]);
  expect(changes).toEqual([]);
  held.apply('w', { ...report, full: true, added: bitmap(3), removed: none });
  expect(blocksOf(held, 'w')).toEqual([2, 3]);
  expect(changes).toEqual([{ workerId: 'w', datasetId: 1, full: true }]);
});

test('the union is over the workers that are asked for', () => {
  const held = new HeldBlocks();
  held.apply('a', { ...report, added: bitmap(1, 2), removed: none });
  held.apply('b', { ...report, added: bitmap(2, 3), removed: none });
  expect(held.union(['a', 'b', 'c'], 1).toArray()).toEqual([1, 2, 3]);
  expect(held.union(['b'], 1).toArray()).toEqual([2, 3]);
  held.forgetWorker('b');
  expect(held.union(['a', 'b'], 1).toArray()).toEqual([1, 2]);
});

test('what is no bitmap is refused and changes nothing', () => {
  const held = new HeldBlocks();
  held.apply('w', { ...report, added: bitmap(1), removed: none });
  expect(() => {
    held.apply('w', { ...report, added: Buffer.from('garbage'), removed: none });
  }).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  expect(blocksOf(held, 'w')).toEqual([1]);
});
