/** Whole objects that nobody has asked for yet: whether there is room for one, and bringing it. */
import { bandHash } from '../../common/index.ts';
import type { ObjectRef } from '../../common/index.ts';
import type { AheadUse, RoomAhead } from '../admission/index.ts';
import type { ObjectStore } from '../store/index.ts';
import { notKept } from './completion.ts';
import { PRIORITY } from './fetch-queue.ts';
import type { ObjectFetch } from './object-fetch.ts';

export function roomAhead(store: ObjectStore, ref: ObjectRef, ahead: AheadUse): RoomAhead {
  if (!store.writable) return 'later';
  const band = bandHash(ref.key);
  const region = store.admission.classify({ band, bytes: ref.sizeBytes });
  return store.admission.roomAhead({ region, band, bytes: ref.sizeBytes, objects: 1 }, ahead);
}

/**
 * Fetches what is missing of an object, after whatever readers wait for. What they then read of it is
 * requested, and nothing before.
 *
 * @throws {LarderError} `NOT_KEPT` where it did not stay; origin errors
 */
export async function bringAhead(fetch: ObjectFetch): Promise<void> {
  const runs = fetch.want({ first: 0, end: fetch.stored.blocks }, PRIORITY.ahead);
  for (const run of runs) {
    await run.over;
    if (run.outcome?.kind === 'failed') throw run.outcome.error;
    if (run.outcome?.kind !== 'done') throw notKept(fetch.ref);
  }
}
