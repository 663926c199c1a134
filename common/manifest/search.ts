/**
 * Looks a name up in one directory's run of entries, decoding one page as a rule.
 *
 * A file sorts as `name` and a directory as `name/`, with everything that begins with `name` and a
 * byte below `/` between them (`blue`, `blue-1`, `blue.txt`, `blue/`). So one search finds the file
 * or tells that nothing begins with the name; only otherwise is there a second one.
 */
import { MANIFEST_PAGE_ENTRIES } from '../limits.ts';
import { PAGE_MASK, PAGE_SHIFT } from './format.ts';
import { SLASH } from './keys.ts';
import type { Page } from './page.ts';
import type { PageCache } from './page-cache.ts';

export interface Run {
  readonly level: number;
  readonly start: number;
  readonly end: number;
  /** Throws unless an entry names the directory as its own: only among those are the names in order. */
  checkParent(index: number, page: Page): void;
  /** What the footer knows of an entry that was hidden after its page had left. */
  isHidden(index: number): boolean;
}

/** @returns the index in the level, or −1 */
export function searchDirectory(pages: PageCache, name: Buffer, run: Run): number {
  const { level, end } = run;
  const at = lowerBound(pages, name, run);
  if (at >= end) return -1;
  const page = pages.page(level, at);
  const slot = at & PAGE_MASK;
  const isExactFile = page.compare(slot, name) === 0;
  if (isExactFile && !page.isHidden(slot) && !run.isHidden(at)) return at;
  if (!page.nameStartsWith(slot, name)) return -1;
  const nameBytes = page.nameEnd(slot) - (page.nameStart[slot] ?? 0);
  if (page.isDirectory(slot) && nameBytes === name.length) return at;

  const key = Buffer.allocUnsafe(name.length + 1);
  name.copy(key);
  key[name.length] = SLASH;
  const second = lowerBound(pages, key, { ...run, start: at });
  if (second >= end) return -1;
  const found = pages.page(level, second).compare(second & PAGE_MASK, key) === 0;
  return found ? second : -1;
}

/** The first index whose sort key is not below `key`: over the page index, then inside one page. */
function lowerBound(pages: PageCache, key: Buffer, run: Run): number {
  const { level, start, end } = run;
  const rows = pages.rows[level] ?? [];
  let low = (start >>> PAGE_SHIFT) + 1;
  let high = ((end - 1) >>> PAGE_SHIFT) + 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const first = rows[middle]?.firstKey;
    if (first !== undefined && first.compare(key) <= 0) low = middle + 1;
    else high = middle;
  }
  let from = Math.max(start, (low - 1) * MANIFEST_PAGE_ENTRIES);
  let to = Math.min(end, low * MANIFEST_PAGE_ENTRIES);
  const page = pages.page(level, from);
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    run.checkParent(middle, page);
    if (page.compare(middle & PAGE_MASK, key) < 0) from = middle + 1;
    else to = middle;
  }
  return from;
}
