/** Brings the missing blocks of an object to disk, a few origin reads at a time. */
import { LarderError } from '../../common/index.ts';
import type { ObjectRef } from '../../common/index.ts';
import { isDropped } from '../store/index.ts';
import type { FetchRun } from './fetch-run.ts';
import type { BlockSpan, Completing, ObjectFetch } from './object-fetch.ts';

/** Enough to fill a long pipe, few enough to leave places to other objects. */
const RUNS_AT_ONCE = 4;

/**
 * Fetches what is missing of a span.
 *
 * @throws {LarderError} `NOT_KEPT` when there is no room for the object; origin errors
 */
export async function complete(
  fetch: ObjectFetch,
  span: BlockSpan,
  how: Completing,
): Promise<void> {
  const active = new Set<FetchRun>();
  let next = span.first;
  try {
    for (;;) {
      const { stored } = fetch;
      if (stored.record.region !== 'kept') throw notKept(fetch.ref);
      while (next < span.end && stored.has(next)) next += 1;
      if (next < span.end && active.size < RUNS_AT_ONCE) {
        const end = Math.min(span.end, next + fetch.blocksPerRun);
        for (const run of fetch.want({ first: next, end }, how.priority, how.forCache)) {
          if (!active.has(run)) run.waiters += 1;
          active.add(run);
        }
        next = end;
        continue;
      }
      if (active.size === 0) return;
      const overs = [...active].map((run) => run.over);
      await Promise.race(how.aborted === undefined ? overs : [...overs, how.aborted]);
      for (const run of active) {
        if (run.outcome === undefined) continue;
        active.delete(run);
        fetch.leave(run);
        if (run.outcome.kind === 'failed') throw run.outcome.error;
        if (run.outcome.kind !== 'done' || isDropped(stored)) throw notKept(fetch.ref);
      }
    }
  } finally {
    for (const run of active) fetch.leave(run);
  }
}

export function notKept(ref: ObjectRef): LarderError {
  return new LarderError('NOT_KEPT', { object: ref.objectId });
}
