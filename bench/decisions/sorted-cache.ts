/**
 * A store in typed arrays around `Admission`: what is measured is its decisions, and little else. A million objects of
 * one size over one or more datasets; object ids are their numbers.
 */
import type { Admission, Candidate, EvictionOrder } from '../../worker/admission/index.ts';

export interface SortedCacheOptions {
  readonly admission: Admission;
  readonly datasets: number;
  readonly objectsPerDataset: number;
  readonly objectBytes: number;
  /** Of each object of a dataset. */
  readonly bandOf: (datasetId: number, object: number) => number;
}

interface Dataset {
  readonly band: Uint32Array;
  /** Objects, the highest band first. */
  readonly byBand: Uint32Array;
  readonly rank: Uint32Array;
  readonly held: Uint8Array;
  /** In `byBand`: none before it is held. */
  first: number;
}

export class SortedCache {
  decisions = 0;
  hits = 0;
  readonly #options: SortedCacheOptions;
  readonly #datasets: Dataset[];

  constructor(options: SortedCacheOptions) {
    this.#options = options;
    this.#datasets = Array.from({ length: options.datasets }, (_, datasetId) => {
      const count = options.objectsPerDataset;
      const band = Uint32Array.from({ length: count }, (__, i) => options.bandOf(datasetId, i));
      const byBand = Uint32Array.from(band, (__, i) => i);
      byBand.sort((a, b) => (band[b] ?? 0) - (band[a] ?? 0));
      const rank = new Uint32Array(count);
      byBand.forEach((object, at) => (rank[object] = at));
      return { band, byBand, rank, held: new Uint8Array(count), first: count };
    });
  }

  band(datasetId: number): Uint32Array {
    return this.#of(datasetId).band;
  }

  read(datasetId: number, object: number): void {
    const { admission, objectBytes: bytes } = this.#options;
    const dataset = this.#of(datasetId);
    const described = { datasetId, firstBlock: object, band: dataset.band[object] ?? 0 };
    this.decisions += 1;
    if (dataset.held[object] === 1) {
      this.hits += 1;
      admission.touched(described);
      return;
    }
    const { region } = admission.classify({ ...described, bytes }, 0);
    // What passes through goes by in memory.
    if (region !== 'kept') return;
    const newcomer = { ...described, region, bytes, objects: 1 };
    for (;;) {
      const shortage = admission.shortage(newcomer);
      if (shortage === undefined) break;
      const [victim] = admission.victims({ shortage, newcomer, nowMs: 0 }, this.#order);
      if (victim === undefined) return;
      this.#evict(victim.objectId);
    }
    admission.account(newcomer, bytes, 1);
    dataset.held[object] = 1;
    dataset.first = Math.min(dataset.first, dataset.rank[object] ?? 0);
  }

  #evict(objectId: string): void {
    const { objectsPerDataset, objectBytes, admission } = this.#options;
    const number = Number(objectId);
    const datasetId = Math.floor(number / objectsPerDataset);
    const object = number % objectsPerDataset;
    const dataset = this.#of(datasetId);
    dataset.held[object] = 0;
    const band = dataset.band[object] ?? 0;
    admission.account({ region: 'kept', datasetId, firstBlock: object, band }, -objectBytes, -1);
  }

  #of(datasetId: number): Dataset {
    const dataset = this.#datasets[datasetId];
    if (dataset === undefined) throw new Error(`there is no dataset ${String(datasetId)}`);
    return dataset;
  }

  readonly #order: EvictionOrder = {
    transit: () => [],
    replica: () => [],
    kept: (datasetId, fromBand) => this.#kept(datasetId, fromBand),
  };

  *#kept(datasetId: number, fromBand: number | undefined): Generator<Candidate> {
    const dataset = this.#of(datasetId);
    const { band, byBand, held } = dataset;
    while (dataset.first < byBand.length && held[byBand[dataset.first] ?? 0] === 0) {
      dataset.first += 1;
    }
    for (let at = startOf(dataset, fromBand); at < byBand.length; at += 1) {
      const object = byBand[at] ?? 0;
      if (held[object] === 0) continue;
      const number = datasetId * this.#options.objectsPerDataset + object;
      const described = { datasetId, firstBlock: object, band: band[object] ?? 0 };
      yield { objectId: String(number), ...described, open: false };
    }
  }
}

function startOf({ band, byBand, first }: Dataset, fromBand: number | undefined): number {
  if (fromBand === undefined) return first;
  let low = first;
  let high = byBand.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((band[byBand[middle] ?? 0] ?? 0) > fromBand) low = middle + 1;
    else high = middle;
  }
  return low;
}
