/**
 * Objects move to the workers that are to have them: after a join, a leave or a drain, when a worker is back,
 * and where a dataset is to have several copies.
 *
 *     holder                          who is to have it
 *     walk ── OFFER ────────────────▶ remembers the keeper, queues
 *        ◀── reads of blocks ──────── pulls at a bounded rate
 *        ◀── TAKEN ─────────────────── has it; or: has no room
 *     drops its copy, or keeps it
 *
 * Always true:
 *   - nothing is read from the origin for a move;
 *   - a copy is given up only after the owner has said that it has the object.
 *
 * Leaves to others: how blocks are read from a peer and written (`ObjectReader`), room (`Admission`).
 */
import { blockCount, LarderError } from '../../common/index.ts';
import type { Clock, Logger, ObjectRef, Placement, PlacementMember } from '../../common/index.ts';
import { FRAME } from '../../rpc/frames/index.ts';
import type { MoveList } from '../../rpc/frames/index.ts';
import type { ObjectStore } from '../store/index.ts';
import type { Versions } from '../versions.ts';
import { Arrivals } from './arrivals.ts';
import { Departures } from './departures.ts';
import { dutiesOf, stripesOf } from './duties.ts';
import type { WantedCopyOf } from './duties.ts';
import { Offers } from './offers.ts';
import { Pulls } from './pulls.ts';
import type { PullsOptions } from './pulls.ts';
import { Receipts } from './receipts.ts';
import { sortRegions } from './regions.ts';

type MoveFrame = typeof FRAME.OFFER | typeof FRAME.TAKEN;

export interface MovesOptions {
  readonly store: ObjectStore;
  readonly versions: Pick<Versions, 'get' | 'known'>;
  readonly placement: () => Placement;
  readonly bring: PullsOptions['bring'];
  /** @throws {LarderError} where it cannot be told */
  readonly tell: (
    member: PlacementMember,
    type: MoveFrame,
    list: MoveList,
    signal: AbortSignal,
  ) => Promise<void>;
  /** Whether an object of a dataset stays with the worker that offers it: this one points to it. */
  readonly staysAway: (ref: ObjectRef) => boolean;
  readonly wantedCopy: WantedCopyOf;
  readonly bytesPerSecond: number;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface MoveCounters {
  /** That are to come to this worker from others. */
  readonly pendingObjects: number;
  readonly pendingBytes: number;
  /** That have come, since the start of the process. */
  readonly movedBytes: number;
}

/** What has come for others, or is the first of several copies, is offered so long after at the earliest. */
const OFFER_PAUSE_MS = 1_000;

export class Moves implements AsyncDisposable {
  readonly #options: MovesOptions;
  readonly #arrivals = new Arrivals();
  readonly #receipts: Receipts;
  readonly #offers: Offers;
  readonly #pulls: Pulls;
  readonly #departures: Departures;
  /** The placement for which each worker has offered everything. */
  readonly #settled = new Map<string, number>();
  readonly #closing = new AbortController();
  #replicas: ReadonlyMap<number, number> = new Map();

