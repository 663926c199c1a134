/**
 * The records of all objects in one LMDB environment, private to this process.
 *
 *     objects   object id                    → ObjectRecord
 *     segments  object id, segment           → Segment
 *     order     region, place, object id     → Summary
 *
 * In `order` stand the transit objects first (by incarnation: the oldest first), then the replicas (the highest
 * band hash first), then the kept ones of each dataset (the same), then the references from further datasets: so
 * eviction and the totals at a start are walks along one tree. An order of an earlier release, where the kept ones
 * of all datasets stand together, is brought into this one when the records are opened (`upgradeOrder`).
 *
 * Always true: writes of one turn of the event loop commit together and in order; what `committed`
 * resolved for survives SIGKILL. After a crash of the machine the newest may be missing, and the rest is
 * consistent.
 */
import { join } from 'node:path';
import { open } from 'lmdb';
import type { Database, RootDatabase } from 'lmdb';
import { MIB } from '../../common/index.ts';
import type { DiskReaders } from './disk-readers.ts';
import type { DiskWatch } from './disk-watch.ts';
import { releaseMapped } from './libc.ts';
import {
  decodeRecord,
  decodeSegment,
  decodeSummary,
  encodeRecord,
  encodeSegment,
  encodeSummary,
} from './record.ts';
import type { DatasetReference, ObjectRecord, Segment, Summary } from './record.ts';

export interface StoreMeta {
  readonly bootId: string;
  readonly clean: boolean;
  readonly generation: number;
  /** Every incarnation given out is below. */
  readonly incarnationLimit: number;
}

/** Where a round of the scrub is: all before it was read. */
export interface ScrubPlace {
  readonly objectId: string;
  readonly chunk: number;
}

export interface OrderedObject {
  readonly objectId: string;
  readonly datasetId: number;
  readonly firstBlock: number;
  readonly band: number;
  readonly orderKey: Buffer;
}

export interface SummaryOf {
  readonly summary: Summary;
  /** See `objectIdOf`: as text it would cost more than all else of a start. */
  readonly orderKey: Buffer;
  /** Whether it is the reference that counts for totals of the whole store. */
  readonly first: boolean;
}

const TRANSIT = 0x10;
const REPLICA = 0x18;
/** Of an earlier release: by band hash, whatever the dataset. */
const KEPT_TOGETHER = 0x20;
const KEPT = 0x22;
const FURTHER = 0x30;
const ID_BYTES = 20;
const FULL_U32 = 0xffffffff;
/**
 * Disk space taken ahead of the environment's file: objects may fill the disk, records must go on, because
 * evicting needs them, and a commit that LMDB cannot write does not come back as an error.
 */
const RESERVE_BYTES = 32 * MIB;
/** Writes after which the reserve is renewed: a write dirties a few pages at most. */
const RESERVE_WRITES = 1024;

/** Order is read in slices, so that no read transaction of LMDB stays open over an eviction. */
const SLICE = 256;
/** Written in one commit. */
const UPGRADE_SLICE = 16_384;

/** Of the records, what is read ahead at a start: those of some 400,000 objects. */
const WARM_BYTES = 256 * MIB;

/** Of a place that is damaged. */
const NOTHING = { band: 0, datasetId: 0, firstBlock: 0 };

type Table = Database<Buffer, Buffer>;

/** The threads of the disk that the records are on. */
export interface RecordDisk {
  readonly watch: DiskWatch;
  readonly chores: DiskReaders;
}

export class RecordStore implements AsyncDisposable {
  readonly #root: RootDatabase;
  readonly #objects: Table;
  readonly #segments: Table;
  readonly #order: Table;
  readonly #meta: Database<StoreMeta | ScrubPlace, string>;
  readonly #path: string;
  readonly #disk: RecordDisk | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #writesLeft = 0;
  #reserving: Promise<boolean> | undefined;

  /** @param disk unset where nothing is written, or nobody waits for long */
  constructor(path: string, disk?: RecordDisk) {
    this.#disk = disk;
    this.#path = join(path, 'data.mdb');
    this.#root = open({ path, maxDbs: 4, separateFlushed: true, noSubdir: false });
    const table = (name: string): Table =>
      this.#root.openDB({ name, keyEncoding: 'binary', encoding: 'binary' });
    this.#objects = table('objects');
    this.#segments = table('segments');
    this.#order = table('order');
    this.#meta = this.#root.openDB({ name: 'meta', encoding: 'json' });
  }

  meta(): StoreMeta | undefined {
    return this.#meta.get('store') as StoreMeta | undefined;
  }

