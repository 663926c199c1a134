/** Next use in the place of the threshold: two jobs, each with an order of its own that is known. */
import { describe, expect, test } from 'vitest';
import { BAND_BUCKETS } from '../../../../common/index.ts';
import { Admission, LookAhead } from '../../../../worker/admission/index.ts';
import { NextUses } from '../../../../worker/admission/next-uses.ts';
import { bandOf, shuffled, SimulatedCache } from './simulated-cache.ts';

const FILES = 2000;
const BYTES = 100;
const EPOCHS = 6;
/** Little transit: what is kept decides. */
const KEPT_SHARE = 0.99;
const ROWS = {
  firstBlock: Uint32Array.from({ length: FILES }, (_, file) => file),
  band: Uint32Array.from({ length: FILES }, (_, file) => bandOf(1, file)),
};

function make(keptShareOfDataset: number): SimulatedCache {
  const capacityBytes = (FILES * BYTES * keptShareOfDataset) / KEPT_SHARE;
  const admission = new Admission({ capacityBytes, capacityObjects: 1e9, keptShare: KEPT_SHARE });
  const bandBytes = new Float64Array(BAND_BUCKETS).fill((FILES * BYTES) / BAND_BUCKETS);
  admission.setExpected(1, { bandBytes, share: 1 });
  return new SimulatedCache(admission);
}

const seedOf = (job: number, epoch: number) => 1 + job * 100 + epoch;

/** Two jobs side by side. @param planned what is said of a job and epoch @returns hits in % after the first epoch */
function run(cache: SimulatedCache, planned?: (job: number, epoch: number) => number[]): number {
  const plan = new LookAhead();
  if (planned !== undefined) {
    for (let epoch = 0; epoch <= EPOCHS; epoch += 1) {
      for (const job of [0, 1]) {
        const rate = { startsAt: epoch * FILES, perObject: 1 };
        plan.addEpoch(String(job), epoch, Uint32Array.from(planned(job, epoch)), rate);
      }
    }
    cache.admission.setLookAhead(1, { plan, ...ROWS, ahead: 1 }, cache.order.kept(1));
  }
  let hits = 0;
  for (let epoch = 0; epoch < EPOCHS; epoch += 1) {
    const orders = [0, 1].map((job) => shuffled(FILES, seedOf(job, epoch)));
    for (let i = 0; i < FILES; i += 1) {
      for (const job of [0, 1]) {
        const isHit = cache.read({ datasetId: 1, file: orders[job]![i]!, bytes: BYTES });
        plan.advance(String(job), epoch, i + 1);
        hits += Number(isHit && epoch > 0);
      }
    }
  }
  return (hits / (EPOCHS - 1) / FILES / 2) * 100;
}

const truth = (job: number, epoch: number) => shuffled(FILES, seedOf(job, epoch));

describe('two jobs with known orders', () => {
  // `policy.md`, Belady with the next epochs known.
  test.each([
    [0.25, 50],
    [0.5, 73],
    [0.75, 88],
  ])('of a kept region of %d of the dataset hit %d in a hundred', (share, expected) => {
    expect(Math.abs(run(make(share), truth) - expected)).toBeLessThan(2);
  });

  test('without their plans they hit its share', () => {
    expect(Math.abs(run(make(0.5)) - 50)).toBeLessThan(2);
  });

  test('a plan that lies costs hits, and nothing else', () => {
    const cache = make(0.5);
    const lie = (job: number, epoch: number) => shuffled(FILES, 7777 + seedOf(job, epoch));
    expect(run(cache, lie)).toBeGreaterThan(40);
    expect(cache.keptBytes()).toBeLessThanOrEqual(0.5 * FILES * BYTES);
    expect(cache.keptBytes()).toBeGreaterThan(0.49 * FILES * BYTES);
    const nonsense = () => [4_000_000, 1, 1, 1, FILES + 1, 0];
    expect(run(cache, nonsense)).toBeGreaterThan(25);
  });

  test('when the plans are known no more the threshold decides again', () => {
    const cache = make(0.5);
    run(cache, truth);
    expect(cache.admission.counts.places.get('later use')).toBeGreaterThan(0);
    cache.admission.setLookAhead(1, undefined, []);
    const hits = run(cache);
    expect(Math.abs(hits - 50)).toBeLessThan(3);
    const { threshold } = cache.admission.share(1);
    const kept = [...cache.held.values()].filter(({ region }) => region === 'kept');
    const below = kept.filter(({ band }) => band < threshold);
    expect(below.length / kept.length).toBeGreaterThan(0.97);
  });

  test('what is pinned, or open, stays though it is used last', () => {
    const cache = make(0.5);
    const covers = ({ firstBlock }: { firstBlock: number }) => firstBlock < 50;
    cache.admission.protect('few', { datasetId: 1, covers });
    run(cache, truth);
    for (let file = 0; file < 50; file += 1) expect(cache.held.has(`1/${String(file)}`)).toBe(true);
    expect(cache.evictions.some(({ reason }) => reason === 'later use')).toBe(true);
  });
});

describe('the one that is used last', () => {
  const nextUse = new Map<number, number>();
  const plan = {
    changes: 0,
    nextUse: (row: number) => nextUse.get(row) ?? Infinity,
    tell(row: number, use: number) {
      nextUse.set(row, use);
      this.changes += 1;
    },
  };
  const make = () => {
    nextUse.clear();
    const uses = new NextUses({
      plan,
      ...ROWS,
    });
    for (const [row, use] of [
      [1, 30],
      [2, 10],
      [3, 20],
    ] as const) {
      nextUse.set(row, use);
      uses.add({ firstBlock: row, band: ROWS.band[row]! });
    }
    return uses;
  };

  test('goes first, and after it the next', () => {
    const uses = make();
    const order: number[] = [];
    for (let last = uses.last(); last !== undefined; last = uses.last()) {
      order.push(last.firstBlock);
      expect(last.band).toBe(ROWS.band[last.firstBlock]);
      uses.remove(last.firstBlock);
    }
    expect(order).toEqual([1, 3, 2]);
  });

  test('is another when a plan brings it nearer, and when it was read', () => {
    const uses = make();
    plan.tell(1, 15);
    expect(uses.last()?.firstBlock).toBe(3);
    uses.touched(2);
    // Its job has not told yet that it went on.
    expect(uses.last()?.firstBlock).toBe(3);
    plan.tell(2, 90);
    for (let i = 0; i < 5; i += 1) uses.touched(3);
    expect(uses.last()?.firstBlock).toBe(2);
  });

  test('is what the version does not name, where there is some', () => {
    const uses = make();
    uses.add({ firstBlock: 5_000_000, band: 77 });
    expect(uses.last()).toEqual({ firstBlock: 5_000_000, band: 77, nextUse: Infinity });
    uses.remove(5_000_000);
    expect(uses.last()?.firstBlock).toBe(1);
  });

  test('rates that are no numbers are as no plan', () => {
    const uses = make();
    nextUse.set(2, NaN);
    uses.add({ firstBlock: 2, band: 0 });
    expect(uses.last()).toEqual({ firstBlock: 2, band: ROWS.band[2], nextUse: Infinity });
  });
});
