/** Which datasets an object belongs to: one or more, and none means that it goes. */
import type { RoaringBitmap32 } from 'roaring-wasm';
import type { ObjectRef } from '../../common/index.ts';
import type { Admission } from '../admission/index.ts';
import type { HeldTotals } from './held-totals.ts';
import type { ObjectIndex } from './object-index.ts';
import type { DatasetReference } from './record.ts';
import { objectIdOf } from './record-store.ts';
import type { RecordStore } from './record-store.ts';
import { placedOf } from './space.ts';
import type { StoredObject } from './stored-object.ts';

export interface CollectRequest {
  readonly datasetId: number;
  /** Objects whose first block lies in [firstBlock, endBlock) and is not in `live` are to go. */
  readonly firstBlock: number;
  readonly endBlock: number;
  readonly live: Pick<RoaringBitmap32, 'has'>;
}

export interface ReferencesOptions {
  readonly index: ObjectIndex;
  readonly records: RecordStore;
  readonly totals: HeldTotals;
  readonly admission: Pick<Admission, 'account'>;
  readonly drop: (object: StoredObject) => Promise<void>;
}

/** Unlinks at a time. */
const DROP_AT_ONCE = 16;

export class References {
  readonly #options: ReferencesOptions;

  constructor(options: ReferencesOptions) {
    this.#options = options;
  }

  /** The object belongs to the reference's dataset from now on. */
  add(object: StoredObject, ref: ObjectRef): void {
    const { references } = object.record;
    const { datasetId, firstBlock } = ref;
    if (references.some((r) => r.datasetId === datasetId && r.firstBlock === firstBlock)) return;
    const reference = { datasetId, firstBlock };
    object.record = { ...object.record, references: [...references, reference] };
    if (object.recorded) this.#options.records.putRecord(object.objectId, object.record);
    this.#announce(object, reference, true);
  }

  /**
   * Deletes every object of a dataset whose first block is not live. One that another dataset has
   * too only loses this reference.
   */
  async collect(request: CollectRequest): Promise<void> {
    const { datasetId, firstBlock, endBlock, live } = request;
    const isDead = (reference: DatasetReference) =>
      reference.datasetId === datasetId &&
      reference.firstBlock >= firstBlock &&
      reference.firstBlock < endBlock &&
      !live.has(reference.firstBlock);
    const dead = new Set<string>();
    for (const { summary, orderKey } of this.#options.records.summaries()) {
      if (isDead(summary)) dead.add(objectIdOf(orderKey));
    }
    let drops: Promise<void>[] = [];
    for (const objectId of dead) {
      const object = this.#options.index.find(objectId);
      if (object === undefined) continue;
      const left = object.record.references.filter((reference) => !isDead(reference));
      if (left.length === 0) drops.push(this.#options.drop(object));
      else this.#keepOnly(object, left);
      if (drops.length < DROP_AT_ONCE) continue;
      await Promise.all(drops);
      drops = [];
    }
    await Promise.all(drops);
    await this.#options.records.committed();
  }

  #keepOnly(object: StoredObject, left: readonly DatasetReference[]): void {
    const { records, admission } = this.#options;
    const { references } = object.record;
    const { accountedBytes } = object;
    const files = object.hasFile ? 1 : 0;
    records.removeOrder(object.objectId, object.record);
    admission.account(placedOf(object), -accountedBytes, -files);
    object.record = { ...object.record, references: left };
    admission.account(placedOf(object), accountedBytes, files);
    records.putRecord(object.objectId, object.record);
    for (const reference of references) {
      if (!left.includes(reference)) this.#announce(object, reference, false);
    }
  }

  #announce(object: StoredObject, reference: DatasetReference, held: boolean): void {
    for (const run of object.heldRuns()) {
      this.#options.totals.change(reference, { ...run, bytes: object.runBytes(run), held });
    }
  }
}
