/** Bringing whole objects that nobody has asked for yet. */
import { notKept } from './completion.ts';
import { PRIORITY } from './fetch-queue.ts';
import type { ObjectFetch } from './object-fetch.ts';

/**
 * Fetches what is missing of an object, after whatever readers wait for. What they then read of it is
 * requested, and nothing before. Until then it stays, where something else can go.
 *
 * @throws {LarderError} `NOT_KEPT` where it did not stay; origin errors
 */
export async function bringAhead(fetch: ObjectFetch): Promise<void> {
  if (!fetch.stored.whole) fetch.stored.isAwaited = true;
  const runs = fetch.want({ first: 0, end: fetch.stored.blocks }, PRIORITY.ahead);
  for (const run of runs) {
    await run.over;
    if (run.outcome?.kind === 'failed') throw run.outcome.error;
    const { outcome } = run;
    if (outcome?.kind !== 'done' && outcome?.kind !== 'passing') throw notKept(fetch.ref);
  }
}
