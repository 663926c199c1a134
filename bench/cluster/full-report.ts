/**
 * What a full report costs: bytes on the wire, CPU time at the worker and at the master.
 *
 *     node bench/cluster/main.ts
 */
import { RoaringBitmap32 } from 'roaring-wasm';
import { systemClock } from '../../common/index.ts';
import { bestThreshold, BlockIndex, ownersOf, predict } from '../../common/prediction/index.ts';
import { HeldBlocks } from '../../master/held.ts';
import { apply, bytesOf, pack, random, scattered } from './reports.ts';

export interface FullReportFigures {
  /** Of a report of a million blocks: 99 % as predicted, and of any content. */
  readonly predictedBytes: number;
  readonly anyContentBytes: number;
  /** CPU time at the master: owners for all workers, once per placement and version; then each report. */
  readonly ownersMs: number;
  readonly predictedMs: number;
  readonly anyContentMs: number;
  /** CPU time at the worker beside the owners: the threshold, the prediction, the difference. */
  readonly workerMs: number;
  /** The longest that the master's other work waited for an answer to these. */
  readonly longestWaitMs: number;
}

/** Objects of one block: a worker of four owns a million. */
const OBJECTS = 4_000_000;
const MEMBERS = Array.from({ length: 4 }, (_, i) => ({
  workerId: `worker-${String(i)}`,
  weightBytes: 2 ** 40,
}));
const WORKER = { workerId: 'worker-0' };

export async function measureFullReport(): Promise<FullReportFigures> {
  const index = smallFiles();
  const stall = watchStalls();
  const { ms: ownersMs, result: owners } = await timed(() => ownersOf(index, MEMBERS, systemClock));
  const everything = { ...WORKER, threshold: 2 ** 32 };
  const held = disturbed((await predict(index, owners, everything, systemClock)).blocks);
  const { ms: workerMs, result: sent } = await timed(async () => {
    const threshold = await bestThreshold(index, owners, { ...WORKER, held }, systemClock);
    const expected = await predict(index, owners, { ...WORKER, threshold }, systemClock);
    return { threshold, parts: pack(RoaringBitmap32.xor(held, expected.blocks)) };
  });
  const master = new HeldBlocks();
  stall.reset();
  const { ms: predictedMs } = await timed(async () => {
    const { threshold } = sent;
    const base = await predict(index, owners, { ...WORKER, threshold }, systemClock);
    apply(master, sent.parts, base.blocks);
  });
  if (master.blocks('w', 1)?.isEqual(held) !== true)
    throw new Error('the view is not what is held');
  const anything = pack(scattered(1_000_000, 1 / 2, 9));
  const { ms: anyContentMs } = await timed(async () => {
    apply(master, anything);
  });
  const longestWaitMs = stall.stop();
  return {
    predictedBytes: bytesOf(sent.parts),
    anyContentBytes: bytesOf(anything),
    ownersMs,
    predictedMs,
    anyContentMs,
    workerMs,
    longestWaitMs,
  };
}

function smallFiles(): BlockIndex {
  const next = random(7);
  const column = (of: (i: number) => number) =>
    Uint32Array.from({ length: OBJECTS }, (_, i) => of(i));
  return new BlockIndex({
    firstBlock: column((i) => i),
    blocks: column(() => 1),
    band: column(() => next() * 2 ** 32),
    object: column(() => next() * 2 ** 32),
  });
}

/** One in two hundred is missing, and as many are guests. */
function disturbed(blocks: RoaringBitmap32): RoaringBitmap32 {
  const next = random(3);
  const held = blocks.clone();
  for (const block of blocks) {
    if (next() < 0.005) held.remove(block);
    if (next() < 0.005) held.add(Math.floor(next() * OBJECTS));
  }
  return held;
}

async function timed<T>(action: () => Promise<T>): Promise<{ ms: number; result: T }> {
  const before = process.cpuUsage();
  const result = await action();
  const { user, system } = process.cpuUsage(before);
  return { ms: (user + system) / 1000, result };
}

/** How late a timer of 1 ms is, at most. */
function watchStalls() {
  let longestMs = 0;
  let lastMs = systemClock.monotonicMs();
  const timer = setInterval(() => {
    const nowMs = systemClock.monotonicMs();
    longestMs = Math.max(longestMs, nowMs - lastMs - 1);
    lastMs = nowMs;
  }, 1);
  return {
    reset: () => {
      longestMs = 0;
      lastMs = systemClock.monotonicMs();
    },
    stop: () => {
      clearInterval(timer);
      return longestMs;
    },
  };
}
