/**
 * Lists one range of keys, from where it begins towards the end of the bucket, a few pages ahead of who
 * takes them.
 *
 * Always true: pages come in order; at most `MAX_AHEAD` wait to be taken; it stops by itself with the
 * page that reaches into the range behind it, and goes on when that range is taken away.
 */
import { LarderError, printableKey } from '../../common/index.ts';
import { newDirectories } from './directory-counts.ts';
import type { ListedKey, ListedPage } from './s3-list-xml.ts';

export interface PageRequest {
  readonly prefix: Buffer;
  readonly delimiter?: string;
  readonly startAfter?: Buffer;
  readonly token?: string;
}

export type PageFetch = (request: PageRequest) => Promise<ListedPage>;

export interface RangeListerOptions {
  readonly fetch: PageFetch;
  readonly prefix: Buffer;
  /** The range begins behind it; undefined: at the beginning. */
  readonly after: Buffer | undefined;
  /** Called after each page. */
  onPage(): void;
}

/**
 * Pages of a range that wait for their turn. A range is chosen to have about as many, so that each is
 * listed at full speed while the ones before it are consumed. The pages at its ends are asked for
 * twice: fewer would be more requests. More are memory: with 8 and a consumer that is slow, 10,000,000
 * keys took the worker to 560 MiB.
 */
export const MAX_AHEAD = 4;
/** Pages by which the sizes of directories are judged. */
const RECENT = 8;

export class RangeLister {
  readonly after: Buffer | undefined;
  /** The range behind this one, where there is one already. */
  next: RangeLister | undefined;
  lastKey: Buffer | undefined;
  pages = 0;
  /** The number of pages at which it is tried next to find another range in what is left. */
  tryAtPages: number;
  /** All keys so far came in order, and with all their bytes. */
  orderly = true;
  readonly #options: RangeListerOptions;
  readonly #waiting: (readonly ListedKey[])[] = [];
  readonly #directories: (readonly number[])[] = [];
  #token: string | undefined;
  #fetching = false;
  #ended = false;
  #stopped = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => undefined;

  constructor(options: RangeListerOptions, tryAtPages: number) {
    this.#options = options;
    this.after = options.after;
    this.tryAtPages = tryAtPages;
    this.#pump();
  }

  /** Whether more may follow what was fetched. */
  get open(): boolean {
    return !this.#ended && this.#failure === undefined;
  }

  /** Of the newest pages: how many directories of each depth begin in them (index 0: depth 1). */
  get recentDirectories(): readonly (readonly number[])[] {
    return this.#directories;
  }

  /** The keys of the next page; undefined at the end of the bucket. @throws what a request failed with */
  async take(): Promise<readonly ListedKey[] | undefined> {
    this.#pump();
    await this.#something();
    const keys = this.#waiting.shift();
    if (keys !== undefined) {
      this.#pump();
      return keys;
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    return undefined;
  }

  /**
   * Whether this range begins with `key` (undefined: has none). False too where it could not be listed.
   */
  async beginsWith(key: Buffer | undefined): Promise<boolean> {
    await this.#something();
    const first = this.#waiting[0]?.[0]?.key;
    if (first !== undefined) return key?.equals(first) === true;
    return key === undefined && this.#failure === undefined;
  }

  /** Nothing more of it is wanted. */
  stop(): void {
    this.#stopped = true;
  }

  /** Resolves when there is a page, the end or a failure. */
  async #something(): Promise<void> {
    while (this.#waiting.length === 0 && this.open) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #pump(): void {
    if (this.#fetching || this.#stopped || !this.open) return;
    if (this.#waiting.length >= MAX_AHEAD || this.#reachesNext()) return;
    this.#fetching = true;
    void this.#fetch()
      .catch((error: unknown) => {
        this.#failure = { error };
      })
      .finally(() => {
        this.#fetching = false;
        this.#wake();
        this.#options.onPage();
        this.#pump();
      });
  }

  #reachesNext(): boolean {
    const end = this.next?.after;
    return end !== undefined && this.lastKey !== undefined && this.lastKey.compare(end) > 0;
  }

  async #fetch(): Promise<void> {
    const { fetch, prefix, after } = this.#options;
    const token = this.#token;
    const page = await fetch({
      prefix,
      ...(token === undefined ? {} : { token }),
      ...(token === undefined && after !== undefined ? { startAfter: after } : {}),
    });
    if (page.nextToken !== undefined && page.nextToken === token) throw this.#stuck();
    this.#token = page.nextToken;
    this.#ended = page.nextToken === undefined;
    this.pages += 1;
    const last = page.keys.at(-1);
    if (last === undefined) return;
    this.orderly &&= isOrderly(page.keys, this.lastKey ?? after);
    this.#directories.push(newDirectories(page.keys, prefix.length, this.lastKey));
    if (this.#directories.length > RECENT) this.#directories.shift();
    this.lastKey = last.key;
    this.#waiting.push(page.keys);
  }

  #stuck(): LarderError {
    const after = this.lastKey === undefined ? undefined : printableKey(this.lastKey);
    return new LarderError('ORIGIN_BAD_RESPONSE', { listing: 'the same page again', after });
  }
}

function isOrderly(keys: readonly ListedKey[], after: Buffer | undefined): boolean {
  let last = after;
  return keys.every(({ key, lossy }) => {
    const comesAfter = !lossy && (last === undefined || last.compare(key) < 0);
    last = key;
    return comesAfter;
  });
}
