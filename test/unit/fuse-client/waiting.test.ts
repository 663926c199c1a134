import { describe, expect, test } from 'vitest';
import { ByteBudget } from '../../../fuse-client/byte-budget.ts';
import { isDying, startTimeOf } from '../../../fuse-client/processes.ts';

const never = new AbortController().signal;

describe('the byte budget', () => {
  test('lets through what fits, in order, and one that never fits alone', async () => {
    const budget = new ByteBudget(100);
    const done: string[] = [];
    const take = (name: string, bytes: number, signal = never) =>
      budget.take(bytes, signal).then((release) => {
        done.push(name);
        return release;
      });
    const first = await take('first', 60);
    const second = take('second', 60);
    const third = take('third', 10);
    await new Promise((resolve) => setImmediate(resolve));
    expect(done).toEqual(['first']);
    first();
    const [releaseSecond, releaseThird] = await Promise.all([second, third]);
    expect(done).toEqual(['first', 'second', 'third']);
    const huge = take('huge', 1000);
    releaseSecond();
    await new Promise((resolve) => setImmediate(resolve));
    expect(done).not.toContain('huge');
    releaseThird();
    (await huge)();
    expect(done.at(-1)).toBe('huge');
  });

  test('one that is aborted makes room for the next', async () => {
    const budget = new ByteBudget(100);
    const release = await budget.take(90, never);
    const controller = new AbortController();
    const blocked = budget.take(50, controller.signal);
    const small = budget.take(5, never);
    controller.abort(new Error('no more'));
    await expect(blocked).rejects.toThrow('no more');
    (await small)();
    release();
    (await budget.take(100, never))();
  });
});

describe('processes', () => {
  test('one that lives is not dying, one that is gone is', () => {
    expect(startTimeOf(process.pid)).toBeGreaterThan(0);
    expect(startTimeOf(2 ** 22 + 1)).toBeUndefined();
    expect(isDying(process.pid)).toBe(false);
    expect(isDying(2 ** 22 + 1)).toBe(true);
    // 0: a process of another namespace, of which nothing is known.
    expect(isDying(0)).toBe(false);
  });
});
