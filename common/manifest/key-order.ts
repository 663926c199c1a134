/**
 * Watches that keys come in strictly increasing order of bytes, and tells how much a key has in
 * common with the last valid one. (Strings would not do: JavaScript orders U+1F600 before U+FFFD.)
 */
import { LarderError, printable } from '../errors.ts';
import { MAX_PATH_BYTES } from '../limits.ts';

export class KeyOrder {
  readonly #previous = Buffer.alloc(MAX_PATH_BYTES);
  #previousBytes = -1;
  #shared = Infinity;

  /**
   * @returns the bytes shared with the last key that was accepted: in sorted input that is the least
   *   of what neighbours share since then
   * @throws {LarderError} `LISTING_UNSORTED`
   */
  advance(key: Buffer): number {
    const previous = this.#previous;
    const most = Math.min(key.length, this.#previousBytes);
    let shared = 0;
    while (shared < most && key[shared] === previous[shared]) shared += 1;
    const sorted =
      shared === this.#previousBytes
        ? key.length > shared
        : shared < key.length && (key[shared] ?? 0) > (previous[shared] ?? 0);
    if (this.#previousBytes >= 0 && !sorted) {
      throw new LarderError('LISTING_UNSORTED', {
        key: printable(key.toString()),
        after: printable(previous.toString('utf8', 0, this.#previousBytes)),
      });
    }
    key.copy(previous, shared, shared);
    this.#previousBytes = key.length;
    this.#shared = Math.min(this.#shared, shared);
    return this.#shared;
  }

  /** The key that was advanced to is valid: what is shared counts from it. */
  accept(): void {
    this.#shared = Infinity;
  }
}
