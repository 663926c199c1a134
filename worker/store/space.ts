/**
 * Makes room before anything is written: asks `Admission` what to evict, and evicts it.
 *
 * Always true: what is held, reserved, or unlinked but still open counts as used. A reservation that
 * cannot be had is not an error: its bytes are read through.
 */
import type {
  Admission,
  Candidate,
  EvictionOrder,
  EvictionReason,
  Newcomer,
  Placed,
  Region,
  Shortage,
} from '../admission/index.ts';
import { ANYONE } from '../admission/index.ts';
import type { Clock } from '../../common/index.ts';
import { diskBytes } from './object-index.ts';
import type { OrderedObject, RecordStore } from './record-store.ts';
import type { StoredObject } from './stored-object.ts';

export interface SpaceOptions {
  readonly admission: Admission;
  readonly records: RecordStore;
  readonly find: (objectId: string) => StoredObject | undefined;
  readonly leaving: (objectId: string) => boolean;
  readonly evict: (object: StoredObject, why: EvictionReason) => Promise<void>;
  /** Moves it between the regions. */
  readonly move: (object: StoredObject, region: Region) => void;
  readonly clock: Clock;
}

export interface ReserveHow {
  /** For what passes through nothing leaves that somebody has open. */
  readonly sparesOpen: boolean;
}

const ANYBODY = { datasetId: ANYONE, firstBlock: 0, band: 0 };

/** Unlinks at a time: a few for each of the four pool threads. */
const EVICT_AT_ONCE = 16;

export class Space {
  readonly #options: SpaceOptions;
  readonly #admission: Admission;
  readonly #openCounts = new Map<string, number>();
  /** Evicted while a mount had them open: bytes that come back at the last close. */
  readonly #unlinkedOpen = new Map<string, number>();
  #evicting: Promise<unknown> = Promise.resolve();

  constructor(options: SpaceOptions) {
    this.#options = options;
    this.#admission = options.admission;
  }

  /**
   * Reserves room for bytes of an object, evicting others if need be. What is not used is given back
   * with `giveBack`; what is written stays reserved until the object is dropped.
   *
   * @returns false where there is no room to be had
   */
  async reserve(object: StoredObject, bytes: number, how?: ReserveHow): Promise<boolean> {
    if (this.#take(object, bytes)) return true;
    const sparesOpen = how?.sparesOpen ?? false;
    const turn = this.#evicting.then(() => this.#makeRoom(object, bytes, sparesOpen));
    this.#evicting = turn.catch(() => undefined);
    return turn;
  }

  /** It passes through, and is to stay: makes room for it among what is kept, if there is some to be had. */
  async keep(object: StoredObject): Promise<void> {
    const turn = this.#evicting.then(() => this.#keep(object));
    this.#evicting = turn.catch(() => undefined);
    await turn;
  }

  giveBack(object: StoredObject, bytes: number): void {
    if (object.state === 'dropped') return;
    const disk = diskBytes(bytes);
    object.accountedBytes -= disk;
    this.#admission.account(placedOf(object), -disk, 0);
  }

  /** Called once, when an object leaves. */
  dropped(object: StoredObject): void {
    const placed = placedOf(object);
    const files = object.hasFile ? 1 : 0;
    this.#admission.account(placed, -object.accountedBytes, -files);
    if (this.#openCounts.has(object.objectId) && files > 0) {
      this.#forgetUnlinked(object.objectId);
      this.#admission.account({ ...placed, region: 'transit' }, object.accountedBytes, 1);
      this.#unlinkedOpen.set(object.objectId, object.accountedBytes);
    }
  }

  /** Evicts about this much in the order of eviction: the disk is fuller than the sums say. */
  async evictSome(bytes: number): Promise<boolean> {
    const newcomer: Newcomer = { ...ANYBODY, region: 'transit', bytes, objects: 0 };
    let freed = 0;
    for (const { object, reason } of this.#victims('total', newcomer)) {
      freed += object.accountedBytes;
      await this.#options.evict(object, reason);
      if (freed >= bytes) break;
    }
    return freed > 0;
  }

  /** Evicts what is over the capacity, which may have become smaller. */
  shrink(): Promise<void> {
    const turn = this.#evicting.then(() => this.#evictExcess());
    this.#evicting = turn.catch(() => undefined);
    return turn;
  }

  setOpen(objectId: string, delta: number): void {
    const count = (this.#openCounts.get(objectId) ?? 0) + delta;
    if (count > 0) {
      this.#openCounts.set(objectId, count);
      return;
    }
    this.#openCounts.delete(objectId);
    this.#forgetUnlinked(objectId);
  }

  isOpen(object: StoredObject): boolean {
    return object.pins > 0 || this.#openCounts.has(object.objectId);
  }

  async #evictExcess(): Promise<void> {
    // As if the most wanted object came, so that the kept ones are victims as well.
    const newcomer: Newcomer = { ...ANYBODY, region: 'kept', bytes: 0, objects: 0 };
    let excess = this.#admission.excess();
    let evictions: Promise<void>[] = [];
    if (excess.bytes <= 0 && excess.objects <= 0) return;
    for (const { object: victim, reason } of this.#victims('total', newcomer)) {
      // Bytes of what is open come back later: what was evicted counts, not what is used.
      excess = {
        bytes: excess.bytes - victim.accountedBytes,
        objects: excess.objects - (victim.hasFile ? 1 : 0),
      };
      evictions.push(this.#options.evict(victim, reason));
      if (evictions.length >= EVICT_AT_ONCE) {
        await Promise.all(evictions);
        evictions = [];
      }
      if (excess.bytes <= 0 && excess.objects <= 0) break;
    }
    await Promise.all(evictions);
  }

  #take(object: StoredObject, bytes: number): boolean {
    if (object.state === 'dropped') return false;
    const newcomer = newcomerOf(object, bytes);
    if (this.#admission.shortage(newcomer) !== undefined) return false;
    object.accountedBytes += newcomer.bytes;
    this.#admission.account(newcomer, newcomer.bytes, newcomer.objects);
    object.hasFile = true;
    return true;
  }

  async #makeRoom(object: StoredObject, bytes: number, sparesOpen: boolean): Promise<boolean> {
    for (;;) {
      if (object.state === 'dropped') return false;
      if (this.#take(object, bytes)) return true;
      const newcomer = newcomerOf(object, bytes);
      const shortage = this.#admission.shortage(newcomer);
      if (shortage === undefined) continue;
      const evictions: Promise<void>[] = [];
      let freed = 0;
      for (const { object: victim, reason } of this.#victims(shortage, newcomer, {
        exclude: object,
        sparesOpen,
      })) {
        freed += victim.accountedBytes;
        evictions.push(this.#options.evict(victim, reason));
        if (freed >= newcomer.bytes || evictions.length >= EVICT_AT_ONCE) break;
      }
      await Promise.all(evictions);
      if (evictions.length > 0) continue;
      if (shortage !== 'kept' && shortage !== 'quota') return false;
      this.#options.move(object, 'transit');
    }
  }

  async #keep(object: StoredObject): Promise<void> {
    const { evict, move } = this.#options;
    for (;;) {
      if (object.state === 'dropped' || object.record.region !== 'transit') return;
      const newcomer: Newcomer = {
        ...placedOf(object),
        region: 'kept',
        bytes: object.accountedBytes,
        objects: object.hasFile ? 1 : 0,
      };
      const shortage = this.#admission.shortage(newcomer);
      // Of the disk it has its part already.
      if (shortage !== 'kept' && shortage !== 'quota') break;
      const [victim] = this.#victims(shortage, newcomer, { exclude: object });
      if (victim === undefined) return;
      await evict(victim.object, victim.reason);
    }
    move(object, 'kept');
  }

