import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { SiblingPasses } from '../../../../worker/fetching/index.ts';
import type { Found, SiblingPassesOptions } from '../../../../worker/fetching/index.ts';

const FILE: Found = { kind: 'fetch', bytes: 100 };

function passes(options: Partial<SiblingPassesOptions> = {}): SiblingPasses {
  return new SiblingPasses({ entries: 10_000, ...options });
}

/** All that is given now. */
function taken(of: SiblingPasses, look: (ordinal: number) => Found = () => FILE, share = 1) {
  const ordinals: number[] = [];
  for (;;) {
    const ordinal = of.take(look, share);
    if (ordinal === undefined) return ordinals;
    ordinals.push(ordinal);
  }
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

/** The same each time. */
function shuffled(ordinals: number[], seed: number): number[] {
  const place = (ordinal: number) =>
    createHash('sha1').update(`${String(seed)}.${String(ordinal)}`);
  return ordinals
    .map((ordinal) => ({ ordinal, at: place(ordinal).digest('hex') }))
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .map(({ ordinal }) => ordinal);
}

describe('a pass in order', () => {
  test('is believed at the fourth file, and given as many files ahead as were read', () => {
    const pass = passes();
    for (const ordinal of range(100, 103)) pass.note(ordinal);
    expect(taken(pass)).toEqual([]);
    pass.note(103);
    expect(taken(pass)).toEqual(range(104, 108));
    pass.note(104);
    // Five were read: of the five that may be ahead three are there.
    expect(taken(pass)).toEqual([108, 109]);
  });

  test('goes on where a reader asks again that has read what was fetched without asking', () => {
    const pass = passes();
    for (const ordinal of range(0, 4)) pass.note(ordinal);
    expect(taken(pass)).toEqual(range(4, 8));
    pass.note(8);
    expect(taken(pass)).toEqual(range(9, 18));
    // What was read without asking is told late, and is nothing new.
    for (const ordinal of range(4, 8)) pass.note(ordinal);
    expect(taken(pass)).toEqual([]);
    pass.note(18);
    expect(taken(pass)).toEqual(range(19, 38));
  });

  test('has a bound of files and of bytes', () => {
    const few = passes({ maxFiles: 10 });
    const small = passes({ maxBytes: 700 });
    for (const ordinal of range(0, 200)) {
      few.note(ordinal);
      small.note(ordinal);
    }
    expect(taken(few)).toEqual(range(200, 210));
    expect(taken(small)).toEqual(range(200, 207));
    expect(small.aheadBytes).toBe(700);
  });

  test('passes over what is not to be fetched, and ends with the version', () => {
    const pass = passes({ entries: 120 });
    for (const ordinal of range(0, 100)) pass.note(ordinal);
    const odd = (ordinal: number): Found => (ordinal % 2 === 0 ? FILE : { kind: 'skip' });
    expect(taken(pass, odd)).toEqual(range(100, 120).filter((ordinal) => ordinal % 2 === 0));
  });

  test('looks at no more than 256 at a time, and goes on with the next read', () => {
    const pass = passes();
    for (const ordinal of range(0, 10)) pass.note(ordinal);
    const looked: number[] = [];
    const held = (ordinal: number): Found => {
      looked.push(ordinal);
      return ordinal < 300 ? { kind: 'skip' } : FILE;
    };
    expect(taken(pass, held)).toEqual([]);
    expect(looked).toEqual(range(10, 266));
    pass.note(10);
    expect(taken(pass, held)[0]).toBe(300);
  });

  test('stops where there is no room, and goes on there', () => {
    const pass = passes();
    for (const ordinal of range(0, 10)) pass.note(ordinal);
    expect(taken(pass, (ordinal) => (ordinal < 12 ? FILE : { kind: 'stop' }))).toEqual([10, 11]);
    pass.note(10);
    expect(taken(pass)[0]).toBe(12);
  });

  test('a look that fails is had again', () => {
    const pass = passes();
    for (const ordinal of range(0, 4)) pass.note(ordinal);
    const missing = () => {
      throw new Error('a page is missing');
    };
    expect(() => pass.take(missing)).toThrow('a page is missing');
    expect(pass.take(() => FILE)).toBe(4);
  });
});

describe('several readers', () => {
  test('that share a pass, out of step, are one pass, and each file is given once', () => {
    const pass = passes();
    const given: number[] = [];
    for (let from = 0; from < 800; from += 16) {
      for (const ordinal of shuffled(range(from, from + 16), from + 1)) {
        pass.note(ordinal);
        given.push(...taken(pass));
      }
    }
    expect(new Set(given).size).toBe(given.length);
    expect(given.at(-1)).toBeGreaterThan(1_000);
  });

  test('that go through directories of their own have a pass each', () => {
    const pass = passes();
    for (const i of range(0, 8)) {
      for (const reader of range(0, 16)) pass.note(reader * 500 + i);
    }
    const expected = range(0, 16).flatMap((reader) => range(reader * 500 + 8, reader * 500 + 16));
    expect(new Set(taken(pass))).toEqual(new Set(expected));
  });

  test('of whose files a worker owns a quarter are a pass as well', () => {
    const pass = passes();
    const owned = shuffled(range(0, 1_000), 7)
      .slice(0, 250)
      .sort((a, b) => a - b);
    for (const ordinal of owned.slice(0, 100)) pass.note(ordinal, 0.25);
    const look = (ordinal: number): Found => (owned.includes(ordinal) ? FILE : { kind: 'skip' });
    expect(taken(pass, look, 0.25)).toEqual(owned.slice(100, 200));
  });
});

describe('no pass', () => {
  test.each([1, 2, 3])('reads all over the version are given nothing (%i)', (seed) => {
    const pass = passes();
    const given: number[] = [];
    for (const ordinal of shuffled(range(0, 10_000), seed).slice(0, 5_000)) {
      pass.note(ordinal);
      given.push(...taken(pass));
    }
    // Four neighbours in a row may come by chance; then a handful is fetched.
    expect(given.length).toBeLessThan(10);
  });

  test('a pass that turns random ends', () => {
    const pass = passes({ maxFiles: 100 });
    for (const ordinal of range(0, 200)) pass.note(ordinal);
    expect(taken(pass)).toHaveLength(100);
    for (const i of range(0, 32)) pass.note(1_000 + i * 200);
    expect(pass.aheadBytes).toBe(0);
    expect(taken(pass)).toEqual([]);
  });

  test('the same file again and again is none', () => {
    const pass = passes();
    for (const _ of range(0, 20)) pass.note(5);
    expect(taken(pass)).toEqual([]);
  });
});
