/**
 * The objects that a worker holds, on one or more disks.
 *
 * Always true:
 *   - an object lies whole on one disk; which one is computed (`diskOrder`), and where another has it, that one
 *     is used;
 *   - a disk that fails or hangs takes its own objects and nothing else: who reads one gets it from elsewhere;
 *   - where no disk is left nothing is kept, and bytes still reach the reader.
 *
 * Leaves to others: what is on one disk (`DiskStore`), when a disk is given up and taken back (`Disks`).
 */
import * as path from 'node:path';
import type { CompleteDirectory, ObjectRef } from '../../common/index.ts';
import { diskOrder, systemClock } from '../../common/index.ts';
import { totalDecisions } from '../admission/index.ts';
import type { AheadUse, CountedDecision, Region, RoomAhead } from '../admission/index.ts';
import { DatasetPolicies } from './dataset-policies.ts';
import { addCounts, NO_COUNTS } from './disk-health.ts';
import type { DiskCounters } from './disk-health.ts';
import type { DiskStore } from './disk-store.ts';
import type { Bytes, Written } from './disk-writer.ts';
import { Disks } from './disks.ts';
import type { DirectoryOptions, Disk } from './disks.ts';
import { statusOf } from './disk-status.ts';
import type { DiskStatus } from './disk-status.ts';
import type { ScanRequest } from './dataset-scan.ts';
import type { HeldSource } from './held-totals.ts';
import { visitDisks } from './object-visit.ts';
import type { Visited, VisitRequest } from './object-visit.ts';
import type { StoreOptions } from './options.ts';
import type { CollectRequest } from './references.ts';
import { placedOf } from './space.ts';
import type { ReserveHow } from './space.ts';
import { StoreScan } from './store-scan.ts';
import { placeholder } from './placeholder.ts';
import type { StoredObject } from './stored-object.ts';
import { UnionHeld } from './union-held.ts';

export interface ObjectStoreOptions extends StoreOptions {
  readonly directories: readonly DirectoryOptions[];
  /** How often it is tried to take back a disk that failed; default 30,000, longer after each failure. */
  readonly retryMs?: number | undefined;
  /** Over which reads of a dataset are measured; default 60,000. */
  readonly rateWindowMs?: number | undefined;
}

/** Long enough for a batch of any job, and short against an epoch. */
const DEFAULT_RATE_WINDOW_MS = 60_000;

/** Objects that are looked at between two turns of the event loop. */
const SLICE = 256;

export class ObjectStore implements AsyncDisposable {
  readonly #disks: Disks;
  readonly #held = new UnionHeld();
  readonly #diskOf = new WeakMap<StoredObject, DiskStore>();
  /** What mounts have open: a disk that is taken back is told. */
  readonly #open = new Map<string, number>();
  /** What is worth keeping depends on it. */
  readonly policies: DatasetPolicies;
  readonly #evictedListeners = new Set<(objectId: string) => void>();
  readonly #diskListeners = new Set<() => void>();
  #writtenBytes = 0;

  constructor(disks: Disks, options: Pick<ObjectStoreOptions, 'clock' | 'rateWindowMs'>) {
    this.#disks = disks;
    this.policies = new DatasetPolicies({
      disks: () => disks.good.map(({ store }) => store),
      clock: options.clock ?? systemClock,
      windowMs: options.rateWindowMs ?? DEFAULT_RATE_WINDOW_MS,
    });
    for (const { store } of disks.good) this.#add(store);
  }

  /**
   * @throws {LarderError} `CACHE_DIR_UNUSABLE` where none can be used; `CACHE_DIR_LOCKED`,
   *   `CACHE_DIRS_MIXED`, `INVALID_ARGUMENT`
   */
  static async open(options: ObjectStoreOptions): Promise<ObjectStore> {
    const opened: { store?: ObjectStore } = {};
    const disks = await Disks.open({
      ...options,
      onChange: (disk, isGood) => {
        if (opened.store !== undefined) opened.store.#diskChanged(disk, isGood);
      },
    });
    opened.store = new ObjectStore(disks, options);
    return opened.store;
  }

  get workerId(): string {
    return this.#disks.workerId;
  }

  /** Of every disk, also of those that are not used now. */
  get disks(): DiskStatus[] {
    return this.#disks.all.map(statusOf);
  }

