/** To whom an owner gives an object, and what a worker claims. */
import { expect, test } from 'vitest';
import { Placement, silentLogger } from '../../../common/index.ts';
import type { ObjectRef, PlacementMember } from '../../../common/index.ts';
import type { MoveList } from '../../../rpc/frames/index.ts';
import { FirstTouchers } from '../../../worker/first-touchers.ts';
import type { OpenedVersion } from '../../../worker/versions.ts';
import { DATASET, files, MemoryVersions, placementOf } from './moves/support.ts';

const FILES = 400;
const FILE_BYTES = 10;
const { signal } = new AbortController();
const ON = new Map([[DATASET, { policy: 'partitioned', isFirstToucher: true } as const]]);
const GIVEN_UP = new Map([[DATASET, { policy: 'partitioned', isFirstToucher: false } as const]]);

const versions = new MemoryVersions();
versions.add(files(FILES, { sizeBytes: FILE_BYTES }));

/** Several workers that ask each other without a network. */
class Cluster {
  placement = placementOf(4);
  readonly workers = new Map<string, FirstTouchers>();
  readonly given = new Map<string, Map<number, string>>();
  readonly held = new Map<string, Set<string>>();
  readonly fetching = new Map<string, Set<string>>();
  settled = true;
  replicas = 1;
  asked = 0;

  constructor() {
    for (const { workerId } of this.placement.members) {
      this.given.set(workerId, new Map());
      this.held.set(workerId, new Set());
      this.fetching.set(workerId, new Set());
      const touchers = this.#worker(workerId);
      touchers.setRules(ON);
      this.workers.set(workerId, touchers);
    }
  }

  async touch(worker: PlacementMember, ordinal: number): Promise<string | undefined> {
    const opened = await versions.get(DATASET, 1);
    const { workerId } = worker;
    return await this.workers
      .get(workerId)
      ?.touched({ opened, ordinal, ref: refOf(opened, ordinal) }, signal);
  }

  async owner(ordinal: number): Promise<PlacementMember> {
    const opened = await versions.get(DATASET, 1);
    const owner = this.placement.owner(refOf(opened, ordinal).objectId);
    if (owner === undefined) throw new Error('nobody owns it');
    return owner;
  }

  async others(ordinal: number): Promise<PlacementMember[]> {
    const owner = await this.owner(ordinal);
    return this.placement.members.filter((member) => member !== owner);
  }

  #worker(workerId: string): FirstTouchers {
    const given = this.given.get(workerId) ?? new Map<number, string>();
    const held = this.held.get(workerId) ?? new Set();
    return new FirstTouchers({
      ...{ workerId, versions, log: silentLogger, placement: () => this.placement },
      keepers: {
        keepersOf: ({ firstBlock }) =>
          this.placement.members.filter((member) => member.workerId === given.get(firstBlock)),
        isSettled: () => this.settled,
        keep: (to, { firstBlock }) => void given.set(firstBlock, to),
        replicasOf: () => this.replicas,
      },
      reads: {
        held: (objectId) => ({
          heldBytes: held.has(objectId) ? 1 : 0,
          complete: held.has(objectId),
        }),
        holds: ({ objectId }) => held.has(objectId),
        isFetching: (objectId) => this.fetching.get(workerId)?.has(objectId) === true,
      },
      heldBytes: () => held.size * FILE_BYTES,
      ask: (owner, list: MoveList) => {
        this.asked += 1;
        const asked = this.workers.get(owner.workerId);
        if (asked === undefined) throw new Error('nobody answers');
        return asked.claimed(list, signal);
      },
    });
  }
}

function refOf({ replica, dataset }: OpenedVersion, ordinal: number): ObjectRef {
  return replica.reader.objectRef(ordinal, dataset);
}

/** Ordinal 0 is the root. */
const FILE = 5;

