/** A listing of many directories at once while requests fail. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listAll, s3Harness, type S3Harness } from '../support/origin-harness.ts';

let harness: S3Harness;

beforeEach(async () => {
  harness = await s3Harness();
});
afterEach(() => harness[Symbol.asyncDispose]());

describe('a listing of many directories at once', () => {
  it.each([
    ['a fault that passes', 3],
    ['one that stays until nobody tries any more', 12],
  ])('is that of one after the other, with %s', async (_, times) => {
    const names = Array.from({ length: 600 }, (_, i) => `d${String(i % 50).padStart(2, '0')}/${i}`);
    for (const name of names) await harness.put(name, Buffer.from('x'));
    await using inTurn = harness.open({ tuning: { listPageKeys: 10, listers: 1 } });
    await using atOnce = harness.open({ tuning: { listPageKeys: 10, maxTries: 3 } });
    const { entries } = await listAll(inTurn);
    const before = harness.server.requests.length;
    const cuts = () =>
      harness.server.requests
        .slice(before)
        .filter(({ url }) => url.includes('start-after=') && !url.includes('delimiter='));
    // The fault is counted from the first range that begins in the middle.
    const listing = listAll(atOnce).catch((error: unknown) => error);
    for (let turn = 0; cuts().length === 0 && turn < 100_000; turn += 1) {
      await new Promise(setImmediate);
    }
    const action = { kind: 'status', status: 500 } as const;
    harness.server.faults.add({ action, operation: 'list', times, nth: 2 });
    const listed = await listing;
    expect(cuts().length).toBeGreaterThan(0);
    // Whoever met the fault first: all of the keys, or none.
    if (listed instanceof Error) expect(listed).toMatchObject({ code: 'ORIGIN_UNREACHABLE' });
    else expect(listed).toMatchObject({ entries });
    if (times === 3) expect(listed).not.toBeInstanceOf(Error);
  });
});