  /** Where the scrub was; undefined between two rounds. */
  scrubPlace(): ScrubPlace | undefined {
    return this.#meta.get('scrub') as ScrubPlace | undefined;
  }

  putScrubPlace(place: ScrubPlace | undefined): void {
    this.#write(place === undefined ? this.#meta.remove('scrub') : this.#meta.put('scrub', place));
  }

  /** Returns when it is on disk. */
  async putMeta(meta: StoreMeta): Promise<void> {
    await this.#meta.put('store', meta);
    await this.#root.flushed;
  }

  record(objectId: string): ObjectRecord | undefined {
    const bytes = this.#objects.get(idBytes(objectId));
    return bytes === undefined ? undefined : decodeRecord(bytes);
  }

  /** @param chunks how many the segment has */
  segment(objectId: string, segment: number, chunks: number): Segment | undefined {
    const bytes = this.#segments.get(segmentKey(objectId, segment));
    return bytes === undefined ? undefined : decodeSegment(bytes, chunks);
  }

  putRecord(objectId: string, record: ObjectRecord): void {
    this.#write(this.#objects.put(idBytes(objectId), encodeRecord(record)));
    record.references.forEach((reference, i) => {
      const summary = encodeSummary({ ...record, ...reference });
      this.#write(this.#order.put(orderKey(objectId, record, reference, i === 0), summary));
    });
  }

  putSegment(objectId: string, segment: number, value: Segment): void {
    this.#write(this.#segments.put(segmentKey(objectId, segment), encodeSegment(value)));
  }

  /** Takes a record's places in the order away: before it is put with another region or dataset. */
  removeOrder(objectId: string, record: ObjectRecord): void {
    record.references.forEach((reference, i) => {
      this.#write(this.#order.remove(orderKey(objectId, record, reference, i === 0)));
    });
  }

  remove(objectId: string, record: ObjectRecord, segments: number): void {
    this.#write(this.#objects.remove(idBytes(objectId)));
    for (let i = 0; i < segments; i += 1) {
      this.#write(this.#segments.remove(segmentKey(objectId, i)));
    }
    this.removeOrder(objectId, record);
  }

  /** A place in the order whose object has no record: left by damage only. */
  removeStray(entry: OrderedObject): void {
    this.#write(this.#objects.remove(idBytes(entry.objectId)));
    this.#write(this.#order.remove(entry.orderKey));
  }

