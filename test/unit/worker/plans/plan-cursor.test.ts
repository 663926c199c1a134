import { describe, expect, it } from 'vitest';
import { parsePlan } from '../../../../common/plans/index.ts';
import { SeededRandom } from '../../../../common/forecast/index.ts';
import { PlanCursor } from '../../../../worker/plans/plan-cursor.ts';
import { PlanOrders } from '../../../../worker/plans/plan-orders.ts';

const FILES = 400;
const EPOCHS = 3;

class Job {
  readonly orders: PlanOrders;
  readonly cursor: PlanCursor;

  constructor(plan: object = {}) {
    const said = { dataset: 'd', sampler: 'torch-distributed', epochs: EPOCHS, ...plan };
    const ordinals = Uint32Array.from({ length: FILES }, (_, i) => 10 + i);
    this.orders = new PlanOrders(parsePlan(JSON.stringify(said)), ordinals);
    this.cursor = new PlanCursor(this.orders.length, this.orders.total);
  }

  /** As `JobPlan`: whether the read fits. */
  read(ordinal: number): boolean {
    const positions = [...this.cursor.epochs()].flatMap(
      (epoch) => this.orders.positionOf(ordinal, epoch) ?? [],
    );
    const fits = this.cursor.fits(positions);
    if (!fits) this.cursor.stray(positions);
    return fits;
  }

  /** What is read at a position of all epochs. */
  at(position: number): number {
    return this.orders.ordinalAt(position) ?? -1;
  }
}

describe('PlanCursor', () => {
  it('follows a job through its epochs, of which this worker sees every third read', () => {
    const job = new Job();
    for (let at = 0; at < FILES * EPOCHS; at += 3) {
      expect(job.read(job.at(at))).toBe(true);
      expect(at - job.cursor.position).toBeLessThan(40);
    }
    expect(job.cursor.state).toBe('followed');
    expect(job.cursor.strayed).toBe(0);
  });

  it('never goes back, whatever order ranks and loaders read in', () => {
    const job = new Job();
    const random = new SeededRandom(1);
    let before = 0;
    for (let batch = 0; batch < FILES * EPOCHS; batch += 20) {
      for (const i of random.permutation(20)) {
        expect(job.read(job.at(batch + i))).toBe(true);
        expect(job.cursor.position).toBeGreaterThanOrEqual(before);
        before = job.cursor.position;
      }
    }
    expect(before).toBeGreaterThan(FILES * EPOCHS - 40);
  });

  it.each([
    ['another seed', { seed: 5 }],
    ['the order of paths', { sampler: 'sequential' }],
    ['epochs that it does not have', { firstEpoch: 10 }],
  ])('drops a plan that is read in %s, within an epoch', (_, plan) => {
    const job = new Job();
    const real = new Job(plan);
    let reads = 0;
    while (job.cursor.isLive) job.read(real.at(reads++));
    expect(job.cursor.state).toBe('dropped');
    expect(reads).toBeLessThan(FILES);
  });

  it('keeps a plan that is followed beside as many reads of somebody else', () => {
    const job = new Job();
    const random = new SeededRandom(2);
    for (let at = 0; at < FILES * 2; at += 1) {
      job.read(job.at(at));
      job.read(10 + Math.floor(random.unit() * FILES));
    }
    expect(job.cursor.state).toBe('followed');
    expect(Math.abs(job.cursor.position - FILES * 2)).toBeLessThan(60);
  });

  it('is over, and not dropped, where reads go on after the last epoch', () => {
    const job = new Job();
    for (let at = 0; at < FILES * EPOCHS; at += 1) job.read(job.at(at));
    const random = new SeededRandom(3);
    for (let i = 0; i < FILES; i += 1) job.read(10 + Math.floor(random.unit() * FILES));
    expect(job.cursor.state).toBe('over');
  });
});
