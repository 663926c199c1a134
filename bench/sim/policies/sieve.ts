/**
 * SIEVE: a queue that nothing moves in, and a hand that goes from the oldest to the newest, spares what was used
 * since it came by last, and evicts the first that was not.
 *
 * Source: Zhang et al., "SIEVE is simpler than LRU", NSDI 2024.
 */
import { Room } from './policy.ts';
import type { CachePolicy, PolicyOptions } from './policy.ts';
import { Queue } from './queue.ts';
import type { Item } from './queue.ts';

export class Sieve implements CachePolicy {
  readonly #room: Room;
  readonly #held = new Map<number, Item>();
  readonly #queue = new Queue();
  #hand: Item | undefined;

  constructor(options: PolicyOptions) {
    this.#room = new Room(options);
  }

  holds(object: number): boolean {
    return this.#held.has(object);
  }

  read(object: number): boolean {
    const held = this.#held.get(object);
    if (held !== undefined) {
      held.uses = 1;
      return true;
    }
    if (this.#room.isTooLarge(object)) return false;
    while (!this.#room.fits(object)) this.#evict();
    const item = { object, uses: 0, newer: undefined, older: undefined };
    this.#queue.push(item);
    this.#held.set(object, item);
    this.#room.add(object);
    return false;
  }

  #evict(): void {
    let hand = this.#hand ?? this.#queue.oldest;
    while (hand !== undefined && hand.uses > 0) {
      hand.uses = 0;
      hand = hand.newer ?? this.#queue.oldest;
    }
    if (hand === undefined) return;
    this.#hand = hand.newer;
    this.#queue.remove(hand);
    this.#held.delete(hand.object);
    this.#room.remove(hand.object);
  }
}
