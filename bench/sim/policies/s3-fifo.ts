/**
 * S3-FIFO: newcomers pass through a small queue, and only those that were used there, or that come back soon
 * after (a ghost queue of names remembers), reach the main one. Each queue keeps to its own room, also while the
 * other one has some left.
 *
 * Source: Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023: the small queue has a tenth,
 * uses count up to 3, more than one use leads from the small queue to the main one, the ghost queue has as many names
 * as the main one has objects.
 */
import { Room } from './policy.ts';
import type { CachePolicy, PolicyOptions } from './policy.ts';
import { Queue } from './queue.ts';
import type { Item } from './queue.ts';

const SMALL_SHARE = 0.1;
const MOST_USES = 3;
const USES_TO_STAY = 2;

interface Entry extends Item {
  isMain: boolean;
}

export class S3Fifo implements CachePolicy {
  readonly #small: Room;
  readonly #main: Room;
  readonly #capacityBytes: number;
  readonly #held = new Map<number, Entry>();
  readonly #smallQueue = new Queue();
  readonly #mainQueue = new Queue();
  readonly #ghosts: Room;
  /** The oldest first. */
  readonly #ghostNames = new Set<number>();

  constructor(options: PolicyOptions) {
    const { objects, capacityBytes } = options;
    this.#capacityBytes = capacityBytes;
    const room = (share: number) => new Room({ objects, capacityBytes: capacityBytes * share });
    this.#small = room(SMALL_SHARE);
    this.#main = room(1 - SMALL_SHARE);
    this.#ghosts = room(1 - SMALL_SHARE);
  }

  holds(object: number): boolean {
    return this.#held.has(object);
  }

  read(object: number): boolean {
    const held = this.#held.get(object);
    if (held !== undefined) {
      held.uses = Math.min(MOST_USES, held.uses + 1);
      return true;
    }
    const bytes = this.#small.bytesOf(object);
    if (bytes > this.#capacityBytes) return false;
    const isMain = this.#ghostNames.delete(object);
    if (isMain) this.#ghosts.remove(object);
    this.#makeRoom(bytes, isMain);
    this.#insert({ object, uses: 0, isMain, newer: undefined, older: undefined });
    return false;
  }

  #makeRoom(bytes: number, isMain: boolean): void {
    const [small, main] = [this.#small, this.#main];
    const [toSmall, toMain] = isMain ? [0, bytes] : [bytes, 0];
    while (small.usedBytes > 0 && small.usedBytes + toSmall > small.capacityBytes) {
      this.#evictSmall();
    }
    while (main.usedBytes > 0 && main.usedBytes + toMain > main.capacityBytes) this.#evictMain();
    // One object may be larger than the room of its queue.
    while (small.usedBytes + main.usedBytes + bytes > this.#capacityBytes) {
      if (main.usedBytes > 0) this.#evictMain();
      else this.#evictSmall();
    }
  }

  #insert(entry: Entry): void {
    this.#held.set(entry.object, entry);
    (entry.isMain ? this.#mainQueue : this.#smallQueue).push(entry);
    (entry.isMain ? this.#main : this.#small).add(entry.object);
  }

  #evictSmall(): void {
    const entry = this.#smallQueue.oldest as Entry | undefined;
    if (entry === undefined) return;
    this.#smallQueue.remove(entry);
    this.#small.remove(entry.object);
    if (entry.uses >= USES_TO_STAY) {
      this.#insert(Object.assign(entry, { isMain: true, uses: 0 }));
      return;
    }
    this.#held.delete(entry.object);
    this.#ghostNames.add(entry.object);
    this.#ghosts.add(entry.object);
    for (const oldest of this.#ghostNames) {
      if (this.#ghosts.usedBytes <= this.#ghosts.capacityBytes) break;
      this.#ghostNames.delete(oldest);
      this.#ghosts.remove(oldest);
    }
  }

  #evictMain(): void {
    for (;;) {
      const entry = this.#mainQueue.oldest;
      if (entry === undefined) return;
      this.#mainQueue.remove(entry);
      if (entry.uses === 0) {
        this.#held.delete(entry.object);
        this.#main.remove(entry.object);
        return;
      }
      entry.uses -= 1;
      this.#mainQueue.push(entry);
    }
  }
}
