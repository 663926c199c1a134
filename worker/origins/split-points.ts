/**
 * Finds keys at which what is left of a listing can be cut, so that parts of it are listed at once:
 * directories (common prefixes) that the origin tells of when it is asked with a delimiter.
 *
 * What it finds decides how fast a listing is, and nothing else: a range may begin at any key.
 */
import { isUtf8 } from 'node:buffer';
import { MAX_AHEAD } from './range-lister.ts';
import type { PageFetch, RangeLister } from './range-lister.ts';

const SLASH = 0x2f;

export class SplitPoints {
  readonly #fetch: PageFetch;
  readonly #prefix: Buffer;
  /** In order. */
  #known: readonly Buffer[] = [];
  /** So many of them have about the keys of one range. */
  #stride = 1;

  constructor(fetch: PageFetch, prefix: Buffer) {
    this.#fetch = fetch;
    this.#prefix = prefix;
  }

  /**
   * Where the next range could begin, behind everything that the last one has fetched.
   *
   * @returns undefined where nothing is found for now
   * @throws what a request failed with
   */
  async next(last: RangeLister): Promise<Buffer | undefined> {
    const from = last.lastKey ?? last.after;
    this.#known = from === undefined ? [] : this.#known.filter((point) => point.compare(from) > 0);
    if (this.#known.length === 0) {
      const { lastKey, pages } = last;
      if (lastKey === undefined || pages < last.tryAtPages) return undefined;
      this.#known = await this.#discover(lastKey, last.recentDirectories);
      // In one huge directory nothing is found, time and again.
      last.tryAtPages = pages * 2;
    }
    const at = Math.min(this.#stride, this.#known.length) - 1;
    const point = this.#known[at];
    this.#known = this.#known.slice(at + 1);
    return point;
  }

  /**
   * Directories that follow `key`: of the shallowest depth of which the newest pages have seen several,
   * so that a range holds some; else of the deepest one, or of one above it.
   */
  async #discover(key: Buffer, recent: readonly (readonly number[])[]): Promise<Buffer[]> {
    const starts = directoryStarts(key, this.#prefix.length);
    const begun = starts.map((_, depth) =>
      recent.reduce((sum, counts) => sum + (counts[depth] ?? 0), 0),
    );
    const several = begun.findIndex((count) => count > 1);
    const chosen = several === -1 ? starts.length - 1 : several;
    for (let depth = chosen; depth >= 0; depth -= 1) {
      const found = await this.#siblings(key, starts[depth] ?? 0);
      if (found.length === 0) continue;
      // Of a depth above, nobody knows what the next one holds.
      if (depth < chosen) return found.slice(0, 1);
      const perPage = ((begun[depth] ?? 0) + 1) / (recent.length + 1);
      this.#stride = Math.max(1, Math.round(MAX_AHEAD * perPage));
      return found;
    }
    return [];
  }

  /** The directories behind `key` in the directory that is its first `start` bytes. */
  async #siblings(key: Buffer, start: number): Promise<Buffer[]> {
    const parent = key.subarray(0, start);
    if (!isUtf8(key)) return [];
    const page = await this.#fetch({ prefix: parent, delimiter: '/', startAfter: key });
    return page.prefixes.filter(
      (found) =>
        isUtf8(found) &&
        found.compare(key) > 0 &&
        found.subarray(0, start).equals(parent) &&
        found.at(-1) === SLASH,
    );
  }
}

/** Where the name of the directory of depth 1, 2, … begins in a key. */
function directoryStarts(key: Buffer, prefixBytes: number): number[] {
  const starts: number[] = [];
  let start = prefixBytes;
  for (let slash = key.indexOf(SLASH, start); slash >= 0; slash = key.indexOf(SLASH, start)) {
    starts.push(start);
    start = slash + 1;
  }
  // A file beside directories: they can be cut too.
  if (starts.length === 0) starts.push(prefixBytes);
  return starts;
}
