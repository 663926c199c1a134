/** What came first stays: MinIO's cache once full, CoorDL. */
import { Room } from './policy.ts';
import type { CachePolicy, PolicyOptions } from './policy.ts';

export class NeverEvict implements CachePolicy {
  readonly #room: Room;
  readonly #held = new Set<number>();

  constructor(options: PolicyOptions) {
    this.#room = new Room(options);
  }

  holds(object: number): boolean {
    return this.#held.has(object);
  }

  read(object: number): boolean {
    if (this.#held.has(object)) return true;
    if (this.#room.fits(object)) {
      this.#held.add(object);
      this.#room.add(object);
    }
    return false;
  }
}
