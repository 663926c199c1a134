import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Placement } from '../../../../common/index.ts';
import { Offers } from '../../../../worker/moves/offers.ts';
import {
  clock,
  dataset,
  DATASET,
  files,
  log,
  MemoryHeld,
  MemoryVersions,
  placementOf,
  Sent,
} from './support.ts';

const ME = 'worker-0';
const COUNT = 200;

let placement: Placement;
let replicas: number;
let versions: MemoryVersions;
let held: MemoryHeld;
let sent: Sent;
let offers: Offers | undefined;

beforeEach(() => {
  placement = placementOf(3);
  replicas = 1;
  versions = new MemoryVersions();
  versions.add(files(COUNT));
  held = new MemoryHeld();
  sent = new Sent();
});

afterEach(async () => {
  await offers?.[Symbol.asyncDispose]();
});

function start(): Offers {
  offers = new Offers({
    workerId: ME,
    placement: () => placement,
    replicas: (id) => (id === DATASET ? replicas : 1),
    versions,
    held,
    send: sent.send,
    sortRegions: async () => undefined,
    pauseMs: 20,
    clock,
    log,
  });
  return offers;
}

/** Ordinals of files that a worker is among the first of. */
function due(workerId: string, first = 1): number[] {
  const reader = versions.readers[0]!;
  return Array.from({ length: COUNT }, (_, i) => i + 1).filter((ordinal) => {
    const { objectId } = reader.objectRef(ordinal, dataset);
    const members = placement.candidates(objectId, 0, first);
    return members.some((member) => member.workerId === workerId);
  });
}

const settled = (to: string, number = 1) =>
  expect.poll(() => sent.settled(to), { timeout: 5000 }).toContain(number);

test('each worker is offered what it owns, once, and then told so', async () => {
  held.add(0, COUNT);
  start();
  for (const to of ['worker-1', 'worker-2']) {
    await settled(to);
    expect(sent.ordinals(to)).toEqual(due(to));
    expect(sent.lists.findLast((one) => one.to === to)?.list.flag).toBe(true);
  }
  expect(sent.ordinals(ME)).toEqual([]);
  expect(due('worker-1').length + due('worker-2').length + due(ME).length).toBe(COUNT);
});

test('where there are to be two copies, so is who comes next', async () => {
  held.add(0, COUNT);
  replicas = 2;
  start();
  await settled('worker-1');
  expect(sent.ordinals('worker-1')).toEqual(due('worker-1', 2));
});

test('what is not held is not offered, and what comes is, a moment later', async () => {
  start();
  await settled('worker-1');
  expect(sent.ordinals('worker-1')).toEqual([]);
  const ordinal = due('worker-1')[3]!;
  held.add(versions.readers[0]!.objectRef(ordinal, dataset).firstBlock);
  await expect.poll(() => sent.ordinals('worker-1'), { timeout: 5000 }).toEqual([ordinal]);
  expect(sent.ordinals('worker-2')).toEqual([]);
});

test('of what comes, each tells the owner and the next that is to have it', async () => {
  replicas = 3;
  start();
  await settled('worker-1');
  await settled('worker-2');
  held.add(0, COUNT);
  const after = (to: string) => {
    const reader = versions.readers[0]!;
    return Array.from({ length: COUNT }, (_, i) => i + 1).filter((ordinal) => {
      const { objectId } = reader.objectRef(ordinal, dataset);
      const ids = placement.candidates(objectId, 0, 3).map(({ workerId }) => workerId);
      return to === ids[0] || to === ids[ids.indexOf(ME) + 1];
    });
  };
  for (const to of ['worker-1', 'worker-2']) {
    await expect.poll(() => sent.ordinals(to), { timeout: 5000 }).toEqual(after(to));
    expect(after(to).length).toBeLessThan(COUNT);
  }
});

test('who cannot be reached is offered everything when it can be, and others meanwhile', async () => {
  held.add(0, COUNT);
  sent.away.add('worker-2');
  start();
  await settled('worker-1');
  expect(sent.settled('worker-2')).toEqual([]);
  sent.away.clear();
  await settled('worker-2');
  expect(sent.ordinals('worker-2')).toEqual(due('worker-2'));
  expect(sent.ordinals('worker-1')).toEqual(due('worker-1'));
});

test('another placement begins it again, and is what `settled` names', async () => {
  held.add(0, COUNT);
  const running = start();
  await settled('worker-1');
  placement = placementOf(4, 2);
  running.changed();
  await settled('worker-3', 2);
  expect(sent.ordinals('worker-3')).toEqual(due('worker-3'));
});

test('an object of several versions is offered once, by its newest name', async () => {
  versions.add(files(COUNT));
  held.add(0, COUNT);
  start();
  await settled('worker-1');
  expect(sent.ordinals('worker-1')).toEqual(due('worker-1'));
  const withEntries = sent.lists.filter(({ list }) => list.ordinals.length > 0);
  expect(new Set(withEntries.map(({ list }) => list.version))).toEqual(new Set([2]));
});
