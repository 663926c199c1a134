/**
 * The records of a store for another thread of the process that has it open: checksums of complete objects,
 * read-only. LMDB lets threads of one process read what one of them writes, each its own snapshot.
 */
import { dirname, join } from 'node:path';
import { open } from 'lmdb';
import type { Database, RootDatabase } from 'lmdb';
import { decodeRecord, decodeSegment } from './record.ts';
import type { ObjectRecord } from './record.ts';
import { segmentKey } from './record-store.ts';

/** Where they lie: beside the complete objects. */
export function recordsPathOf(completeDirectory: string): string {
  return join(dirname(completeDirectory), 'records');
}

export class RecordReader implements AsyncDisposable {
  readonly #root: RootDatabase;
  readonly #objects: Database<Buffer, Buffer>;
  readonly #segments: Database<Buffer, Buffer>;
  #isClosed = false;

  /** @param path of the store's records, which are open in this process */
  constructor(path: string) {
    this.#root = open({ path, maxDbs: 4, readOnly: true, noSubdir: false });
    const table = (name: string): Database<Buffer, Buffer> =>
      this.#root.openDB({ name, keyEncoding: 'binary', encoding: 'binary' });
    this.#objects = table('objects');
    this.#segments = table('segments');
  }

  record(objectId: string): ObjectRecord | undefined {
    if (this.#isClosed) return undefined;
    const bytes = this.#objects.get(Buffer.from(objectId, 'hex'));
    return bytes === undefined ? undefined : decodeRecord(bytes);
  }

  /** CRC32 of each chunk of a segment. @param chunks how many it has */
  checksums(objectId: string, segment: number, chunks: number): Uint32Array | undefined {
    if (this.#isClosed) return undefined;
    const bytes = this.#segments.get(segmentKey(objectId, segment));
    return bytes === undefined ? undefined : decodeSegment(bytes, chunks)?.checksums;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#root.close();
  }
}
