/** Where a job is, concluded on a worker that sees the reads of what it owns and no others. */
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../../common/index.ts';
import { SeededRandom } from '../../../../common/forecast/index.ts';
import { parsePlan } from '../../../../common/plans/index.ts';
import { epochOrder } from '../../../../common/samplers/index.ts';
import { openPlans } from '../../../../worker/plans/index.ts';
import type { JobPlans, PlanStatus } from '../../../../worker/plans/index.ts';
import type { OpenedVersion } from '../../../../worker/versions.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { build, entry } from '../../common/manifest/support.ts';

const SEEDS = 10;

class OneOfMany implements AsyncDisposable {
  readonly plans: JobPlans;
  readonly #files: number;
  readonly #owned: Set<number>;
  readonly #opened: OpenedVersion;
  readonly #ordinals: number[];

  constructor(files: number, workers: number, seed: number) {
    const names = Array.from({ length: files }, (_, i) => `f${String(i).padStart(5, '0')}`);
    const { reader } = build(names.map((name) => entry(name, { sizeBytes: 1_000 })));
    const random = new SeededRandom(seed);
    this.#files = files;
    this.#ordinals = names.map((name) => reader.find(Buffer.from(name)));
    this.#owned = new Set([...names.keys()].filter(() => random.unit() < 1 / workers));
    const replica = { reader, copied: Promise.resolve() };
    this.#opened = { dataset: { id: 7 }, version: 1, replica } as unknown as OpenedVersion;
    this.plans = openPlans({
      versions: { get: () => Promise.resolve(this.#opened) },
      store: { policies: { setLookAhead: () => undefined } },
      predictions: { indexOf: () => Promise.resolve(undefined) },
      share: () => 1 / workers,
      ...{ clock: new ManualClock(), log: silentLogger },
    });
  }

  async tell(...seeds: number[]): Promise<void> {
    for (const seed of seeds) {
      this.plans.tell({ planId: seed, datasetId: 7, version: 1, plan: planOf(seed) });
    }
    while (this.plans.list().some(({ state }) => state === 'preparing')) await setImmediate();
  }

  /** Jobs side by side, from a place in their epoch to another. */
  readTogether(seeds: readonly number[], epoch: number, from: number, to: number): void {
    const orders = seeds.map((seed) => epochOrder(planOf(seed), this.#files, epoch));
    for (let at = from; at < to; at += 1) {
      for (const order of orders) {
        const index = order[at] ?? -1;
        if (this.#owned.has(index)) this.plans.read(this.#opened, this.#ordinals[index] ?? -1);
      }
    }
  }

  /** An epoch of a job; its pieces of a file one after the other. */
  read(seed: number, epoch: number, { pieces = 1 } = {}): PlanStatus {
    for (const index of epochOrder(planOf(seed), this.#files, epoch)) {
      if (!this.#owned.has(index)) continue;
      for (let piece = 0; piece < pieces; piece += 1) {
        this.plans.read(this.#opened, this.#ordinals[index] ?? -1);
      }
    }
    return this.#status;
  }

  get #status(): PlanStatus {
    const [status] = this.plans.list();
    if (status === undefined) throw new Error('no plan');
    return status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.plans[Symbol.asyncDispose]();
  }
}

function planOf(seed: number) {
  const said = { dataset: 'd', sampler: 'torch-distributed', seed, epochs: 3, world: 4 };
  return parsePlan(JSON.stringify(said));
}

describe.each([
  [240, 2],
  [2_000, 8],
])('of %d files, on one of %d workers', (files, workers) => {
  it.each([1, 3])(
    'a job is followed over the turn of an epoch, pieces of a file: %d',
    async (pieces) => {
      for (let seed = 1; seed <= SEEDS; seed += 1) {
        await using one = new OneOfMany(files, workers, seed);
        await one.tell(7);
        one.read(7, 0, { pieces });
        const { state, strayed, epoch, position } = one.read(7, 1, { pieces });
        expect({ seed, state, strayed }).toEqual({ seed, state: 'followed', strayed: 0 });
        expect(2 * files - (epoch * files + position)).toBeLessThan(files / 8);
      }
    },
  );

  it('a plan is dropped where another order is read for two epochs', async () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      await using one = new OneOfMany(files, workers, seed);
      await one.tell(8);
      one.read(7, 0);
      expect({ seed, ...one.read(7, 1) }).toMatchObject({ seed, state: 'dropped' });
    }
  });
});

it('two jobs are found that are further on than their plans, though each reads beside the other', async () => {
  const [files, workers] = [2_000, 8];
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    await using one = new OneOfMany(files, workers, seed);
    await one.tell(7, 9);
    one.readTogether([7, 9], 0, files * 0.4, files);
    one.readTogether([7, 9], 1, 0, files * 0.5);
    for (const { state, epoch, position } of one.plans.list()) {
      expect({ seed, state, epoch }).toEqual({ seed, state: 'followed', epoch: 1 });
      expect(Math.abs(position - files * 0.5)).toBeLessThan(files / 8);
    }
  }
});

it('of two jobs with neighbouring seeds none is led away by what the other reads', async () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    await using one = new OneOfMany(2_000, 8, seed);
    await one.tell(7, 8);
    one.readTogether([7, 8], 0, 0, 2_000);
    one.readTogether([7, 8], 1, 0, 1_000);
    for (const { state, strayed, epoch, position } of one.plans.list()) {
      expect({ seed, state, strayed, epoch }).toEqual({
        seed,
        state: 'followed',
        strayed: 0,
        epoch: 1,
      });
      expect(Math.abs(position - 1_000)).toBeLessThan(250);
    }
  }
});
