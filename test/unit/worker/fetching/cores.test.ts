import { describe, expect, test } from 'vitest';
import { FetchQueue, PRIORITY } from '../../../../worker/fetching/fetch-queue.ts';
import type { Priority, Queued } from '../../../../worker/fetching/fetch-queue.ts';
import { OriginLedger } from '../../../../worker/fetching/origin-ledger.ts';
import { ReadPattern } from '../../../../worker/fetching/read-pattern.ts';
import { Tap } from '../../../../worker/fetching/tap.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

describe('read pattern', () => {
  test('a window opens at 1 MiB, doubles, and stays at its cap', () => {
    const pattern = new ReadPattern({ maxWindowBytes: 8 * MIB });
    expect(pattern.note(0, 128 * KIB)).toBeUndefined();
    let ahead = 128 * KIB;
    const steps: number[] = [];
    for (let at = 128 * KIB; at < 64 * MIB; at += 128 * KIB) {
      const range = pattern.note(at, 128 * KIB);
      if (range === undefined) continue;
      expect(range.fromBytes).toBeGreaterThanOrEqual(ahead);
      ahead = range.toBytes;
      steps.push(ahead - at - 128 * KIB);
    }
    expect(steps[0]).toBe(MIB);
    expect(Math.max(...steps)).toBe(8 * MIB);
    expect(pattern.sequential).toBe(true);
  });

  test('a reader that was told more than it asked for goes on from there', () => {
    const pattern = new ReadPattern({ maxWindowBytes: 8 * MIB });
    pattern.note(0, MIB);
    pattern.promise(MIB, 30 * MIB);
    expect(pattern.note(30 * MIB, MIB)).toEqual({ fromBytes: 31 * MIB, toBytes: 32 * MIB });
    pattern.promise(20 * MIB, 900 * MIB);
    expect(pattern.note(31 * MIB, MIB)).toBeDefined();
    expect(pattern.sequential).toBe(true);
  });

  test('random reads are not read ahead of, and close the windows', () => {
    const pattern = new ReadPattern();
    for (let at = 0; at < 4; at += 1) pattern.note(at * MIB, MIB);
    expect(pattern.sequential).toBe(true);
    for (const at of [900, 100, 700, 300]) expect(pattern.note(at * MIB, 4096)).toBeUndefined();
    expect(pattern.sequential).toBe(false);
  });

  test('two readers in different places are both sequential; reads may overtake each other', () => {
    const pattern = new ReadPattern();
    const seen = [0, 500].map((start) => {
      const ranges: unknown[] = [];
      for (const i of [0, 1, 3, 2, 4, 5]) ranges.push(pattern.note((start + i) * MIB, MIB));
      return ranges.filter((range) => range !== undefined).length;
    });
    expect(Math.min(...seen)).toBeGreaterThan(1);
  });
});

describe('origin ledger', () => {
  test('spans count once their block was fetched, in either order; a second fetch counts nothing', () => {
    const ledger = new OriginLedger();
    ledger.asked(1, 7, 100, 200);
    expect(ledger.counters).toEqual({ uniqueBytes: 0, requestedBytes: 0 });
    ledger.fetched(1, 7, 4 * MIB);
    ledger.fetched(1, 7, 4 * MIB);
    ledger.asked(1, 7, 150, 300);
    ledger.fetched(1, 8, 10);
    expect(ledger.counters).toEqual({ uniqueBytes: 4 * MIB + 10, requestedBytes: 200 });
    ledger.asked(2, 8, 0, 10);
    expect(ledger.counters.requestedBytes).toBe(200);
  });

  test('memory is bounded: the oldest page is forgotten', () => {
    const ledger = new OriginLedger(2);
    for (const block of [0, 5000, 10_000, 0]) ledger.fetched(1, block, 1);
    expect(ledger.counters.uniqueBytes).toBe(4);
  });
});

describe('tap', () => {
  const never = new Promise<never>(() => undefined);

  test('cuts at chunks, skips what is before it, ends where it should', async () => {
    const tap = new Tap({ fromBytes: 250 * KIB, toBytes: 600 * KIB }, 10 * MIB);
    for (let at = 0; at < MIB; at += 100 * KIB) tap.offer(at, Buffer.alloc(100 * KIB, at / KIB));
    let next = 250 * KIB;
    for await (const { offsetBytes, bytes } of tap.pieces(never)) {
      expect(offsetBytes).toBe(next);
      expect(bytes[0]).toBe((Math.floor(offsetBytes / KIB / 100) * 100) % 256);
      next += bytes.length;
      expect(Math.floor((next - 1) / (256 * KIB))).toBe(Math.floor(offsetBytes / (256 * KIB)));
    }
    expect(next).toBe(600 * KIB);
  });

  test('what came before an error is delivered, then the error', async () => {
    const tap = new Tap({ fromBytes: 0, toBytes: 100 }, MIB);
    tap.offer(0, Buffer.alloc(40));
    tap.end(new Error('reset'));
    const got: number[] = [];
    const read = async () => {
      for await (const { bytes } of tap.pieces(never)) got.push(bytes.length);
    };
    await expect(read()).rejects.toThrow('reset');
    expect(got).toEqual([40]);
  });
});

describe('fetch queue', () => {
  class Item implements Queued {
    readonly name: string;
    priority: Priority;
    finish: () => void = () => undefined;
    readonly #started: string[];
    constructor(name: string, priority: Priority, started: string[]) {
      this.name = name;
      this.priority = priority;
      this.#started = started;
    }
    start(): Promise<void> {
      this.#started.push(this.name);
      return new Promise((resolve) => (this.finish = resolve));
    }
  }

  test('readers first; background leaves places free; raising moves an item up', async () => {
    const started: string[] = [];
    const queue = new FetchQueue<Item>({ maxRunning: 3, maxUnwaited: 2 });
    const item = (name: string, priority: Priority) => {
      const made = new Item(name, priority, started);
      queue.add(made);
      return made;
    };
    const first = item('background 1', PRIORITY.background);
    item('background 2', PRIORITY.background);
    const third = item('background 3', PRIORITY.background);
    item('ahead', PRIORITY.ahead);
    expect(started).toEqual(['background 1', 'background 2']);
    item('reader', PRIORITY.reader);
    queue.raise(third, PRIORITY.reader);
    expect(started).toEqual(['background 1', 'background 2', 'reader']);
    first.finish();
    await Promise.resolve();
    await Promise.resolve();
    expect(started.at(-1)).toBe('background 3');
    expect(queue.remove(third)).toBe(false);
  });
});
