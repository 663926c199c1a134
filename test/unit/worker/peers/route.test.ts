import { describe, expect, test } from 'vitest';
import { Placement } from '../../../../common/index.ts';
import type { ObjectRef } from '../../../../common/index.ts';
import { noKeepers } from '../../../../worker/peers/index.ts';
import { routeOf } from '../../../../worker/peers/route.ts';
import type { RouteFacts } from '../../../../worker/peers/route.ts';

const GIB = 1024 ** 3;
const ref: ObjectRef = {
  ...{ objectId: 'ab'.repeat(20), key: Buffer.from('k'), sizeBytes: 100, blockSizeBytes: 4 << 20 },
  ...{ firstBlock: 0, datasetId: 1, mtimeS: 0, mtimeNs: 0, validator: { kind: 'modified' } },
  entry: { version: 1, ordinal: 1 },
};
const placement = new Placement(
  7,
  ['a', 'b', 'c', 'd'].map((node) => ({
    ...{ workerId: `w-${node}`, weightBytes: GIB, dataAddress: `${node}:1`, node },
    state: 'active' as const,
  })),
);
const order = placement.candidates(ref.objectId);
const at = (rank: number) => order[rank]?.workerId ?? '';

function asked(facts: Partial<RouteFacts>, object = ref, offsetBytes = 0): [string[], boolean] {
  const { asks, keeps } = routeOf(object, offsetBytes, {
    ...{ workerId: at(0), placement, keepers: noKeepers, replicas: 1 },
    ...facts,
  });
  return [asks.map(({ member, mayFetch }) => `${member.workerId}${mayFetch ? '!' : ''}`), keeps];
}

describe('where objects are kept where they are read first', () => {
  const isScattered = () => true;

  test('by whom its owner has given it to: nobody, and what comes is kept', () => {
    const keepers = { ...noKeepers, isScattered, isMine: () => true };
    expect(asked({ workerId: at(2), keepers })).toEqual([[], true]);
  });

  test('by the owner: whom it has given it to, who may fetch', () => {
    const keepers = { ...noKeepers, isScattered, keepersOf: () => order.slice(2, 3) };
    expect(asked({ keepers })).toEqual([[`${at(2)}!`], true]);
  });

  test('by an owner that has not heard yet what others have: everybody, for what they have', () => {
    const keepers = { ...noKeepers, isScattered, isSettled: () => false };
    expect(asked({ keepers })).toEqual([[at(1), at(2), at(3)], true]);
  });
});

describe('who is asked before the origin', () => {
  test('by the owner: nobody, and what comes is kept', () => {
    expect(asked({})).toEqual([[], true]);
  });

  test('by others: the owner, then who comes next, and nothing is kept', () => {
    expect(asked({ workerId: at(2) })).toEqual([[`${at(0)}!`, `${at(1)}!`], false]);
  });

  test('by one that is no member: all', () => {
    expect(asked({ workerId: 'other' })).toEqual([[0, 1, 2, 3].map((i) => `${at(i)}!`), false]);
  });

  test('by one that is to have a copy: the nearest before it first, and it is kept', () => {
    const chain = [`${at(2)}!`, `${at(1)}!`, `${at(0)}!`];
    expect(asked({ workerId: at(3), replicas: 'all' })).toEqual([chain, true]);
    expect(asked({ workerId: at(1), replicas: 2 })).toEqual([[`${at(0)}!`], true]);
    expect(asked({ workerId: at(2), replicas: 2 })[1]).toBe(false);
    const keepers = { ...noKeepers, keepersOf: () => order.slice(0, 1), isSettled: () => true };
    const afterChain = [[...chain, at(0)], true];
    expect(asked({ workerId: at(3), replicas: 'all', keepers })).toEqual(afterChain);
  });

  test('keepers first, for what they have; the worker itself is not asked', () => {
    const keepers = { ...noKeepers, keepersOf: () => [...order].reverse(), isSettled: () => true };
    expect(asked({ keepers })[0]).toEqual([at(3), at(2), at(1)]);
    expect(asked({ keepers, workerId: at(1) })[0]).toEqual([at(3), at(2), at(0), `${at(0)}!`]);
  });

  test('by an owner that has not heard what others have: the next two, for what they have', () => {
    const keepers = { ...noKeepers, keepersOf: () => [], isSettled: () => false };
    expect(asked({ keepers })).toEqual([[at(1), at(2)], true]);
    expect(asked({ keepers, workerId: at(1) })[0]).toEqual([`${at(0)}!`]);
  });

  test('by stripe where the object is larger than one', () => {
    const large = { ...ref, sizeBytes: 9 * GIB };
    for (let stripe = 0; stripe < 9; stripe += 1) {
      const owner = placement.owner(ref.objectId, stripe)?.workerId ?? '';
      expect(asked({ workerId: owner }, large, stripe * GIB)).toEqual([[], true]);
    }
  });
});

test('two workers never ask each other to fetch the same', () => {
  for (let i = 0; i < 50; i += 1) {
    const object = { ...ref, objectId: i.toString(16).padStart(40, '0') };
    for (const replicas of [1, 2, 'all'] as const) {
      const edges = new Set<string>();
      for (const { workerId } of order) {
        const { asks } = routeOf(object, 0, { workerId, placement, keepers: noKeepers, replicas });
        for (const ask of asks) if (ask.mayFetch) edges.add(`${workerId} ${ask.member.workerId}`);
      }
      for (const edge of edges) {
        expect(edges.has(edge.split(' ').reverse().join(' '))).toBe(false);
      }
    }
  }
});
