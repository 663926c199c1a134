/** Each policy on reads that can be followed by hand, and Belady against a search through all that is to come. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Objects } from '../../../../bench/sim/objects.ts';
import { POLICIES } from '../../../../bench/sim/policies/index.ts';
import type { PolicyName } from '../../../../bench/sim/policies/index.ts';
import { LookAhead } from '../../../../worker/admission/index.ts';

interface Run {
  readonly policy: PolicyName;
  readonly capacity: number;
  readonly reads: readonly number[];
  readonly sizes?: readonly number[];
  readonly jobs?: number;
}

/** Whether each read was a hit; plans, where the policy wants them, are the reads. */
function hitsOf({ policy, capacity, reads, sizes, jobs = 1 }: Run): boolean[] {
  const objects = new Objects(Float64Array.from(sizes ?? Array<number>(10).fill(1)));
  const lookAhead = new LookAhead();
  const options = { objects, capacityBytes: capacity, share: 1, jobs, lookAhead };
  const cache = POLICIES[policy].make(options);
  lookAhead.addEpoch('job', 0, Uint32Array.from(reads), { startsAt: 0, perObject: 1 });
  return reads.map((object, at) => {
    lookAhead.advance('job', 0, at + 1);
    const isHit = cache.read(object);
    expect(cache.holds(object) || !isHit).toBe(true);
    return isHit;
  });
}

const asText = (run: Run) =>
  hitsOf(run)
    .map((hit) => (hit ? 'H' : '-'))
    .join('');

describe('reads that can be followed by hand', () => {
  test.each([
    // Two fit. 0 1 0: 1 is the least recent, and leaves for 2.
    ['lru', [0, 1, 0, 2, 0, 1], '--H-H-'],
    // The hand spares 0, which was used, and evicts 1; then 0, which was not used since.
    ['sieve', [0, 1, 0, 2, 0, 1], '--H-H-'],
    ['never-evict', [0, 1, 2, 0, 2, 1], '---H-H'],
    // 1 is never used again, and makes room; nothing makes room for 3, which is not either.
    ['belady', [0, 1, 2, 3, 0, 2], '----HH'],
  ] as const)('%s', (policy, reads, expected) => {
    expect(asText({ policy, capacity: 2, reads })).toBe(expected);
  });

  test('s3-fifo: what comes back while its name is remembered is kept longer', () => {
    // Ten fit, one of them in the small queue. Objects 0 … 8 come; all but the last leave, and their names stay.
    const sizes = Array<number>(30).fill(1);
    const first = Array.from({ length: 9 }, (_, object) => object);
    const others = Array.from({ length: 10 }, (_, i) => 9 + i);
    const reads = [...first, 0, ...others, 0];
    const hits = hitsOf({ policy: 's3-fifo', capacity: 10, reads, sizes });
    expect(hits.at(-1)).toBe(true);
    expect(hits.filter(Boolean)).toHaveLength(1);
    expect(hitsOf({ policy: 'lru', capacity: 10, reads, sizes }).at(-1)).toBe(false);
  });

  test('follow-window: what both jobs have read makes room, what one waits for stays', () => {
    // Leader 0 1 2 3, follower two behind; two fit.
    const reads = [0, 1, 2, 0, 3, 1];
    expect(asText({ policy: 'follow-window', capacity: 2, reads, jobs: 2 })).toBe('---H-H');
    expect(asText({ policy: 'lru', capacity: 2, reads })).toBe('------');
  });

  test.each(Object.keys(POLICIES) as PolicyName[])(
    '%s: an object that is larger than the cache is read through, and pushes nothing out',
    (policy) => {
      const run = { policy, capacity: 2, reads: [0, 1, 0, 1], sizes: [1, 3] };
      const hits = hitsOf(run);
      expect([hits[1], hits[3]]).toEqual([false, false]);
      expect(hits[2]).toBe(true);
    },
  );
});

describe('Belady', () => {
  test('has as many hits as the best of all choices', () => {
    const reads = fc.array(fc.nat(4), { maxLength: 10 });
    fc.assert(
      fc.property(reads, fc.integer({ min: 1, max: 3 }), (sequence, capacity) => {
        const hits = hitsOf({ policy: 'belady', capacity, reads: sequence }).filter(Boolean).length;
        expect(hits).toBe(bestHits(sequence, capacity));
      }),
    );
  });

  test('never has fewer hits than the others', () => {
    const reads = fc.array(fc.nat(9), { minLength: 20, maxLength: 60 });
    fc.assert(
      fc.property(reads, (sequence) => {
        const hits = (policy: PolicyName) =>
          hitsOf({ policy, capacity: 3, reads: sequence }).filter(Boolean).length;
        const most = hits('belady');
        for (const policy of ['lru', 'sieve', 's3-fifo', 'never-evict', 'larder'] as const) {
          expect(hits(policy)).toBeLessThanOrEqual(most);
        }
      }),
      { numRuns: 50 },
    );
  });
});

/** Tries every set that could be kept after each read. */
function bestHits(reads: readonly number[], capacity: number): number {
  let best = new Map<string, number>([['', 0]]);
  for (const object of reads) {
    const next = new Map<string, number>();
    const offer = (held: readonly number[], hits: number) => {
      const key = [...held].sort((a, b) => a - b).join();
      next.set(key, Math.max(next.get(key) ?? 0, hits));
    };
    for (const [key, hits] of best) {
      const held = key === '' ? [] : key.split(',').map(Number);
      if (held.includes(object)) {
        offer(held, hits + 1);
        continue;
      }
      offer(held, hits);
      if (held.length < capacity) offer([...held, object], hits);
      for (const victim of held) offer([...held.filter((one) => one !== victim), object], hits);
    }
    best = next;
  }
  return Math.max(...best.values());
}
