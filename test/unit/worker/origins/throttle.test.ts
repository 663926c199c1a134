import { describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '../../../../common/index.ts';
import { Throttle } from '../../../../worker/origins/throttle.ts';

/** Time that moves only when told; sleepers tell how long they would have slept. */
function manualClock(): Clock & { nowMs: number; slept: number[] } {
  const clock = {
    ...systemClock,
    nowMs: 0,
    slept: [] as number[],
    monotonicMs: () => clock.nowMs,
    wallMs: () => clock.nowMs,
    sleep: async (ms: number) => {
      clock.slept.push(ms);
    },
  };
  return clock;
}

const { signal } = new AbortController();

describe('Throttle', () => {
  it('holds nothing back until the origin refuses', () => {
    const throttle = new Throttle(manualClock());
    for (let i = 0; i < 10_000; i += 1) expect(throttle.admit(signal)).toBeUndefined();
    expect(throttle.perSecond).toBe(Infinity);
  });

  it('halves the measured rate once for all refusals of one storm', () => {
    const clock = manualClock();
    const throttle = new Throttle(clock);
    for (let i = 0; i < 1_000; i += 1) {
      clock.nowMs = i;
      expect(throttle.admit(signal)).toBeUndefined();
    }
    clock.nowMs = 1_000;
    expect(throttle.refused(990, 0)).toBe(true);
    expect(throttle.perSecond).toBe(500);
    for (let i = 0; i < 50; i += 1) expect(throttle.refused(995, 0)).toBe(false);
    expect(throttle.perSecond).toBe(500);
    clock.nowMs = 1_001;
    expect(throttle.refused(1_001, 0)).toBe(true);
    expect(throttle.perSecond).toBeCloseTo(250, 0);
  });

  it('lets requests through one after the other at the rate', async () => {
    const clock = manualClock();
    const throttle = new Throttle(clock);
    for (let i = 0; i < 200; i += 1) expect(throttle.admit(signal)).toBeUndefined();
    clock.nowMs = 1_000;
    throttle.refused(1_000, 0);
    expect(throttle.perSecond).toBe(100);
    for (let i = 0; i < 4; i += 1) await throttle.admit(signal);
    expect(clock.slept).toEqual([10, 20, 30]);
  });

  it('leaves the origin alone for as long as it says', async () => {
    const clock = manualClock();
    const throttle = new Throttle(clock);
    throttle.refused(0, 3_000);
    await throttle.admit(signal);
    expect(clock.slept).toEqual([3_000]);
  });

  it('grows back, and forgets', () => {
    const clock = manualClock();
    const throttle = new Throttle(clock);
    for (let i = 0; i < 200; i += 1) expect(throttle.admit(signal)).toBeUndefined();
    throttle.refused(0, 0);
    expect(throttle.perSecond).toBe(100);
    clock.nowMs = 10_000;
    expect(throttle.perSecond).toBe(200);
    clock.nowMs = 60_001;
    expect(throttle.perSecond).toBe(Infinity);
    expect(throttle.admit(signal)).toBeUndefined();
  });

  it('never goes below 10 requests a second', () => {
    const clock = manualClock();
    const throttle = new Throttle(clock);
    for (let i = 0; i < 20; i += 1) {
      clock.nowMs += 1;
      throttle.refused(clock.nowMs, 0);
    }
    expect(throttle.perSecond).toBe(10);
  });
});
