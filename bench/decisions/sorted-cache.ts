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

/**
 * Objects between two of the starts: those of a million objects are in the processor's cache. A binary search instead
 * was a fifth of what the row of plans measured, and none of it a decision.
 */
const OBJECTS_PER_START = 16;

interface Dataset {
  readonly band: Uint32Array;
  /** Objects, the highest band first. */
  readonly byBand: Uint32Array;
  readonly rank: Uint32Array;
  /** Of each part of the bands, the lowest first, the first object in `byBand` that is in it or below. */
  readonly starts: Uint32Array;
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
      const starts = startsOf(byBand, band);
      return { band, byBand, rank, starts, held: new Uint8Array(count), first: count };
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

/** The first that may be held and is not above a band. */
function startOf({ band, byBand, first, starts }: Dataset, fromBand: number | undefined): number {
  if (fromBand === undefined) return first;
  let at = Math.max(first, starts[partOf(fromBand, starts.length)] ?? 0);
  while (at < byBand.length && (band[byBand[at] ?? 0] ?? 0) > fromBand) at += 1;
  return at;
}

function startsOf(byBand: Uint32Array, band: Uint32Array): Uint32Array {
  const starts = new Uint32Array(Math.ceil(byBand.length / OBJECTS_PER_START));
  let at = 0;
  for (let part = starts.length - 1; part >= 0; part -= 1) {
    while (at < byBand.length && partOf(band[byBand[at] ?? 0] ?? 0, starts.length) > part) at += 1;
    starts[part] = at;
  }
  return starts;
}

function partOf(band: number, parts: number): number {
  return Math.floor((band / 2 ** 32) * parts);
}
