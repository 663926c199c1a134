import { RoaringBitmap32 } from 'roaring-wasm';
import { expect, test } from 'vitest';
import type { Described, Protection } from '../../../worker/admission/index.ts';
import { Protections } from '../../../worker/admission/protections.ts';
import { protectionListeners } from '../../../worker/kept-blocks.ts';
import { WantedCopies } from '../../../worker/wanted-copies.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { placementOf } from './moves/support.ts';

const ID = 'ab'.repeat(20);
const NONE = { replicas: 0, on: new Set<string>(), isEvictable: false };

const object = (firstBlock: number): Described => ({ datasetId: 1, firstBlock, band: 0 });

function told() {
  const clock = new ManualClock();
  const protections = new Protections();
  const set = new Map<string, Protection>();
  const placement = placementOf(3);
  const workerId = placement.members[0]?.workerId ?? '';
  const copies = new WantedCopies({ workerId, placement: () => placement, clock });
  const ends = { count: 0 };
  const listeners = protectionListeners({
    policies: {
      protect: (name, protection) => {
        set.set(name, protection);
        protections.set(name, protection);
      },
      unprotect: (name) => {
        protections.delete(name);
      },
    },
    ...{ copies, clock },
    onCopiesEnd: () => {
      ends.count += 1;
    },
  });
  const wanted = (block: number) =>
    copies.of({ objectId: ID, datasetId: 1, firstBlock: block, sizeBytes: 10 });
  const of = (block: number) => protections.of(object(block), clock.monotonicMs());
  return { clock, copies, ends, listeners, of, placement, set, wanted, workerId };
}

test('objects whose first block is named are protected, for as long as it was told', async () => {
  const { clock, listeners, of } = told();
  const blocks = RoaringBitmap32.of(3, 4);
  listeners.onProtect({ name: 'a', datasetId: 1, blocks, forMs: 1000, ...NONE });
  expect([of(3), of(4), of(5)]).toEqual(['kept until', 'kept until', undefined]);
  await clock.advance(1000);
  expect(of(3)).toBeUndefined();
});

test('the names that go on are kept, the others end; a later one takes the place of the one before', () => {
  const { listeners, of, set } = told();
  for (const [name, block] of [['a', 1] as const, ['b', 2] as const, ['b', 3] as const]) {
    listeners.onProtect({ name, datasetId: 1, blocks: RoaringBitmap32.of(block), ...NONE });
  }
  expect([of(1), of(2), of(3)]).toEqual(['pinned', undefined, 'pinned']);
  const [stale] = [set.get('a')];
  listeners.onProtections(new Set(['b', 'unknown']));
  expect([of(1), of(3)]).toEqual([undefined, 'pinned']);
  // A disk that was away may still ask.
  expect(stale?.covers?.(object(1))).toBe(false);
});

test('copies are wanted on as many of the named workers as told, and not protected where they may be evicted', async () => {
  const { clock, listeners, of, placement, wanted, workerId } = told();
  const others = placement.members.map((one) => one.workerId).filter((id) => id !== workerId);
  const tell = (replicas: number, on: readonly string[], isEvictable: boolean) => {
    const blocks = RoaringBitmap32.of(1);
    const rest = { replicas, on: new Set(on), isEvictable, forMs: 1000 };
    listeners.onProtect({ name: 'a', datasetId: 1, blocks, ...rest });
  };
  tell(2, others, true);
  expect(wanted(1)).toBeUndefined();
  tell(3, [], true);
  expect([wanted(1), wanted(2), of(1)]).toEqual(['evictable', undefined, undefined]);
  tell(1, [workerId], false);
  expect([wanted(1), of(1)]).toEqual(['protected', 'kept until']);
  // Of two named ones one has it: the first of them in the order of ownership.
  const [first] = placement.candidates(ID).filter((one) => one.workerId !== others[1]);
  tell(1, [workerId, others[0] ?? ''], false);
  expect(wanted(1)).toBe(first?.workerId === workerId ? 'protected' : undefined);
  tell(3, [], false);
  await clock.advance(1000);
  expect(wanted(1)).toBeUndefined();
});

test('it is said when copies are wanted no more', () => {
  const { ends, listeners } = told();
  const blocks = () => RoaringBitmap32.of(1);
  listeners.onProtect({ name: 'a', datasetId: 1, blocks: blocks(), ...NONE });
  listeners.onProtect({ name: 'b', datasetId: 1, blocks: blocks(), ...NONE, replicas: 2 });
  listeners.onProtections(new Set(['b']));
  expect(ends.count).toBe(0);
  listeners.onProtections(new Set());
  expect(ends.count).toBe(1);
});
