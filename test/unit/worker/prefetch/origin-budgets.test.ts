import { describe, expect, it } from 'vitest';
import { KIB, MIB } from '../../../../common/index.ts';
import type { ObjectIdentity } from '../../../../common/index.ts';
import { OriginBudgets as Divider } from '../../../../master/origin-budgets.ts';
import type { ByteSink, OriginRead } from '../../../../worker/origins/index.ts';
import { OriginBudgets } from '../../../../worker/prefetch/index.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

const DATASET = 7;
const SECOND = 1_000;
const BUDGET = 40 * MIB;
const OBJECT: ObjectIdentity = {
  key: Buffer.from('k'),
  sizeBytes: 2 ** 40,
  mtimeS: 0,
  mtimeNs: 0,
  validator: { kind: 'etag', etag: 'e' },
};

/** Sends as fast as it is let, and counts. */
class FastOrigin {
  readonly counters = { gets: 0, bytes: 0, refusals: 0 };

  async read({ lengthBytes, signal }: OriginRead, sink: ByteSink): Promise<void> {
    this.counters.gets += 1;
    const piece = Buffer.alloc(64 * KIB);
    for (let sent = 0; sent < lengthBytes && !signal.aborted; sent += piece.length) {
      this.counters.bytes += piece.length;
      await sink(piece);
    }
  }
}

class FakeWorker {
  readonly origin = new FastOrigin();
  readonly budgets: OriginBudgets;
  isConnected = true;

  constructor(clock: ManualClock) {
    this.budgets = new OriginBudgets({
      clock,
      isConnected: () => this.isConnected,
      weightShare: () => 1 / 2,
    });
  }

  async read(lengthBytes: number, signal = new AbortController().signal): Promise<void> {
    const read = { object: OBJECT, offsetBytes: 0, lengthBytes, signal };
    await this.budgets.paced(DATASET, this.origin).read(read, () => undefined);
  }

  /** One range after the other, as fast as it can or so much a second. */
  async readOn(clock: ManualClock, bytesPerSecond = Infinity): Promise<void> {
    for (;;) {
      await this.read(MIB);
      if (bytesPerSecond < Infinity) await clock.sleep((MIB * SECOND) / bytesPerSecond);
    }
  }
}

/** A master and two workers, a heartbeat each a second. */
class FakeCluster {
  readonly clock = new ManualClock();
  readonly divider = new Divider();
  readonly workers = [new FakeWorker(this.clock), new FakeWorker(this.clock)] as const;

  constructor() {
    this.#tell();
  }

  async run(seconds: number): Promise<number[]> {
    const before = this.workers.map(({ origin }) => origin.counters.bytes);
    for (let i = 0; i < seconds; i += 1) {
      await this.clock.advance(SECOND);
      this.workers.forEach(({ budgets, isConnected }, at) => {
        if (!isConnected) return;
        this.divider.heard(String(at), budgets.demands(), this.clock.monotonicMs());
        this.#tell();
      });
    }
    return this.workers.map(({ origin }, at) => origin.counters.bytes - (before[at] ?? 0));
  }

  #tell(): void {
    const members = this.workers.map(({ isConnected }, at) => ({
      ...{ workerId: String(at), weightBytes: 1, isConnected },
    }));
    const budget = { datasetId: DATASET, bytesPerSecond: BUDGET };
    const news = this.divider.divide([budget], members, this.clock.monotonicMs());
    for (const [workerId, shares] of news) {
      const told = shares.map((it) => ({ ...it, budgetBytesPerSecond: it.budget }));
      this.workers[Number(workerId)]?.budgets.told(told);
    }
  }
}

describe('the bandwidth of an origin, shared by two workers', () => {
  it('is used to within 5 % when both want all of it', async () => {
    const cluster = new FakeCluster();
    for (const worker of cluster.workers) void worker.readOn(cluster.clock);
    await cluster.run(3);
    const [a = 0, b = 0] = await cluster.run(10);
    expect((a + b) / 10 / BUDGET).toBeGreaterThan(0.95);
    expect((a + b) / 10 / BUDGET).toBeLessThan(1.05);
    expect(Math.abs(a - b) / (a + b)).toBeLessThan(0.05);
  });

  it('is used to within 5 % when one wants little and one wants all of it', async () => {
    const cluster = new FakeCluster();
    const [little, much] = cluster.workers;
    void little.readOn(cluster.clock, 5 * MIB);
    void much.readOn(cluster.clock);
    await cluster.run(3);
    const [a = 0, b = 0] = await cluster.run(10);
    expect(a / 10 / MIB).toBeGreaterThan(4);
    expect((a + b) / 10 / BUDGET).toBeGreaterThan(0.95);
    expect((a + b) / 10 / BUDGET).toBeLessThan(1.05);
  });

  it('goes to the one that reads, but for a little, and comes back when the other begins', async () => {
    const cluster = new FakeCluster();
    const [first, second] = cluster.workers;
    void first.readOn(cluster.clock);
    await cluster.run(3);
    const [alone = 0] = await cluster.run(10);
    expect(alone / 10 / BUDGET).toBeGreaterThan(0.95);
    void second.readOn(cluster.clock);
    await cluster.run(3);
    const [a = 0, b = 0] = await cluster.run(10);
    expect(Math.abs(a - b) / (a + b)).toBeLessThan(0.05);
    expect((a + b) / 10 / BUDGET).toBeLessThan(1.05);
  });

  it('is not exceeded by one that is cut off from the master: it reads at most its part by weight', async () => {
    const cluster = new FakeCluster();
    const [first, second] = cluster.workers;
    void first.readOn(cluster.clock);
    await cluster.run(5);
    first.isConnected = false;
    void second.readOn(cluster.clock);
    await cluster.run(2);
    const [a = 0, b = 0] = await cluster.run(10);
    expect(a / 10 / BUDGET).toBeGreaterThan(0.45);
    expect(a / 10 / BUDGET).toBeLessThan(0.53);
    expect((a + b) / 10 / BUDGET).toBeGreaterThan(0.95);
    expect((a + b) / 10 / BUDGET).toBeLessThan(1.05);
  });

  it('ends a read that is not wanted any more without waiting, and its turn goes to the next', async () => {
    const cluster = new FakeCluster();
    const [worker] = cluster.workers;
    void worker.readOn(cluster.clock);
    await cluster.run(2);
    const aborts = Array.from({ length: 30 }, () => new AbortController());
    const reads = aborts.map(({ signal }) => worker.read(MIB, signal));
    await cluster.clock.advance(1);
    for (const abort of aborts) abort.abort(new Error('gone'));
    const ends = await Promise.allSettled(reads);
    expect(ends.some(({ status }) => status === 'rejected')).toBe(true);
    const [bytes = 0] = await cluster.run(10);
    expect(bytes / 10 / BUDGET).toBeGreaterThan(0.9);
  });
});
