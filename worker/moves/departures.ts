/**
 * What becomes of copies here that other workers have taken, or have no room for.
 *
 * Always true: see `afterTaken`; what was refused stays here as long as nothing needs its room; a copy that is wanted
 * here stays, whoever else has one.
 */
import { LRUCache } from 'lru-cache';
import type { Logger, ObjectRef, Placement } from '../../common/index.ts';
import type { MoveList } from '../../rpc/frames/index.ts';
import type { ObjectStore, StoredObject } from '../store/index.ts';
import { afterTaken, blocksOfStripe, dutiesOf, stripesOf } from './duties.ts';
import type { Copy, WantedCopyOf } from './duties.ts';

export interface DeparturesOptions {
  readonly workerId: string;
  readonly store: ObjectStore;
  readonly placement: () => Placement;
  readonly replicas: (datasetId: number) => number;
  readonly wantedCopy: WantedCopyOf;
  readonly log: Logger;
}

/** Objects above one stripe that some of their owners have taken. */
const REMEMBERED_OBJECTS = 10_000;

export class Departures {
  readonly #options: DeparturesOptions;
  readonly #takenBy = new LRUCache<string, Set<string>>({ max: REMEMBERED_OBJECTS });

  constructor(options: DeparturesOptions) {
    this.#options = options;
  }

  /** Another worker has these now, or (with the flag) no room for them. */
  async taken({ workerId, flag }: MoveList, refs: readonly ObjectRef[]): Promise<void> {
    const drops: Promise<void>[] = [];
    for (const ref of refs) {
      const object = this.#options.store.find(ref.objectId);
      if (object === undefined || this.#options.wantedCopy(ref) !== undefined) continue;
      if (flag) this.#refused(object, ref);
      else if (this.#isOver(object, ref, workerId)) {
        drops.push(this.#options.store.drop(object, 'moved'));
      }
    }
    await Promise.all(drops);
  }

  #isOver(object: StoredObject, ref: ObjectRef, taker: string): boolean {
    const { objectId } = ref;
    const { store } = this.#options;
    const copy = this.#copy(object, ref);
    const takenBy = this.#takenBy.get(objectId) ?? new Set();
    takenBy.add(taker);
    const fate = afterTaken(copy, takenBy);
    if (fate === 'keep') {
      if (copy.stripes.length > 1) this.#takenBy.set(objectId, takenBy);
      return false;
    }
    this.#takenBy.delete(objectId);
    if (fate === 'drop') return true;
    store.setRegion(object, 'replica');
    return !store.hasSpareFor(object);
  }

  /** It goes before what this worker is to have, and not before something needs its room. */
  #refused(object: StoredObject, ref: ObjectRef): void {
    const { mine } = dutiesOf(this.#copy(object, ref));
    if (mine === 'none') this.#options.store.setRegion(object, 'transit');
  }

  #copy(object: StoredObject, ref: ObjectRef): Copy {
    const { workerId, placement, replicas } = this.#options;
    const stripes = stripesOf(ref).filter((stripe) => {
      const { first, end } = blocksOfStripe(ref, stripe);
      for (let block = first; block < end; block += 1) if (object.has(block)) return true;
      return false;
    });
    const { objectId, datasetId } = ref;
    return {
      placement: placement(),
      workerId,
      objectId,
      stripes,
      replicas: replicas(datasetId),
    };
  }
}