  /** Whether records can be written even if nothing else fits on the disk; ask before writing. */
  async hasRoom(): Promise<boolean> {
    if (this.#writesLeft > 0) return true;
    this.#reserving ??= this.#reserve().finally(() => {
      this.#reserving = undefined;
    });
    return await this.#reserving;
  }

  /** Resolves when everything written so far survives SIGKILL. */
  async committed(): Promise<void> {
    const { watch } = this.#disk ?? {};
    await (watch === undefined ? this.#last : watch.watch('commit', this.#last));
  }

  /**
   * Brings what is read of the records into the page cache, and reads on do not wait for the disk. The event
   * loop reads them, and it must not wait for a disk that hangs.
   */
  async warm(): Promise<void> {
    await this.#disk?.chores.warm(this.#path, WARM_BYTES);
  }

  /** Every reference of every object. Do not write meanwhile. */
  *summaries(): Generator<SummaryOf> {
    for (const { key, value } of this.#order.getRange({})) {
      const summary = decodeSummary(value);
      if (summary === undefined) continue;
      yield { summary, orderKey: key, first: key[0] !== FURTHER };
    }
  }

  /**
   * Lets go of what was read of the file: its pages stay in the page cache. Only while nothing is written,
   * because LMDB maps the file anew where it has to grow.
   */
  releasePages(): void {
    releaseMapped(this.#path);
  }

  /** Records in the order of their ids, which writes do not change: what follows an id, or the first ones. */
  recordsAfter(
    objectId: string | undefined,
    limit: number,
  ): { objectId: string; record: ObjectRecord }[] {
    const start = objectId === undefined ? Buffer.alloc(0) : afterId(objectId);
    return [...this.#objects.getRange({ start, limit })].flatMap(({ key, value }) => {
      const record = decodeRecord(value);
      return record === undefined ? [] : [{ objectId: objectIdOf(key), record }];
    });
  }

  transitOrder(): Generator<OrderedObject> {
    return this.#slices(Buffer.of(TRANSIT), Buffer.of(TRANSIT + 1));
  }

  replicaOrder(): Generator<OrderedObject> {
    return this.#slices(Buffer.of(REPLICA), Buffer.of(REPLICA + 1));
  }

  *idsOf(region: 'transit' | 'replica'): Generator<string> {
    const order = region === 'transit' ? this.transitOrder() : this.replicaOrder();
    for (const { objectId } of order) yield objectId;
  }

  /** In the order of eviction. */
  *objectIds(): Generator<string> {
    yield* this.idsOf('transit');
    yield* this.idsOf('replica');
    for (const { objectId } of this.#slices(Buffer.of(KEPT), Buffer.of(KEPT + 1))) yield objectId;
  }

  /** Of one dataset, from a band hash downwards. */
  keptOrder(datasetId: number, fromBand: number = FULL_U32): Generator<OrderedObject> {
    const end = keptPlace(datasetId, 0);
    // One more than the last place that there can be.
    return this.#slices(
      keptPlace(datasetId, fromBand),
      Buffer.concat([end, Buffer.alloc(21, 0xff)]),
    );
  }

  /** Once, before anything else: see the head. What was there is all there at any moment. */
  async upgradeOrder(): Promise<void> {
    const range = { start: Buffer.of(KEPT_TOGETHER), end: Buffer.of(KEPT_TOGETHER + 1) };
    for (;;) {
      const slice = [...this.#order.getRange({ ...range, limit: UPGRADE_SLICE })];
      if (slice.length === 0) return;
      for (const { key, value } of slice) {
        const summary = decodeSummary(value);
        this.#write(this.#order.remove(key));
        if (summary === undefined) continue;
        const place = keptPlace(summary.datasetId, summary.band);
        const id = key.subarray(key.length - ID_BYTES);
        this.#write(this.#order.put(Buffer.concat([place, id]), value));
      }
      await this.committed();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#root.flushed;
    await this.#root.close();
  }

  *#slices(start: Buffer, end: Buffer): Generator<OrderedObject> {
    let from = start;
    for (;;) {
      const slice = [...this.#order.getRange({ start: from, end, limit: SLICE })];
      for (const { key, value } of slice) {
        const { band, datasetId, firstBlock } = decodeSummary(value) ?? NOTHING;
        yield { objectId: objectIdOf(key), datasetId, firstBlock, band, orderKey: key };
      }
      const last = slice.at(-1);
      if (last === undefined || slice.length < SLICE) return;
      from = Buffer.concat([last.key, Buffer.of(0)]);
    }
  }

  async #reserve(): Promise<boolean> {
    if (this.#disk !== undefined) {
      const { chores } = this.#disk;
      if (!(await chores.reserve(this.#path, RESERVE_BYTES))) return false;
    }
    this.#writesLeft = RESERVE_WRITES;
    return true;
  }

  #write(done: Promise<boolean>): void {
    this.#last = done;
    this.#writesLeft -= 1;
    // Whoever awaits `committed` sees the failure; those before it in the same turn fail together.
    done.catch((error: unknown) => {
      // lmdb hangs the reason on the error as a promise, and lets it reject with nobody listening.
      if (error instanceof Error && 'commitError' in error) {
        Promise.resolve(error.commitError).catch(() => undefined);
      }
    });
  }
}

function afterId(objectId: string): Buffer {
  return Buffer.concat([idBytes(objectId), Buffer.of(0)]);
}

function idBytes(objectId: string): Buffer {
  return Buffer.from(objectId, 'hex');
}

export function objectIdOf(key: Buffer): string {
  return key.toString('hex', key.length - ID_BYTES);
}

export function segmentKey(objectId: string, segment: number): Buffer {
  const key = Buffer.alloc(ID_BYTES + 4);
  key.write(objectId, 'hex');
  key.writeUInt32BE(segment, ID_BYTES);
  return key;
}

function orderKey(
  objectId: string,
  record: ObjectRecord,
  reference: DatasetReference,
  first: boolean,
): Buffer {
  const key = Buffer.alloc(9 + ID_BYTES);
  if (!first) {
    key.writeUInt8(FURTHER, 0);
    key.writeUInt32BE(reference.datasetId, 1);
    key.writeUInt32BE(reference.firstBlock, 5);
  } else if (record.region === 'transit') {
    key.writeUInt8(TRANSIT, 0);
    key.writeUIntBE(record.incarnation, 1, 6);
  } else if (record.region === 'replica') {
    key.writeUInt8(REPLICA, 0);
    key.writeUInt32BE(FULL_U32 - record.band, 1);
  } else keptPlace(reference.datasetId, record.band).copy(key);
  key.write(objectId, 9, 'hex');
  return key;
}

function keptPlace(datasetId: number, band: number): Buffer {
  const place = Buffer.alloc(9);
  place.writeUInt8(KEPT, 0);
  place.writeUInt32BE(datasetId, 1);
  place.writeUInt32BE(FULL_U32 - band, 5);
  return place;
}
