/**
 * What Larder does: the real `Admission` of the worker, with maps in the place of the disk. The only file of the
 * simulator that knows its interface.
 *
 * The kept region is all of the capacity: the tables speak of it alone, without what passes through.
 */
import { MaxHeap } from '../../../common/forecast/index.ts';
import { Admission } from '../../../worker/admission/index.ts';
import type { Candidate, Newcomer, Region } from '../../../worker/admission/index.ts';
import type { Objects } from '../objects.ts';
import type { CachePolicy, PolicyOptions } from './policy.ts';

/** The simulator has one, and no time passes in it. */
const DATASET = 1;
const NOW_MS = 0;
/** Files are not what a simulated disk runs out of. */
const MANY_OBJECTS = 2 ** 40;

export class Larder implements CachePolicy {
  readonly #objects: Objects;
  readonly #admission: Admission;
  readonly #held = new Map<number, Region>();
  readonly #orders: Record<Region, MaxHeap> = {
    kept: new MaxHeap(),
    transit: new MaxHeap(),
    replica: new MaxHeap(),
  };
  #arrivals = 0;

  /** @param arePlansKnown whether it is told the plans */
  constructor({ objects, capacityBytes, share, lookAhead }: PolicyOptions, arePlansKnown: boolean) {
    this.#objects = objects;
    this.#admission = new Admission({
      capacityBytes,
      capacityObjects: MANY_OBJECTS,
      keptShare: 1,
    });
    this.#admission.setExpected(DATASET, { bandBytes: objects.bandBytes, share });
    if (!arePlansKnown) return;
    const firstBlock = Uint32Array.from(objects.sizes, (_, object) => object);
    const rows = { plan: lookAhead, firstBlock, band: objects.band };
    this.#admission.setLookAhead(DATASET, rows, []);
  }

  holds(object: number): boolean {
    return this.#held.has(object);
  }

  read(object: number): boolean {
    if (this.#held.has(object)) {
      this.#admission.touched({ datasetId: DATASET, firstBlock: object });
      return true;
    }
    const { region } = this.#admission.classify(this.#newcomer(object, 'kept'), NOW_MS);
    // What passes through is in memory, and nobody reads it twice at once here.
    if (region === 'kept') this.#admit(this.#newcomer(object, region));
    return false;
  }

  copy(object: number): void {
    if (this.#held.has(object)) return;
    const newcomer = this.#newcomer(object, 'replica');
    if (this.#admission.classifyReplica(newcomer).region === 'replica') this.#admit(newcomer);
  }

  #newcomer(object: number, region: Region): Newcomer {
    const band = this.#bandOf(object);
    const bytes = this.#objects.sizes[object] ?? 0;
    return { datasetId: DATASET, firstBlock: object, band, region, bytes, objects: 1 };
  }

  #admit(newcomer: Newcomer): void {
    const { firstBlock: object, region } = newcomer;
    for (;;) {
      const shortage = this.#admission.shortage(newcomer);
      if (shortage === undefined) break;
      let isEvicted = false;
      const eviction = { shortage, newcomer, nowMs: NOW_MS };
      for (const { objectId } of this.#admission.victims(eviction, this.#evictionOrder)) {
        this.#evict(Number(objectId));
        isEvicted = true;
        if (this.#admission.shortage(newcomer) === undefined) break;
      }
      if (!isEvicted) return;
    }
    this.#admission.account(newcomer, newcomer.bytes, 1);
    this.#held.set(object, region);
    this.#orders[region].push(object, this.#priority(object, region));
  }

  #evict(object: number): void {
    const region = this.#held.get(object);
    if (region === undefined) return;
    this.#held.delete(object);
    const newcomer = this.#newcomer(object, region);
    this.#admission.account(newcomer, -newcomer.bytes, -1);
  }

  readonly #evictionOrder = {
    transit: () => this.#candidates('transit'),
    replica: () => this.#candidates('replica'),
    kept: (_: number, fromBand?: number) =>
      fromBand === undefined ? this.#candidates('kept') : this.#ofBand(fromBand),
  };

  /** In the order of eviction; those that were passed over go back. */
  *#candidates(region: Region): Generator<Candidate> {
    const order = this.#orders[region];
    const passed: number[] = [];
    try {
      for (let object = order.pop(); object !== undefined; object = order.pop()) {
        if (this.#held.get(object) !== region) continue;
        passed.push(object);
        yield this.#candidate(object);
      }
    } finally {
      for (const object of passed) {
        if (this.#held.get(object) === region) order.push(object, this.#priority(object, region));
      }
    }
  }

  /** With a band given, its object is looked for, and none that comes after. */
  *#ofBand(band: number): Generator<Candidate> {
    for (const object of this.#objects.ofBand(band)) {
      if (this.#held.get(object) === 'kept') yield this.#candidate(object);
    }
  }

  #candidate(object: number): Candidate {
    const band = this.#bandOf(object);
    return { objectId: String(object), datasetId: DATASET, firstBlock: object, band, open: false };
  }

  #priority(object: number, region: Region): number {
    if (region !== 'transit') return this.#bandOf(object);
    this.#arrivals += 1;
    return -this.#arrivals;
  }

  #bandOf(object: number): number {
    return this.#objects.band[object] ?? 0;
  }
}
