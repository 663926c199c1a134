/**
 * Decoded pages of one manifest: read, checked against the footer, decoded, and kept in a bounded
 * LRU.
 *
 * Always true: once a page was found damaged, nothing more of the manifest is given out.
 */
import { crc32 } from '@node-rs/crc32';
import { LarderError } from '../errors.ts';
import { PAGE_SHIFT, PageMissing, corrupt } from './format.ts';
import type { Footer, PageRow } from './footer.ts';
import { decodePage } from './page-decode.ts';
import type { Page, PageBounds } from './page.ts';
import type { PageSource } from './types.ts';

export class PageCache {
  /** The pages of each level, in order. */
  readonly rows: readonly (readonly PageRow[])[];
  readonly #source: PageSource;
  readonly #bounds: readonly PageBounds[];
  readonly #maxPages: number;
  readonly #whole: boolean;
  readonly #pages = new Map<number, Page>();
  #lastRow: PageRow | undefined = undefined;
  #last: Page | undefined = undefined;
  #damage: LarderError | undefined = undefined;

  constructor(source: PageSource, footer: Footer, options: { maxPages: number; whole: boolean }) {
    this.#source = source;
    this.#maxPages = options.maxPages;
    this.#whole = options.whole;
    const rows: PageRow[][] = footer.levels.map(() => []);
    for (const row of footer.pages) rows[row.level]?.push(row);
    this.rows = rows;
    this.#bounds = footer.levels.map((_, level) => ({
      parents: footer.levels[level - 1] ?? 1,
      children: footer.levels[level + 1] ?? 0,
      nextBlock: footer.sums.nextBlock,
      blockSizeBytes: footer.sums.blockSizeBytes,
    }));
  }

  /**
   * The page that has the entry `index` of a level; the index exists.
   *
   * @throws {PageMissing} unless the file is whole
   * @throws {LarderError} `MANIFEST_CORRUPT`
   */
  page(level: number, index: number): Page {
    const row = this.row(level, index);
    if (row === undefined) throw this.damaged('an entry points to one that does not exist');
    if (row === this.#lastRow && this.#last !== undefined) return this.#last;
    if (this.#damage !== undefined) throw this.#damage;
    let page = this.#pages.get(row.number);
    if (page === undefined) {
      page = this.#load(row);
      if (this.#pages.size >= this.#maxPages) this.#evictOldest();
    } else {
      this.#pages.delete(row.number);
    }
    this.#pages.set(row.number, page);
    this.#lastRow = row;
    this.#last = page;
    return page;
  }

  row(level: number, index: number): PageRow | undefined {
    return this.rows[level]?.[index >>> PAGE_SHIFT];
  }

  /** The manifest lies: nothing more of it is served. */
  damaged(what: string, row?: PageRow, entry?: number): LarderError {
    const where = { file: this.#source.name };
    const error = corrupt(row === undefined ? where : { ...where, page: row.number }, what, entry);
    this.#stop(error);
    return error;
  }

  #load(row: PageRow): Page {
    const where = { file: this.#source.name, page: row.number };
    const stored = this.#source.read(row.offsetBytes, row.lengthBytes);
    const arrived = stored.length === row.lengthBytes && crc32(stored) === row.crc;
    if (!arrived && !this.#whole) throw new PageMissing(row);
    if (!arrived) throw this.damaged('its checksum does not match', row);
    const bounds = this.#bounds[row.level];
    if (bounds === undefined) throw this.damaged('its level does not exist', row);
    try {
      return decodePage(stored, row, bounds, where);
    } catch (error) {
      if (error instanceof LarderError) this.#stop(error);
      throw error;
    }
  }

  #stop(error: LarderError): void {
    this.#damage = error;
    this.#pages.clear();
    this.#lastRow = undefined;
    this.#last = undefined;
  }

  #evictOldest(): void {
    const oldest = this.#pages.keys().next();
    if (oldest.done !== true) this.#pages.delete(oldest.value);
  }
}
