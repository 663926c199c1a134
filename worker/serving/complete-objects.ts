/**
 * Complete objects as a serving thread sees them: an open file, and the checksums of its chunks.
 *
 * Always true: what is not in `complete/` with the size and the record of a complete object is not found here,
 * and the main thread answers for it; a file that was evicted is let go as soon as nobody sends from it.
 *
 * An object that is dropped and fetched again meanwhile may be served from either file: its bytes are those that
 * its id names, or its receiver's check fails, and the receiver asks again with `verify`.
 */
import { constants, fstatSync } from 'node:fs';
import { LRUCache } from 'lru-cache';
import { CHUNK_BYTES, completePath, untilAborted } from '../../common/index.ts';
import { FileCache } from '../store/file-cache.ts';
import type { OpenFile } from '../store/file-cache.ts';
import { SEGMENT_BLOCKS, segmentChunks } from '../store/record.ts';
import type { RecordReader } from '../store/record-reader.ts';
import { closeFile, openFile, readFully } from './files.ts';
import type { FileObject } from './manifest-views.ts';

export interface Place {
  readonly records: Pick<RecordReader, 'record' | 'checksums'>;
  readonly completeDirectory: string;
  /** Fires when the disk is given up: nobody waits for it any more. */
  readonly gone: AbortSignal;
}

export interface CompleteObjectsOptions {
  /** Where objects may be: one for each cache directory. */
  readonly places: readonly Place[];
  readonly maxOpenFiles: number;
}

/** Of all objects together: 4 bytes a chunk, 4 MiB for 256 GiB. */
const MAX_CHECKSUM_BYTES = 4 * 1024 * 1024;
const OBJECT_BYTES = 256;

interface Facts {
  readonly place: Place;
  readonly blockSizeBytes: number;
  readonly sizeBytes: number;
  readonly segments: Map<number, Uint32Array>;
}

export class CompleteObject implements Disposable {
  readonly objectId: string;
  readonly sizeBytes: number;
  readonly #file: OpenFile;
  readonly #gone: AbortSignal;
  readonly #checksum: (chunk: number) => number | undefined;

  constructor(
    object: FileObject,
    file: OpenFile,
    from: {
      readonly gone: AbortSignal;
      readonly checksum: (chunk: number) => number | undefined;
    },
  ) {
    this.objectId = object.objectId;
    this.sizeBytes = object.sizeBytes;
    this.#file = file;
    this.#gone = from.gone;
    this.#checksum = from.checksum;
  }

  get fd(): number {
    return this.#file.fd;
  }

  /** Reads until the buffer is full or the file ends; rejects when the disk is given up. */
  async read(buffer: Buffer, offsetBytes: number): Promise<number> {
    return await untilAborted(readFully(this.fd, buffer, offsetBytes), this.#gone);
  }

  /** CRC32 of a chunk, as it was written. */
  checksum(chunk: number): number | undefined {
    return this.#checksum(chunk);
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}

export class CompleteObjects implements Disposable {
  #places: readonly Place[];
  readonly #files: FileCache;
  readonly #facts = new LRUCache<string, Facts>({
    maxSize: MAX_CHECKSUM_BYTES,
    sizeCalculation: ({ sizeBytes }) => OBJECT_BYTES + Math.ceil(sizeBytes / CHUNK_BYTES) * 4,
  });

  constructor(options: CompleteObjectsOptions) {
    this.#places = options.places;
    this.#files = new FileCache(options.maxOpenFiles);
  }

  /** Dispose of it after use. Undefined where it is not complete here, or cannot be opened. */
  async open(object: FileObject): Promise<CompleteObject | undefined> {
    const { objectId } = object;
    const facts = this.#factsOf(object);
    if (facts === undefined) return undefined;
    try {
      const file = await this.#files.use(objectId, () => this.#openFile(object, facts.place));
      return new CompleteObject(object, file, {
        gone: facts.place.gone,
        checksum: (chunk) => this.#checksum(objectId, facts, chunk),
      });
    } catch {
      // Not there, or the disk fails: the main thread meets the same, and does what is to be done.
      this.#facts.delete(objectId);
      return undefined;
    }
  }

  /** The disks are others now: everything is opened anew. */
  moveTo(places: readonly Place[]): void {
    this.#places = places;
    this.#facts.clear();
    this.#files[Symbol.dispose]();
  }

  /** It was evicted, or its bytes are in doubt. */
  forget(objectId: string): void {
    this.#facts.delete(objectId);
    this.#files.forget(objectId);
  }

  [Symbol.dispose](): void {
    this.#files[Symbol.dispose]();
  }

  #factsOf({ objectId, sizeBytes }: FileObject): Facts | undefined {
    const known = this.#facts.get(objectId);
    if (known !== undefined) return known;
    for (const place of this.#places) {
      const record = place.records.record(objectId);
      if (record?.complete !== true || record.sizeBytes !== sizeBytes) continue;
      const { blockSizeBytes } = record;
      const segments = new Map<number, Uint32Array>();
      const facts = { place, blockSizeBytes, sizeBytes, segments };
      this.#facts.set(objectId, facts);
      return facts;
    }
    return undefined;
  }

  #checksum(objectId: string, facts: Facts, chunk: number): number | undefined {
    const { place, blockSizeBytes, sizeBytes, segments } = facts;
    const perSegment = (blockSizeBytes / CHUNK_BYTES) * SEGMENT_BLOCKS;
    const segment = Math.floor(chunk / perSegment);
    let checksums = segments.get(segment);
    if (checksums === undefined) {
      const chunks = segmentChunks(sizeBytes, blockSizeBytes, segment);
      checksums = place.records.checksums(objectId, segment, chunks);
      if (checksums === undefined) return undefined;
      segments.set(segment, checksums);
    }
    return checksums[chunk % perSegment];
  }

  async #openFile({ objectId, sizeBytes }: FileObject, place: Place): Promise<number> {
    const path = completePath(place.completeDirectory, objectId);
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW;
    const fd = await untilAborted(openFile(path, flags), place.gone);
    if (fstatSync(fd).size !== sizeBytes) {
      await closeFile(fd);
      throw new Error('a complete object has another size than its record says');
    }
    return fd;
  }
}