  /** Of the good disks. */
  get completeDirectories(): CompleteDirectory[] {
    return this.#disks.good.map(({ diskId, store }) => ({
      path: store.completeDirectory,
      diskId,
      weightBytes: store.admission.capacityBytes,
    }));
  }

  /** A good disk's cache directory; undefined where there is none. */
  get firstDirectory(): string | undefined {
    return this.#disks.good[0]?.path;
  }

  get usedBytes(): number {
    return this.#sum((store) => store.admission.usedBytes);
  }

  get capacityBytes(): number {
    return this.#sum((store) => store.admission.capacityBytes);
  }

  get objects(): number {
    return this.#sum((store) => store.admission.objects);
  }

  /** Of the good disks, since each was opened. */
  get decisions(): CountedDecision[] {
    return totalDecisions(this.#disks.good.map(({ store }) => store.admission.counts));
  }

  get diskCounters(): Readonly<DiskCounters> {
    return this.#disks.good.map(({ store }) => store.diskCounters).reduce(addCounts, NO_COUNTS);
  }

  /** Of objects, to any disk, since the start. */
  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  /** False where no disk can be written to: read through meanwhile. */
  get writable(): boolean {
    return this.#disks.good.some(({ store }) => store.writable);
  }

  /** What is held of each dataset, and the stream of changes to it. */
  get held(): HeldSource {
    return this.#held;
  }

  /** Whether a process on this node may read what is held of it from its file, without a check. */
  mayReadByPath(object: StoredObject): boolean {
    return this.#diskOf.get(object)?.mayReadByPath(object) ?? false;
  }

  /** Where the object is, or will be, when it is complete; its growing file lies in the directory beside it. */
  completeDirectoryOf(object: StoredObject): string | undefined {
    return this.#diskOf.get(object)?.completeDirectory;
  }

  /** Called when an object's file was unlinked: let go of open fds. */
  onEvicted(listener: (objectId: string) => void): () => void {
    this.#evictedListeners.add(listener);
    return () => this.#evictedListeners.delete(listener);
  }

  /** Called when a disk was given up or taken back: capacity and directories are others now. */
  onDisksChanged(listener: () => void): () => void {
    this.#diskListeners.add(listener);
    return () => this.#diskListeners.delete(listener);
  }

  find(objectId: string): StoredObject | undefined {
    for (const { store } of this.#inOrder(objectId)) {
      const object = store.find(objectId);
      if (object === undefined) continue;
      this.#diskOf.set(object, store);
      return object;
    }
    return undefined;
  }

  /** Mounts tell which objects they have open (+1, −1): those are evicted last. */
  setOpen(objectId: string, delta: number): void {
    const count = (this.#open.get(objectId) ?? 0) + delta;
    if (count > 0) this.#open.set(objectId, count);
    else this.#open.delete(objectId);
    const object = delta > 0 ? this.find(objectId) : undefined;
    if (object !== undefined) this.policies.opened(object);
    for (const { store } of this.#disks.good) store.setOpen(objectId, delta);
  }

  /**
   * One value for each disk, in the order of the directories; undefined for the default. Resolves when what is
   * over was evicted; readers read on.
   */
  async setCapacities(capacities: readonly (number | undefined)[]): Promise<void> {
    const changes = this.#disks.all.map(async (disk, i) => {
      disk.capacityBytes = capacities[i];
      await disk.store?.setCapacity(disk.capacityBytes);
    });
    await Promise.all(changes);
    this.policies.tellAll();
  }

  /** The object, in memory until `unpin`, and belonging to the reference's dataset from now on. */
  pin(ref: ObjectRef): StoredObject {
    const found = this.find(ref.objectId);
    const store = (found && this.#diskOf.get(found)) ?? this.#diskFor(ref);
    if (store === undefined) return placeholder(ref);
    const object = store.pin(ref);
    this.#diskOf.set(object, store);
    return object;
  }

  /** One more `unpin` is needed. */
  hold(object: StoredObject): void {
    this.#diskOf.get(object)?.hold(object);
  }

  unpin(object: StoredObject): void {
    this.#diskOf.get(object)?.unpin(object);
  }

  /** Room for bytes of an object; see `Space`. */
  async reserve(object: StoredObject, bytes: number, how?: ReserveHow): Promise<boolean> {
    return (await this.#diskOf.get(object)?.reserve(object, bytes, how)) ?? false;
  }

  giveBack(object: StoredObject, bytes: number): void {
    this.#diskOf.get(object)?.giveBack(object, bytes);
  }

  /** See `DiskStore`. */
  async readChunks(
    object: StoredObject,
    first: number,
    count: number,
    writtenChecksum?: (chunk: number) => number | undefined,
  ): Promise<Buffer[]> {
    return await this.#of(object).readChunks(object, first, count, writtenChecksum);
  }

  /** See `DiskStore`. */
  async write(object: StoredObject, bytes: Bytes): Promise<Written> {
    this.#writtenBytes += bytes.lengthBytes;
    return await this.#of(object).write(object, bytes);
  }

  /** See `DiskStore`. */
  async commitBlock(object: StoredObject, block: number, checksums: Uint32Array): Promise<boolean> {
    return await this.#of(object).commitBlock(object, block, checksums);
  }

  /** Moves an object between the regions. */
  setRegion(object: StoredObject, region: Region): void {
    this.#diskOf.get(object)?.setRegion(object, region);
  }

  /** What passes through, and is whole, may be worth keeping by now. */
  keepPassing(object: StoredObject, ref: ObjectRef): void {
    this.#diskOf.get(object)?.keepPassing(object, ref);
  }

  /** What passes through may be worth keeping by now: more of it comes, and room is made for all then. */
  promote(object: StoredObject, ref: ObjectRef): void {
    const store = this.#diskOf.get(object);
    if (store === undefined || object.record.region !== 'transit') return;
    if (store.places.preview(ref) === 'transit') return;
    store.setRegion(object, store.places.classify(ref));
  }

  /** Sorts an object anew: what it is to this worker has changed. */
  sortAs(object: StoredObject, what: 'own' | 'replica'): void {
    const store = this.#diskOf.get(object);
    if (store === undefined) return;
    store.setRegion(object, store.places.as(object, what));
  }

  /** Whether there is room to spare for a replica where the object is. */
  hasSpareFor(object: StoredObject): boolean {
    const store = this.#diskOf.get(object);
    if (store === undefined) return false;
    const nothing = { ...placedOf(object), region: 'replica', bytes: 0, objects: 0 } as const;
    return store.admission.shortage(nothing) !== 'spare';
  }

  /** Of the objects of a region, disk by disk. */
  *idsOf(region: 'transit' | 'replica'): Generator<string> {
    for (const { store } of this.#disks.good) {
      for (const objectId of store.order.idsOf(region)) {
        yield objectId;
        // The disk was given up meanwhile.
        if (store.closing.aborted) break;
      }
    }
  }

  /** Whether there is room for an object that nobody has asked for yet. */
  roomAhead(ref: ObjectRef, ahead: AheadUse): RoomAhead {
    const found = this.find(ref.objectId);
    const store = (found && this.#diskOf.get(found)) ?? this.#diskFor(ref);
    if (store?.writable !== true) return 'later';
    return store.places.roomAhead(ref, ahead);
  }

  /** Deletes the objects of a dataset that no version names any more; see `References`. */
  async collect(request: CollectRequest): Promise<void> {
    await Promise.all(this.#disks.good.map(({ store }) => store.collect(request)));
  }

  /** Frees or verifies what is held of some objects. */
  visit(request: VisitRequest, signal: AbortSignal): AsyncIterable<Visited> {
    const disks = this.#disks.good.map(({ store }) => store);
    return visitDisks(disks, request, signal);
  }

  /** Of every good disk; to be disposed of by the caller. */
  scan(request: ScanRequest): StoreScan {
    return new StoreScan(
      this.#disks.good.map(({ store }) => store),
      request,
    );
  }

  /** Unlinks the file, then deletes the records. Readers that have it open read on. */
  async drop(object: StoredObject, why: string): Promise<void> {
    await this.#diskOf.get(object)?.drop(object, why);
  }

  /** Brings everything to disk and lets the directories go: the next start has nothing to check. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#disks[Symbol.asyncDispose]();
  }

  #of(object: StoredObject): DiskStore {
    const store = this.#diskOf.get(object);
    // Nothing of a placeholder is held, and nothing is reserved for it.
    if (store === undefined) throw new Error(`no disk has ${path.basename(object.objectId)}`);
    return store;
  }

  #sum(of: (store: DiskStore) => number): number {
    return this.#disks.good.reduce((sum, { store }) => sum + of(store), 0);
  }

  /** The good disks, the one that the object belongs on first. */
  #inOrder(objectId: string): readonly { readonly store: DiskStore }[] {
    const { good } = this.#disks;
    if (good.length < 2) return good;
    const weighed = good.map(({ diskId, store }) => {
      return { diskId, store, weightBytes: store.admission.capacityBytes };
    });
    return diskOrder(objectId, weighed);
  }

  /** Where a new object goes: the disk that it belongs on, unless only another can keep it. */
  #diskFor(ref: ObjectRef): DiskStore | undefined {
    const order = this.#inOrder(ref.objectId).map(({ store }) => store);
    if (order.length < 2) return order[0];
    const writable = order.filter((store) => store.writable);
    const keeps = writable.find((store) => store.places.preview(ref) !== 'transit');
    return keeps ?? writable[0] ?? order[0];
  }

  #add(store: DiskStore): void {
    this.#held.add(store.held);
    store.onEvicted((objectId) => {
      for (const listener of this.#evictedListeners) listener(objectId);
    });
    for (const [objectId, count] of this.#open) store.setOpen(objectId, count);
  }

  #diskChanged({ store }: Disk, isGood: boolean): void {
    if (store === undefined) return;
    if (isGood) {
      this.#add(store);
      void this.#dropCopies(store).catch(() => undefined);
      this.policies.tellPlans(store);
    } else this.#held.remove(store.held);
    this.policies.tellAll();
    for (const listener of this.#diskListeners) listener();
  }

  /** Of what came to other disks while this one was away, its own copy goes. */
  async #dropCopies(store: DiskStore): Promise<void> {
    let seen = 0;
    for (const objectId of store.order.objectIds()) {
      seen += 1;
      if (seen % SLICE === 0) await new Promise((resolve) => setImmediate(resolve));
      const others = this.#disks.good.filter((disk) => disk.store !== store);
      if (!others.some((disk) => disk.store.find(objectId) !== undefined)) continue;
      const object = store.find(objectId);
      if (object !== undefined) await store.drop(object, 'another disk has it');
    }
  }
}
