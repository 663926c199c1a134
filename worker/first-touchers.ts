/**
 * Objects that are kept where they are read first, instead of by their owner: of datasets whose nodes read the same
 * part again each epoch.
 *
 *     reader's worker                     owner
 *     CLAIM ────────────────────────────▶ has it, or has given it away: names who has it
 *        ◀──────────────── CLAIMED ────── nobody has it: it is yours, and I send whoever asks to you (REDIRECT)
 *     reads the origin, and keeps it
 *
 * Always true:
 *   - an object is given to one worker, by its owner, who has nothing of it itself; so it is read from the origin
 *     once, whoever asks whom;
 *   - a worker claims no more than its weighted part of the dataset;
 *   - an owner that may not know of copies (it has just become owner, or has just started) gives nothing away;
 *   - whoever gives an object to be kept here is asked again after each change of placement: what was given by a
 *     worker that owns it no more means nothing.
 *
 * An owner has forgotten after a restart what it gave away. It hears of it as it hears of all that is held
 * elsewhere (OFFER); until then it asks all workers before the origin. Objects above one stripe stay with
 * their owners, who are several.
 */
import { LRUCache } from 'lru-cache';
import { RoaringBitmap32 } from 'roaring-wasm';
import { STRIPE_BYTES } from '../common/index.ts';
import type { Logger, ObjectRef, Placement, PlacementMember } from '../common/index.ts';
import type { MoveList } from '../rpc/frames/index.ts';
import type { DatasetRule } from './membership/index.ts';
import type { ObjectReads } from './object-reads.ts';
import type { OpenedVersion } from './versions.ts';

export interface FirstTouchersOptions {
  readonly workerId: string;
  readonly placement: () => Placement;
  /** What was given away, and who said that they have what this worker owns. */
  readonly keepers: {
    keepersOf(ref: Pick<ObjectRef, 'datasetId' | 'firstBlock'>): readonly PlacementMember[];
    isSettled(): boolean;
    keep(workerId: string, ref: Pick<ObjectRef, 'datasetId' | 'firstBlock'>): void;
    replicasOf(datasetId: number): number;
  };
  readonly reads: Pick<ObjectReads, 'held' | 'holds'> & {
    /** Whether any of it is on its way. */
    isFetching(objectId: string): boolean;
  };
  readonly heldBytes: (datasetId: number) => number;
  readonly versions: {
    get(datasetId: number, version: number, signal: AbortSignal): Promise<OpenedVersion>;
  };
  /** Asks an owner who is to keep an object. @throws {LarderError} where it cannot be asked */
  readonly ask: (owner: PlacementMember, list: MoveList, signal: AbortSignal) => Promise<string>;
  readonly log: Logger;
}

/** An object of a version that is about to be read. */
export interface Touch {
  readonly opened: OpenedVersion;
  readonly ordinal: number;
  readonly ref: ObjectRef;
}

/** Files of a part are not all of one size: with exactly its share a node would leave some of its part to others. */
const SHARE_SLACK = 1.1;
/** What owners have answered; more is asked again. */
const REMEMBERED_OBJECTS = 10_000;

export class FirstTouchers implements Disposable {
  readonly #options: FirstTouchersOptions;
  #rules: ReadonlyMap<number, DatasetRule> = new Map();
  /** First blocks of objects that were given to this worker, by dataset. */
  readonly #mine = new Map<number, RoaringBitmap32>();
  readonly #claimedBytes = new Map<number, number>();
  /** By object: the id of the worker that has it, as its owner said. */
  readonly #answers = new LRUCache<string, Promise<string>>({ max: REMEMBERED_OBJECTS });

  constructor(options: FirstTouchersOptions) {
    this.#options = options;
  }

  /** @returns whether objects of some dataset are to be kept elsewhere than before */
  setRules(rules: ReadonlyMap<number, DatasetRule>): boolean {
    const before = this.#rules;
    const isOn = (of: typeof rules, id: number) => of.get(id)?.isFirstToucher === true;
    this.#rules = rules;
    const ids = [...before.keys(), ...rules.keys()];
    if (ids.every((id) => isOn(before, id) === isOn(rules, id))) return false;
    this.#forget();
    return true;
  }

  placementChanged(): void {
    this.#forget();
  }

  /** Whether objects of a dataset are kept where they are read first. */
  isOn(datasetId: number): boolean {
    return this.#isTold(datasetId) && this.#options.keepers.replicasOf(datasetId) === 1;
  }

  /** Whether another worker than its owner may be given an object. */
  isScattered({ datasetId, sizeBytes }: Pick<ObjectRef, 'datasetId' | 'sizeBytes'>): boolean {
    return sizeBytes > 0 && sizeBytes <= STRIPE_BYTES && this.isOn(datasetId);
  }

  /** Whether somebody has called a dataset partitioned: its readers ask the worker on their node first. */
  isWatched(datasetId: number): boolean {
    return this.#rules.get(datasetId)?.policy === 'partitioned';
  }

  /** Whether this worker keeps the object though another one owns it. */
  isMine({ datasetId, firstBlock }: Pick<ObjectRef, 'datasetId' | 'firstBlock'>): boolean {
    return this.#mine.get(datasetId)?.has(firstBlock) === true;
  }

  /** Whether what a reader on this node has mapped may be brought here whole: not what others keep. */
  mayComplete(ref: ObjectRef): boolean {
    if (!this.isWatched(ref.datasetId) || this.isMine(ref)) return true;
    return this.#placement.owner(ref.objectId)?.workerId === this.#options.workerId;
  }

