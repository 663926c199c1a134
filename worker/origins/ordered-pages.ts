/**
 * The keys below a prefix, in order, from several ranges of them that are listed at once: an object store
 * takes 50 to 200 ms for each page of 1,000 keys, so one page after the other is 5,000 to 20,000 keys a
 * second, whatever the machine.
 *
 *     |── taken ──|── range 1 ──|── range 2 ──|── range 3, to the end of the bucket …
 *
 * Ranges begin behind keys that `SplitPoints` finds. The last one is cut again and again as the first is
 * done. A short listing has one range, and no request more than it has pages.
 *
 * Always true:
 *   - the next range is believed only if the range before it, going on, arrives at the same key as
 *     the next one begins with. Where it does not (an origin that does not know `start-after`, a key
 *     that came meanwhile, a request that failed), the ranges behind are thrown away and the
 *     listing goes on page by page: the keys are always those of one listing from the beginning;
 *   - at most `listers × MAX_AHEAD` pages are in memory.
 */
import { RangeLister } from './range-lister.ts';
import type { PageFetch } from './range-lister.ts';
import type { ListedKey } from './s3-list-xml.ts';
import { SplitPoints } from './split-points.ts';

export interface OrderedPagesOptions {
  readonly fetch: PageFetch;
  readonly prefix: Buffer;
  /** Ranges listed at once; 1: page by page. */
  readonly listers: number;
}

/** A listing shorter than this is not cut: nothing would be won. */
const PAGES_BEFORE_CUT = 3;

export class OrderedPages {
  readonly #options: OrderedPagesOptions;
  readonly #points: SplitPoints;
  #first: RangeLister;
  #last: RangeLister;
  #count = 1;
  #cutting = false;
  #mayCut: boolean;

  constructor(options: OrderedPagesOptions) {
    this.#options = options;
    this.#points = new SplitPoints(options.fetch, options.prefix);
    this.#mayCut = options.listers > 1;
    this.#first = this.#newRange(undefined, PAGES_BEFORE_CUT);
    this.#last = this.#first;
  }

  /** To be gone through once. @throws what a request failed with */
  async *pages(): AsyncGenerator<readonly ListedKey[], void, undefined> {
    for (;;) {
      const range = this.#first;
      const keys = await range.take();
      const { next } = range;
      const seam = next === undefined ? -1 : beginOf(next, keys);
      if (keys === undefined || seam >= 0) {
        if (next === undefined) return;
        if (range.orderly && (await next.beginsWith(keys?.[seam]?.key))) this.#goTo(next);
        else this.#goOnAlone();
        if (keys === undefined) continue;
      }
      const own = this.#first === range || seam < 0 ? keys : keys.slice(0, seam);
      if (own.length > 0) yield own;
    }
  }

  #goTo(next: RangeLister): void {
    this.#first.stop();
    this.#first = next;
    this.#count -= 1;
    this.#cut();
  }

  #goOnAlone(): void {
    for (let range = this.#first.next; range !== undefined; range = range.next) range.stop();
    this.#first.next = undefined;
    this.#last = this.#first;
    this.#mayCut = false;
  }

  #newRange(after: Buffer | undefined, tryAtPages: number): RangeLister {
    const { fetch, prefix } = this.#options;
    const onPage = () => {
      this.#cut();
    };
    return new RangeLister({ fetch, prefix, after, onPage }, tryAtPages);
  }

  /** Begins another range where there may be one more. */
  #cut(): void {
    if (!this.#mayCut || this.#cutting || this.#count >= this.#options.listers) return;
    const last = this.#last;
    if (!last.open || !last.orderly) return;
    this.#cutting = true;
    void this.#points
      .next(last)
      .then(
        (point) => {
          if (point === undefined || !this.#mayCut || !last.open) return false;
          if (last.lastKey !== undefined && last.lastKey.compare(point) >= 0) return true;
          last.next = this.#newRange(point, 1);
          this.#last = last.next;
          this.#count += 1;
          return true;
        },
        () => {
          // What cannot be asked with a delimiter is listed as it is.
          this.#mayCut = false;
          return false;
        },
      )
      .then((again) => {
        this.#cutting = false;
        if (again) this.#cut();
      });
  }
}

/** Where the next range begins in a page; −1 where it does not. */
function beginOf({ after }: RangeLister, keys: readonly ListedKey[] | undefined): number {
  const last = keys?.at(-1);
  if (after === undefined || keys === undefined || last === undefined) return -1;
  if (last.key.compare(after) <= 0) return -1;
  return keys.findIndex(({ key }) => key.compare(after) > 0);
}
