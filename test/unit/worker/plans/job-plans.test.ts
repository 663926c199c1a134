/** Plans on one worker: fetched ahead of in their order, and told to look-ahead. */
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { bandHash, Placement, silentLogger } from '../../../../common/index.ts';
import type { ObjectRef } from '../../../../common/index.ts';
import { parsePlan } from '../../../../common/plans/index.ts';
import { BlockIndex } from '../../../../common/prediction/index.ts';
import { epochOrder } from '../../../../common/samplers/index.ts';
import type { AheadUse, PlannedRows, RoomAhead } from '../../../../worker/admission/index.ts';
import { openPlans } from '../../../../worker/plans/index.ts';
import type { JobPlans } from '../../../../worker/plans/index.ts';
import { Prefetch } from '../../../../worker/prefetch/index.ts';
import type { OpenedVersion } from '../../../../worker/versions.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { build, entry } from '../../common/manifest/support.ts';
import { refOf } from '../fetching/memory-origin.ts';

const FILES = 200;
const SIZE_BYTES = 1_000;
const NAMES = Array.from({ length: FILES }, (_, i) => `f${String(i).padStart(4, '0')}`);

class Setting implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly reader = build(NAMES.map((name) => entry(name, { sizeBytes: SIZE_BYTES }))).reader;
  readonly held = new Set<number>();
  /** Names in the order in which they were fetched ahead. */
  readonly fetched: string[] = [];
  readonly ahead = new Map<number, PlannedRows | undefined>();
  readonly opened: OpenedVersion;
  readonly plans: JobPlans;
  readonly prefetch: Prefetch;
  /** Files ahead of readers. */
  room = 4;
  /** What is not held belongs to what is kept, which is full. */
  isFull = false;

  constructor() {
    const { reader } = this;
    this.opened = {
      dataset: { id: 7 },
      version: 1,
      replica: {
        reader,
        copied: Promise.resolve(),
        withPages: (_: AbortSignal, use: (it: typeof reader) => unknown) =>
          Promise.resolve(use(reader)),
      },
      objectRef: (_: unknown, ordinal: number) => this.#ref(ordinal),
    } as unknown as OpenedVersion;
    const firstBlock = Uint32Array.from(NAMES, (_, i) => i);
    const index = new BlockIndex({
      firstBlock,
      blocks: firstBlock.map(() => 1),
      band: Uint32Array.from(NAMES, (name) => bandHash(Buffer.from(name))),
      object: firstBlock,
    });
    this.plans = openPlans({
      versions: { get: () => Promise.resolve(this.opened) },
      store: { policies: { setLookAhead: (id, rows) => void this.ahead.set(id, rows) } },
      predictions: { indexOf: () => Promise.resolve(index) },
      share: () => 1,
      ...{ clock: this.clock, log: silentLogger },
    });
    this.prefetch = new Prefetch({
      ...{ workerId: 'me', log: silentLogger, clock: this.clock, plans: this.plans },
      placement: () => new Placement(1, []),
      orderOf: () => undefined,
      isScattered: () => false,
      reads: {
        holdsBlock: (_, block) => this.held.has(block),
        roomAhead: (_, { aheadBytes }: AheadUse): RoomAhead => {
          if (this.isFull) return 'none';
          return aheadBytes + SIZE_BYTES <= this.room * SIZE_BYTES ? 'room' : 'later';
        },
        fetchAhead: async ({ key, firstBlock: block }) => {
          await setImmediate();
          this.fetched.push(key.toString());
          this.held.add(block);
        },
      },
    });
  }

  #ref(ordinal: number): ObjectRef {
    const name = this.reader.key(ordinal).toString();
    return { ...refOf(name, SIZE_BYTES), firstBlock: NAMES.indexOf(name) };
  }

  async tell(planId: number, plan: object): Promise<string[][]> {
    const parsed = parsePlan(
      JSON.stringify({ dataset: 'd', sampler: 'torch-distributed', epochs: 2, ...plan }),
    );
    this.plans.tell({ planId, datasetId: 7, version: 1, plan: parsed });
    await this.settle();
    return [0, 1, 2].map((epoch) =>
      [...epochOrder(parsed, FILES, epoch)].map((i) => NAMES[i] ?? ''),
    );
  }

  /** A file is read; what was read before goes, as of a cache that is small. */
  async read(name = ''): Promise<void> {
    this.prefetch.note(this.opened, this.reader.find(Buffer.from(name)), SIZE_BYTES);
    this.held.delete(NAMES.indexOf(name));
    await this.settle();
  }

  async settle(): Promise<void> {
    for (let i = 0; i < 40; i += 1) await setImmediate();
  }

  status(planId: number) {
    return this.plans.list().find((plan) => plan.planId === planId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.prefetch[Symbol.dispose]();
    await this.plans[Symbol.asyncDispose]();
  }
}

