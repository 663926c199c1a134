import { describe, expect, it } from 'vitest';
import { LarderError, systemClock, type Clock } from '../../../../common/index.ts';
import { withRetries, type Retrying } from '../../../../worker/origins/retries.ts';
import { Throttle } from '../../../../worker/origins/throttle.ts';
import { TryFailed, type AfterFailure } from '../../../../worker/origins/try-failed.ts';
import { compileTuning } from '../../../../worker/origins/tuning.ts';

interface Run {
  readonly slept: number[];
  readonly options: Retrying;
}

function run(overrides: Partial<Retrying> = {}): Run {
  const slept: number[] = [];
  let nowMs = 0;
  const clock: Clock = {
    ...systemClock,
    monotonicMs: () => nowMs,
    wallMs: () => nowMs,
    sleep: async (ms) => {
      slept.push(ms);
      nowMs += ms;
    },
  };
  const options: Retrying = {
    clock,
    random: () => 0.5,
    tuning: compileTuning({}),
    throttle: new Throttle(clock),
    signal: new AbortController().signal,
    repair: () => Promise.resolve(false),
    onRetry: () => undefined,
    onThrottled: () => undefined,
    ...overrides,
  };
  return { slept, options };
}

function failing(then: AfterFailure, times: number, retryAfterMs?: number) {
  const tries = { count: 0 };
  const attempt = async () => {
    tries.count += 1;
    const error = new LarderError('ORIGIN_UNREACHABLE', { bucket: 'b' });
    if (tries.count <= times) throw new TryFailed(then, error, { retryAfterMs });
    return 'done';
  };
  return { tries, attempt };
}

describe('withRetries', () => {
  it('pauses longer each time, at random below the bound, up to the cap', async () => {
    const { slept, options } = run();
    const { attempt } = failing('again', 9);
    expect(await withRetries(attempt, options)).toBe('done');
    expect(slept).toEqual([50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
  });

  it('gives up after the last try, with the number of tries', async () => {
    const { options } = run();
    const { attempt, tries } = failing('again', Infinity);
    await expect(withRetries(attempt, options)).rejects.toMatchObject({
      code: 'ORIGIN_UNREACHABLE',
      facts: { bucket: 'b', tries: 10 },
    });
    expect(tries.count).toBe(10);
  });

  it('tries less often where nobody is there', async () => {
    const { options } = run();
    const { attempt, tries } = failing('unreachable', Infinity);
    await expect(withRetries(attempt, options)).rejects.toThrow(LarderError);
    expect(tries.count).toBe(4);
  });

  it('waits as long as Retry-After says, within reason, and its own jitter', async () => {
    const { slept, options } = run();
    await withRetries(failing('throttled', 1, 2_000).attempt, options);
    expect(slept).toEqual([2_050]);
    const longer = run();
    await withRetries(failing('throttled', 1, 3_600_000).attempt, longer.options);
    expect(longer.slept).toEqual([60_050]);
  });

  it.each(['credentials', 'region'] as const)('repairs %s once, without a pause', async (then) => {
    let repairs = 0;
    const repair = async () => {
      repairs += 1;
      return true;
    };
    const once = run({ repair });
    expect(await withRetries(failing(then, 1).attempt, once.options)).toBe('done');
    const { attempt, tries } = failing(then, Infinity);
    await expect(withRetries(attempt, once.options)).rejects.toThrow(LarderError);
    expect({ repairs, tries: tries.count, slept: once.slept }).toEqual({
      repairs: 2,
      tries: 2,
      slept: [],
    });
  });

  it('does not try again what cannot be repaired, what is final, and what is not ours', async () => {
    for (const then of ['credentials', 'fail'] as const) {
      const { attempt, tries } = failing(then, Infinity);
      await expect(withRetries(attempt, run().options)).rejects.toThrow(LarderError);
      expect(tries.count).toBe(1);
    }
    const bug = new TypeError('bug');
    await expect(withRetries(() => Promise.reject(bug), run().options)).rejects.toBe(bug);
  });

  it('ends with the reason of the signal', async () => {
    const controller = new AbortController();
    const reason = new Error('deadline');
    const { options } = run({ signal: controller.signal });
    const attempt = async () => {
      controller.abort(reason);
      throw new TryFailed('again', new LarderError('ORIGIN_UNREACHABLE'));
    };
    await expect(withRetries(attempt, options)).rejects.toBe(reason);
  });
});
