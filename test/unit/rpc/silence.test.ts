import { expect, test } from 'vitest';
import type { Clock } from '../../../common/index.ts';
import { Silence } from '../../../rpc/data/silence.ts';

/** Time that a test turns on; it may stand still, and then go on all at once. */
class HandClock {
  nowMs = 0;
  readonly #tasks = new Set<{ atMs: number; task: () => void }>();
  readonly clock: Pick<Clock, 'monotonicMs' | 'schedule'> = {
    monotonicMs: () => this.nowMs,
    schedule: (ms, task) => {
      const entry = { atMs: this.nowMs + ms, task };
      this.#tasks.add(entry);
      return () => this.#tasks.delete(entry);
    },
  };

  get waits(): number {
    return this.#tasks.size;
  }

  advance(ms: number, stepMs = 1): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs;) {
      this.nowMs = Math.min(endMs, this.nowMs + stepMs);
      for (const entry of [...this.#tasks]) {
        if (entry.atMs > this.nowMs) continue;
        this.#tasks.delete(entry);
        entry.task();
      }
    }
  }
}

function watched(answers: boolean) {
  const hand = new HandClock();
  const seen = { asked: 0, given: 0, expected: true };
  const silence: Silence = new Silence(hand.clock as Clock, 1_000, {
    isExpected: () => seen.expected,
    ask: () => {
      seen.asked += 1;
      if (answers) silence.heard();
    },
    give: () => {
      seen.given += 1;
    },
  });
  return { hand, seen, silence };
}

test('one that says nothing is asked whether it is there, and given up', () => {
  const { hand, seen, silence } = watched(false);
  silence.expect();
  hand.advance(900);
  expect(seen).toMatchObject({ given: 0 });
  expect(seen.asked).toBeGreaterThan(0);
  hand.advance(400);
  expect(seen).toMatchObject({ given: 1 });
  hand.advance(10_000);
  expect(seen.given).toBe(1);
});

test('one that is slow, but there, is waited for', () => {
  const { hand, seen, silence } = watched(true);
  silence.expect();
  hand.advance(60_000);
  expect(seen.given).toBe(0);
});

test('while this process stands still nobody is judged', () => {
  const { hand, seen, silence } = watched(false);
  silence.expect();
  hand.advance(500);
  hand.advance(5_000, 5_000);
  expect(seen.given).toBe(0);
  hand.advance(1_500);
  expect(seen.given).toBe(1);
});

test('nothing runs while nothing is expected', () => {
  const { hand, seen, silence } = watched(false);
  silence.expect();
  hand.advance(500);
  seen.expected = false;
  hand.advance(5_000);
  expect(seen.given).toBe(0);
  expect(hand.waits).toBe(0);
  silence.expect();
  expect(hand.waits).toBe(1);
  silence[Symbol.dispose]();
  expect(hand.waits).toBe(0);
});
