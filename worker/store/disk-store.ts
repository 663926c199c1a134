/**
 * The objects on one disk of a worker, in one cache directory: one file per object, which only
 * grows, and records that say which blocks of it are there, with their checksums.
 *
 * Always true:
 *   - a block is announced after it was written and its checksum recorded; an object is renamed into
 *     `complete/` after its record says that it is whole; a file is unlinked before its record is
 *     deleted. So a process that is killed at any moment loses nothing that was announced;
 *   - bytes that are returned matched their checksum. What does not match is dropped, never served;
 *   - an incarnation is never used twice: a file that was opened keeps its bytes;
 *   - room is made before bytes are written;
 *   - after `abandon` nobody waits for the disk, and nothing of it is used.
 *
 * Leaves to others: what is worth keeping (`Admission`), which disk an object belongs on (`ObjectStore`).
 */
import type { Logger, ObjectRef } from '../../common/index.ts';
import { LarderError, silentLogger, systemClock } from '../../common/index.ts';
import type { Admission, Region } from '../admission/index.ts';
import { Background } from './background.ts';
import { BlockWriter } from './block-writer.ts';
import type { CacheDirectory } from './cache-directory.ts';
import { DatasetScan } from './dataset-scan.ts';
import type { ScanRequest } from './dataset-scan.ts';
import type { DiskCounters } from './disk-health.ts';
import { patrol } from './disk-patrol.ts';
import type { Bytes, Written } from './disk-writer.ts';
import type { HeldTotals } from './held-totals.ts';
import { erase } from './erase.ts';
import type { EraserOptions } from './erase.ts';
import { IntegrityChecks, restore } from './integrity-checks.ts';
import { ObjectIndex } from './object-index.ts';
import { DEFAULT_HUNG_AFTER_MS, setCapacity } from './options.ts';
import type { DiskStoreOptions } from './options.ts';
import { openParts } from './parts.ts';
import type { StoreParts } from './parts.ts';
import type { RecordStore } from './record-store.ts';
import { Places } from './places.ts';
import { References } from './references.ts';
import type { CollectRequest } from './references.ts';
import { Scrub } from './scrub.ts';
import { placedOf, Space } from './space.ts';
import type { StoredObject } from './stored-object.ts';
import { isDropped } from './stored-object.ts';
import { sweepStrays } from './sweep.ts';
import { judgeUnread } from './unread.ts';

export class DiskStore implements AsyncDisposable {
  readonly admission: Admission;
  readonly places: Places;
  readonly #options: DiskStoreOptions;
  readonly #directory: CacheDirectory;
  readonly #records: StoreParts['records'];
  readonly #trust: StoreParts['trust'];
  readonly #totals: HeldTotals;
  readonly #files: StoreParts['files'];
  readonly #threads: StoreParts['threads'];
  readonly #index: ObjectIndex;
  readonly #space: Space;
  readonly #health: StoreParts['health'];
  readonly #writeback: StoreParts['writeback'];
  readonly #checks: IntegrityChecks;
  readonly #scrub: Scrub;
  readonly #references: References;
  readonly #writer: BlockWriter;
  readonly #eraser: EraserOptions;
  readonly #logger: Logger;
  readonly #evictedListeners = new Set<(objectId: string) => void>();
  readonly #closing = new AbortController();
  readonly #background: Background;

  /** @throws {LarderError} `CACHE_DIR_UNUSABLE` */
  static async open(options: DiskStoreOptions): Promise<DiskStore> {
    return new DiskStore(await openParts(options));
  }