  /** Its owner says so. */
  take({ datasetId, firstBlock }: Pick<ObjectRef, 'datasetId' | 'firstBlock'>): void {
    let blocks = this.#mine.get(datasetId);
    if (blocks === undefined) {
      blocks = new RoaringBitmap32();
      this.#mine.set(datasetId, blocks);
    }
    blocks.add(firstBlock);
  }

  /**
   * To whom this worker has given an object that it owns.
   *
   * Undefined where it has the range itself, or has not given it away.
   */
  givenTo(ref: ObjectRef, offsetBytes: number, lengthBytes: number): PlacementMember | undefined {
    const { workerId, keepers, reads } = this.#options;
    if (!this.isScattered(ref) || this.isMine(ref)) return undefined;
    const members = this.#placement.members;
    const [keeper] = keepers
      .keepersOf(ref)
      .filter((one) => one.workerId !== workerId && members.includes(one));
    return keeper === undefined || reads.holds(ref, offsetBytes, lengthBytes) ? undefined : keeper;
  }

  /**
   * A reader on this node is about to read it: it is this worker's from now on, where nobody has it.
   *
   * @returns the id of the worker that has it, or is to; undefined where that is not known here
   */
  async touched(touch: Touch, signal: AbortSignal): Promise<string | undefined> {
    const { workerId, reads } = this.#options;
    const { ref } = touch;
    const { datasetId, objectId } = ref;
    if (!this.isWatched(datasetId)) return undefined;
    const owner = this.#placement.owner(objectId);
    if (owner === undefined) return undefined;
    if (owner.workerId === workerId) {
      return this.givenTo(ref, 0, ref.sizeBytes)?.workerId ?? workerId;
    }
    if (this.isMine(ref) || reads.held(objectId).complete) return workerId;
    if (!this.isScattered(ref)) return owner.workerId;
    const known = this.#answers.get(objectId);
    if (known !== undefined) return await known;
    const asking = this.#claim(touch, owner, signal);
    this.#answers.set(objectId, asking);
    const keeper = await asking;
    if (keeper === workerId || keeper === owner.workerId) this.#answers.delete(objectId);
    return keeper;
  }

  /** Another worker's reader is about to read what this worker owns. @returns who keeps it */
  async claimed(list: MoveList, signal: AbortSignal): Promise<string> {
    const { workerId: me, keepers, reads, versions } = this.#options;
    const { workerId: claimant, datasetId, version, ordinals, flag: wantsIt } = list;
    const opened = await versions.get(datasetId, version, signal);
    const [ref] = await opened.replica.withPages(signal, (reader) =>
      ordinals.slice(0, 1).map((ordinal) => opened.objectRef(reader, ordinal)),
    );
    if (ref === undefined || !this.isScattered(ref)) return me;
    const keeper = this.givenTo(ref, 0, ref.sizeBytes);
    if (keeper !== undefined) return keeper.workerId;
    const isMember = this.#placement.members.some(({ workerId }) => workerId === claimant);
    const isOwner = this.#placement.owner(ref.objectId)?.workerId === me;
    const hasSome = reads.held(ref.objectId).heldBytes > 0 || reads.isFetching(ref.objectId);
    if (!wantsIt || !isMember || !isOwner || hasSome || !keepers.isSettled()) return me;
    keepers.keep(claimant, ref);
    return claimant;
  }

  [Symbol.dispose](): void {
    this.#forget();
  }

  get #placement(): Placement {
    return this.#options.placement();
  }

  #isTold(datasetId: number): boolean {
    return this.#rules.get(datasetId)?.isFirstToucher === true;
  }

  /** @returns who keeps it; the owner where it could not be asked, because it is asked for the bytes next */
  async #claim(
    { opened, ordinal, ref }: Touch,
    owner: PlacementMember,
    signal: AbortSignal,
  ): Promise<string> {
    const { workerId, ask, log } = this.#options;
    const { datasetId, sizeBytes } = ref;
    const { number } = this.#placement;
    const flag = this.#hasRoom(opened, sizeBytes);
    const { version } = opened;
    const list = { workerId, datasetId, version, placement: number, flag, ordinals: [ordinal] };
    try {
      const keeper = await ask(owner, list, signal);
      // With another placement, or after it was given up, somebody else may say otherwise.
      if (keeper !== workerId || this.#placement.number !== number || !this.isOn(datasetId)) {
        return keeper === workerId ? owner.workerId : keeper;
      }
      if (!this.isMine(ref)) {
        this.#claimedBytes.set(datasetId, (this.#claimedBytes.get(datasetId) ?? 0) + sizeBytes);
      }
      this.take(ref);
      return keeper;
    } catch (error) {
      log.debug({ err: error, worker: owner.workerId }, 'an owner could not be asked who keeps it');
      return owner.workerId;
    }
  }

  #hasRoom({ dataset, replica }: OpenedVersion, sizeBytes: number): boolean {
    const { workerId, heldBytes } = this.#options;
    const { members } = this.#placement;
    const all = members.reduce((sum, { weightBytes }) => sum + weightBytes, 0);
    const mine = members.find((one) => one.workerId === workerId)?.weightBytes ?? 0;
    if (mine === 0) return false;
    const partBytes = (replica.reader.summary.bytes * mine * SHARE_SLACK) / all;
    const hasBytes = Math.max(heldBytes(dataset.id), this.#claimedBytes.get(dataset.id) ?? 0);
    return hasBytes + sizeBytes <= partBytes;
  }

  #forget(): void {
    for (const blocks of this.#mine.values()) blocks.dispose();
    this.#mine.clear();
    this.#claimedBytes.clear();
    this.#answers.clear();
  }
}
