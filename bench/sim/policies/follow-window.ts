/**
 * Follow-window, for several jobs that read one order at a lag: an object stays until the last of them has read
 * it. What all have read makes room, the latest first, because in the next epoch it comes last; while there is
 * nothing of the kind, newcomers are refused.
 */
import { Room } from './policy.ts';
import type { CachePolicy, PolicyOptions } from './policy.ts';

export class FollowWindow implements CachePolicy {
  readonly #room: Room;
  readonly #jobs: number;
  readonly #held = new Set<number>();
  /** Reads of each object in the pass that is under way. */
  readonly #reads = new Map<number, number>();
  /** What all jobs have read in this pass, the latest last; what was read again since is skipped. */
  #done: number[] = [];

  constructor(options: PolicyOptions) {
    this.#room = new Room(options);
    this.#jobs = options.jobs;
  }

  holds(object: number): boolean {
    return this.#held.has(object);
  }

  read(object: number): boolean {
    const reads = ((this.#reads.get(object) ?? 0) % this.#jobs) + 1;
    this.#reads.set(object, reads);
    const isHeld = this.#held.has(object);
    if (!isHeld && this.#makeRoom(object)) {
      this.#held.add(object);
      this.#room.add(object);
    }
    if (reads === this.#jobs && this.#held.has(object)) this.#done.push(object);
    return isHeld;
  }

  #makeRoom(object: number): boolean {
    if (this.#room.isTooLarge(object)) return false;
    while (!this.#room.fits(object)) {
      const victim = this.#done.pop();
      if (victim === undefined) return false;
      if (this.#reads.get(victim) !== this.#jobs || !this.#held.delete(victim)) continue;
      this.#room.remove(victim);
    }
    return true;
  }
}
