import { describe, expect, test } from 'vitest';
import { LarderError } from '../../../../common/index.ts';
import type { Clock } from '../../../../common/index.ts';
import { DiskWatch } from '../../../../worker/store/disk-watch.ts';

/** Time that stands still until it is told to pass. */
class ManualClock implements Clock {
  #nowMs = 0;
  readonly #tasks = new Set<{ atMs: number; task: () => void }>();

  monotonicMs = () => this.#nowMs;
  wallMs = () => this.#nowMs;
  sleep = () => Promise.reject(new Error('not used'));

  schedule = (ms: number, task: () => void) => {
    const entry = { atMs: this.#nowMs + ms, task };
    this.#tasks.add(entry);
    return () => this.#tasks.delete(entry);
  };

  pass(ms: number): void {
    for (let left = ms; left > 0; left -= 1) {
      this.#nowMs += 1;
      for (const entry of [...this.#tasks]) {
        if (entry.atMs > this.#nowMs) continue;
        this.#tasks.delete(entry);
        entry.task();
      }
    }
  }
}

function watched() {
  const clock = new ManualClock();
  const hung: string[] = [];
  const watch = new DiskWatch({ clock, hungAfterMs: 1_000, onHung: (lane) => hung.push(lane) });
  return { clock, hung, watch };
}

function pending() {
  let done: () => void = () => undefined;
  const promise = new Promise<void>((resolve) => (done = resolve));
  return { promise, done };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a disk hangs', () => {
  test('when one read is not done in time, whatever else is', async () => {
    const { clock, hung, watch } = watched();
    void watch.watch('read', pending().promise);
    for (let i = 0; i < 9; i += 1) {
      await watch.watch('read', Promise.resolve());
      clock.pass(100);
    }
    expect(hung).toEqual([]);
    clock.pass(400);
    expect(hung).toEqual(['read']);
  });

  test('not while a read waits for its turn', () => {
    const { clock, hung, watch } = watched();
    const read = watch.enter('read', pending().promise);
    clock.pass(5_000);
    expect(hung).toEqual([]);
    read.start();
    clock.pass(1_300);
    expect(hung).toEqual(['read']);
  });

  test('not while writes in a long line are done one after the other', async () => {
    const { clock, hung, watch } = watched();
    const writes = Array.from({ length: 5 }, pending);
    for (const { promise } of writes) void watch.watch('write', promise);
    for (const { done } of writes.slice(0, 4)) {
      clock.pass(800);
      done();
      await turn();
    }
    expect(hung).toEqual([]);
    clock.pass(1_400);
    expect(hung).toEqual(['write']);
  });
});

test('who waits for a disk that is given up is let go, and who comes later', async () => {
  const { watch } = watched();
  const read = watch.watch('read', pending().promise);
  const write = watch.watch('write', pending().promise);
  watch.giveUp(new LarderError('CACHE_IO'));
  await expect(read).rejects.toMatchObject({ code: 'CACHE_IO' });
  await expect(write).rejects.toMatchObject({ code: 'CACHE_IO' });
  await expect(watch.watch('commit', Promise.resolve())).rejects.toMatchObject({
    code: 'CACHE_IO',
  });
});
