import { describe, expect, test } from 'vitest';
import { BLOCKS, Objects } from '../../../../bench/sim/objects.ts';
import { POLICIES } from '../../../../bench/sim/policies/index.ts';
import { simulate } from '../../../../bench/sim/simulate.ts';
import {
  cacheCurve,
  fittingCacheBytes,
  forecast,
  lookAheadRatio,
  squaredBytesOf,
  WORKLOADS,
} from '../../../../common/forecast/index.ts';
import type { ForecastOptions, ReadOrder } from '../../../../common/forecast/index.ts';
import { GIB, KEPT_SHARE, MIB } from '../../../../common/index.ts';
import { Admission } from '../../../../worker/admission/index.ts';

const UNET3D = {
  meanBytes: WORKLOADS.unet3d.fileBytes,
  deviationBytes: WORKLOADS.unet3d.deviationBytes,
};
const DATASETS = {
  '4,000 blocks': Objects.of(4_000, BLOCKS, 1),
  '2,000 files like those of unet3d': Objects.of(2_000, UNET3D, 2),
  '168 files like those of unet3d': Objects.of(168, UNET3D, 3),
};

interface Case {
  readonly objects: Objects;
  readonly nodes: number;
  /** Kept regions / dataset. */
  readonly cached: number;
  readonly order: ReadOrder;
  readonly jobs: number;
  readonly plans: boolean;
  readonly replicas: number;
}

function simulated({ objects, nodes, cached, order, jobs, plans, replicas }: Case) {
  const result = simulate({
    objects,
    nodes,
    nodeBytes: (cached * objects.totalBytes) / nodes,
    placement: order === 'partitioned' ? 'first-toucher' : 'owners',
    policy: plans ? POLICIES.belady : POLICIES.larder,
    sampler: order,
    sameOrder: false,
    lags: Array.from({ length: jobs }, (_, job) => job / jobs),
    ...{ jobs, replicas, warmEpochs: 4, epochs: 3, seed: 1 },
  });
  return (['local', 'peer', 'origin'] as const).map((source) => result.share(source));
}

function predicted({ objects, nodes, cached, order, jobs, plans, replicas }: Case) {
  const cache = (cached * objects.totalBytes) / nodes / KEPT_SHARE;
  const { localShare, peerShare, originShare } = forecast({
    dataset: {
      totalBytes: objects.totalBytes,
      files: objects.count,
      squaredBytes: squaredBytesOf(objects.bandBytes, objects.count),
    },
    cacheBytes: Array<number>(nodes).fill(cache),
    ...{ replicas, jobs, order, arePlansKnown: plans },
  });
  return [localShare, peerShare, originShare];
}

/** The largest difference of a share, and of which case it is. */
function worstOf(cases: readonly Case[]): { points: number; where: string } {
  let worst = { points: 0, where: 'nowhere' };
  for (const one of cases) {
    const real = simulated(one);
    const points = Math.max(
      ...predicted(one).map((share, i) => 100 * Math.abs(share - (real[i] ?? 0))),
    );
    const { objects: _, ...where } = one;
    if (points > worst.points) worst = { points, where: JSON.stringify(where) };
  }
  return worst;
}

/** Seconds of CPU time, on a machine that may be busy. */
const LONG = { timeout: 300_000 };

const GRID = [1, 5, 16].flatMap((nodes) =>
  [0.1, 0.4, 0.8, 1, 1.3, 2.5].map((cached) => ({ nodes, cached, replicas: 1, plans: false })),
);

describe('the forecast is within 3 points of the simulator, for local, peer and origin alike', () => {
  const cases = Object.entries(DATASETS).map(([name, objects]) => ({ name, objects }));

  test.each(cases)('$name, one job that shuffles or keeps to its part', LONG, ({ objects }) => {
    const orders = ['shuffled', 'partitioned'] as const;
    const all = GRID.flatMap((one) => orders.map((order) => ({ ...one, objects, order, jobs: 1 })));
    const { points, where } = worstOf(all);
    expect(points, where).toBeLessThan(3);
  });

  test.each(cases)('$name, several jobs, and copies', LONG, ({ objects }) => {
    const order = 'shuffled';
    const all = GRID.flatMap((one) => [
      { ...one, objects, order, jobs: 2 } as const,
      { ...one, objects, order, jobs: 1, replicas: 2 } as const,
      { ...one, objects, order, jobs: 1, replicas: one.nodes } as const,
    ]);
    const { points, where } = worstOf(all);
    expect(points, where).toBeLessThan(3);
  });

  test.each(cases.slice(0, 2))('$name, the same order in each epoch', LONG, ({ objects }) => {
    const all = GRID.map((one) => ({ ...one, objects, order: 'repeated', jobs: 1 }) as const);
    const { points, where } = worstOf(all);
    expect(points, where).toBeLessThan(3);
  });

  test.each(cases.slice(0, 2))('$name, jobs whose plans are known', LONG, ({ objects }) => {
    const all = GRID.flatMap((one) =>
      [2, 4].map((jobs) => ({ ...one, objects, order: 'shuffled', jobs, plans: true }) as const),
    );
    // With few objects in a cache it is never quite full, and look-ahead loses more by that than the band.
    const enough = all.filter(({ nodes, cached }) => (cached * objects.count) / nodes >= 25);
    expect(enough.length).toBeGreaterThan(20);
    const { points, where } = worstOf(enough);
    expect(points, where).toBeLessThan(3);
  });
});

