/** Asks admission where objects of one disk belong, in the words of the store. */
import { bandHash, systemClock } from '../../common/index.ts';
import type { Clock, ObjectRef } from '../../common/index.ts';
import type { Admission, AheadUse, Region, RoomAhead, Sized } from '../admission/index.ts';
import type { StoreOptions } from './options.ts';
import { placedOf } from './space.ts';
import type { StoredObject } from './stored-object.ts';

export class Places {
  readonly #admission: Admission;
  readonly #isReplica: StoreOptions['isReplica'];
  readonly #clock: Clock;

  constructor(admission: Admission, options: Pick<StoreOptions, 'isReplica' | 'clock'>) {
    this.#admission = admission;
    this.#isReplica = options.isReplica;
    this.#clock = options.clock ?? systemClock;
  }

  /** Of an object that is new, or is sorted anew: counted. */
  classify(ref: ObjectRef): Region {
    const sized = sizedOf(ref);
    if (this.#isReplica?.(ref) === true) return this.#admission.classifyReplica(sized).region;
    return this.#admission.classify(sized, this.#clock.monotonicMs()).region;
  }

  /** Where it would go now. */
  preview(ref: ObjectRef): Region {
    const what = this.#isReplica?.(ref) === true ? 'replica' : 'own';
    return this.#admission.preview(sizedOf(ref), this.#clock.monotonicMs(), what).region;
  }

  /** Of an object that is this to the worker by now. */
  as(object: StoredObject, what: 'own' | 'replica'): Region {
    const sized = { ...placedOf(object), bytes: object.record.sizeBytes };
    if (what === 'replica') return this.#admission.classifyReplica(sized).region;
    return this.#admission.classify(sized, this.#clock.monotonicMs()).region;
  }

  /** Whether there is room for an object that nobody has asked for yet. */
  roomAhead(ref: ObjectRef, ahead: AheadUse): RoomAhead {
    const sized = sizedOf(ref);
    const { region } = this.#admission.preview(sized, this.#clock.monotonicMs());
    return this.#admission.roomAhead({ ...sized, region, objects: 1 }, ahead);
  }
}

function sizedOf({ datasetId, firstBlock, key, sizeBytes }: ObjectRef): Sized {
  return { datasetId, firstBlock, band: bandHash(key), bytes: sizeBytes };
}
