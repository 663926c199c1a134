/**
 * Tells the store what this worker is to serve, and may keep: of each dataset that it serves the sums of bytes per
 * bucket of the band hash, its weighted share of the cluster, and that share of the dataset's quota.
 */
import type { Placement } from '../common/index.ts';
import { withoutEmptyBuckets } from './admission/index.ts';
import type { ObjectStore } from './store/index.ts';

interface ExpectingStore extends Pick<ObjectStore, 'workerId'> {
  readonly policies: Pick<ObjectStore['policies'], 'setExpected'>;
}

/** As far as it is looked at. */
interface Opened {
  readonly dataset: { readonly id: number };
  readonly replica: { readonly reader: { readonly bandBytes: Float64Array } };
}

export class Expectations {
  readonly #store: ExpectingStore;
  /** Of the version of each dataset that was opened last. */
  readonly #bandBytes = new Map<number, Float64Array>();
  /** Of the whole cluster, of those that have one. */
  #quotas: ReadonlyMap<number, number> = new Map();
  #share = 1;

  constructor(store: ExpectingStore) {
    this.#store = store;
  }

  opened({ dataset, replica }: Opened): void {
    this.#bandBytes.set(dataset.id, withoutEmptyBuckets(replica.reader.bandBytes));
    this.#tell(dataset.id);
  }

  placed({ members, everyone }: Placement): void {
    const { workerId: me } = this.#store;
    const total = members.reduce((sum, { weightBytes }) => sum + weightBytes, 0);
    const mine = members.find(({ workerId }) => workerId === me)?.weightBytes;
    const isLeaving = everyone.some(({ workerId }) => workerId === me);
    // One that is no member serves whoever asks it: until it is one, as if it were alone.
    const share = mine === undefined || total === 0 ? Number(!isLeaving) : mine / total;
    if (share === this.#share) return;
    this.#share = share;
    for (const datasetId of this.#bandBytes.keys()) this.#tell(datasetId);
  }

  /** @param quotas bytes of all workers together, by dataset: all that have one */
  setQuotas(quotas: ReadonlyMap<number, number>): void {
    const before = this.#quotas;
    this.#quotas = quotas;
    for (const datasetId of this.#bandBytes.keys()) {
      if (before.get(datasetId) !== quotas.get(datasetId)) this.#tell(datasetId);
    }
  }

  /** The dataset is gone. */
  forget(datasetId: number): void {
    this.#bandBytes.delete(datasetId);
  }

  #tell(datasetId: number): void {
    const bandBytes = this.#bandBytes.get(datasetId);
    if (bandBytes === undefined) return;
    const quota = this.#quotas.get(datasetId);
    const limitBytes = quota === undefined ? undefined : quota * this.#share;
    this.#store.policies.setExpected(datasetId, { bandBytes, share: this.#share, limitBytes });
  }
}
