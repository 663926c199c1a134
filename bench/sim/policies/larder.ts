/**
 * What Larder does: the real `Admission` of the worker, with sets in the place of the disk. The only file of the
 * simulator that knows its interface.
 *
 * The kept region is all of the capacity: the tables speak of it alone, without what passes through.
 */
import { Admission } from '../../../worker/admission/index.ts';
import type { Candidate, Region, Sized } from '../../../worker/admission/index.ts';
import { MaxHeap } from '../../../common/forecast/index.ts';
import type { Objects } from '../objects.ts';
import type { CachePolicy, PolicyOptions } from './policy.ts';

/** The simulator has one. */
const DATASET = 1;
/** Nothing is kept until a time. */
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

  constructor({ objects, capacityBytes, share }: PolicyOptions) {
    this.#objects = objects;
    this.#admission = new Admission({
      capacityBytes,
      capacityObjects: MANY_OBJECTS,
      keptShare: 1,
    });
    this.#admission.setExpected(DATASET, { bandBytes: objects.bandBytes, share });
  }

  holds(object: number): boolean {
    return this.#held.has(object);
  }

  read(object: number): boolean {
    if (this.#held.has(object)) return true;
    const { region } = this.#admission.classify(this.#sizedOf(object), NOW_MS);
    // What passes through is in memory, and nobody reads it twice at once here.
    if (region === 'kept') this.#admit(object, region);
    return false;
  }

  copy(object: number): void {
    if (this.#held.has(object)) return;
    const { region } = this.#admission.classifyReplica(this.#sizedOf(object));
    if (region === 'replica') this.#admit(object, region);
  }

  #admit(object: number, region: Region): void {
    const newcomer = { ...this.#sizedOf(object), region, objects: 1 };
    for (;;) {
      const shortage = this.#admission.shortage(newcomer);
      if (shortage === undefined) break;
      let isEvicted = false;
      const asked = { shortage, newcomer, nowMs: NOW_MS };
      for (const { objectId } of this.#admission.victims(asked, this.#evictionOrder)) {
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
    const sized = this.#sizedOf(object);
    this.#admission.account({ ...sized, region }, -sized.bytes, -1);
  }

  readonly #evictionOrder = {
    transit: () => this.#candidates('transit'),
    replica: () => this.#candidates('replica'),
    kept: () => this.#candidates('kept'),
  };

  /** In the order of eviction; those that were passed over go back. */
  *#candidates(region: Region): Generator<Candidate> {
    const order = this.#orders[region];
    const passed: number[] = [];
    try {
      for (let object = order.pop(); object !== undefined; object = order.pop()) {
        if (this.#held.get(object) !== region) continue;
        passed.push(object);
        yield { objectId: String(object), ...this.#sizedOf(object), open: false };
      }
    } finally {
      for (const object of passed) {
        if (this.#held.get(object) === region) order.push(object, this.#priority(object, region));
      }
    }
  }

  #priority(object: number, region: Region): number {
    if (region !== 'transit') return this.#bandOf(object);
    this.#arrivals += 1;
    return -this.#arrivals;
  }

  #sizedOf(object: number): Sized {
    const band = this.#bandOf(object);
    return { datasetId: DATASET, firstBlock: object, band, bytes: this.#bytesOf(object) };
  }

  #bandOf(object: number): number {
    return this.#objects.band[object] ?? 0;
  }

  #bytesOf(object: number): number {
    return this.#objects.sizes[object] ?? 0;
  }
}
