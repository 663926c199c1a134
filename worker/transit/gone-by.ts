/**
 * Of blocks that there was no room for, which bytes went straight to a reader: what else there is of them goes the same
 * way, because fetching them whole would fetch those again.
 *
 * Always true: bytes that went by once do not make others go by: whoever wants them is another reader.
 */
import { LRUCache } from 'lru-cache';
import { ReadSpans } from './read-spans.ts';

/** A few for each reader. */
const REMEMBERED_BLOCKS = 1_024;

export class GoneBy {
  readonly #blocks = new LRUCache<string, ReadSpans>({ max: REMEMBERED_BLOCKS });

  /** In the block. */
  add(key: string, lengthBytes: number, range: { fromBytes: number; toBytes: number }): void {
    const spans = this.#blocks.get(key) ?? new ReadSpans();
    spans.add(range.fromBytes, range.toBytes);
    if (spans.bytes < lengthBytes) this.#blocks.set(key, spans);
    else this.#blocks.delete(key);
  }

  /** Whether other bytes of a block went by, and those not. */
  goesOn(key: string, atBytes: number): boolean {
    if (this.#blocks.size === 0) return false;
    const spans = this.#blocks.get(key);
    return spans !== undefined && !spans.has(atBytes);
  }

  /** What went by of a block that is fetched now: it was read. */
  take(key: string): ReadSpans | undefined {
    const spans = this.#blocks.get(key);
    this.#blocks.delete(key);
    return spans;
  }
}
