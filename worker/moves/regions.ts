/**
 * Sorts what stands outside of the kept region by what this worker is to it, after that has changed: a replica
 * whose owner is gone may be the last copy, and what came for an owner that was away may be owned here by now.
 */
import type { Clock, Placement } from '../../common/index.ts';
import type { ObjectStore } from '../store/index.ts';
import { dutiesOf, stripesOf } from './duties.ts';
import type { WantedCopyOf } from './duties.ts';

export interface SortRegionsOptions {
  readonly store: ObjectStore;
  readonly placement: Placement;
  readonly replicas: (datasetId: number) => number;
  readonly wantedCopy: WantedCopyOf;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Looked at without a pause. */
const SLICE_OBJECTS = 256;
const PAUSE_MS = 1;

export async function sortRegions(options: SortRegionsOptions): Promise<void> {
  const { store, clock, signal } = options;
  for (const region of ['replica', 'transit'] as const) {
    let seen = 0;
    for (const objectId of store.idsOf(region)) {
      sortOne(options, region, objectId);
      seen += 1;
      if (seen % SLICE_OBJECTS === 0) await clock.sleep(PAUSE_MS, signal);
    }
  }
}

function sortOne(
  { store, placement, replicas, wantedCopy }: SortRegionsOptions,
  region: 'replica' | 'transit',
  objectId: string,
): void {
  const object = store.find(objectId);
  if (object === undefined) return;
  const { workerId } = store;
  const { sizeBytes, references } = object.record;
  const copies = Math.max(...references.map(({ datasetId }) => replicas(datasetId)));
  const stripes = stripesOf({ sizeBytes });
  const { mine } = dutiesOf({ placement, workerId, objectId, stripes, replicas: copies });
  const wanted = references.map((it) => wantedCopy({ ...it, objectId, sizeBytes }));
  const isCopy = mine === 'replica' || wanted.includes('evictable');
  if (mine === 'owner' || wanted.includes('protected')) store.sortAs(object, 'own');
  else if (isCopy && region === 'transit') store.sortAs(object, 'replica');
}
