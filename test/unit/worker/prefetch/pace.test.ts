import { describe, expect, it } from 'vitest';
import { KIB, MIB } from '../../../../common/index.ts';
import { Pace } from '../../../../worker/prefetch/pace.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

const SECOND = 1_000;

/** Receives pieces without end, one after the other, until time is over. */
function stream(pace: Pace, { urgency = 0, pieceBytes = 64 * KIB } = {}) {
  const it = { bytes: 0, stopped: false };
  const run = async () => {
    await pace.begin(() => urgency);
    while (!it.stopped) {
      const turn = pace.piece(pieceBytes, () => urgency);
      it.bytes += pieceBytes;
      await (turn ?? Promise.resolve());
    }
    pace.end();
  };
  void run();
  return it;
}

describe('Pace', () => {
  it('holds nothing back without a rate', async () => {
    const pace = new Pace(new ManualClock());
    for (let i = 0; i < 1_000; i += 1) {
      expect(pace.begin(() => 0)).toBeUndefined();
      expect(pace.piece(MIB, () => 0)).toBeUndefined();
    }
    expect(pace.demand()).toMatchObject({ waits: false });
  });

  it('lets through what the rate allows, however many read', async () => {
    const clock = new ManualClock();
    const pace = new Pace(clock);
    pace.setRate(10 * MIB);
    const streams = Array.from({ length: 8 }, () => stream(pace));
    await clock.advance(10 * SECOND);
    const bytes = streams.reduce((sum, one) => sum + one.bytes, 0);
    expect(bytes).toBeGreaterThan(98 * MIB);
    expect(bytes).toBeLessThan(103 * MIB);
    expect(pace.demand().waits).toBe(true);
  });

  it('follows a rate that changes', async () => {
    const clock = new ManualClock();
    const pace = new Pace(clock);
    pace.setRate(10 * MIB);
    const one = stream(pace);
    await clock.advance(5 * SECOND);
    pace.setRate(2 * MIB);
    const before = one.bytes;
    await clock.advance(5 * SECOND);
    expect(one.bytes - before).toBeGreaterThan(9.5 * MIB);
    expect(one.bytes - before).toBeLessThan(10.5 * MIB);
  });

  it('gives what a reader waits for its bytes first', async () => {
    const clock = new ManualClock();
    const pace = new Pace(clock);
    pace.setRate(10 * MIB);
    const ahead = Array.from({ length: 4 }, () => stream(pace, { urgency: 1 }));
    await clock.advance(SECOND);
    const before = ahead.reduce((sum, { bytes }) => sum + bytes, 0);
    const reader = stream(pace);
    await clock.advance(4 * SECOND);
    const after = ahead.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(reader.bytes).toBeGreaterThan(38 * MIB);
    expect(after - before).toBeLessThan(MIB);
  });

  it('lets what waits for long go before readers, so that no connection stands still', async () => {
    const clock = new ManualClock();
    const pace = new Pace(clock);
    pace.setRate(10 * MIB);
    const ahead = stream(pace, { urgency: 3 });
    await clock.advance(SECOND);
    const before = ahead.bytes;
    stream(pace);
    stream(pace);
    await clock.advance(30 * SECOND);
    expect(ahead.bytes - before).toBeGreaterThanOrEqual(4 * 64 * KIB);
    expect(ahead.bytes - before).toBeLessThanOrEqual(8 * 64 * KIB);
  });

  it('begins as many reads as have each their turn in time, readers beyond those that nobody waits for', async () => {
    const clock = new ManualClock();
    const pace = new Pace(clock);
    pace.setRate(2 * MIB);
    await clock.advance(SECOND);
    const begun = (urgency: number) =>
      Array.from({ length: 20 }, () => pace.begin(() => urgency)).filter((it) => it === undefined);
    expect(begun(1)).toHaveLength(5);
    // Behind those that wait now, which it overtakes as soon as there is a turn.
    const reader = pace.begin(() => 0);
    expect(reader === undefined).toBe(false);
    await reader;
    const another = pace.begin(() => 1);
    await clock.advance(SECOND);
    expect(await Promise.race([another, Promise.resolve('waits')])).toBe('waits');
  });

  it('tells how much was read, and whether more was wanted', async () => {
    const clock = new ManualClock();
    const pace = new Pace(clock);
    pace.setRate(10 * MIB);
    await clock.advance(SECOND);
    void pace.piece(MIB / 2, () => 0);
    await clock.advance(SECOND);
    expect(pace.demand()).toEqual({ bytesPerSecond: MIB / 4, waits: false });
    expect(pace.demand()).toEqual({ bytesPerSecond: 0, waits: false });
  });
});
