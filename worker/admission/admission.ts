/**
 * Decides which objects a worker keeps on a disk when there is more than its cache holds.
 *
 * Training reads each file once per epoch, in a new order each time. Recency is the worst guide then:
 * what was just read is what will be wanted last. So an object is kept iff the hash of its key lies
 * below its dataset's threshold, which a worker computes alone:
 *   - the kept region is divided over the datasets by what a cached byte of each is worth (`planQuotas`);
 *   - a threshold starts where the sums of what this worker serves meet the dataset's quota, so that
 *     everything is kept while everything fits;
 *   - when the region is full of objects below it, the highest leaves, and its hash is the threshold
 *     from then on: with wrong or no sums it ends at the same place;
 *   - where the plans of two jobs or more are known, the next use takes the place of the threshold: what is used last
 *     leaves, and a newcomer that is used later still does not come in.
 * While the kept region has room, what lies above the threshold is kept too, and leaves first.
 * Everything else passes through the transit region, first in, first out.
 *
 * Second copies of what others own take what the kept region has to spare: beyond what it holds of its own,
 * and beyond what it is expected to hold. They leave before anything that is kept.
 *
 * Always true:
 *   - kept bytes stay within the kept region, all bytes within the capacity, and those of a dataset within its
 *     limit, as long as the store makes room before it writes;
 *   - a newcomer never displaces what is better: see `evictions.ts`;
 *   - what is pinned, or kept until a time to come, is never named. Where all is, newcomers pass through;
 *   - objects that nobody has open go before those that somebody has.
 *
 * No I/O and no clock: time is passed in, on a clock that never goes back; `ObjectStore` unlinks.
 */
import { KEPT_SHARE, STRIPE_BYTES } from '../../common/index.ts';
import type { DatasetShare, Expected } from './dataset-share.ts';
import { DatasetShares } from './dataset-shares.ts';
import { decisionOf, DecisionCounts } from './decision-counts.ts';
import { aboveThresholds, belowThresholds } from './evictions.ts';
import type { Eviction } from './evictions.ts';
import { NextUses } from './next-uses.ts';
import type { PlannedRows } from './next-uses.ts';
import { Protections } from './protections.ts';
import type { Protection } from './protections.ts';
import { ANYONE } from './types.ts';
import type {
  AheadUse,
  Candidate,
  Capacity,
  Decision,
  Described,
  EvictionOrder,
  Newcomer,
  Placed,
  PlaceReason,
  Region,
  RoomAhead,
  Shortage,
  Victim,
} from './types.ts';

export interface AdmissionOptions extends Capacity {
  /** The kept region's share of both; `KEPT_SHARE` unless told. */
  readonly keptShare?: number | undefined;
}

/** What is asked about before there is room for it. */
export interface Sized extends Described {
  readonly bytes: number;
}

export interface EvictionAsked extends Pick<Eviction, 'shortage' | 'newcomer' | 'nowMs'> {
  /** For what passes through nothing goes that somebody has open. */
  readonly sparesOpen?: boolean | undefined;
}

/** Of what passes through, the part that may be there before it is asked for: half of that where it is a guess. */
const AHEAD_SHARE = { known: 1 / 2, guessed: 1 / 4 } as const;
/**
 * With look-ahead, of the same: each object that is there early takes the place of one that would be used. Two jobs with
 * half of their dataset kept read 30 % of it from the origin and wait for 28 with nothing ahead, 31 and 2 with this, 33 and
 * none with twice as much.
 */
