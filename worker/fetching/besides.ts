/**
 * What is fetched besides what is read: the rest of a small object, ahead of a sequential reader, and the
 * rest of a large object that is worth completing.
 *
 * Always true:
 *   - of an object whose readers go to single places, nothing is fetched but the blocks that they touch;
 *   - what does not belong on this disk is not completed on it;
 *   - of what only passes through, no more is read ahead than memory has room for.
 */
import { LRUCache } from 'lru-cache';
import { MIB } from '../../common/index.ts';
import type { Logger, ObjectRef } from '../../common/index.ts';
import { isPassing } from '../store/index.ts';
import type { ObjectStore } from '../store/index.ts';
import type { TransitMemory } from '../transit/index.ts';
import { complete } from './completion.ts';
import { PRIORITY } from './fetch-queue.ts';
import type { Priority } from './fetch-queue.ts';
import type { Interest } from './interest.ts';
import type { ObjectFetch } from './object-fetch.ts';
import type { BlockSpan } from './ranges.ts';
import { blocksIn, clip, stripeAround } from './ranges.ts';
import type { ByteRange } from './read-pattern.ts';
import { TouchMemory } from './touch-memory.ts';

export interface BesidesOptions {
  readonly store: ObjectStore;
  readonly transit: TransitMemory;
  readonly smallObjectBytes?: number | undefined;
  readonly maxWindowBytes?: number | undefined;
  readonly logger: Logger;
  /** Called when a completion is over: it was a user of the fetch. */
  readonly leave: (fetch: ObjectFetch) => void;
}

/** Objects whose readers are remembered. */
const REMEMBERED_OBJECTS = 10_000;
const SMALL_OBJECT_BYTES = 16 * MIB;

export class Besides {
  readonly #options: BesidesOptions;
  readonly #touches = new LRUCache<string, TouchMemory>({ max: REMEMBERED_OBJECTS });

  constructor(options: BesidesOptions) {
    this.#options = options;
  }

  /** A reader is about to read a range. */
  readAround(range: ByteRange, interest: Interest): void {
    const { fetch } = interest;
    const { ref, stored } = fetch;
    const memory = this.memoryOf(ref);
    const { aheadBytes } = this.#options.transit;
    const ahead = memory.note(range, isPassing(stored) ? aheadBytes : undefined);
    if (stored.whole || !this.#options.store.writable) return;
    this.#options.store.promote(stored, ref);
    if (ref.sizeBytes <= (this.#options.smallObjectBytes ?? SMALL_OBJECT_BYTES)) {
      this.#bringSmall(range, interest);
      return;
    }
    const bounds = stripeAround(ref, range.fromBytes);
    if (ahead !== undefined) {
      const clipped = clip(ahead, bounds);
      if (clipped.fromBytes < clipped.toBytes) fetch.want(blocksIn(clipped, ref), PRIORITY.ahead);
    }
    if (memory.worthCompleting) {
      this.#completeSoon(fetch, blocksIn(bounds, ref), PRIORITY.background);
    }
  }

  /** All of a small object; of one that passes through, no more after the range than there is room for, and nothing before it. */
  #bringSmall({ fromBytes, toBytes }: ByteRange, interest: Interest): void {
    const { fetch } = interest;
    const { ref, stored } = fetch;
    const { transit } = this.#options;
    // A block that went by in part goes on so: it is not fetched whole.
    const wentBy = transit.wentBy(ref, fromBytes) ? 1 : 0;
    const first = Math.floor(fromBytes / ref.blockSizeBytes) + wentBy;
    const isBounded = transit.isOn && isPassing(stored);
    const end = isBounded
      ? Math.min(stored.blocks, Math.ceil((toBytes + transit.aheadBytes) / ref.blockSizeBytes))
      : stored.blocks;
    for (const run of interest.join({ first, end }).values()) run.forCache = true;
    if (!isBounded) fetch.want({ first: 0, end: first }, PRIORITY.background);
  }

  /** Somebody has mapped the object: the rest of it, or of the stripe around the offset, is fetched. */
  mapped(fetch: ObjectFetch, offsetBytes: number): void {
    const { ref, stored } = fetch;
    if (stored.whole || !this.#options.store.writable) return;
    this.#options.store.promote(stored, ref);
    this.#completeSoon(fetch, blocksIn(stripeAround(ref, offsetBytes), ref), PRIORITY.mapped);
  }

  memoryOf(ref: ObjectRef): TouchMemory {
    let memory = this.#touches.get(ref.objectId);
    if (memory === undefined) {
      memory = new TouchMemory(ref, { maxWindowBytes: this.#options.maxWindowBytes });
      this.#touches.set(ref.objectId, memory);
    }
    return memory;
  }

  #completeSoon(fetch: ObjectFetch, span: BlockSpan, priority: Priority): void {
    if (isPassing(fetch.stored)) return;
    const { completions } = fetch;
    const running = completions.get(span.first);
    if (running !== undefined) {
      if (priority < running.how.priority) running.how.priority = priority;
      return;
    }
    fetch.users += 1;
    const how = { priority, forCache: true };
    const done = complete(fetch, span, how)
      .catch((error: unknown) => {
        this.#options.logger.debug(
          { object: fetch.ref.objectId, error },
          'an object was not completed',
        );
      })
      .finally(() => {
        completions.delete(span.first);
        this.#options.leave(fetch);
      });
    completions.set(span.first, { how, done });
  }
}
