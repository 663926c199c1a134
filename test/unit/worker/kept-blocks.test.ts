import { RoaringBitmap32 } from 'roaring-wasm';
import { expect, test } from 'vitest';
import type { Described, Protection } from '../../../worker/admission/index.ts';
import { Protections } from '../../../worker/admission/protections.ts';
import { protectionListeners } from '../../../worker/kept-blocks.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const object = (firstBlock: number): Described => ({ datasetId: 1, firstBlock, band: 0 });

function told() {
  const clock = new ManualClock();
  const protections = new Protections();
  const set = new Map<string, Protection>();
  const listeners = protectionListeners(
    {
      protect: (name, protection) => {
        set.set(name, protection);
        protections.set(name, protection);
      },
      unprotect: (name) => {
        protections.delete(name);
      },
    },
    clock,
  );
  const of = (block: number) => protections.of(object(block), clock.monotonicMs());
  return { clock, listeners, of, set };
}

test('objects whose first block is named are protected, for as long as it was told', async () => {
  const { clock, listeners, of } = told();
  const blocks = RoaringBitmap32.of(3, 4);
  listeners.onProtect({ name: 'a', datasetId: 1, blocks, forMs: 1000 });
  expect([of(3), of(4), of(5)]).toEqual(['kept until', 'kept until', undefined]);
  await clock.advance(1000);
  expect(of(3)).toBeUndefined();
});

test('the names that go on are kept, the others end; a later one takes the place of the one before', () => {
  const { listeners, of, set } = told();
  for (const [name, block] of [['a', 1] as const, ['b', 2] as const, ['b', 3] as const]) {
    listeners.onProtect({ name, datasetId: 1, blocks: RoaringBitmap32.of(block) });
  }
  expect([of(1), of(2), of(3)]).toEqual(['pinned', undefined, 'pinned']);
  const [stale] = [set.get('a')];
  listeners.onProtections(new Set(['b', 'unknown']));
  expect([of(1), of(3)]).toEqual([undefined, 'pinned']);
  // A disk that was away may still ask.
  expect(stale?.covers?.(object(1))).toBe(false);
});
