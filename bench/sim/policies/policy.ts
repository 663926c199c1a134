/** What every policy of the simulator is: one node's cache. */
import type { LookAhead } from '../../../worker/admission/index.ts';
import type { Objects } from '../objects.ts';

export interface PolicyOptions {
  readonly objects: Objects;
  /** The kept region of this node. */
  readonly capacityBytes: number;
  /** Of the dataset, what this node is expected to keep: its weighted share. */
  readonly share: number;
  readonly jobs: number;
  /** The plans that are known; where none are, it knows nothing. */
  readonly lookAhead: LookAhead;
}

export interface CachePolicy {
  holds(object: number): boolean;
  /** A read: whether it was held. Where it was not, it comes from the origin, and may be kept. */
  read(object: number): boolean;
  /** Bytes of what another node keeps pass by; whether a copy stays is the policy's. */
  copy?(object: number): void;
}

/** Room by bytes, shared by the policies that evict one object after the other. */
export class Room {
  usedBytes = 0;
  readonly capacityBytes: number;
  readonly #sizes: Float64Array;

  constructor({ objects, capacityBytes }: Pick<PolicyOptions, 'objects' | 'capacityBytes'>) {
    this.#sizes = objects.sizes;
    this.capacityBytes = capacityBytes;
  }

  bytesOf(object: number): number {
    return this.#sizes[object] ?? 0;
  }

  fits(object: number): boolean {
    return this.usedBytes + this.bytesOf(object) <= this.capacityBytes;
  }

  /** Whether it could ever be held. */
  isTooLarge(object: number): boolean {
    return this.bytesOf(object) > this.capacityBytes;
  }

  add(object: number): void {
    this.usedBytes += this.bytesOf(object);
  }

  remove(object: number): void {
    this.usedBytes -= this.bytesOf(object);
  }
}
