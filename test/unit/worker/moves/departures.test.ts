import { afterEach, beforeEach, expect, test } from 'vitest';
import { GIB, MIB, Placement } from '../../../../common/index.ts';
import type { ObjectRef } from '../../../../common/index.ts';
import { Departures } from '../../../../worker/moves/departures.ts';
import { workers } from '../../../support/placements.ts';
import { Larder } from '../fetching/larder.ts';
import { DATASET, log, placementOf } from './support.ts';

let larder: Larder;
let replicas: number;
let placement: Placement;
let departures: Departures;
let nextBlock = 0;
let wanted: Set<number>;

beforeEach(async () => {
  larder = await Larder.open({ store: { capacityBytes: 100 * MIB } });
  replicas = 1;
  wanted = new Set();
  // Somebody else's cluster: this worker owns nothing.
  placement = placementOf(3);
  departures = new Departures({
    workerId: larder.store.workerId,
    store: larder.store,
    placement: () => placement,
    replicas: () => replicas,
    wantedCopy: ({ firstBlock }) => (wanted.has(firstBlock) ? 'evictable' : undefined),
    log,
  });
});

afterEach(async () => {
  await larder[Symbol.asyncDispose]();
});

async function held(sizeBytes = 1000, readBytes = sizeBytes): Promise<ObjectRef> {
  const firstBlock = nextBlock;
  nextBlock += Math.ceil(sizeBytes / (4 * MIB));
  const ref: ObjectRef = {
    objectId: firstBlock.toString(16).padStart(40, '0'),
    key: Buffer.from(`k${String(firstBlock)}`),
    ...{ sizeBytes, blockSizeBytes: 4 * MIB, firstBlock, datasetId: DATASET },
    ...{ mtimeS: 0, mtimeNs: 0, validator: { kind: 'modified' } as const },
  };
  await larder.read(ref, 0, readBytes);
  await larder.quiet();
  return ref;
}

const tell = (ref: ObjectRef, workerId: string | undefined, flag = false) =>
  departures.taken(
    { workerId: workerId ?? '', datasetId: DATASET, version: 1, placement: 1, flag, ordinals: [] },
    [ref],
  );
const region = (ref: ObjectRef) => larder.store.find(ref.objectId)?.record.region;

test('a copy goes when its owner has the object, and not when another worker has', async () => {
  const ref = await held();
  const [owner, other] = placement.candidates(ref.objectId);
  await tell(ref, other?.workerId);
  expect(region(ref)).toBe('kept');
  await tell(ref, owner?.workerId);
  expect(region(ref)).toBeUndefined();
});

test('what was refused stays, and goes before what is kept', async () => {
  const ref = await held();
  await tell(ref, placement.owner(ref.objectId)?.workerId, true);
  expect(region(ref)).toBe('transit');
  expect(await larder.readsRight(ref)).toBe(true);
});

test('what this worker owns stays whatever it is told', async () => {
  const { workerId } = larder.store;
  placement = new Placement(2, [...workers(2), { ...workers(1)[0]!, workerId }]);
  let ref = await held();
  while (placement.owner(ref.objectId)?.workerId !== workerId) ref = await held();
  await tell(ref, 'worker-1');
  await tell(ref, 'worker-0');
  await tell(ref, 'worker-1', true);
  expect(region(ref)).toBe('kept');
  expect(await larder.readsRight(ref)).toBe(true);
});

test('a copy that is one of several becomes a replica, which goes before what is owned', async () => {
  replicas = 2;
  const { workerId } = larder.store;
  placement = new Placement(2, [...workers(2), { ...workers(1)[0]!, workerId }]);
  let ref = await held();
  while (placement.candidates(ref.objectId)[1]?.workerId !== workerId) ref = await held();
  await tell(ref, placement.owner(ref.objectId)?.workerId);
  expect(region(ref)).toBe('replica');
  replicas = 1;
  await tell(ref, placement.owner(ref.objectId)?.workerId);
  expect(region(ref)).toBeUndefined();
});

test('of an object of several stripes the file stays until each owner has its own', async () => {
  const ownersOf = ({ objectId }: ObjectRef) => [
    ...new Set([0, 1, 2].map((stripe) => placement.owner(objectId, stripe)?.workerId)),
  ];
  let ref = await held(3 * GIB, 8);
  while (ownersOf(ref).length < 2) ref = await held(3 * GIB, 8);
  await larder.read(ref, GIB, 8);
  await larder.read(ref, 2 * GIB, 8);
  await larder.quiet();
  const [first, ...others] = ownersOf(ref);
  for (const id of others) await tell(ref, id);
  expect(region(ref)).toBeDefined();
  await tell(ref, first);
  expect(region(ref)).toBeUndefined();
});

test('a copy that is wanted here stays, though its owner has it now', async () => {
  const ref = await held();
  wanted.add(ref.firstBlock);
  for (const { workerId } of placement.members) await tell(ref, workerId);
  expect(region(ref)).toBe('kept');
});
