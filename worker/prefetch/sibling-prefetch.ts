/**
 * Fetches small files before they are asked for, where a version is read in manifest order.
 *
 * It lives in the worker because the worker alone sees all of a version's readers (mounts, SDK, other
 * nodes), has the manifest, and knows what is held, what is owned here and what there is room for. So a
 * file that is fetched ahead costs no message at all: a mount finds it complete where it looks first, and
 * every worker of a cluster fetches what it owns of the same pass.
 *
 * Leaves to others: which files come next (`SiblingPasses`), whether they may come (`AheadFetches`), one read per
 * block (`ObjectReader`).
 */
import { SMALL_READ_BYTES } from '../../common/index.ts';
import { SiblingPasses } from '../fetching/index.ts';
import type { SiblingPassesOptions } from '../fetching/index.ts';
import type { OpenedVersion } from '../versions.ts';
import type { AheadFetches } from './ahead-fetches.ts';

export interface SiblingPrefetchOptions extends Pick<
  SiblingPassesOptions,
  'maxFiles' | 'maxBytes'
> {
  readonly fetches: AheadFetches;
  /** How many of all files this worker owns: 0 … 1. */
  readonly share: () => number;
}

interface Ahead {
  readonly opened: OpenedVersion;
  readonly passes: SiblingPasses;
  filling: boolean;
}

export class SiblingPrefetch {
  readonly #options: SiblingPrefetchOptions;
  readonly #versions = new WeakMap<OpenedVersion, Ahead>();

  constructor(options: SiblingPrefetchOptions) {
    this.#options = options;
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
    ahead.passes.note(ordinal, this.#options.share());
    this.#fill(ahead);
  }

  #fill(ahead: Ahead): void {
    if (ahead.filling) return;
    ahead.filling = true;
    this.#fetchNext(ahead)
      .catch((error: unknown) => {
        this.#options.fetches.failed(error);
      })
      .finally(() => {
        ahead.filling = false;
      });
  }

  async #fetchNext(ahead: Ahead): Promise<void> {
    const { opened, passes } = ahead;
    const { fetches, share } = this.#options;
    while (fetches.hasPlace) {
      const aheadBytes = () => passes.aheadBytes;
      const limits = { maxBytes: SMALL_READ_BYTES, aheadBytes, isKnown: false };
      const ref = await fetches.next(opened, limits, (look) => {
        passes.take(look, share());
      });
      if (ref === undefined) return;
      fetches.fetch(ref, () => {
        this.#fill(ahead);
      });
    }
  }
}
