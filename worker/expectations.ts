/**
 * Tells admission what this worker is to serve: of each dataset that it serves the sums of bytes per bucket of
 * the band hash, times its weighted share of the cluster.
 */
import type { Placement } from '../common/index.ts';
import type { Admission } from './admission/index.ts';
import type { OpenedVersion } from './versions.ts';

export class Expectations {
  readonly #admission: Admission;
  readonly #workerId: string;
  /** Of the version of each dataset that was opened last. */
  readonly #bandBytes = new Map<number, Float64Array>();
  #share = 1;

  constructor(admission: Admission, workerId: string) {
    this.#admission = admission;
    this.#workerId = workerId;
  }

  opened({ dataset, replica }: OpenedVersion): void {
    this.#bandBytes.set(dataset.id, replica.reader.bandBytes);
    this.#tell(dataset.id);
  }

  placed({ members, everyone }: Placement): void {
    const total = members.reduce((sum, { weightBytes }) => sum + weightBytes, 0);
    const mine = members.find(({ workerId }) => workerId === this.#workerId)?.weightBytes;
    const isLeaving = everyone.some(({ workerId }) => workerId === this.#workerId);
    // One that is no member serves whoever asks it: until it is one, as if it were alone.
    const share = mine === undefined || total === 0 ? Number(!isLeaving) : mine / total;
    if (share === this.#share) return;
    this.#share = share;
    for (const datasetId of this.#bandBytes.keys()) this.#tell(datasetId);
  }

  #tell(datasetId: number): void {
    const sums = this.#bandBytes.get(datasetId)?.map((bytes) => bytes * this.#share);
    this.#admission.setExpected(datasetId, sums);
  }
}