describe('the plan of a job', () => {
  it('has its first files fetched before the job begins, and what comes next as it reads', async () => {
    await using setting = new Setting();
    const [first = [], second = []] = await setting.tell(1, { seed: 3 });
    expect(setting.fetched).toEqual(first.slice(0, 4));
    for (const name of first.slice(0, 50)) await setting.read(name);
    expect(setting.fetched).toEqual(first.slice(0, 54));
    expect(setting.status(1)).toMatchObject({ state: 'followed', fetched: 54, strayed: 0 });
    // Across the end of the epoch, in the order of the next.
    for (const name of first.slice(50)) await setting.read(name);
    expect(setting.fetched).toEqual([...first, ...second.slice(0, 4)]);
    for (const name of second.slice(0, 20)) await setting.read(name);
    expect(setting.fetched).toEqual([...first, ...second.slice(0, 24)]);
    expect(setting.status(1)).toMatchObject({ epoch: 1 });
  });

  it('does not run far ahead while there is no room: what comes soon is fetched when there is', async () => {
    await using setting = new Setting();
    setting.isFull = true;
    const [first = []] = await setting.tell(1, { seed: 3 });
    for (const name of first.slice(0, 20)) await setting.read(name);
    expect(setting.fetched).toEqual([]);
    setting.isFull = false;
    for (const name of first.slice(20, 30)) await setting.read(name);
    const soon = first.slice(20, 30 + 64 + 4);
    expect(setting.fetched.length).toBeGreaterThan(3);
    expect(setting.fetched.filter((name) => !soon.includes(name))).toEqual([]);
  });

  it('ends with its last epoch: nothing is fetched beyond it', async () => {
    await using setting = new Setting();
    setting.room = Infinity;
    const [first = [], second = []] = await setting.tell(1, { epochs: 1 });
    for (const name of first) await setting.read(name);
    expect(setting.fetched).toEqual(first);
    expect(second).not.toEqual(first);
  });

  it('is dropped where another order is read: nothing more is fetched for it', async () => {
    await using setting = new Setting();
    const [first = []] = await setting.tell(1, { seed: 3 });
    await using other = new Setting();
    const [real = []] = await other.tell(1, { seed: 4 });
    for (const name of real) await setting.read(name);
    expect(setting.status(1)).toMatchObject({
      samples: FILES,
      state: 'dropped',
      reason: 'the dataset is read in another order',
    });
    const before = setting.fetched.length;
    for (const name of first.slice(0, 50)) await setting.read(name);
    expect(setting.fetched).toHaveLength(before);
  });

  it('of two jobs each is fetched ahead of, and neither is dropped for the reads of the other', async () => {
    await using setting = new Setting();
    const [a = []] = await setting.tell(1, { seed: 3 });
    const [b = []] = await setting.tell(2, { seed: 4 });
    for (let i = 0; i < FILES; i += 1) {
      await setting.read(a[i]);
      await setting.read(b[i]);
    }
    for (const planId of [1, 2]) {
      expect(setting.status(planId)).toMatchObject({ state: 'followed' });
      expect(setting.status(planId)?.fetched).toBeGreaterThan(FILES / 3);
    }
  });

  it('of two jobs feeds look-ahead, in both their orders and as they go on; of one does not', async () => {
    await using setting = new Setting();
    const [a = []] = await setting.tell(1, { seed: 3 });
    expect(setting.ahead.get(7)).toBeUndefined();
    const [b = []] = await setting.tell(2, { seed: 4 });
    const next = (name = '') => setting.ahead.get(7)?.plan.nextUse(NAMES.indexOf(name)) ?? NaN;
    // A millisecond for each, as long as nobody has read.
    for (const name of a.slice(0, 20)) {
      expect(next(name)).toBe(Math.min(a.indexOf(name), b.indexOf(name)));
    }
    for (const name of a.slice(0, 30)) await setting.read(name);
    const past = a.slice(0, 15).filter((name) => b.indexOf(name) > 50);
    expect(past.length).toBeGreaterThan(5);
    for (const name of past) expect(next(name)).toBe(b.indexOf(name));
    setting.plans.keep(new Set([2]));
    expect(setting.ahead.get(7)).toBeUndefined();
    expect(setting.plans.list()).toHaveLength(1);
  });

  it('whose files are not there is dropped with the reason', async () => {
    await using setting = new Setting();
    await setting.tell(1, { files: { rule: 'sorted', root: 'train' } });
    expect(setting.status(1)).toMatchObject({ state: 'dropped', fetched: 0 });
    expect(setting.status(1)?.reason).toMatch(/train/);
  });
});
