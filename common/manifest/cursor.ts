/**
 * Goes through a manifest in the order of a listing, giving back the keys that it was built from:
 * files, symlinks (hidden ones too) and the directories that had a key of their own, with its `/`.
 * An empty directory always had one; the root's is empty.
 */
import assert from 'node:assert';
import { MAX_PATH_BYTES } from '../limits.ts';
import { KIND_DIRECTORY, KIND_MASK, MARKED } from './format.ts';
import { SLASH } from './keys.ts';
import type { Page } from './page.ts';
import type { ManifestReader } from './reader.ts';
import type { TreeWalk } from './tree-walk.ts';

export class ManifestCursor {
  readonly #walk: TreeWalk;
  readonly #key = Buffer.alloc(2 * MAX_PATH_BYTES);
  /** Where names begin in the key, by depth. */
  readonly #starts = [0];
  #keyBytes = 0;

  constructor(reader: ManifestReader) {
    this.#walk = reader.walk(0);
  }

  get ordinal(): number {
    return this.#walk.ordinal;
  }

  get hidden(): boolean {
    return this.#walk.hidden;
  }

  /** Valid until the next step. */
  get key(): Buffer {
    return this.#key.subarray(0, this.#keyBytes);
  }

  get page(): Page {
    return this.#walk.page;
  }

  get slot(): number {
    return this.#walk.slot;
  }

  /**
   * Goes to the next key, at first to the first one.
   *
   * @returns false when there is none
   * @throws {PageMissing} and may be called again
   */
  next(): boolean {
    const walk = this.#walk;
    while (walk.next()) {
      const { page, slot, depth } = walk;
      const flags = page.flags(slot);
      if (depth < 0) this.#keyBytes = 0;
      else this.#appendName(page, slot, depth, (flags & KIND_MASK) === KIND_DIRECTORY);
      if ((flags & KIND_MASK) !== KIND_DIRECTORY || (flags & MARKED) !== 0) return true;
    }
    return false;
  }

  /** Below 0 where the cursor's key comes before `key`. */
  compare(key: Buffer): number {
    return this.#key.compare(key, 0, key.length, 0, this.#keyBytes);
  }

  #appendName(page: Page, slot: number, depth: number, isDirectory: boolean): void {
    const start = this.#starts[depth];
    assert(start !== undefined);
    const nameStart = page.nameStart[slot] ?? 0;
    const end = start + page.nameEnd(slot) - nameStart;
    assert(end < this.#key.length, 'the builder takes no longer key');
    page.body.copy(this.#key, start, nameStart, page.nameEnd(slot));
    if (isDirectory) {
      this.#key[end] = SLASH;
      this.#starts[depth + 1] = end + 1;
    }
    this.#keyBytes = isDirectory ? end + 1 : end;
  }
}
