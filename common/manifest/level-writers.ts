/** The open pages of all levels, and the index of the pages that have left. */
import assert from 'node:assert';
import type { LateEntry, PageRow } from './footer.ts';
import { PageWriter } from './page-writer.ts';
import type { Row } from './page-writer.ts';
import type { ManifestSink } from './types.ts';

interface Level {
  readonly page: PageWriter;
  /** In pages that have left. */
  written: number;
}

export class LevelWriters {
  readonly #sink: ManifestSink;
  readonly #startBlock: number;
  readonly #levels: Level[] = [];
  readonly #pages: PageRow[] = [];
  readonly #late: LateEntry[] = [];
  #offsetBytes = 0;

  constructor(sink: ManifestSink, startBlock: number) {
    this.#sink = sink;
    this.#startBlock = startBlock;
  }

  entries(level: number): number {
    const found = this.#levels[level];
    return found === undefined ? 0 : found.written + found.page.entries;
  }

  append(level: number, row: Row): void {
    const { page } = this.#level(level);
    page.append(row);
    if (page.full) this.#flush(level);
  }

  /** Hides an entry in its open page, or in the footer where the page has left. */
  hide(level: number, index: number): void {
    const { page, written } = this.#level(level);
    if (index >= written) page.hide(index - written);
    else this.#late.push({ level, index });
  }

  finish() {
    for (const level of this.#levels.keys()) this.#flush(level);
    return {
      pages: this.#pages,
      levels: this.#levels.map(({ written }) => written),
      late: this.#late,
      offsetBytes: this.#offsetBytes,
    };
  }

  #level(level: number): Level {
    while (this.#levels.length <= level) {
      this.#levels.push({ page: new PageWriter(this.#startBlock), written: 0 });
    }
    const found = this.#levels[level];
    assert(found !== undefined);
    return found;
  }

  #flush(level: number): void {
    const state = this.#level(level);
    const { page, written } = state;
    if (page.entries === 0) return;
    const { stored, ...encoded } = page.encode(level, written);
    this.#pages.push({
      ...encoded,
      number: this.#pages.length,
      level,
      firstIndex: written,
      entries: page.entries,
      offsetBytes: this.#offsetBytes,
      lengthBytes: stored.length,
    });
    this.#sink.append(stored);
    this.#offsetBytes += stored.length;
    state.written += page.entries;
    page.clear();
  }
}
