/**
 * Fetches small files before they are asked for, where a version is read in manifest order.
 *
 * It lives in the worker because the worker alone sees all of a version's readers (mounts, SDK, other
 * nodes), has the manifest, and knows what is held, what is owned here and what there is room for. So a
 * file that is fetched ahead costs no message at all: a mount finds it complete where it looks first, and
 * every worker of a cluster fetches what it owns of the same pass.
 *
 * Always true:
 *   - a failure here is nobody's error: whoever reads the file asks the origin again;
 *   - what was fetched ahead is requested only once somebody reads it;
 *   - nothing that is kept is evicted for it, and of what passes through at most a quarter.
 *
 * Leaves to others: which files come next (`SiblingPasses`), one read per block (`ObjectReader`).
 */
import { emptyAttributes, SMALL_READ_BYTES } from '../common/index.ts';
import type { EntryAttributes, Logger, ObjectRef, Placement } from '../common/index.ts';
import type { AheadUse, RoomAhead } from './admission/index.ts';
import { SiblingPasses } from './fetching/index.ts';
import type { Sibling, SiblingPassesOptions } from './fetching/index.ts';
import { weightShare } from './prefetch/index.ts';
import type { OpenedVersion } from './versions.ts';

/** What of the object reader is needed here. */
export interface AheadReads {
  /** Whether a block of a dataset is on disk here. */
  holdsBlock(datasetId: number, block: number): boolean;
  /** Whether there is room for an object that nobody has asked for. */
  roomAhead(ref: ObjectRef, ahead: AheadUse): RoomAhead;
  /** Brings an object to disk for whoever reads it soon. @throws {LarderError} origin errors */
  fetchAhead(ref: ObjectRef): Promise<void>;
}

export interface SiblingPrefetchOptions extends Pick<
  SiblingPassesOptions,
  'maxFiles' | 'maxBytes'
> {
  readonly reads: AheadReads;
  readonly workerId: string;
  readonly placement: () => Placement | undefined;
  readonly log: Logger;
  /** Files that are fetched ahead at a time; the queue of origin reads bounds it too. Default 32. */
  readonly maxFetches?: number | undefined;
}

const MAX_FETCHES = 32;
/** After an error the origin is left to those who read. */
const REST_FILES = 64;

interface Ahead {
  readonly opened: OpenedVersion;
  readonly passes: SiblingPasses;
  filling: boolean;
}

export class SiblingPrefetch implements Disposable {
  readonly #options: SiblingPrefetchOptions;
  readonly #maxFetches: number;
  readonly #versions = new WeakMap<OpenedVersion, Ahead>();
  readonly #attributes: EntryAttributes = emptyAttributes();
  readonly #closing = new AbortController();
  #fetches = 0;
  #comingBytes = 0;
  /** Files that are to be read before anything is fetched ahead again. */
  #restFiles = 0;

  constructor(options: SiblingPrefetchOptions) {
    this.#options = options;
    this.#maxFetches = options.maxFetches ?? MAX_FETCHES;
  }

  /** A file of a version was read. */
  note(opened: OpenedVersion, ordinal: number, sizeBytes: number): void {
    if (sizeBytes === 0 || sizeBytes > SMALL_READ_BYTES) return;
    let ahead = this.#versions.get(opened);
    if (ahead === undefined) {
      const { maxFiles, maxBytes } = this.#options;
      const entries = opened.replica.reader.entryCount;
      const passes = new SiblingPasses({ entries, maxFiles, maxBytes });
      ahead = { opened, passes, filling: false };
      this.#versions.set(opened, ahead);
    }
    ahead.passes.note(ordinal, this.#share());
    if (this.#restFiles > 0) this.#restFiles -= 1;
    else this.#fill(ahead);
  }

  [Symbol.dispose](): void {
    this.#closing.abort();
  }

  #fill(ahead: Ahead): void {
    if (ahead.filling) return;
    ahead.filling = true;
    this.#fetchNext(ahead)
      .catch((error: unknown) => {
        this.#restFiles = REST_FILES;
        this.#options.log.debug({ err: error }, 'files are not fetched ahead for a while');
      })
      .finally(() => {
        ahead.filling = false;
      });
  }

  async #fetchNext(ahead: Ahead): Promise<void> {
    const { opened, passes } = ahead;
    const { signal } = this.#closing;
    while (this.#fetches < this.#maxFetches && !signal.aborted) {
      const ref = await opened.replica.withPages(signal, (reader) => {
        let found: ObjectRef | undefined;
        const share = this.#share();
        passes.take((ordinal) => {
          const { kind, hidden, sizeBytes, firstBlock } = reader.attributes(
            ordinal,
            this.#attributes,
          );
          const isSmall = kind === 'file' && !hidden && sizeBytes > 0;
          if (!isSmall || sizeBytes > SMALL_READ_BYTES) return SKIP;
          if (this.#options.reads.holdsBlock(opened.dataset.id, firstBlock)) return SKIP;
          const object = opened.objectRef(reader, ordinal);
          const sibling = this.#sibling(object, passes.aheadBytes);
          if (sibling.kind === 'fetch') found = object;
          return sibling;
        }, share);
        return found;
      });
      if (ref === undefined) return;
      void this.#fetch(ahead, ref);
    }
  }

  #sibling(ref: ObjectRef, aheadBytes: number): Sibling {
    const { reads, workerId, placement } = this.#options;
    const owner = placement()?.owner(ref.objectId)?.workerId ?? workerId;
    if (owner !== workerId) return SKIP;
    const coming = { comingBytes: this.#comingBytes, comingObjects: this.#fetches };
    switch (reads.roomAhead(ref, { ...coming, aheadBytes })) {
      case 'room':
        return { kind: 'fetch', bytes: ref.sizeBytes };
      case 'none':
        return SKIP;
      case 'later':
        return STOP;
    }
  }

  async #fetch(ahead: Ahead, ref: ObjectRef): Promise<void> {
    this.#fetches += 1;
    this.#comingBytes += ref.sizeBytes;
    try {
      await this.#options.reads.fetchAhead(ref);
    } catch (error) {
      // Whoever reads the file is told, if it is still so then.
      this.#restFiles = REST_FILES;
      this.#options.log.debug({ err: error, object: ref.objectId }, 'a file was not fetched ahead');
    } finally {
      this.#fetches -= 1;
      this.#comingBytes -= ref.sizeBytes;
      if (this.#restFiles === 0) this.#fill(ahead);
    }
  }

  /** How many of all files this worker owns, by weight. */
  #share(): number {
    return weightShare(this.#options.placement(), this.#options.workerId);
  }
}

const SKIP: Sibling = { kind: 'skip' };
const STOP: Sibling = { kind: 'stop' };
