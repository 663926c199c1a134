/**
 * Decides which objects a worker keeps when there is more than its cache holds.
 *
 * Training reads each file once per epoch, in a new order each time. Recency is the worst guide then:
 * what was just read is what will be wanted last. So an object is kept iff the hash of its key lies
 * below a threshold, which a worker computes alone:
 *   - it starts where the sums of the versions that this worker serves meet the kept region, so that
 *     everything is kept while everything fits;
 *   - when the region is full of objects below it, the highest leaves, and its hash is the threshold
 *     from then on: with wrong or no sums it ends at the same place;
 *   - more capacity or fewer datasets raise it again.
 * While the kept region has room, what lies above the threshold is kept too, and leaves first.
 * Everything else passes through the transit region, first in, first out.
 *
 * Second copies of what others own take what the kept region has to spare: beyond what it holds of its own,
 * and beyond what it is expected to hold. They leave before anything that is kept.
 *
 * Always true:
 *   - kept bytes stay within the kept region, all bytes within the capacity, as long as the store
 *     makes room before it writes;
 *   - a newcomer never displaces what lies below the threshold and below its own hash;
 *   - objects that nobody has open go before those that somebody has.
 *
 * No I/O and no clock: `ObjectStore` unlinks.
 */
import { BAND_BUCKETS, STRIPE_BYTES } from '../../common/index.ts';
import { FULL_BAND, thresholdFor } from './threshold.ts';

/**
 * Kept: what the hash band names. Transit: what passes through, and goes first. Replica: further copies of
 * what others own, in room that is to spare.
 */
export type Region = 'kept' | 'transit' | 'replica';

/** Kept: the region is full. Total: the disk is. Spare: there is nothing to spare for a replica. */
export type Shortage = 'kept' | 'total' | 'spare';

export interface AdmissionOptions {
  readonly capacityBytes: number;
  /** Each object is a file, and a file is an inode. */
  readonly capacityObjects: number;
  /** The kept region's share of both; 0.92 unless told, the rest is for transit. */
  readonly keptShare?: number | undefined;
}

export interface Newcomer {
  readonly region: Region;
  readonly band: number;
  /** What is to be written, on top of what the object has. */
  readonly bytes: number;
  /** 1 for an object that has no file yet. */
  readonly objects: number;
}

/** What is fetched ahead of readers. */
export interface AheadUse {
  /** Under way: no room is reserved for it yet, or just so. */
  readonly comingBytes: number;
  readonly comingObjects: number;
  /** Under way, or there and not yet read. */
  readonly aheadBytes: number;
}

/**
 * `none`: it could only come in the place of something that is kept. `later`: there is as much ahead as
 * may be.
 */
export type RoomAhead = 'room' | 'none' | 'later';

export interface Candidate {
  readonly objectId: string;
  readonly band: number;
  readonly open: boolean;
}

/** What could be evicted, as the store has it. */
export interface EvictionOrder {
  /** The longest there first. */
  transit(): Iterable<Candidate>;
  /** The highest band hash first. */
  replica(): Iterable<Candidate>;
  /** The highest band hash first. */
  kept(): Iterable<Candidate>;
}

/** Of what passes through, the part that may be there before it is asked for. */
const AHEAD_SHARE = 1 / 4;

interface Usage {
  bytes: number;
  objects: number;
}