const AHEAD_OF_USE = 1 / 4;

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
  readonly #shares = new DatasetShares();
  readonly #protections = new Protections();
  readonly #counts = new DecisionCounts();

  constructor(options: AdmissionOptions) {
    this.#capacity = { bytes: 0, objects: 0 };
    this.#keptShare = options.keptShare ?? KEPT_SHARE;
    this.setCapacity(options);
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

  /** How often each was the reason, since the start. */
  get counts(): Pick<DecisionCounts, 'places' | 'evictions'> {
    return this.#counts;
  }

  /** What a dataset has and may have. */
  share(datasetId: number): Pick<DatasetShare, 'threshold' | 'quotaBytes' | 'keptBytes'> {
    return this.#shares.of(datasetId);
  }

  setCapacity({ capacityBytes, capacityObjects }: Capacity): void {
    this.#capacity = { bytes: capacityBytes, objects: capacityObjects };
    this.#shares.setRegion(this.#keptCapacity().bytes);
  }

  /** What this worker is to serve of a dataset; undefined: the dataset is gone. */
  setExpected(datasetId: number, expected: Expected | undefined): void {
    this.#shares.setExpected(datasetId, expected);
  }

  /** Bytes a second of every dataset that is read: told when a job starts or stops, and not all the time. */
  setRates(bytesPerSecond: ReadonlyMap<number, number>): void {
    this.#shares.setRates(bytesPerSecond);
  }

  /**
   * The plans of the jobs of a dataset: two or more, because one alone hits no more with them.
   *
   * @param rows undefined: no plan is known any more
   * @param kept what is kept of the dataset
   */
  setLookAhead(datasetId: number, rows: PlannedRows | undefined, kept: Iterable<Described>): void {
    const share = this.#shares.of(datasetId);
    share.nextUses = rows === undefined ? undefined : new NextUses(rows);
    if (share.nextUses === undefined) {
      this.#shares.exceeds(share);
      return;
    }
    for (const object of kept) share.nextUses.add(object);
  }

  /** A reader has got it. */
  touched({ datasetId, firstBlock }: Pick<Described, 'datasetId' | 'firstBlock'>): void {
    this.#shares.peek(datasetId)?.nextUses?.touched(firstBlock);
  }

  protect(name: string, protection: Protection): void {
    this.#protections.set(name, protection);
  }

  /** The name of what protects an object; undefined where it may be evicted. */
  protectorOf(object: Described, nowMs: number): string | undefined {
    return this.#protections.nameOf(object, nowMs);
  }

  unprotect(name: string): void {
    this.#protections.delete(name);
  }

  /** Records what the store holds; called with what was added, or (negative) taken away. */
  account(object: Placed, bytes: number, objects: number): void {
    const { region, datasetId, band } = object;
    this.#used[region].bytes += bytes;
    this.#used[region].objects += objects;
    if (region !== 'kept') return;
    if (objects > 0) {
      const share = this.#shares.of(datasetId);
      share.nextUses?.add(object);
      if (band >= share.threshold) this.#shares.exceeds(share);
    }
    this.#shares.account(datasetId, bytes, objects);
  }

  /** Records what the store has of a dataset at its start. */
  load(held: Pick<Placed, 'region' | 'datasetId'>, bytes: number, objects: number): void {
    this.#used[held.region].bytes += bytes;
    this.#used[held.region].objects += objects;
    if (held.region === 'kept') this.#shares.account(held.datasetId, bytes, objects);
  }

  /** Where an object that is new, or seen again, belongs. */
  classify(object: Sized, nowMs: number): Decision {
    return this.#counts.placed(this.#place(object, nowMs));
  }

  /** Where it would belong: asked as often as anybody wants to know, and not counted. */
  preview(object: Sized, nowMs: number, what: 'own' | 'replica' = 'own'): Decision {
    return decisionOf(
      what === 'own' ? this.#place(object, nowMs) : this.#placeReplica(object.bytes),
    );
  }

  /** Where a further copy of an object that another worker owns belongs. */
  classifyReplica({ bytes }: Pick<Sized, 'bytes'>): Decision {
    return this.#counts.placed(this.#placeReplica(bytes));
  }

  /** Which limit a newcomer would exceed; undefined where there is room. */
  shortage(newcomer: Newcomer): Shortage | undefined {
    const { bytes, objects, region, datasetId } = newcomer;
    if (region === 'kept') {
      const limit = this.#keptCapacity();
      const { kept, replica } = this.#used;
      const share = this.#shares.of(datasetId);
      if (share.keptBytes + bytes > share.limitBytes) return 'quota';
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
   * Whether what nobody has asked for yet may come in: into free room that is not for what is to be kept, or in the
   * place of a little of what passes through, so that what was fetched ahead is not pushed out unread. Where there is
   * memory for what passes through, that is its room. With look-ahead what is to be kept may come as well: only what is
   * used later goes for it.
   */
  roomAhead(newcomer: Newcomer, ahead: AheadUse): RoomAhead {
    const bytes = newcomer.bytes + ahead.comingBytes;
    const objects = newcomer.objects + ahead.comingObjects;
    const { memory } = ahead;
    const aheadBytes = ahead.aheadBytes + newcomer.bytes;
    if (newcomer.region === 'transit' && memory !== undefined) {
      if (newcomer.bytes > memory.mostBytes) return 'none';
      return bytes <= memory.freeBytes ? 'room' : 'later';
    }
    const isFree = this.shortage({ ...newcomer, bytes, objects }) === undefined;
    const isKept = newcomer.region === 'kept';
    if (isFree && (isKept || aheadBytes <= this.#lastingBytes())) return 'room';
    if (isKept && this.#shares.peek(newcomer.datasetId)?.nextUses === undefined) return 'none';
    const share = ahead.isKnown ? AHEAD_SHARE.known : AHEAD_SHARE.guessed;
    const mostBytes = isKept
      ? AHEAD_OF_USE * this.#lastingBytes()
      : share * this.#used.transit.bytes;
    return aheadBytes <= mostBytes ? 'room' : 'later';
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
   * asking for one that lies below a threshold lowers the threshold.
   */
  *victims(
    { shortage, newcomer, nowMs, sparesOpen = false }: EvictionAsked,
    order: EvictionOrder,
  ): Generator<Victim> {
    if (shortage === 'spare') return;
    const { region, datasetId, band } = newcomer;
    const shares = this.#shares;
    const protections = this.#protections;
    const eviction = { shares, protections, order, newcomer, shortage, nowMs };
    const { transit, replica } = this.#used;
    const sparesAllOpen = sparesOpen && region === 'transit';
    for (const open of sparesAllOpen ? [false] : [false, true]) {
      if (shortage === 'total' && transit.objects > 0) {
        yield* this.#counted(regional(eviction, order.transit(), 'transit', open));
      }
      if (region === 'replica') continue;
      if (shortage !== 'quota' && replica.objects > 0) {
        yield* this.#counted(regional(eviction, order.replica(), 'replica', open));
      }
      if (shares.mayExceed) yield* this.#counted(aboveThresholds(eviction, open));
    }
    if (region !== 'kept') return;
    for (const open of [false, true]) yield* this.#counted(belowThresholds(eviction, open));
    if (datasetId !== ANYONE && protections.areNone) shares.of(datasetId).lowerTo(band);
  }

  #place(object: Sized, nowMs: number): PlaceReason {
    const kept = this.#keptCapacity();
    // Of an object that is owned by stripe a worker keeps the stripes that it has room for.
    const bytes = Math.min(object.bytes, STRIPE_BYTES);
    if (bytes > kept.bytes) return 'too large';
    const protection = this.#protections.of(object, nowMs);
    if (protection !== undefined) return protection;
    const share = this.#shares.of(object.datasetId);
    if (share.nextUses === undefined && object.band < share.threshold) return 'below threshold';
    if (share.keptBytes + bytes > share.limitBytes && share.nextUses === undefined) {
      return 'over quota';
    }
    const used = this.#used.kept;
    if (used.bytes + bytes <= kept.bytes && used.objects + 1 <= kept.objects) return 'fits';
    if (share.nextUses === undefined) return 'above threshold';
    // What its quota still lacks comes from others, whatever its next use.
    if (share.keptBytes + bytes <= share.quotaBytes) return 'fits';
    const last = share.nextUses.last();
    const isSooner =
      last !== undefined && share.nextUses.ofNewcomer(object.firstBlock) < last.nextUse;
    return isSooner ? 'sooner use' : 'later use';
  }

  #placeReplica(bytes: number): PlaceReason {
    return this.#hasSpare(bytes, 1) ? 'replica' : 'nothing to spare';
  }

  *#counted(victims: Iterable<Victim>): Generator<Victim> {
    for (const victim of victims) {
      this.#counts.evicted(victim.reason);
      yield victim;
    }
  }

  /** Whether replicas may take so much more, beside what is kept and what is expected to be. */
  #hasSpare(bytes: number, objects: number): boolean {
    const limit = this.#keptCapacity();
    const { kept, replica } = this.#used;
    const ownBytes = Math.max(kept.bytes, this.#shares.wantedBytes);
    return (
      ownBytes + replica.bytes + bytes <= limit.bytes &&
      kept.objects + replica.objects + objects <= limit.objects
    );
  }

  /** Of the room for what passes through, what is left when all that is to be kept is there. */
  #lastingBytes(): number {
    const { kept, replica } = this.#used;
    const expectedBytes = Math.min(this.#keptCapacity().bytes, this.#shares.wantedBytes);
    return this.#capacity.bytes - Math.max(expectedBytes, kept.bytes + replica.bytes);
  }

  #keptCapacity(): Usage {
    return {
      bytes: Math.floor(this.#capacity.bytes * this.#keptShare),
      objects: Math.floor(this.#capacity.objects * this.#keptShare),
    };
  }
}

/** Of what is not kept: the first there, or the highest band hash, whichever way the store orders it. */
function* regional(
  { protections, nowMs }: Eviction,
  candidates: Iterable<Candidate>,
  reason: 'transit' | 'replica',
  open: boolean,
): Generator<Victim> {
  for (const candidate of candidates) {
    if (candidate.open !== open || protections.of(candidate, nowMs) !== undefined) continue;
    yield { objectId: candidate.objectId, reason };
  }
}