test('the time of an epoch is within a tenth of the simulated one, whatever bounds it', () => {
  const objects = DATASETS['4,000 blocks'];
  for (const cached of [0.2, 0.5, 0.9]) {
    for (const needed of [0.5, 1, 2, 8]) {
      // The origin gives 1 / needed of what the job could read.
      const times = {
        computeSeconds: 100,
        originBytesPerSecond: objects.totalBytes / 100 / needed,
      };
      const nodeBytes = (cached * objects.totalBytes) / 4;
      const real = simulate({
        ...{ objects, nodes: 4, nodeBytes, placement: 'owners', policy: POLICIES.larder },
        ...{ sampler: 'shuffled', sameOrder: false, lags: [0], jobs: 1, replicas: 1 },
        ...{ warmEpochs: 1, epochs: 3, seed: 1 },
      }).epochSeconds(times);
      const { epochSeconds } = forecast({
        ...{ dataset: { totalBytes: objects.totalBytes, files: objects.count }, ...times },
        cacheBytes: Array<number>(4).fill(nodeBytes / KEPT_SHARE),
        ...{ replicas: 1, jobs: 1, order: 'shuffled', arePlansKnown: false },
      });
      expect(Math.abs((epochSeconds ?? 0) / real - 1)).toBeLessThan(0.1);
    }
  }
});

const BASE: ForecastOptions = {
  dataset: { totalBytes: 1_000 * GIB, files: 1_000_000 },
  cacheBytes: Array<number>(8).fill((62.5 * GIB) / KEPT_SHARE),
  replicas: 1,
  jobs: 1,
  order: 'shuffled',
  arePlansKnown: false,
};

describe('what a forecast says', () => {
  test('is c of the dataset, s of it local, and the rest from the origin', () => {
    const { hitRatio, localShare, peerShare, originShare, originBytesPerEpoch } = forecast(BASE);
    expect(hitRatio).toBeCloseTo(0.5, 3);
    expect(localShare).toBeCloseTo(1 / 16, 3);
    expect(peerShare).toBeCloseTo(7 / 16, 3);
    expect(localShare + peerShare + originShare).toBeCloseTo(1, 12);
    expect(originBytesPerEpoch / GIB).toBeCloseTo(500, 0);
  });

  test('is bound by the larger of compute time and the time of the origin', () => {
    const at = (originBytesPerSecond: number) =>
      forecast({ ...BASE, computeSeconds: 1_000, originBytesPerSecond });
    expect(at(GIB)).toMatchObject({ epochSeconds: 1_000, boundBy: 'compute' });
    expect(at(GIB / 4).epochSeconds).toBeCloseTo(2_000, -1);
    expect(at(GIB / 4)).toMatchObject({ firstEpochSeconds: 4_000, boundBy: 'origin' });
    expect(forecast(BASE)).toMatchObject({ epochSeconds: null, boundBy: null });
  });

  test('jobs that do not wait for each other each fetch what is not kept', () => {
    const two = forecast({ ...BASE, jobs: 2 });
    expect(two.originBytesPerEpoch / GIB).toBeCloseTo(1_000, 0);
    expect(two.firstEpochOriginBytes / GIB).toBeCloseTo(1_500, 0);
  });

  test('a cache that is smaller than one file keeps nothing', () => {
    const files = { totalBytes: 10 * GIB, files: 10 };
    expect(forecast({ ...BASE, dataset: files, cacheBytes: [GIB, GIB] }).hitRatio).toBe(0);
    expect(forecast({ ...BASE, dataset: files, cacheBytes: [0] }).hitRatio).toBe(0);
  });

  test('a file above 1 GiB is kept by stripe', () => {
    const large = { totalBytes: 100 * GIB, files: 1 };
    const { hitRatio } = forecast({ ...BASE, dataset: large, cacheBytes: [50 * GIB] });
    expect(hitRatio).toBeCloseTo(0.46, 1);
  });

  test('workers of unlike size keep in proportion, and a dataset that is small is kept by all', () => {
    const cacheBytes = [GIB, 2 * GIB, 5 * GIB].map((bytes) => bytes / KEPT_SHARE);
    const dataset = { totalBytes: 16 * GIB, files: 100_000 };
    expect(forecast({ ...BASE, dataset, cacheBytes }).hitRatio).toBeCloseTo(0.5, 3);
    const small = forecast({ ...BASE, dataset: { totalBytes: GIB, files: 1_000 }, cacheBytes });
    expect(small.hitRatio).toBe(1);
    expect(small.localShare).toBeCloseTo(1 / 3, 6);
  });

  test('the kept region is that of the worker', () => {
    const admission = new Admission({ capacityBytes: 1_000, capacityObjects: 1_000 });
    const object = { datasetId: 1, firstBlock: 0, band: 0, region: 'kept', objects: 1 } as const;
    const shortage = (bytes: number) => {
      const newcomer = { ...object, bytes };
      return admission.shortage(newcomer);
    };
    expect(shortage(1_000 * KEPT_SHARE)).toBeUndefined();
    expect(shortage(1_000 * KEPT_SHARE + 1)).toBe('kept');
  });
});

