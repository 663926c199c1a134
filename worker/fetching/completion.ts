/** Brings the missing blocks of an object to disk, a few origin reads at a time. */
import { LarderError } from '../../common/index.ts';
import type { ObjectRef } from '../../common/index.ts';
import { isDropped } from '../store/index.ts';
import type { StoredObject } from '../store/index.ts';
import { PRIORITY } from './fetch-queue.ts';
import type { FetchRun } from './fetch-run.ts';
import type { Completing, ObjectFetch } from './object-fetch.ts';
import { blocksIn } from './ranges.ts';
import type { BlockSpan } from './ranges.ts';
import type { ByteRange } from './read-pattern.ts';

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
      if (stored.record.region === 'transit') throw notKept(fetch.ref);
      while (next < span.end && stored.has(next)) next += 1;
      if (next < span.end && active.size < RUNS_AT_ONCE) {
        const end = Math.min(span.end, next + fetch.blocksPerRun);
        for (const run of fetch.want({ first: next, end }, how.priority, how)) {
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

/**
 * Part of an object or all of it, for whoever reads it later.
 *
 * @throws {LarderError} as `complete`
 */
export async function bringRange(
  fetch: ObjectFetch,
  range: ByteRange,
  aborted: Promise<never>,
): Promise<void> {
  const span = blocksIn(range, fetch.ref);
  if (holdsAll(fetch.stored, span)) return;
  fetch.store.promote(fetch.stored, fetch.ref);
  await complete(fetch, span, { priority: PRIORITY.background, forCache: false, aborted });
  if (!holdsAll(fetch.stored, span)) throw notKept(fetch.ref);
}

function holdsAll(stored: StoredObject, { first, end }: BlockSpan): boolean {
  for (let block = first; block < end; block += 1) if (!stored.has(block)) return false;
  return true;
}

export function notKept(ref: ObjectRef): LarderError {
  return new LarderError('NOT_KEPT', { object: ref.objectId });
}