  *#victims(
    shortage: Shortage,
    newcomer: Newcomer,
    { exclude, sparesOpen }: { exclude?: StoredObject; sparesOpen?: boolean } = {},
  ): Generator<{ readonly object: StoredObject; readonly reason: EvictionReason }> {
    const { records, clock } = this.#options;
    const seen = new Set<string>();
    const order: EvictionOrder = {
      transit: () => this.#passing(exclude, seen),
      replica: () => this.#candidates(records.replicaOrder(), exclude, seen),
      kept: (datasetId, fromBand) =>
        this.#candidates(records.keptOrder(datasetId, fromBand), exclude, seen),
    };
    const asked = { shortage, newcomer, nowMs: clock.monotonicMs(), sparesOpen };
    for (const { objectId, reason } of this.#admission.victims(asked, order)) {
      seen.add(objectId);
      const object = this.#options.find(objectId);
      if (object !== undefined) yield { object, reason };
    }
  }

  /** What is still to be read goes last, after what is open. */
  *#passing(exclude: StoredObject | undefined, seen: ReadonlySet<string>): Generator<Candidate> {
    const { records, find } = this.#options;
    const awaited: Candidate[] = [];
    for (const candidate of this.#candidates(records.transitOrder(), exclude, seen)) {
      if (find(candidate.objectId)?.isAwaited === true) awaited.push(candidate);
      else yield candidate;
    }
    for (const candidate of awaited) yield { ...candidate, open: true };
  }

  *#candidates(
    order: Iterable<OrderedObject>,
    exclude: StoredObject | undefined,
    seen: ReadonlySet<string>,
  ): Generator<Candidate> {
    for (const entry of order) {
      const { objectId, datasetId, firstBlock, band } = entry;
      if (objectId === exclude?.objectId || seen.has(objectId)) continue;
      if (this.#options.leaving(objectId)) continue;
      const object = this.#options.find(objectId);
      if (object === undefined) this.#options.records.removeStray(entry);
      else yield { objectId, datasetId, firstBlock, band, open: this.isOpen(object) };
    }
  }

  #forgetUnlinked(objectId: string): void {
    const bytes = this.#unlinkedOpen.get(objectId);
    if (bytes === undefined) return;
    this.#unlinkedOpen.delete(objectId);
    this.#admission.account({ ...ANYBODY, region: 'transit' }, -bytes, -1);
  }
}

function newcomerOf(object: StoredObject, bytes: number): Newcomer {
  return { ...placedOf(object), bytes: diskBytes(bytes), objects: object.hasFile ? 0 : 1 };
}

/** The first of its datasets counts it. */
export function placedOf({ record }: Pick<StoredObject, 'record'>): Placed {
  const { region, band, references } = record;
  const { datasetId, firstBlock } = references[0] ?? ANYBODY;
  return { region, band, datasetId, firstBlock };
}