  constructor(parts: StoreParts) {
    const { options, records, threads } = parts;
    const { directory, clock = systemClock } = options;
    this.admission = parts.admission;
    this.places = new Places(parts.admission, options);
    this.#options = options;
    this.#directory = directory;
    this.#threads = threads;
    this.#records = records;
    this.#trust = parts.trust;
    this.#totals = parts.totals;
    this.#logger = options.logger ?? silentLogger;
    this.#background = new Background(this.#logger);
    this.#health = parts.health;
    this.#writeback = parts.writeback;
    this.#files = parts.files;
    const maxIdle = options.maxIdleObjects ?? 8192;
    this.#index = new ObjectIndex(records, { maxIdle, generation: parts.trust.generation });
    this.#space = new Space({
      admission: parts.admission,
      records,
      find: (objectId) => this.#index.find(objectId),
      leaving: (objectId) => this.#index.leaving(objectId) !== undefined,
      evict: (object, why) => this.drop(object, `evicted: ${why}`),
      move: this.setRegion.bind(this),
      clock,
    });
    this.#checks = new IntegrityChecks({
      index: this.#index,
      read: (object, first, count) => this.readChunks(object, first, count),
      restore: (object) => restore(object, parts),
      signal: this.#closing.signal,
    });
    this.#scrub = new Scrub({
      ...parts,
      ...{ clock, index: this.#index, signal: this.#closing.signal },
      quarantine: this.#quarantine.bind(this),
      bytesPerSecond: options.scrubBytesPerSecond ?? 0,
    });
    this.#references = new References({
      index: this.#index,
      records,
      totals: parts.totals,
      admission: parts.admission,
      drop: (object) => this.drop(object, 'collected'),
    });
    this.#eraser = {
      ...parts,
      logger: this.#logger,
      onUnlinked: (objectId) => {
        for (const listener of this.#evictedListeners) listener(objectId);
      },
    };
    this.#writer = new BlockWriter({
      ...parts,
      index: this.#index,
      disk: threads.writer,
      space: this.#space,
      checks: this.#checks,
      logger: this.#logger,
      onHeld: (object, block) => {
        this.#change(object, { first: block, count: 1 }, true);
      },
    });
    this.#goRound(parts);
  }

  /** Fires when the disk is given up or let go. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  get completeDirectory(): string {
    return this.#directory.completeDirectory;
  }

  /** Of the file system. */
  get device(): number {
    return this.#directory.device;
  }

  get diskCounters(): Readonly<DiskCounters> {
    return this.#health.counters;
  }

  /** False for a while after a write failed: read through meanwhile. */
  get writable(): boolean {
    return this.#health.writable && !this.#closing.signal.aborted;
  }

  /** Whether a process on this node may read what is held of it from its file, without a check. */
  mayReadByPath(object: StoredObject): boolean {
    const { state, record } = object;
    if (state === 'complete') return true;
    return state === 'growing' && record.generation === this.#trust.generation && this.writable;
  }

  /** What is held of each dataset, and the stream of changes to it. */
  get held(): HeldTotals {
    return this.#totals;
  }

  /** Called when an object's file was unlinked: let go of open fds. */
  onEvicted(listener: (objectId: string) => void): () => void {
    this.#evictedListeners.add(listener);
    return () => this.#evictedListeners.delete(listener);
  }

  find(objectId: string): StoredObject | undefined {
    return this.#index.find(objectId);
  }

  /** Mounts tell which objects they have open (+1, −1): those are evicted last. */
  setOpen(objectId: string, delta: number): void {
    this.#space.setOpen(objectId, delta);
  }

  /** Undefined for the default. Resolves when what is over was evicted; readers read on. */
  async setCapacity(capacityBytes: number | undefined): Promise<void> {
    setCapacity(this.admission, { ...this.#options, capacityBytes });
    await this.#space.shrink();
  }

  /** The disk is given up, without touching it: its objects are gone, and nobody waits for it. */
  abandon(): void {
    this.#closing.abort();
    this.#index.abandon();
    this.#threads.watch.giveUp(new LarderError('CACHE_IO', { directory: this.#directory.path }));
  }

  /** After `abandon`, lets the directory go. Resolves when the disk has answered: perhaps never. */
  async release(): Promise<void> {
    await this.#background.settled();
    await this.#threads[Symbol.asyncDispose]();
    await this.#letGo();
  }

  /** The object, in memory until `unpin`, and belonging to the reference's dataset from now on. */
  pin(ref: ObjectRef): StoredObject {
    const object = this.#index.pin(ref, () => this.places.classify(ref));
    this.#references.add(object, ref);
    return object;
  }

  /** One more `unpin` is needed. */
  hold(object: StoredObject): void {
    this.#index.hold(object);
  }

  unpin(object: StoredObject): void {
    this.#index.unpin(object);
    if (object.pins === 0 && !object.recorded && object.state !== 'dropped') {
      // Nothing of it was committed: a half-written first block at most.
      this.#background.run(this.drop(object, 'empty'));
    }
  }

  /** Room for bytes of an object; see `Space`. */
  async reserve(object: StoredObject, bytes: number): Promise<boolean> {
    return this.writable && (await this.#space.reserve(object, bytes));
  }

  giveBack(object: StoredObject, bytes: number): void {
    this.#space.giveBack(object, bytes);
  }

  /** What passes through may be worth keeping by now: makes room for it. */
  keepPassing(object: StoredObject, ref: ObjectRef): void {
    if (this.places.preview(ref) !== 'kept') return;
    this.places.classify(ref);
    this.#background.run(this.#space.keep(object));
  }

  /**
   * Reads adjacent chunks of held blocks: one buffer for each, owned by the caller.
   *
   * @param writtenChecksum of chunks that were written, and whose blocks may not be held yet
   * @throws {LarderError} `CHECKSUM_MISMATCH` or `CACHE_IO`: the object was dropped, fetch it again
   */
  async readChunks(
    object: StoredObject,
    first: number,
    count: number,
    writtenChecksum?: (chunk: number) => number | undefined,
  ): Promise<Buffer[]> {
    try {
      const chunks = await this.#files.readChunks(object, first, count, (chunk) => {
        return writtenChecksum?.(chunk) ?? this.#index.checksum(object, chunk);
      });
      if (object.state === 'suspect') void this.#checks.checkSoon(object);
      return chunks;
    } catch (error) {
      throw this.#quarantine(object, error);
    }
  }

  /**
   * Writes chunks of a block that is not held; returns their checksums, and the memory.
   *
   * @throws {LarderError} `CACHE_IO`: read through
   */
  write(object: StoredObject, bytes: Bytes): Promise<Written> {
    return this.#writer.write(object, bytes);
  }

  /**
   * Records the checksums of a block that was written, and announces it.
   *
   * @param checksums CRC32 of each of its chunks
   * @returns false where it was held already, or the object was dropped
   * @throws {LarderError} `CACHE_IO`: the block is not held
   */
  async commitBlock(object: StoredObject, block: number, checksums: Uint32Array): Promise<boolean> {
    return this.#writer.commit(object, block, checksums);
  }

  /** What there is, in the order of eviction. */
  get order(): Pick<RecordStore, 'objectIds' | 'idsOf' | 'keptOrder'> {
    return this.#records;
  }

  /** Moves an object between the regions. */
  setRegion(object: StoredObject, region: Region): void {
    if (object.record.region === region || object.state === 'dropped') return;
    const files = object.hasFile ? 1 : 0;
    const placed = placedOf(object);
    this.admission.account(placed, -object.accountedBytes, -files);
    this.admission.account({ ...placed, region }, object.accountedBytes, files);
    if (object.recorded) this.#records.removeOrder(object.objectId, object.record);
    object.record = { ...object.record, region };
    if (object.recorded) this.#records.putRecord(object.objectId, object.record);
  }

  /** Deletes the objects of a dataset that no version names any more; see `References`. */
  async collect(request: CollectRequest): Promise<void> {
    await this.#references.collect(request);
  }

  /** To be disposed of by the caller. */
  scan(request: ScanRequest): DatasetScan {
    const parts = { directory: this.#directory, records: this.#records, index: this.#index };
    return new DatasetScan({ ...parts, clock: this.#options.clock ?? systemClock }, request);
  }

  /** Unlinks the file, then deletes the records. Readers that have it open read on. */
  async drop(object: StoredObject, why: string): Promise<void> {
    if (object.state === 'dropped') {
      await this.#index.leaving(object.objectId);
      return;
    }
    const runs = [...object.heldRuns()];
    object.state = 'dropped';
    this.#space.dropped(object);
    const gone = erase(object, this.#eraser);
    this.#index.remove(object, gone);
    for (const run of runs) this.#change(object, run, false);
    this.#logger.debug({ object: object.objectId, why }, 'object dropped');
    await gone;
  }

  /** Brings everything to disk and lets the directory go: the next start has nothing to check. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    await Promise.allSettled([this.#background.settled(), this.#checks.settled()]);
    await this.#index.allLeaving();
    await this.#scrub.save();
    await this.#writeback.settled();
    await this.#records.committed().catch(() => undefined);
    const { chores, watch } = this.#threads;
    const isSynced = await chores.syncAll(this.#directory.lockFd).catch(() => false);
    if (isSynced) await this.#trust.markClean();
    const ended = this.#threads[Symbol.asyncDispose]();
    // Of a disk that hangs nothing can be waited for.
    if (watch.givenUp) return;
    await ended;
    await this.#letGo();
  }

  async #letGo(): Promise<void> {
    this.#files[Symbol.dispose]();
    await this.#records[Symbol.asyncDispose]();
    this.#totals[Symbol.dispose]();
    this.#directory[Symbol.dispose]();
  }

  #goRound({ threads, trust }: StoreParts): void {
    const { directory, clock = systemClock, hungAfterMs = DEFAULT_HUNG_AFTER_MS } = this.#options;
    const signal = this.#closing.signal;
    const stray = {
      ...{ directory, signal, firstIncarnation: trust.firstIncarnation },
      find: (objectId: string) => this.#index.find(objectId),
      check: (object: StoredObject) => this.#checks.checkSoon(object),
    };
    this.#background.run(sweepStrays(stray));
    this.#background.run(this.#records.warm());
    this.#background.run(this.#scrub.run());
    const probed = { directory: directory.path, readers: threads.readers, health: this.#health };
    void patrol({ ...probed, clock, everyMs: hungAfterMs / 2, signal });
  }

  #change(object: StoredObject, run: { first: number; count: number }, held: boolean): void {
    const bytes = object.runBytes(run);
    for (const reference of object.record.references) {
      this.#totals.change(reference, { ...run, bytes, held });
    }
  }

  /** The object's bytes cannot be had from this disk: drops it and says why. */
  #quarantine(object: StoredObject, failure: unknown): LarderError {
    const { objectId } = object;
    if (object.state === 'dropped') return new LarderError('CACHE_IO', { object: objectId });
    const { error, dropBecause } = judgeUnread(objectId, failure, this.#health);
    // It may have been the last failure that this disk was good for.
    if (dropBecause === undefined || isDropped(object)) return error;
    const facts = { object: objectId, problem: dropBecause, error: failure };
    this.#logger.warn(facts, 'object dropped: fetched again');
    this.#background.run(this.drop(object, dropBecause));
    return error;
  }
}