export class Admission {
  #capacity: Usage;
  readonly #keptShare: number;
  readonly #used: Record<Region, Usage> = {
    kept: { bytes: 0, objects: 0 },
    transit: { bytes: 0, objects: 0 },
    replica: { bytes: 0, objects: 0 },
  };
  readonly #expected = new Map<number, Float64Array>();
  #expectedBytes = 0;
  #threshold = FULL_BAND;

  constructor(options: AdmissionOptions) {
    this.#capacity = { bytes: options.capacityBytes, objects: options.capacityObjects };
    this.#keptShare = options.keptShare ?? 0.92;
  }

  /** 0 … 2^32: objects whose band hash is below are kept. */
  get threshold(): number {
    return this.#threshold;
  }

  get capacityBytes(): number {
    return this.#capacity.bytes;
  }

  get usedBytes(): number {
    const { kept, transit, replica } = this.#used;
    return kept.bytes + transit.bytes + replica.bytes;
  }

  get objects(): number {
    const { kept, transit, replica } = this.#used;
    return kept.objects + transit.objects + replica.objects;
  }

  setCapacity(capacity: Pick<AdmissionOptions, 'capacityBytes' | 'capacityObjects'>): void {
    this.#capacity = { bytes: capacity.capacityBytes, objects: capacity.capacityObjects };
    this.#restart();
  }

  /**
   * @param bytesByBucket what this worker is expected to serve of the dataset, per bucket of the band
   *   hash (`BAND_BUCKETS` sums); undefined: the dataset is gone
   */
  setExpected(datasetId: number, bytesByBucket: Float64Array | undefined): void {
    if (bytesByBucket === undefined) this.#expected.delete(datasetId);
    else this.#expected.set(datasetId, bytesByBucket);
    this.#restart();
  }

  /** Records what the store holds; called with what was added, or (negative) taken away. */
  account(region: Region, bytes: number, objects: number): void {
    this.#used[region].bytes += bytes;
    this.#used[region].objects += objects;
  }

  /** Where an object that is new, or seen again, belongs. */
  classify(object: { readonly band: number; readonly bytes: number }): Region {
    const kept = this.#keptCapacity();
    // Of an object that is owned by stripe a worker keeps the stripes that it has room for.
    const bytes = Math.min(object.bytes, STRIPE_BYTES);
    if (bytes > kept.bytes) return 'transit';
    if (object.band < this.#threshold) return 'kept';
    const used = this.#used.kept;
    const room = used.bytes + bytes <= kept.bytes && used.objects + 1 <= kept.objects;
    return room ? 'kept' : 'transit';
  }

  /** Where a further copy of an object that another worker owns belongs. */
  classifyReplica(object: { readonly bytes: number }): Region {
    return this.#hasSpare(object.bytes, 1) ? 'replica' : 'transit';
  }

  /** Which limit a newcomer would exceed; undefined where there is room. */
  shortage(newcomer: Newcomer): Shortage | undefined {
    const { bytes, objects, region } = newcomer;
    if (region === 'kept') {
      const limit = this.#keptCapacity();
      const { kept, replica } = this.#used;
      if (kept.bytes + replica.bytes + bytes > limit.bytes) return 'kept';
      if (kept.objects + replica.objects + objects > limit.objects) return 'kept';
    }
    if (region === 'replica' && !this.#hasSpare(bytes, objects)) return 'spare';
    return this.usedBytes + bytes > this.#capacity.bytes ||
      this.objects + objects > this.#capacity.objects
      ? 'total'
      : undefined;
  }

  /**
   * Whether what nobody has asked for yet may come in: into free room, or in the place of a little of
   * what passes through, so that what was fetched ahead does not push itself out.
   */
  roomAhead(newcomer: Newcomer, ahead: AheadUse): RoomAhead {
    const bytes = newcomer.bytes + ahead.comingBytes;
    const objects = newcomer.objects + ahead.comingObjects;
    if (this.shortage({ ...newcomer, bytes, objects }) === undefined) return 'room';
    if (newcomer.region === 'kept') return 'none';
    const most = this.#used.transit.bytes * AHEAD_SHARE;
    return ahead.aheadBytes + newcomer.bytes <= most ? 'room' : 'later';
  }

  /** What is used beyond the capacity; nothing where a number is 0 or less. */
  excess(): { readonly bytes: number; readonly objects: number } {
    return {
      bytes: this.usedBytes - this.#capacity.bytes,
      objects: this.objects - this.#capacity.objects,
    };
  }

  /**
   * What to evict for a newcomer, best first: ask for as many as are needed and no more, because
   * asking for one that lies below the threshold lowers the threshold.
   */
  *victims(shortage: Shortage, newcomer: Newcomer, order: EvictionOrder): Generator<Candidate> {
    if (shortage === 'spare') return;
    for (const open of [false, true]) {
      if (shortage === 'total') {
        for (const candidate of order.transit()) if (candidate.open === open) yield candidate;
      }
      if (newcomer.region === 'replica') continue;
      for (const candidate of order.replica()) if (candidate.open === open) yield candidate;
      for (const candidate of order.kept()) {
        if (candidate.band < this.#threshold) break;
        if (candidate.open === open && candidate.band > newcomer.band) yield candidate;
      }
    }
    if (newcomer.region !== 'kept') return;
    for (const open of [false, true]) {
      for (const candidate of order.kept()) {
        if (candidate.band <= newcomer.band) break;
        if (candidate.open !== open) continue;
        this.#threshold = Math.min(this.#threshold, candidate.band);
        yield candidate;
      }
    }
    this.#threshold = Math.min(this.#threshold, newcomer.band);
  }

  #restart(): void {
    const sums = new Float64Array(BAND_BUCKETS);
    for (const dataset of this.#expected.values()) {
      for (let i = 0; i < sums.length; i += 1) sums[i] = (sums[i] ?? 0) + (dataset[i] ?? 0);
    }
    this.#expectedBytes = sums.reduce((total, bytes) => total + bytes, 0);
    this.#threshold = thresholdFor(sums, this.#keptCapacity().bytes);
  }

  /** Whether replicas may take so much more, beside what is kept and what is expected to be. */
  #hasSpare(bytes: number, objects: number): boolean {
    const limit = this.#keptCapacity();
    const { kept, replica } = this.#used;
    const ownBytes = Math.max(kept.bytes, this.#expectedBytes);
    return (
      ownBytes + replica.bytes + bytes <= limit.bytes &&
      kept.objects + replica.objects + objects <= limit.objects
    );
  }

  #keptCapacity(): Usage {
    return {
      bytes: Math.floor(this.#capacity.bytes * this.#keptShare),
      objects: Math.floor(this.#capacity.objects * this.#keptShare),
    };
  }
}
