/**
 * Tells the store what this worker is to serve: of each dataset that it serves the sums of bytes per bucket of
 * the band hash, times its weighted share of the cluster.
 */
import type { Placement } from '../common/index.ts';
import type { ObjectStore } from './store/index.ts';
import type { OpenedVersion } from './versions.ts';

type ExpectingStore = Pick<ObjectStore, 'workerId' | 'setExpected'>;

export class Expectations {
  readonly #store: ExpectingStore;
  /** Of the version of each dataset that was opened last. */
  readonly #bandBytes = new Map<number, Float64Array>();
  #share = 1;

  constructor(store: ExpectingStore) {
    this.#store = store;
  }

  opened({ dataset, replica }: OpenedVersion): void {
    this.#bandBytes.set(dataset.id, replica.reader.bandBytes);
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

  #tell(datasetId: number): void {
    const sums = this.#bandBytes.get(datasetId);
    if (sums === undefined) return;
    this.#store.setExpected(
      datasetId,
      sums.map((bytes) => bytes * this.#share),
    );
  }
}