  constructor(options: MovesOptions) {
    const { store, tell } = options;
    const { workerId, held } = store;
    const { signal } = this.#closing;
    this.#options = options;
    const common = { ...options, workerId, held, replicas: (id: number) => this.replicasOf(id) };
    this.#receipts = new Receipts({
      ...common,
      send: (member, list) => tell(member, FRAME.TAKEN, list, signal),
    });
    this.#departures = new Departures(common);
    this.#pulls = new Pulls({ ...common, arrivals: this.#arrivals, receipts: this.#receipts });
    this.#offers = new Offers({
      ...common,
      pauseMs: OFFER_PAUSE_MS,
      sortRegions: (placement, signal) => sortRegions({ ...common, placement, signal }),
      send: (member, list) => tell(member, FRAME.OFFER, list, signal),
    });
  }

  get counters(): MoveCounters {
    return {
      pendingObjects: this.#arrivals.objects + this.#pulls.underWay,
      pendingBytes: this.#arrivals.bytes,
      movedBytes: this.#pulls.movedBytes,
    };
  }

  /** Copies that objects of a dataset are to have. */
  replicasOf(datasetId: number): number {
    return this.#replicas.get(datasetId) ?? 1;
  }

  /** Whether this worker is to have an object that another one owns, as long as there is room to spare. */
  isReplica(ref: ObjectRef): boolean {
    const replicas = this.replicasOf(ref.datasetId);
    const wanted = this.#options.wantedCopy(ref);
    if (replicas < 2 && wanted === undefined) return false;
    const { store, placement } = this.#options;
    const { workerId } = store;
    const copy = { placement: placement(), workerId, objectId: ref.objectId, replicas };
    const { mine } = dutiesOf({ ...copy, stripes: stripesOf(ref) });
    // One that is protected is kept as what is owned is.
    if (wanted !== undefined && mine !== 'owner') return wanted === 'evictable';
    return mine === 'replica';
  }

  /** Workers that said that they have an object which is to come here, and has not come yet. */
  keepersOf(ref: Pick<ObjectRef, 'datasetId' | 'firstBlock'>): readonly PlacementMember[] {
    const ids = this.#arrivals.keepersOf(ref);
    if (ids.length === 0) return [];
    return this.#options.placement().everyone.filter(({ workerId }) => ids.includes(workerId));
  }

  /** Whether every other worker has offered all that is to come here by the placement as it is now. */
  isSettled(): boolean {
    const { store, placement } = this.#options;
    const { everyone, number } = placement();
    return everyone.every(
      ({ workerId }) => workerId === store.workerId || (this.#settled.get(workerId) ?? 0) >= number,
    );
  }

  placementChanged(): void {
    const { placement } = this.#options;
    const members = new Set(placement().everyone.map(({ workerId }) => workerId));
    this.#arrivals.keepOnly(members);
    for (const id of this.#settled.keys()) if (!members.has(id)) this.#settled.delete(id);
    this.#offers.changed();
  }

  setReplicas(replicas: ReadonlyMap<number, number>): void {
    const isSame =
      replicas.size === this.#replicas.size &&
      [...replicas].every(([id, count]) => this.#replicas.get(id) === count);
    this.#replicas = replicas;
    if (!isSame) this.#offers.changed();
  }

  /** An object that this worker owns is given to another one. */
  keep(workerId: string, ref: Pick<ObjectRef, 'datasetId' | 'firstBlock'>): void {
    this.#arrivals.keep(workerId, ref);
  }

  /** What stays where it is, and what comes here, is another matter now. */
  rulesChanged(): void {
    this.#offers.changed();
  }

  /** Another worker offers what this one is to have. */
  async offered(list: MoveList, signal: AbortSignal): Promise<void> {
    const { store, staysAway } = this.#options;
    const { workerId: from, datasetId, version, ordinals } = list;
    const refs = await this.#refs(list, signal);
    // Known only now: the placement may have come while the manifest did.
    const member = this.#member(from);
    refs.forEach((ref, i) => {
      const ordinal = ordinals[i] ?? 0;
      if (isWhole(store.held, ref)) {
        this.#receipts.add(member, { datasetId, version, ordinal, what: 'taken' });
      } else if (member.state !== 'leaving' && staysAway(ref)) this.#arrivals.keep(from, ref);
      else this.#arrivals.add({ from, datasetId, version, ordinal }, ref);
    });
    if (list.flag) this.#settled.set(from, list.placement);
    if (refs.length > 0) this.#pulls.wake();
  }

  /** Another worker has taken what was offered to it, or has no room for it. */
  async taken(list: MoveList, signal: AbortSignal): Promise<void> {
    this.#member(list.workerId);
    await this.#departures.taken(list, await this.#refs(list, signal));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#offers[Symbol.asyncDispose]();
    await this.#pulls[Symbol.asyncDispose]();
    await this.#receipts[Symbol.asyncDispose]();
    this.#arrivals[Symbol.dispose]();
  }

  /** @throws {LarderError} `BUSY` where it is no member that this worker knows of, yet */
  #member(workerId: string): PlacementMember {
    const member = this.#options.placement().everyone.find((one) => one.workerId === workerId);
    if (member === undefined)
      throw new LarderError('BUSY', { worker: workerId, what: 'no member' });
    return member;
  }

  async #refs(
    { datasetId, version, ordinals }: MoveList,
    signal: AbortSignal,
  ): Promise<ObjectRef[]> {
    if (ordinals.length === 0) return [];
    const opened = await this.#options.versions.get(datasetId, version, signal);
    return await opened.replica.withPages(signal, (reader) =>
      ordinals.map((ordinal) => opened.objectRef(reader, ordinal)),
    );
  }
}

/** Told by its blocks' numbers, because records of a thousand objects would have to be read otherwise. */
function isWhole(held: Pick<ObjectStore['held'], 'has'>, ref: ObjectRef): boolean {
  const { datasetId, firstBlock, sizeBytes, blockSizeBytes } = ref;
  const endBlock = firstBlock + blockCount(sizeBytes, blockSizeBytes);
  for (let block = firstBlock; block < endBlock; block += 1) {
    if (!held.has(datasetId, block)) return false;
  }
  return true;
}
