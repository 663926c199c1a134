/**
 * Writes blocks and commits them: written, then the checksum recorded, then announced; after the last
 * one the record says that the object is whole, then its file is renamed.
 */
import type { Logger } from '../../common/index.ts';
import { CHUNK_BYTES, LarderError, MIB } from '../../common/index.ts';
import type { DiskHealth } from './disk-health.ts';
import { isFull } from './disk-health.ts';
import type { Bytes, DiskWriter, Written } from './disk-writer.ts';
import type { IntegrityChecks } from './integrity-checks.ts';
import type { ObjectFiles } from './object-files.ts';
import type { ObjectIndex } from './object-index.ts';
import type { ObjectRecord } from './record.ts';
import { SEGMENT_BLOCKS } from './record.ts';
import type { RecordStore } from './record-store.ts';
import type { Space } from './space.ts';
import { holdInSegment, isDropped, segmentHolds } from './stored-object.ts';
import type { StoredObject } from './stored-object.ts';
import type { Trust } from './trust.ts';
import type { Writeback } from './writeback.ts';

export interface BlockWriterOptions {
  readonly records: RecordStore;
  readonly index: ObjectIndex;
  readonly files: ObjectFiles;
  readonly disk: DiskWriter;
  readonly space: Space;
  readonly trust: Trust;
  readonly checks: IntegrityChecks;
  readonly health: DiskHealth;
  readonly writeback: Writeback;
  readonly logger: Logger;
  readonly onHeld: (object: StoredObject, block: number) => void;
}

/** How much is evicted when the disk turns out to be fuller than the sums say. */
const EVICT_ON_FULL_BYTES = 64 * MIB;

export class BlockWriter {
  readonly #parts: BlockWriterOptions;

  constructor(parts: BlockWriterOptions) {
    this.#parts = parts;
  }

  /** @throws {LarderError} `CACHE_IO` */
  async write(object: StoredObject, bytes: Bytes): Promise<Written> {
    const { files, space, disk, records } = this.#parts;
    try {
      if (!(await records.hasRoom())) throw new LarderError('CACHE_IO', { reason: 'disk full' });
      let { memory } = bytes;
      if (isWhole(object, bytes)) {
        const made = await this.#makeWhole(object, bytes);
        if (made.error === undefined) return made;
        // Not enough file descriptors or no space: once more, with what can be done about it.
        ({ memory } = made);
      }
      await this.#make(object);
      using file = await files.use(object);
      const { fd } = file;
      let written = await disk.write(fd, { ...bytes, memory });
      if (isFull(written.error) && (await space.evictSome(EVICT_ON_FULL_BYTES))) {
        written = await disk.write(fd, { ...bytes, memory: written.memory });
      }
      if (written.error !== undefined) throw written.error;
      return written;
    } catch (error) {
      throw this.#failed(object, error);
    }
  }

  /** All of a small object at once: its file is made and closed by the thread that writes it. */
  async #makeWhole(object: StoredObject, bytes: Bytes): Promise<Written> {
    const making = this.#name(object).then(() => this.#parts.files.makeWhole(object, bytes));
    object.made = making.then(({ error }) => {
      if (error !== undefined) object.made = undefined;
    });
    object.made.catch(() => {
      object.made = undefined;
    });
    return await making;
  }

  /**
   * @returns whether the block is held because of this call
   * @throws {LarderError} `CACHE_IO`
   */
  async commit(object: StoredObject, block: number, checksums: Uint32Array): Promise<boolean> {
    const { index, records, trust, checks } = this.#parts;
    if (object.state !== 'growing' || object.has(block)) return false;
    const number = Math.floor(block / SEGMENT_BLOCKS);
    const segment = index.segment(object, number);
    if (segment === undefined) return false;
    const chunksPerBlock = object.record.blockSizeBytes / CHUNK_BYTES;
    segment.checksums.set(checksums, (block % SEGMENT_BLOCKS) * chunksPerBlock);
    if (!segmentHolds(segment, block % SEGMENT_BLOCKS)) object.recordedBlocks += 1;
    holdInSegment(segment, block % SEGMENT_BLOCKS);
    const last = object.recordedBlocks === object.blocks;
    const old = object.record.generation !== trust.generation;
    if (last && old && !(await checks.intact(object))) return false;
    try {
      records.putSegment(object.objectId, number, segment);
      if (!object.recorded || last) {
        object.recorded = true;
        records.putRecord(object.objectId, this.#recordOf(object, last));
      }
      await records.committed();
      if (isDropped(object) || object.has(block)) return false;
      if (last) await this.#complete(object);
      else this.#announce(object, block);
      this.#sendToDisk(object, block);
      return !isDropped(object);
    } catch (error) {
      throw this.#failed(object, error);
    }
  }

  async #make(object: StoredObject): Promise<void> {
    if (object.recorded) return;
    object.made ??= (async () => {
      await this.#name(object);
      await this.#parts.files.make(object);
    })().catch((error: unknown) => {
      object.made = undefined;
      throw error;
    });
    await object.made;
  }

  /** Gives the object an incarnation of its own. */
  async #name(object: StoredObject): Promise<void> {
    const { index, trust } = this.#parts;
    // Its deletion does not look for a file that is made from here on.
    if (isDropped(object)) throw new LarderError('CACHE_IO', { reason: 'dropped' });
    await index.leaving(object.objectId);
    const incarnation = await trust.nextIncarnation();
    object.record = { ...object.record, incarnation };
  }

  async #complete(object: StoredObject): Promise<void> {
    const { files, writeback } = this.#parts;
    await files.rename(object);
    if (isDropped(object)) {
      // Dropped during the rename: what was unlinked then had its old name.
      await files.removeComplete(object.objectId);
      return;
    }
    for (let block = 0; block < object.blocks; block += 1) {
      if (!object.has(block)) this.#announce(object, block);
    }
    object.record = this.#recordOf(object, true);
    object.state = 'complete';
    writeback.finished(object.fileKey);
  }

  #announce(object: StoredObject, block: number): void {
    object.announce(block);
    this.#parts.onHeld(object, block);
  }

  #recordOf(object: StoredObject, complete: boolean): ObjectRecord {
    const generation = complete ? this.#parts.trust.generation : object.record.generation;
    return { ...object.record, complete, generation };
  }

  #sendToDisk(object: StoredObject, block: number): void {
    if (object.state === 'complete') return;
    const { writeback, files } = this.#parts;
    const from = block * object.record.blockSizeBytes;
    const range = { from, to: from + object.blockLength(block) };
    writeback.written(object.fileKey, range, () => files.use(object));
  }

  #failed(object: StoredObject, error: unknown): LarderError {
    const { health, logger } = this.#parts;
    const { objectId } = object;
    if (object.state !== 'dropped') {
      health.count(error);
      health.pauseWrites();
      logger.warn({ object: objectId, error }, 'a write to the cache failed');
    }
    return new LarderError('CACHE_IO', { object: objectId }, { cause: error });
  }
}

/** Whether nothing of the object was written yet, and these are all of its bytes. */
function isWhole(object: StoredObject, bytes: Bytes): boolean {
  return (
    !object.recorded && object.made === undefined && bytes.lengthBytes === object.record.sizeBytes
  );
}