describe('what more cache brings', () => {
  test('the curve rises to the cache with which everything fits, and ends there', () => {
    const curve = cacheCurve(BASE);
    const ratios = curve.map(({ hitRatio }) => hitRatio);
    expect(ratios).toEqual([...ratios].sort((a, b) => a - b));
    expect(ratios[0]).toBeCloseTo(0.25, 2);
    expect(curve[1]?.nodeCacheBytes).toBe(Math.round(BASE.cacheBytes[0] ?? 0));
    expect(ratios.at(-1)).toBeCloseTo(1, 2);
    expect(ratios.filter((ratio) => ratio >= 0.9995)).toHaveLength(1);
  });

  test('with as much as fits, all but what is uneven is kept', () => {
    const cache = fittingCacheBytes(BASE.dataset.totalBytes, 8);
    const all = forecast({ ...BASE, cacheBytes: Array<number>(8).fill(cache) });
    expect(all.hitRatio).toBeGreaterThan(0.995);
  });
});

describe('what is known in advance of several jobs', () => {
  test('gives the ratios of the policy', () => {
    const ratios = (jobs: number) =>
      [0.25, 0.5, 0.75].map((cached) => Math.round(100 * lookAheadRatio(cached, jobs)));
    expect(ratios(1)).toEqual([25, 50, 75]);
    expect(Math.max(...difference(ratios(2), [50, 73, 88]))).toBeLessThanOrEqual(1);
    expect(Math.max(...difference(ratios(4), [56, 77, 91]))).toBeLessThanOrEqual(1);
  });

  test('is everything where everything fits, and nothing without a cache', () => {
    expect([lookAheadRatio(0, 3), lookAheadRatio(1, 3), lookAheadRatio(2, 3)]).toEqual([0, 1, 1]);
  });
});

test('sums of squares from sums per bucket are those of the files', () => {
  for (const objects of [DATASETS['4,000 blocks'], DATASETS['2,000 files like those of unet3d']]) {
    const real = objects.sizes.reduce((sum, bytes) => sum + bytes ** 2, 0);
    expect(squaredBytesOf(objects.bandBytes, objects.count) / real).toBeCloseTo(1, 1);
  }
});

test('workloads need what their table says, each second and accelerator', () => {
  const megabytes = Object.entries(WORKLOADS).map(
    ([name, { bytesPerSecond }]) => [name, Math.round(bytesPerSecond / 1e6)] as const,
  );
  expect(Object.fromEntries(megabytes)).toEqual({
    unet3d: 3177,
    resnet50: 205,
    cosmoflow: 808,
    retinanet: 163,
  });
  expect(WORKLOADS.unet3d.fileBytes / MIB).toBeCloseTo(139.8, 1);
});

function difference(some: readonly number[], others: readonly number[]): number[] {
  return some.map((number, i) => Math.abs(number - (others[i] ?? 0)));
}
