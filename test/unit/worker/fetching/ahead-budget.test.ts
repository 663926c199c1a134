import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { MIB, systemClock } from '../../../../common/index.ts';
import type { Clock } from '../../../../common/index.ts';
import { AheadBudget } from '../../../../worker/fetching/ahead-budget.ts';
import { Larder } from './larder.ts';
import { MemoryOrigin, refOf } from './memory-origin.ts';

const READ_BYTES = 8 * MIB;
const PIECE_BYTES = MIB / 4;

interface Link {
  /** All reads together. */
  readonly bytesPerSecond: number;
  readonly perReadBytesPerSecond?: number;
}

/** Reads that are begun as the budget lets them, over a link: in steps of 10 ms. @returns how many are under way */
function simulate(seconds: number, link: Link, wanted = 24): number[] {
  let nowMs = 0;
  const budget = new AheadBudget({ ...systemClock, monotonicMs: () => nowMs });
  const left: number[] = [];
  const running: number[] = [];
  for (; nowMs < seconds * 1_000; nowMs += 10) {
    while (left.length < wanted && budget.mayBegin(READ_BYTES)) {
      budget.begin(READ_BYTES);
      left.push(READ_BYTES);
    }
    running.push(left.length);
    const each = link.bytesPerSecond / 100 / left.length;
    const step = Math.min(each, (link.perReadBytesPerSecond ?? Infinity) / 100);
    for (let i = left.length - 1; i >= 0; i -= 1) {
      const bytes = Math.min(step, left[i] ?? 0);
      budget.received(bytes);
      left[i] = (left[i] ?? 0) - bytes;
      if ((left[i] ?? 0) > 1) continue;
      left.splice(i, 1);
      budget.end(READ_BYTES);
    }
  }
  return running;
}

describe('AheadBudget', () => {
  it('lets two reads begin before anything is known, and one whatever its size', () => {
    const budget = new AheadBudget(systemClock);
    expect(budget.mayBegin(100 * READ_BYTES)).toBe(true);
    budget.begin(READ_BYTES);
    expect(budget.mayBegin(READ_BYTES)).toBe(true);
    budget.begin(READ_BYTES);
    expect(budget.mayBegin(1)).toBe(false);
    budget.end(READ_BYTES);
    expect(budget.mayBegin(READ_BYTES)).toBe(true);
  });

  it('has 2 s of a slow link under way, and not 24 reads', () => {
    const running = simulate(120, { bytesPerSecond: 12.5 * MIB });
    const late = running.slice(2_000);
    expect(Math.max(...late)).toBeLessThanOrEqual(5);
    expect(Math.max(...running)).toBeLessThanOrEqual(8);
    expect(Math.min(...late)).toBeGreaterThanOrEqual(2);
  });

  it('does not hold back a fast link for long', () => {
    const running = simulate(5, { bytesPerSecond: 1_000 * MIB });
    expect(running.slice(10).filter((reads) => reads < 20)).toHaveLength(0);
  });

  it('grows where each connection has a limit of its own', () => {
    const link = { bytesPerSecond: 1_000 * MIB, perReadBytesPerSecond: 2 * MIB };
    const running = simulate(240, link);
    const late = running.slice(-6_000);
    expect(late.reduce((sum, reads) => sum + reads, 0) / late.length).toBeGreaterThan(14);
  });
});

/** A link that serves all reads in turn, a piece each, and whose time is the clock's. */
function slowLink(bytesPerSecond: number) {
  const origin = new MemoryOrigin({ pieceBytes: PIECE_BYTES });
  const link = { nowMs: 0, pieces: 0 };
  let turn = Promise.resolve();
  origin.beforePiece = async () => {
    turn = turn.then(async () => {
      await setImmediate();
      link.nowMs += (PIECE_BYTES * 1_000) / bytesPerSecond;
      link.pieces += 1;
    });
    await turn;
  };
  const clock: Clock = { ...systemClock, monotonicMs: () => link.nowMs };
  return { origin, link, clock };
}

describe('a reader behind what is fetched ahead over a slow link', () => {
  it('waits for a few other reads, and not for all that is to be fetched', async () => {
    const { origin, link, clock } = slowLink(12.5 * MIB);
    await using larder = await Larder.open({ origin, clock });
    const ahead = Array.from({ length: 22 }, (_, i) =>
      larder.reader.fetchAhead(refOf(`ahead${String(i)}`, READ_BYTES)),
    );
    while (link.pieces < 64) await setImmediate();
    const before = link.pieces;
    const wanted = refOf('wanted', READ_BYTES);
    expect(await larder.readsRight(wanted)).toBe(true);
    const own = READ_BYTES / PIECE_BYTES;
    // With all 22 under way it takes 23 times what it needs.
    expect(link.pieces - before).toBeLessThan(9 * own);
    await Promise.all(ahead);
    expect(larder.reader.counters.bytes).toBe(23 * READ_BYTES);
  });
});
