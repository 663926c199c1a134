/** Least recently used goes first: what most caches do. */
import { Room } from './policy.ts';
import type { CachePolicy, PolicyOptions } from './policy.ts';

export class Lru implements CachePolicy {
  readonly #room: Room;
  /** The least recently used first. */
  readonly #held = new Set<number>();

  constructor(options: PolicyOptions) {
    this.#room = new Room(options);
  }

  holds(object: number): boolean {
    return this.#held.has(object);
  }

  read(object: number): boolean {
    if (this.#held.delete(object)) {
      this.#held.add(object);
      return true;
    }
    if (this.#room.isTooLarge(object)) return false;
    for (const oldest of this.#held) {
      if (this.#room.fits(object)) break;
      this.#held.delete(oldest);
      this.#room.remove(oldest);
    }
    this.#held.add(object);
    this.#room.add(object);
    return false;
  }
}
