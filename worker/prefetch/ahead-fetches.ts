/**
 * The objects that are being fetched before anybody has asked for them, whoever thought of them: siblings of what
 * is read, and what comes next in an order that is repeated.
 *
 * Always true:
 *   - nothing that is kept is evicted for them, and of what passes through at most a part;
 *   - a failure is nobody's error: whoever reads the object asks the origin again; nothing is fetched ahead for a
 *     while, so that the origin is left to those who read;
 *   - what belongs to another worker is fetched by that one.
 */
import { emptyAttributes } from '../../common/index.ts';
import type { EntryAttributes, Logger, ObjectRef, Placement } from '../../common/index.ts';
import type { AheadUse, RoomAhead } from '../admission/index.ts';
import type { Found } from '../fetching/index.ts';
import type { OpenedVersion } from '../versions.ts';

/** What of the object reader is needed here. */
export interface AheadReads {
  /** Whether a block of a dataset is on disk here. */
  holdsBlock(datasetId: number, block: number): boolean;
  /** Whether there is room for an object that nobody has asked for. */
  roomAhead(ref: ObjectRef, ahead: AheadUse): RoomAhead;
  /** Brings an object to disk for whoever reads it soon. @throws {LarderError} origin errors */
  fetchAhead(ref: ObjectRef): Promise<void>;
}

export interface AheadFetchesOptions {
  readonly reads: AheadReads;
  readonly workerId: string;
  readonly placement: () => Placement | undefined;
  /** Whether objects of a dataset are kept where they are read first: their owner fetches none of them ahead. */
  readonly isScattered: (datasetId: number) => boolean;
  readonly log: Logger;
  /** Objects at a time; the queue of origin reads bounds it too. Default 32. */
  readonly maxFetches?: number | undefined;
}

/** What one reader, or an order, is ahead of by. */
interface AheadOf {
  /** Of a file: larger ones are read ahead of within themselves. */
  readonly maxBytes: number;
  /** Under way, or there and not yet read. */
  readonly aheadBytes: () => number;
  /** It will be read, as far as anybody knows; else it is a guess. */
  readonly isKnown: boolean;
}

export const SKIP: Found = { kind: 'skip' };
const STOP: Found = { kind: 'stop' };
const MAX_FETCHES = 32;
/** Files that are to be read after an error. */
const REST_FILES = 64;

export class AheadFetches implements Disposable {
  readonly #options: AheadFetchesOptions;
  readonly #attributes: EntryAttributes = emptyAttributes();
  readonly #maxFetches: number;
  readonly #closing = new AbortController();
  #fetches = 0;
  #comingBytes = 0;
  #restFiles = 0;

  constructor(options: AheadFetchesOptions) {
    this.#options = options;
    this.#maxFetches = options.maxFetches ?? MAX_FETCHES;
  }

  /** Whether another may begin now. */
  get hasPlace(): boolean {
    return this.#fetches < this.#maxFetches && this.#restFiles === 0 && !this.closed.aborted;
  }

  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  /** A file was read by somebody. */
  noteRead(): void {
    if (this.#restFiles > 0) this.#restFiles -= 1;
  }

  /**
   * The next object of a version that is to be fetched, if any.
   *
   * @param take asks about ordinals, one after the other, until one is to be fetched or it has to stop; of one that is
   *   far away it stops where there is no room now
   */
  async next(
    opened: OpenedVersion,
    { maxBytes, aheadBytes, isKnown }: AheadOf,
    take: (look: (ordinal: number, isFar?: boolean) => Found) => void,
  ): Promise<ObjectRef | undefined> {
    return await opened.replica.withPages(this.closed, (reader) => {
      let ref: ObjectRef | undefined;
      take((ordinal, isFar) => {
        if (ordinal >= reader.entryCount) return SKIP;
        const entry = reader.attributes(ordinal, this.#attributes);
        const { kind, hidden, sizeBytes, firstBlock } = entry;
        const isWanted = kind === 'file' && !hidden && sizeBytes > 0 && sizeBytes <= maxBytes;
        if (!isWanted || this.#options.reads.holdsBlock(opened.dataset.id, firstBlock)) return SKIP;
        const object = opened.objectRef(reader, ordinal);
        const found = this.#judge(object, { aheadBytes: aheadBytes(), isKnown }, isFar);
        if (found.kind === 'fetch') ref = object;
        return found;
      });
      return ref;
    });
  }

  /** @param then called when it is over, unless there was an error */
  fetch(ref: ObjectRef, then: () => void): void {
    void this.#fetch(ref).then(() => {
      if (this.#restFiles === 0) then();
    });
  }

  failed(error: unknown): void {
    this.#restFiles = REST_FILES;
    this.#options.log.debug({ err: error }, 'files are not fetched ahead for a while');
  }

  [Symbol.dispose](): void {
    this.#closing.abort();
  }

  #judge(ref: ObjectRef, of: Pick<AheadUse, 'aheadBytes' | 'isKnown'>, isFar = false): Found {
    const { reads, workerId, placement, isScattered } = this.#options;
    if (isScattered(ref.datasetId)) return SKIP;
    const owner = placement()?.owner(ref.objectId)?.workerId ?? workerId;
    if (owner !== workerId) return SKIP;
    const coming = { comingBytes: this.#comingBytes, comingObjects: this.#fetches };
    switch (reads.roomAhead(ref, { ...coming, ...of })) {
      case 'room':
        return { kind: 'fetch', bytes: ref.sizeBytes };
      case 'none':
        return isFar ? STOP : SKIP;
      case 'later':
        return STOP;
    }
  }

  async #fetch(ref: ObjectRef): Promise<void> {
    this.#fetches += 1;
    this.#comingBytes += ref.sizeBytes;
    try {
      await this.#options.reads.fetchAhead(ref);
    } catch (error) {
      // Whoever reads the file is told, if it is still so then.
      this.failed(error);
    } finally {
      this.#fetches -= 1;
      this.#comingBytes -= ref.sizeBytes;
    }
  }
}
