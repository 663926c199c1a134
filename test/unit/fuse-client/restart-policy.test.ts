import { describe, expect, test } from 'vitest';
import { RestartPolicy } from '../../../fuse-client/restart-policy.ts';
import type { Decision } from '../../../fuse-client/restart-policy.ts';

const TIMINGS = {
  silenceMs: 1000,
  startMs: 3000,
  stableMs: 5000,
  backoffMs: 100,
  maxBackoffMs: 400,
  giveUpMs: 20_000,
};

function make() {
  let nowMs = 0;
  let heartbeat = 7;
  const policy = new RestartPolicy(TIMINGS, nowMs, heartbeat);
  return {
    policy,
    live(ms: number): Decision {
      for (const end = nowMs + ms; nowMs < end; nowMs += 100) {
        heartbeat += 1;
        policy.observe({ nowMs, alive: true, heartbeat });
      }
      return policy.observe({ nowMs, alive: true, heartbeat });
    },
    silent(ms: number): Decision {
      nowMs += ms;
      return policy.observe({ nowMs, alive: true, heartbeat });
    },
    dead(ms = 0): Decision {
      nowMs += ms;
      return policy.observe({ nowMs, alive: false, heartbeat });
    },
    start() {
      policy.started(nowMs);
    },
    outlook: () => policy.outlook(nowMs),
  };
}

describe('the restart policy', () => {
  test('replaces a server that died at once', () => {
    const { live, dead } = make();
    expect(live(6000)).toBe('wait');
    expect(dead()).toBe('start');
  });

  test('kills one that is silent, but lets a new one take its time', () => {
    const { live, silent, start } = make();
    expect(silent(2900)).toBe('wait');
    live(1000);
    expect(silent(900)).toBe('wait');
    expect(silent(200)).toBe('kill');
    start();
    expect(silent(2900)).toBe('wait');
    expect(silent(200)).toBe('kill');
  });

  test('waits longer and longer for one that does not last, and forgets it once it did', () => {
    const { live, dead, start, outlook } = make();
    for (let i = 0; i < 8; i++) {
      expect(dead()).toBe('start');
      start();
    }
    const waits = [100, 200, 400, 400].map((waitMs) => {
      const early = [dead(), dead(waitMs - 1)];
      const due = dead(1);
      start();
      return [...early, due];
    });
    expect(waits).toEqual(new Array(4).fill(['wait', 'wait', 'start']));
    expect(outlook()).toMatchObject({ failures: 12, nextTryInMs: 0 });
    live(5200);
    expect(outlook()).toBe(undefined);
    expect(dead()).toBe('start');
  });

  test('says that it is hopeless where none lasts, tries on, and forgets it once one does', () => {
    const { dead, start, live, outlook } = make();
    let rounds = 0;
    while ((outlook()?.hopelessInMs ?? 1) > 0 && rounds++ < 1000) {
      if (dead(100) !== 'start') continue;
      start();
      live(1000);
    }
    expect(rounds).toBeGreaterThan(10);
    expect(outlook()?.hopelessInMs).toBeGreaterThan(-1500);
    while (dead(100) === 'wait');
    expect(outlook()).toMatchObject({ nextTryInMs: 0 });
    start();
    live(5200);
    expect(outlook()).toBe(undefined);
  });

  test('those that never beat count as those that die', () => {
    const { silent, dead, start, outlook } = make();
    for (let i = 1; i <= 9; i++) {
      expect(silent(3100)).toBe('kill');
      expect(outlook()).toMatchObject({ failures: i });
      if (i < 9) expect(dead()).toBe('start');
      start();
    }
    expect(outlook()?.hopelessInMs).toBeLessThan(0);
  });
});