test('an object is given to whoever asks first, and the others are sent there', async () => {
  const cluster = new Cluster();
  const [first, second, third] = await cluster.others(FILE);
  if (first === undefined || second === undefined || third === undefined) throw new Error('few');
  const answers = await Promise.all([first, second, third].map((it) => cluster.touch(it, FILE)));
  expect(answers).toEqual([first.workerId, first.workerId, first.workerId]);
  const ref = refOf(await versions.get(DATASET, 1), FILE);
  expect(cluster.workers.get(first.workerId)?.isMine(ref)).toBe(true);
  const owner = cluster.workers.get((await cluster.owner(FILE)).workerId);
  expect(owner?.givenTo(ref, 0, FILE_BYTES)).toBe(first);
  // Known from then on.
  await cluster.touch(second, FILE);
  await cluster.touch(first, FILE);
  expect(cluster.asked).toBe(3);
});

test.each(['has some of it', 'is fetching it', 'may not know of copies', 'keeps several copies'])(
  'an owner that %s gives nothing away',
  async (why) => {
    const cluster = new Cluster();
    const [other] = await cluster.others(FILE);
    const owner = await cluster.owner(FILE);
    const { objectId } = refOf(await versions.get(DATASET, 1), FILE);
    if (other === undefined) throw new Error('nobody else');
    if (why === 'has some of it') cluster.held.get(owner.workerId)?.add(objectId);
    if (why === 'is fetching it') cluster.fetching.get(owner.workerId)?.add(objectId);
    if (why === 'may not know of copies') cluster.settled = false;
    if (why === 'keeps several copies') cluster.replicas = 2;
    expect(await cluster.touch(other, FILE)).toBe(owner.workerId);
  },
);

test('nothing is given away where it is not set, or was given up; the owner is named all the same', async () => {
  const cluster = new Cluster();
  const [other] = await cluster.others(FILE);
  const owner = await cluster.owner(FILE);
  if (other === undefined) throw new Error('nobody else');
  for (const worker of cluster.workers.values()) expect(worker.setRules(GIVEN_UP)).toBe(true);
  expect(await cluster.touch(other, FILE)).toBe(owner.workerId);
  for (const worker of cluster.workers.values()) expect(worker.setRules(new Map())).toBe(false);
  expect(await cluster.touch(other, FILE)).toBeUndefined();
  expect(cluster.asked).toBe(0);
});

test('a worker claims its weighted part and a little more, and of that nothing twice', async () => {
  const cluster = new Cluster();
  const [greedy] = cluster.placement.members;
  if (greedy === undefined) throw new Error('no worker');
  const kept: number[] = [];
  for (let ordinal = 1; ordinal <= FILES; ordinal += 1) {
    const owner = await cluster.owner(ordinal);
    if (owner === greedy) continue;
    if ((await cluster.touch(greedy, ordinal)) === greedy.workerId) kept.push(ordinal);
  }
  expect(kept.length / FILES).toBeGreaterThan(0.25);
  expect(kept.length / FILES).toBeLessThanOrEqual(0.28);
});

test('what was given is nobody’s after a change of placement: its owner is asked again', async () => {
  const cluster = new Cluster();
  const [first] = await cluster.others(FILE);
  if (first === undefined) throw new Error('nobody else');
  await cluster.touch(first, FILE);
  cluster.placement = new Placement(2, cluster.placement.everyone);
  const touchers = cluster.workers.get(first.workerId);
  touchers?.placementChanged();
  const ref = refOf(await versions.get(DATASET, 1), FILE);
  expect(touchers?.isMine(ref)).toBe(false);
  // The owner has it from the worker itself, or remembers.
  expect(await cluster.touch(first, FILE)).toBe(first.workerId);
  expect(cluster.asked).toBe(2);
});

test('an owner that cannot be asked is asked for the bytes next', async () => {
  const cluster = new Cluster();
  const [other] = await cluster.others(FILE);
  const owner = await cluster.owner(FILE);
  if (other === undefined) throw new Error('nobody else');
  cluster.workers.delete(owner.workerId);
  expect(await cluster.touch(other, FILE)).toBe(owner.workerId);
});
