import { expect, test } from 'vitest';
import type { Clock } from '../../../common/index.ts';
import { PlacementFeed } from '../../../master/placement-feed.ts';
import type { PlacementRecord } from '../../../master/records.ts';
import { workers } from '../../support/placements.ts';

/** Time that passes when somebody says so; who sleeps is woken one after the other. */
class StillClock implements Clock {
  nowMs = 0;
  #sleepers: { untilMs: number; wake: () => void }[] = [];

  monotonicMs(): number {
    return this.nowMs;
  }

  wallMs(): number {
    return this.nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      this.#sleepers.push({ untilMs: this.nowMs + ms, wake: resolve });
    });
  }

  schedule(): () => void {
    throw new Error('nobody schedules here');
  }

  /** A millisecond passes, and what follows from it happens. */
  async tick(): Promise<void> {
    this.nowMs += 1;
    const due = this.#sleepers.filter(({ untilMs }) => untilMs <= this.nowMs);
    this.#sleepers = this.#sleepers.filter(({ untilMs }) => untilMs > this.nowMs);
    for (const { wake } of due) wake();
    await settle();
  }
}

/** Until promises that can resolve have done so. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

class Scene {
  readonly clock = new StillClock();
  readonly stored: number[] = [];
  readonly told: number[] = [];
  failing = false;
  readonly feed: PlacementFeed;
  decided: PlacementRecord;

  constructor(members: number) {
    this.decided = { number: 1, members: workers(members), drained: [] };
    this.feed = new PlacementFeed({
      store: {
        putPlacement: async ({ number }) => {
          if (this.failing) throw new Error('the disk is full');
          this.stored.push(number);
        },
      },
      clock: this.clock,
      placement: this.decided,
      decided: () => this.decided,
      tell: async (_message, { number }) => {
        this.told.push(number);
      },
    });
  }

  change(): Promise<void> {
    this.decided = { ...this.decided, number: this.decided.number + 1 };
    return this.feed.publish();
  }

  watch(signal: AbortSignal): number[] {
    const seen: number[] = [];
    void (async () => {
      for await (const { number } of this.feed.watch(signal)) seen.push(Number(number));
    })().catch(() => undefined);
    return seen;
  }
}

test('few members: each change is kept, then told, at once', async () => {
  const scene = new Scene(8);
  const stop = new AbortController();
  const seen = scene.watch(stop.signal);
  await settle();
  for (let i = 0; i < 3; i += 1) {
    await scene.change();
    await settle();
  }
  expect(scene.stored).toEqual([2, 3, 4]);
  expect(scene.told).toEqual([2, 3, 4]);
  expect(seen).toEqual([1, 2, 3, 4]);
  stop.abort();
});

test('a thousand watchers are told in turns, each of the newest, within a second', async () => {
  const scene = new Scene(1000);
  const stop = new AbortController();
  const seen = Array.from({ length: 1000 }, () => scene.watch(stop.signal));
  const behind = () => seen.filter((numbers) => numbers.at(-1) !== scene.decided.number).length;
  for (let ms = 0; behind() > 0; ms += 1) {
    expect(ms).toBeLessThan(1000);
    await scene.clock.tick();
  }
  void scene.change();
  void scene.change();
  await settle();
  let before = behind();
  expect(before).toBeGreaterThan(900);
  let ms = 0;
  for (; behind() > 0; ms += 1) {
    await scene.clock.tick();
    expect(before - behind()).toBeLessThanOrEqual(32);
    before = behind();
    expect(ms).toBeLessThan(1000);
  }
  stop.abort();
});

test('changes that come in a burst are told together, and the last of them within a second', async () => {
  const scene = new Scene(1000);
  const changes: Promise<void>[] = [];
  for (let ms = 0; ms < 900; ms += 1) {
    changes.push(scene.change());
    await scene.clock.tick();
  }
  for (let ms = 0; scene.told.at(-1) !== scene.decided.number; ms += 1) {
    expect(ms).toBeLessThan(1000);
    await scene.clock.tick();
  }
  let over = false;
  void Promise.all(changes).then(() => {
    over = true;
  });
  // Those that came after the last one was told have nothing to tell, and wait for its gap.
  for (let ms = 0; ms < 500; ms += 1) await scene.clock.tick();
  expect(over).toBe(true);
  expect(scene.told.length).toBeLessThanOrEqual(3);
  expect(scene.stored).toEqual(scene.told);
});

test('what cannot be kept is told to nobody, and later all the same', async () => {
  const scene = new Scene(3);
  const stop = new AbortController();
  const seen = scene.watch(stop.signal);
  await settle();
  scene.failing = true;
  await expect(scene.change()).rejects.toThrow('full');
  expect(scene.feed.current.number).toBe(1);
  scene.failing = false;
  await scene.feed.publish();
  await settle();
  expect(seen).toEqual([1, 2]);
  stop.abort();
});
