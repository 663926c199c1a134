/**
 * Belady's rule over the plans that are known (`LookAhead`): the object that is used last makes room, and a
 * newcomer that is used later still is refused.
 */
import type { LookAhead } from '../../../worker/admission/index.ts';
import { MaxHeap } from '../../../common/forecast/index.ts';
import { Room } from './policy.ts';
import type { CachePolicy, PolicyOptions } from './policy.ts';

/** Entries of the heap for each object that is held, before those that are past are left out. */
const MOST_ENTRIES = 4;
const LEAST_ENTRIES = 1_000;

export class Belady implements CachePolicy {
  readonly #room: Room;
  readonly #lookAhead: LookAhead;
  readonly #held = new Set<number>();
  /** By next use, as it was when it was pushed: a plan that came since can only have made it sooner. */
  readonly #order = new MaxHeap();

  constructor(options: PolicyOptions) {
    this.#room = new Room(options);
    this.#lookAhead = options.lookAhead;
  }

  holds(object: number): boolean {
    return this.#held.has(object);
  }

  read(object: number): boolean {
    const nextUse = this.#lookAhead.nextUse(object);
    const isHeld = this.#held.has(object);
    if (!isHeld && this.#makeRoom(object, nextUse)) {
      this.#held.add(object);
      this.#room.add(object);
    }
    if (this.#held.has(object)) this.#order.push(object, nextUse);
    if (this.#order.size > LEAST_ENTRIES + MOST_ENTRIES * this.#held.size) this.#sortAgain();
    return isHeld;
  }

  /** Without the next uses that are past. */
  #sortAgain(): void {
    this.#order.clear();
    for (const object of this.#held) this.#order.push(object, this.#lookAhead.nextUse(object));
  }

  #makeRoom(object: number, nextUse: number): boolean {
    if (this.#room.isTooLarge(object)) return false;
    const victims = new Map<number, number>();
    let missingBytes = this.#room.usedBytes + this.#room.bytesOf(object) - this.#room.capacityBytes;
    while (missingBytes > 0) {
      const last = this.#takeLast();
      if (last === undefined) break;
      if (!victims.has(last.object)) missingBytes -= this.#room.bytesOf(last.object);
      victims.set(last.object, last.nextUse);
      if (last.nextUse > nextUse) continue;
      missingBytes = Infinity;
      break;
    }
    const isRoom = missingBytes <= 0;
    for (const [victim, use] of victims) {
      if (!isRoom) this.#order.push(victim, use);
      else if (this.#held.delete(victim)) this.#room.remove(victim);
    }
    return isRoom;
  }

  /** Takes the held object that is used last out of the heap. */
  #takeLast(): { readonly object: number; readonly nextUse: number } | undefined {
    for (;;) {
      const { priority } = this.#order;
      const object = this.#order.pop();
      if (object === undefined) return undefined;
      if (!this.#held.has(object)) continue;
      const nextUse = this.#lookAhead.nextUse(object);
      if (nextUse === priority) return { object, nextUse };
      this.#order.push(object, nextUse);
    }
  }
}
