/**
 * Objects in memory: those in use, and a bounded number of others. Everything else is in the records.
 *
 * Always true: there is at most one `StoredObject` for an id, and one that is in use stays.
 */
import { LRUCache } from 'lru-cache';
import type { ObjectRef } from '../../common/index.ts';
import { bandHash } from '../../common/index.ts';
import type { Region } from '../admission/index.ts';
import { emptySegment, SEGMENT_BLOCKS, segmentCount } from './record.ts';
import type { ObjectRecord, Segment } from './record.ts';
import type { RecordStore } from './record-store.ts';
import { segmentHolds, StoredObject } from './stored-object.ts';

export interface ObjectIndexOptions {
  /** Objects that are kept in memory while nobody uses them. */
  readonly maxIdle: number;
  readonly generation: number;
}

/** What a chunk's checksum costs in memory, and an object without any. */
const CHECKSUM_BYTES = 4;
const OBJECT_BYTES = 1024;

export class ObjectIndex {
  readonly #records: RecordStore;
  readonly #generation: number;
  readonly #inUse = new Map<string, StoredObject>();
  readonly #idle: LRUCache<string, StoredObject>;
  /** Records that are being deleted: what LMDB still shows of them is over. */
  readonly #leaving = new Map<string, Promise<void>>();

  constructor(records: RecordStore, options: ObjectIndexOptions) {
    this.#records = records;
    this.#generation = options.generation;
    this.#idle = new LRUCache({
      maxSize: options.maxIdle * OBJECT_BYTES,
      sizeCalculation: (object) =>
        OBJECT_BYTES + (object.blocks >> 3) + object.segments.size * segmentBytes(object),
    });
  }

  find(objectId: string): StoredObject | undefined {
    const inMemory = this.#inUse.get(objectId) ?? this.#idle.get(objectId);
    if (inMemory !== undefined) return inMemory;
    if (this.#leaving.has(objectId)) return undefined;
    const record = this.#records.record(objectId);
    if (record === undefined) return undefined;
    const object = this.#load(objectId, record);
    this.#idle.set(objectId, object);
    return object;
  }

  /** Without reading a record. */
  inMemory(objectId: string): StoredObject | undefined {
    return this.#inUse.get(objectId) ?? this.#idle.peek(objectId);
  }

  /** The object, new if the store does not have it; it stays in memory until `unpin`. */
  pin(ref: ObjectRef, region: () => Region): StoredObject {
    const object = this.find(ref.objectId) ?? this.#create(ref, region());
    this.hold(object);
    return object;
  }

  /** One more `unpin` is needed. */
  hold(object: StoredObject): void {
    object.pins += 1;
    if (object.state === 'dropped') return;
    this.#idle.delete(object.objectId);
    this.#inUse.set(object.objectId, object);
  }

  unpin(object: StoredObject): void {
    object.pins -= 1;
    if (object.pins > 0 || this.#inUse.get(object.objectId) !== object) return;
    this.#inUse.delete(object.objectId);
    if (object.recorded) this.#idle.set(object.objectId, object);
  }

  /** Of an object that is not in use nothing stays in memory. */
  forget(object: StoredObject): void {
    if (object.pins === 0) this.#idle.delete(object.objectId);
  }

  /** Nobody finds the object from now on; `gone` settles when its records are deleted. */
  remove(object: StoredObject, gone: Promise<void>): void {
    const { objectId } = object;
    if (this.#inUse.get(objectId) === object) this.#inUse.delete(objectId);
    if (this.#idle.peek(objectId) === object) this.#idle.delete(objectId);
    this.#leaving.set(objectId, gone);
    void gone.finally(() => {
      if (this.#leaving.get(objectId) === gone) this.#leaving.delete(objectId);
    });
  }

  /** The deletion of an earlier incarnation that is under way, if there is one. */
  leaving(objectId: string): Promise<void> | undefined {
    return this.#leaving.get(objectId);
  }

  allLeaving(): Promise<unknown> {
    return Promise.all(this.#leaving.values());
  }

  /** The disk is given up: whoever has one of its objects sees that it is gone. */
  abandon(): void {
    for (const object of this.#inUse.values()) object.state = 'dropped';
    for (const object of this.#idle.values()) object.state = 'dropped';
    this.#inUse.clear();
    this.#idle.clear();
  }

  /** @returns undefined where the segment's record is damaged or missing */
  segment(object: StoredObject, index: number): Segment | undefined {
    const found = object.segments.get(index);
    if (found !== undefined) return found;
    const chunks = object.chunksIn(index);
    const loaded = this.#records.segment(object.objectId, index, chunks);
    const segment = loaded ?? (object.whole ? undefined : emptySegment(chunks));
    if (segment !== undefined) object.segments.set(index, segment);
    return segment;
  }

  /** Of a chunk; undefined where the record of its segment is damaged or missing. */
  checksum(object: StoredObject, chunk: number): number | undefined {
    const perSegment = object.chunksPerSegment();
    return this.segment(object, Math.floor(chunk / perSegment))?.checksums[chunk % perSegment];
  }

  #load(objectId: string, record: ObjectRecord): StoredObject {
    const object = new StoredObject(objectId, record, true);
    if (record.complete) {
      object.state = record.generation === this.#generation ? 'complete' : 'suspect';
      object.accountedBytes = diskBytes(object.heldBytes);
      return object;
    }
    const segments = segmentCount(record.sizeBytes, record.blockSizeBytes);
    for (let i = 0; i < segments; i += 1) {
      const segment = this.segment(object, i);
      if (segment === undefined) continue;
      const end = Math.min(SEGMENT_BLOCKS, object.blocks - i * SEGMENT_BLOCKS);
      for (let block = 0; block < end; block += 1) {
        if (segmentHolds(segment, block)) object.announce(i * SEGMENT_BLOCKS + block);
      }
    }
    object.recordedBlocks = object.heldBlocks;
    object.accountedBytes = diskBytes(object.heldBytes);
    return object;
  }

  #create(ref: ObjectRef, region: Region): StoredObject {
    const record: ObjectRecord = {
      key: ref.key,
      sizeBytes: ref.sizeBytes,
      blockSizeBytes: ref.blockSizeBytes,
      band: bandHash(ref.key),
      incarnation: 0,
      generation: this.#generation,
      complete: false,
      region,
      references: [{ datasetId: ref.datasetId, firstBlock: ref.firstBlock }],
    };
    return new StoredObject(ref.objectId, record, false);
  }
}

const PAGE_BYTES = 4096;

/** What bytes of a file take on disk. */
export function diskBytes(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
}

function segmentBytes(object: StoredObject): number {
  return object.chunksPerSegment() * CHECKSUM_BYTES;
}
