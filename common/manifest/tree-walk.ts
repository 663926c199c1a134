/**
 * Goes through a directory and all below it in key order: each directory before its children.
 *
 * Always true: pages of a level are wanted one after the other, and one of each level is held, so
 * each is decoded once; a step that throws changes nothing and can be made again.
 */
import assert from 'node:assert';
import { PAGE_MASK } from './format.ts';
import type { Page } from './page.ts';

export interface TreeWalkOptions {
  readonly level: number;
  readonly index: number;
  readonly base: readonly number[];
  readonly late: ReadonlySet<number>;
  page(level: number, index: number): Page;
  checkParent(level: number, child: number, parent: number): void;
}

/** A directory's run of children that is being gone through. */
interface Frame {
  readonly directory: number;
  next: number;
  readonly end: number;
}

export class TreeWalk {
  ordinal = -1;
  slot = 0;
  /** Directories between the start and the entry; the start itself has −1. */
  depth = -1;
  readonly #options: TreeWalkOptions;
  readonly #frames: Frame[] = [];
  readonly #held: (Page | undefined)[] = [];
  #page: Page | undefined = undefined;

  constructor(options: TreeWalkOptions) {
    this.#options = options;
  }

  get page(): Page {
    assert(this.#page !== undefined, 'next() came first');
    return this.#page;
  }

  /** The page's mark or the footer's. */
  get hidden(): boolean {
    return this.page.isHidden(this.slot) || this.#options.late.has(this.ordinal);
  }

  /**
   * Goes to the next entry, at first to the start itself.
   *
   * @returns false when there is none
   */
  next(): boolean {
    if (this.ordinal < 0) {
      this.#arrive(this.#options.level, this.#options.index);
      return true;
    }
    if (this.page.childCount(this.slot) > 0 && this.#frames.length === this.depth + 1) {
      this.#push();
    }
    let frame = this.#frames.at(-1);
    while (frame?.next === frame?.end) {
      if (frame === undefined) return false;
      this.#frames.pop();
      frame = this.#frames.at(-1);
    }
    if (frame === undefined) return false;
    const level = this.#options.level + this.#frames.length;
    this.#arrive(level, frame.next, frame.directory);
    frame.next += 1;
    return true;
  }

  #push(): void {
    const start = this.page.firstChild(this.slot);
    this.#frames.push({
      directory: this.page.firstIndex + this.slot,
      next: start,
      end: start + this.page.childCount(this.slot),
    });
  }

  #arrive(level: number, index: number, parent?: number): void {
    let page = this.#held[level];
    if (page?.firstIndex !== index - (index & PAGE_MASK)) {
      page = this.#options.page(level, index);
      this.#held[level] = page;
    }
    const slot = index & PAGE_MASK;
    if (parent !== undefined && page.parent(slot) !== parent) {
      this.#options.checkParent(level, index, parent);
    }
    this.#page = page;
    this.slot = slot;
    this.depth = level - this.#options.level - 1;
    this.ordinal = (this.#options.base[level] ?? 0) + index;
  }
}
