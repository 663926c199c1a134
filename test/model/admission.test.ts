/**
 * Admission with a store without files, whatever is asked of it in whatever order: three datasets with sums that are
 * right, wrong or missing, quotas, rates, pins, plans that lie, files that are open, and a capacity that changes.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BAND_BUCKETS } from '../../common/index.ts';
import { Admission, LookAhead } from '../../worker/admission/index.ts';
import { bandOf, SimulatedCache } from '../unit/worker/admission/simulated-cache.ts';
import type { SimulatedObject } from '../unit/worker/admission/simulated-cache.ts';

const DATASETS = [1, 2, 3];
const FILES = 16;
const KEPT_SHARE = 0.8;
const sizeOf = (file: number) => 1 + (file % 5);

type Step =
  | { readonly do: 'read' | 'open' | 'drop'; readonly datasetId: number; readonly file: number }
  | {
      readonly do: 'expect';
      readonly datasetId: number;
      readonly percent: number;
      readonly limit: number;
    }
  | { readonly do: 'forget' | 'unplan' | 'unpin'; readonly datasetId: number }
  | { readonly do: 'rates'; readonly rates: readonly number[] }
  | { readonly do: 'capacity'; readonly bytes: number }
  | {
      readonly do: 'pin';
      readonly datasetId: number;
      readonly below: number;
      readonly forMs: number;
    }
  | { readonly do: 'plan'; readonly datasetId: number; readonly order: readonly number[] }
  | { readonly do: 'wait'; readonly ms: number };

const datasetId = fc.constantFrom(...DATASETS);
const file = fc.nat(FILES - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.record({ do: fc.constant('read' as const), datasetId, file }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('open' as const, 'drop' as const),
      datasetId,
      file,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('expect' as const),
      datasetId,
      percent: fc.constantFrom(30, 100, 100, 300),
      limit: fc.constantFrom(0, 10, 25, Infinity, Infinity),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('forget' as const, 'unplan' as const, 'unpin' as const),
      datasetId,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('rates' as const),
      rates: fc.array(fc.constantFrom(0, 1, 10, 100), { minLength: 3, maxLength: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('capacity' as const),
      bytes: fc.integer({ min: 3, max: 160 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('pin' as const),
      datasetId,
      below: fc.integer({ min: 1, max: FILES }),
      forMs: fc.constantFrom(5, 50, Infinity),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('plan' as const),
      datasetId,
      order: fc.array(fc.nat(FILES + 3), { maxLength: 2 * FILES }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(20) }) },
);

interface Pin {
  readonly below: number;
  readonly untilMs: number;
}

class World {
  readonly admission = new Admission({
    capacityBytes: 60,
    capacityObjects: 1e6,
    keptShare: KEPT_SHARE,
  });
  readonly cache = new SimulatedCache(this.admission, { promotes: false });
  readonly limits = new Map<number, number>();
  readonly planned = new Set<number>();
  readonly pins = new Map<number, Pin>();

  take(taken: Step): void {
    const { admission, cache } = this;
    switch (taken.do) {
      case 'read':
        this.#read(taken);
        return;
      case 'open': {
        const held = cache.held.get(`${String(taken.datasetId)}/${String(taken.file)}`);
        if (held !== undefined) held.open = !held.open;
        return;
      }
      case 'drop': {
        const held = cache.held.get(`${String(taken.datasetId)}/${String(taken.file)}`);
        if (held !== undefined) cache.drop(held);
        return;
      }
      case 'expect': {
        const { limit: limitBytes } = taken;
        this.limits.set(taken.datasetId, limitBytes);
        const bandBytes = sums(taken.datasetId);
        admission.setExpected(taken.datasetId, {
          bandBytes,
          share: taken.percent / 100,
          limitBytes,
        });
        return;
      }
      case 'forget':
        this.limits.delete(taken.datasetId);
        admission.setExpected(taken.datasetId, undefined);
        return;
      case 'rates':
        admission.setRates(new Map(DATASETS.map((id, i) => [id, taken.rates[i]!])));
        return;
      case 'capacity':
        admission.setCapacity({ capacityBytes: taken.bytes, capacityObjects: 1e6 });
        this.#checkEvictions(() => cache.shrink(), undefined);
        return;
      case 'pin':
        this.#pin(taken.datasetId, { below: taken.below, untilMs: cache.nowMs + taken.forMs });
        return;
      case 'unpin':
        this.pins.delete(taken.datasetId);
        admission.unprotect(String(taken.datasetId));
        return;
      case 'plan': {
        const plan = new LookAhead();
        plan.addEpoch('job', 0, Uint32Array.from(taken.order), { startsAt: 0, perObject: 1 });
        const firstBlock = Uint32Array.from({ length: FILES }, (_, i) => i);
        const band = firstBlock.map((i) => bandOf(taken.datasetId, i));
        const rows = { plan, firstBlock, band, ahead: 1 };
        admission.setLookAhead(taken.datasetId, rows, cache.order.kept(taken.datasetId));
        this.planned.add(taken.datasetId);
        return;
      }
      case 'unplan':
        this.planned.delete(taken.datasetId);
        admission.setLookAhead(taken.datasetId, undefined, []);
        return;
      case 'wait':
        cache.nowMs += taken.ms;
    }
  }

  /** What the admission says it holds is what is held, and within its bounds. */
  check(): void {
    const { admission, cache } = this;
    const objects = [...cache.held.values()];
    expect(admission.usedBytes).toBe(objects.reduce((sum, { bytes }) => sum + bytes, 0));
    expect(admission.objects).toBe(objects.length);
    let quotas = 0;
    for (const id of DATASETS) {
      expect(admission.share(id).keptBytes).toBe(cache.keptBytes(id));
      quotas += admission.share(id).quotaBytes;
    }
    expect(quotas).toBeLessThanOrEqual(Math.floor(admission.capacityBytes * KEPT_SHARE));
  }

  #read({ datasetId: id, file: read }: { datasetId: number; file: number }): void {
    const { admission, cache } = this;
    const name = `${String(id)}/${String(read)}`;
    const newcomer = { datasetId: id, file: read, bytes: sizeOf(read) };
    this.#checkEvictions(() => cache.read(newcomer), { id, band: bandOf(id, read), file: read });
    const came = cache.held.get(name);
    if (came?.region !== 'kept' || cache.evictions.length === 0) return;
    // Room was made for it: nothing is over by then.
    expect(cache.keptBytes()).toBeLessThanOrEqual(admission.capacityBytes * KEPT_SHARE);
    expect(admission.usedBytes).toBeLessThanOrEqual(admission.capacityBytes);
  }

  #checkEvictions(
    doing: () => void,
    newcomer: { readonly id: number; readonly band: number; readonly file: number } | undefined,
  ): void {
    const { admission, cache } = this;
    const thresholds = new Map(DATASETS.map((id) => [id, admission.share(id).threshold]));
    const before = new Map(DATASETS.map((id) => [id, cache.keptBytes(id)]));
    cache.evictions.length = 0;
    doing();
    for (const { object, reason, overBytes } of cache.evictions) {
      expect(this.#isPinned(object), 'what is pinned stays').toBe(false);
      if (newcomer === undefined || object.region !== 'kept') continue;
      if (this.#isPinned({ datasetId: newcomer.id, firstBlock: newcomer.file })) continue;
      if (object.datasetId === newcomer.id) {
        if (!this.planned.has(newcomer.id)) expect(object.band).toBeGreaterThan(newcomer.band);
      } else if (reason === 'above threshold') {
        expect(object.band).toBeGreaterThanOrEqual(thresholds.get(object.datasetId)!);
      } else {
        expect(reason).toBe('over quota');
        expect(overBytes).toBeGreaterThan(0);
        // Those that are open were passed over: they are above the threshold from now on.
        const threshold = Math.min(object.band, thresholds.get(object.datasetId)!);
        thresholds.set(object.datasetId, threshold);
      }
    }
    for (const id of DATASETS) {
      const limit = this.limits.get(id) ?? Infinity;
      const now = cache.keptBytes(id);
      if (now > before.get(id)!) expect(now, 'grows within its limit').toBeLessThanOrEqual(limit);
    }
  }

  #pin(id: number, pin: Pin): void {
    this.pins.set(id, pin);
    const untilMs = pin.untilMs === Infinity ? undefined : pin.untilMs;
    const covers = ({ firstBlock }: { readonly firstBlock: number }) => firstBlock < pin.below;
    const whole = pin.below === FILES;
    this.admission.protect(String(id), {
      datasetId: id,
      ...{ covers: whole ? undefined : covers, untilMs },
    });
  }

  #isPinned({ datasetId: id, firstBlock }: Pick<SimulatedObject, 'datasetId' | 'firstBlock'>) {
    const pin = this.pins.get(id);
    return pin !== undefined && firstBlock < pin.below && pin.untilMs > this.cache.nowMs;
  }
}

function sums(id: number): Float64Array {
  const bandBytes = new Float64Array(BAND_BUCKETS);
  for (let i = 0; i < FILES; i += 1) {
    bandBytes[Math.floor((bandOf(id, i) / 2 ** 32) * BAND_BUCKETS)]! += sizeOf(i);
  }
  return bandBytes;
}

test('within its bounds, nothing pinned goes, and no newcomer displaces what is better', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 200, size: 'max' }), (steps) => {
      const world = new World();
      for (const taken of steps) {
        world.take(taken);
        world.check();
      }
    }),
    { numRuns: 300 },
  );
});
