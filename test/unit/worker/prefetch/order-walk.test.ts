import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Found } from '../../../../worker/fetching/index.ts';
import { walkedOrder } from '../../../../worker/prefetch/order-replay.ts';
import { OrderWalk } from '../../../../worker/prefetch/order-walk.ts';

const BYTES = 10;
const FETCH: Found = { kind: 'fetch', bytes: BYTES };

function order(ordinals: readonly number[], cursor: number) {
  return walkedOrder({ datasetId: 1, version: 1, ordinals: Uint32Array.from(ordinals), cursor });
}

/** All that is given while at most so many bytes are ahead. */
function take(walk: OrderWalk, at: ReturnType<typeof order>, maxAheadBytes = Infinity): number[] {
  const given: number[] = [];
  for (let before = -1; before !== given.length;) {
    before = given.length;
    walk.take(at, (ordinal) => {
      if (walk.aheadBytes + BYTES > maxAheadBytes) return { kind: 'stop' };
      given.push(ordinal);
      return FETCH;
    });
  }
  return given;
}

describe('OrderWalk', () => {
  it('gives what comes after the readers, in their order', () => {
    const walk = new OrderWalk();
    const at = order([5, 3, 9, 7, 1], 2);
    walk.follow(at);
    expect(take(walk, at, 2 * BYTES)).toEqual([9, 7]);
    expect(walk.aheadBytes).toBe(2 * BYTES);
    walk.follow(order([5, 3, 9, 7, 1], 3));
    expect(walk.aheadBytes).toBe(BYTES);
    expect(take(walk, at, 2 * BYTES)).toEqual([1]);
  });

  it('goes on into the next pass, and gives everything once in each', () => {
    const walk = new OrderWalk();
    const ordinals = [4, 2, 8, 6];
    walk.follow(order(ordinals, 3));
    expect(take(walk, order(ordinals, 3), 3 * BYTES)).toEqual([6, 4, 2]);
    walk.follow(order(ordinals, 4));
    expect(take(walk, order(ordinals, 4), 3 * BYTES)).toEqual([8]);
    // The next pass has begun: the cursor is at its beginning.
    walk.follow(order(ordinals, 1));
    expect(take(walk, order(ordinals, 1), 3 * BYTES)).toEqual([6]);
  });

  it('is never a whole pass ahead of the readers, whatever there is room for', () => {
    const walk = new OrderWalk();
    const ordinals = [4, 2, 8, 6];
    walk.follow(order(ordinals, 1));
    expect(take(walk, order(ordinals, 1))).toEqual([2, 8, 6, 4]);
    expect(take(walk, order(ordinals, 1))).toEqual([]);
  });

  it('passes over what it need not fetch, and looks again at what there was no room for', () => {
    const walk = new OrderWalk();
    const at = order([1, 2, 3], 0);
    walk.follow(at);
    const looks: number[] = [];
    const look = (kind: 'skip' | 'stop') => (ordinal: number) => {
      looks.push(ordinal);
      return ordinal === 1
        ? ({ kind: 'skip' } as const)
        : kind === 'stop'
          ? ({ kind } as const)
          : FETCH;
    };
    walk.take(at, look('stop'));
    walk.take(at, look('skip'));
    expect(looks).toEqual([1, 2, 2]);
  });

  it('does not go back to what the readers have passed', () => {
    const walk = new OrderWalk();
    walk.follow(order([1, 2, 3, 4, 5], 0));
    expect(take(walk, order([1, 2, 3, 4, 5], 0), BYTES)).toEqual([1]);
    walk.follow(order([1, 2, 3, 4, 5], 4));
    expect(take(walk, order([1, 2, 3, 4, 5], 4), BYTES)).toEqual([5]);
  });

  it('does not give what a reader was quicker to read, and has room again for what was read', () => {
    const walk = new OrderWalk();
    const ordinals = Array.from({ length: 40 }, (_, i) => 100 + i);
    walk.follow(order(ordinals, 0));
    expect(take(walk, order(ordinals, 0), 2 * BYTES)).toEqual([100, 101]);
    walk.read(103);
    walk.read(101);
    expect(walk.aheadBytes).toBe(BYTES);
    expect(take(walk, order(ordinals, 0), 3 * BYTES)).toEqual([102, 104]);
    // In the next pass its turn comes again.
    for (const ordinal of ordinals) walk.read(ordinal);
    walk.follow(order(ordinals, 39));
    expect(take(walk, order(ordinals, 39), 5 * BYTES)).toEqual([100, 101, 102, 103, 104]);
  });

  it('gives each object once a pass over many passes, however the readers go on', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 50, maxLength: 300 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 4 }), (moves, room) => {
        const ordinals = [10, 11, 12, 13, 14, 15, 16];
        const walk = new OrderWalk();
        let at = 0;
        let last = -1;
        for (const move of moves) {
          at += move;
          const now = order(ordinals, at % ordinals.length);
          walk.follow(now);
          for (const ordinal of take(walk, now, room * BYTES)) {
            const turn = at + ((ordinal - 10 - (at % 7) + 7) % 7);
            expect(turn).toBeGreaterThan(last);
            expect(turn).toBeLessThan(at + ordinals.length);
            last = turn;
          }
          expect(walk.aheadBytes).toBeLessThanOrEqual(room * BYTES);
        }
      }),
    );
  });
});
