/**
 * Checks whole objects against their checksums, one at a time: those that were complete before an
 * unclean stop of the machine, when they are first used.
 */
import { CHUNK_BYTES } from '../../common/index.ts';
import type { ObjectFiles } from './object-files.ts';
import type { ObjectIndex } from './object-index.ts';
import type { RecordStore } from './record-store.ts';
import { isDropped } from './stored-object.ts';
import type { StoredObject } from './stored-object.ts';
import type { Trust } from './trust.ts';

export interface IntegrityChecksOptions {
  readonly index: ObjectIndex;
  /** Rejects, and drops the object, where something is wrong. */
  readonly read: (object: StoredObject, first: number, count: number) => Promise<Buffer[]>;
  /** Called for an object that is well. */
  readonly restore: (object: StoredObject) => Promise<void>;
  readonly signal: AbortSignal;
}

export interface RestoreOptions {
  readonly files: ObjectFiles;
  readonly records: RecordStore;
  readonly trust: Trust;
}

/** An object that was checked is complete again. */
export async function restore(
  object: StoredObject,
  { files, records, trust }: RestoreOptions,
): Promise<void> {
  if (object.state !== 'suspect') return;
  await files.rename(object);
  if (isDropped(object)) return;
  object.record = { ...object.record, generation: trust.generation };
  object.state = 'complete';
  records.putRecord(object.objectId, object.record);
  await records.committed();
}

/** Chunks read at a time. */
const CHECK_CHUNKS = 4;

export class IntegrityChecks {
  readonly #options: IntegrityChecksOptions;
  #queue: Promise<void> = Promise.resolve();

  constructor(options: IntegrityChecksOptions) {
    this.#options = options;
  }

  /** Resolves when the object was checked, and restored or dropped. */
  checkSoon(object: StoredObject): Promise<void> {
    object.checking ??= this.#enqueue(object);
    return object.checking;
  }

  async intact(object: StoredObject): Promise<boolean> {
    const chunks = Math.ceil(object.record.sizeBytes / CHUNK_BYTES);
    try {
      for (let chunk = 0; chunk < chunks; chunk += CHECK_CHUNKS) {
        if (isDropped(object) || this.#options.signal.aborted) return false;
        await this.#options.read(object, chunk, Math.min(CHECK_CHUNKS, chunks - chunk));
      }
      return true;
    } catch {
      return false;
    }
  }

  async settled(): Promise<void> {
    await this.#queue;
  }

  #enqueue(object: StoredObject): Promise<void> {
    const { index, restore } = this.#options;
    index.hold(object);
    this.#queue = this.#queue.then(async () => {
      try {
        if (await this.intact(object)) await restore(object);
      } catch {
        // It stays suspect: checked again at its next use after a restart.
      } finally {
        index.unpin(object);
      }
    });
    return this.#queue;
  }
}
