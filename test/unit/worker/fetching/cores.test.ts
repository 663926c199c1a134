import { describe, expect, test } from 'vitest';
import { FetchQueue, PRIORITY } from '../../../../worker/fetching/fetch-queue.ts';
import type { Priority, Queued } from '../../../../worker/fetching/fetch-queue.ts';
import { OriginLedger } from '../../../../worker/fetching/origin-ledger.ts';
import { ReadPattern } from '../../../../worker/fetching/read-pattern.ts';
import type { ByteRange } from '../../../../worker/fetching/read-pattern.ts';
import { Tap } from '../../../../worker/fetching/tap.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

describe('read pattern', () => {
  const BLOCK = 4 * MIB;
  const patternOf = (maxWindowBytes?: number) =>
    new ReadPattern({ blockSizeBytes: BLOCK, maxWindowBytes });
  /** The windows that open while a range is read in pieces. */
  const read = (pattern: ReadPattern, fromBytes: number, lengthBytes: number, piece = MIB / 2) => {
    const windows: ByteRange[] = [];
    for (let at = fromBytes; at < fromBytes + lengthBytes; at += piece) {
      const range = pattern.note(at, piece);
      if (range !== undefined) windows.push(range);
    }
    return windows;
  };
  const lengths = (ranges: ByteRange[]) =>
    ranges.map(({ fromBytes, toBytes }) => (toBytes - fromBytes) / MIB);

  test('a window of one block opens, doubles with each step, and stays at its bound', () => {
    const pattern = patternOf(16 * MIB);
    expect(read(pattern, 0, MIB / 2)).toEqual([]);
    const windows = read(pattern, MIB / 2, 64 * MIB);
    expect(windows[0]).toEqual({ fromBytes: MIB, toBytes: MIB + BLOCK });
    for (const [i, { fromBytes, toBytes }] of windows.entries()) {
      expect(fromBytes).toBe(windows[i - 1]?.toBytes ?? MIB);
      // Less than twice what was read before it, and one block.
      expect(toBytes).toBeLessThanOrEqual(3 * fromBytes + BLOCK);
    }
    expect(lengths(windows).slice(0, 5)).toEqual([4, 6, 12, 8, 8]);
    expect(pattern.sequential).toBe(true);
  });

  test('elsewhere than at the beginning a block is read in a row first', () => {
    const pattern = patternOf();
    expect(read(pattern, 100 * MIB, BLOCK - MIB / 2)).toEqual([]);
    expect(lengths(read(pattern, 104 * MIB - MIB / 2, MIB / 2))).toEqual([4]);
    expect(pattern.sequential).toBe(false);
    read(pattern, 104 * MIB, 12 * MIB);
    expect(pattern.sequential).toBe(true);
  });

  test.each([4, 128, 1024, 2560])(
    'single places in pieces of %i KiB, each asked for in several requests, are not read ahead of',
    (pieceKib) => {
      const pattern = patternOf();
      const random = randomOf(pieceKib);
      let aheadBytes = 0;
      for (let i = 0; i < 2_000; i += 1) {
        // As the kernel does: in requests of 512 KiB, and from a page that lies anywhere.
        const at = Math.floor(random() * 10_000_000) * 4 * KIB;
        for (let done = 0; done < pieceKib; done += 512) {
          const range = pattern.note(at + done * KIB, Math.min(512, pieceKib - done) * KIB);
          if (range !== undefined) aheadBytes += range.toBytes - range.fromBytes;
          expect(pattern.sequential).toBe(false);
        }
      }
      // Two places may lie next to each other by chance.
      expect(aheadBytes).toBeLessThanOrEqual(2_000 * pieceKib * KIB * 0.01);
    },
  );

  test('what is read again and again is not a sequential reader', () => {
    const pattern = patternOf();
    for (let i = 0; i < 200; i += 1) {
      expect(pattern.note((i % 4) * 64 * KIB, 64 * KIB)).toBeUndefined();
    }
    expect(pattern.sequential).toBe(false);
  });

  test('a reader that was told more than it asked for goes on from there', () => {
    const pattern = patternOf();
    pattern.note(0, MIB / 2);
    pattern.promise(MIB / 2, 30 * MIB);
    expect(pattern.note(30 * MIB, MIB / 2)).toEqual({
      fromBytes: 30.5 * MIB,
      toBytes: 30.5 * MIB + BLOCK,
    });
    expect(pattern.sequential).toBe(true);
    pattern.promise(20 * MIB, 900 * MIB);
    expect(pattern.note(30.5 * MIB, MIB / 2)).toBeUndefined();
    // What it was told and did not read up to the end does not count.
    const other = patternOf();
    other.note(0, MIB / 2);
    other.promise(MIB / 2, 30 * MIB);
    other.note(29.8 * MIB, MIB / 2);
    expect(other.sequential).toBe(false);
  });

  test('eight readers in different places are each read ahead of, also beside one that is everywhere', () => {
    const pattern = patternOf();
    const random = randomOf(1);
    const ahead = new Map<number, number>();
    for (let step = 0; step < 40; step += 1) {
      for (let reader = 0; reader < 8; reader += 1) {
        const start = reader * 1000 * MIB;
        const range = pattern.note(start + step * MIB, MIB);
        if (range !== undefined) ahead.set(reader, range.toBytes - start);
        for (let i = 0; i < 3; i += 1) {
          const place = 10_000 * MIB + Math.floor(random() * 1_000_000) * 64 * KIB;
          expect(pattern.note(place, 4 * KIB)).toBeUndefined();
        }
      }
    }
    expect([...ahead.values()].every((toBytes) => toBytes > 40 * MIB)).toBe(true);
    expect(ahead.size).toBe(8);
  });

  test('a reader that comes back after random reads goes on with half the window', () => {
    const [steady, disturbed] = [patternOf(), patternOf()];
    for (const pattern of [steady, disturbed]) read(pattern, 0, 16 * MIB);
    for (let i = 0; i < 4; i += 1) disturbed.note((900 + 100 * i) * MIB, 4 * KIB);
    const [whole = 0, half = 0] = [steady, disturbed].map(
      (pattern) => read(pattern, 16 * MIB, 64 * MIB).at(0)?.toBytes,
    );
    expect(half).toBeLessThan(whole);
  });

  test('requests may overtake each other', () => {
    for (const start of [0, 500]) {
      const pattern = patternOf();
      let windows = 0;
      for (const i of [0, 1, 3, 2, 4, 5, 7, 6, 8, 9, 11, 10]) {
        if (pattern.note((start + i / 2) * MIB, MIB / 2) !== undefined) windows += 1;
      }
      expect(windows).toBeGreaterThan(0);
    }
  });
});

/** Numbers in [0, 1) that are the same in each run. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

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
    readonly bytes = 0;
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
