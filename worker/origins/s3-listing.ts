/**
 * The keys below a prefix, as entries: what the pages hold that `OrderedPages` brings.
 *
 * Always true: keys are strictly increasing by bytes and below the prefix, or the listing fails. A
 * key that ends in `/` is a marker: it stands for the directory, whatever its content.
 */
import type { ListingEntry } from '../../common/index.ts';
import { LarderError, printableKey } from '../../common/index.ts';
import type { ListingBatch, SkippedKey } from './origin.ts';
import type { S3Channel } from './s3-channel.ts';
import { badAnswer, type S3Subject } from './s3-failures.ts';
import { OrderedPages } from './ordered-pages.ts';
import type { PageRequest } from './range-lister.ts';
import { MalformedListing, parseListing, type ListedKey, type ListedPage } from './s3-list-xml.ts';

export interface S3ListingOptions {
  readonly channel: S3Channel;
  readonly prefix: Buffer;
  readonly pageKeys: number;
  /** Ranges of keys that are listed at once. */
  readonly listers: number;
  readonly signal: AbortSignal;
}

/** Object stores have no owners and modes; what an object's metadata says of them is not followed. */
const FILE_MODE = 0o644;
const DIRECTORY_MODE = 0o755;
/** A page of 1,000 keys of 1,024 bytes, each as `%XX`, is below 4 MiB. */
const MAX_PAGE_BYTES = 16 * 1024 * 1024;
const SLASH = 0x2f;

export async function* listBucket(options: S3ListingOptions): AsyncGenerator<ListingBatch> {
  const { channel, prefix, pageKeys, listers } = options;
  const stopped = new AbortController();
  const signal = AbortSignal.any([options.signal, stopped.signal]);
  const order = new ListingOrder(prefix);
  const fetch = (request: PageRequest) => fetchPage(channel, queryOf(request, pageKeys), signal);
  try {
    for await (const keys of new OrderedPages({ fetch, prefix, listers }).pages()) {
      const batch = toBatch(keys, order);
      if (batch.entries.length + batch.skipped.length > 0) yield batch;
    }
  } finally {
    stopped.abort();
  }
}

function queryOf(request: PageRequest, pageKeys: number): Record<string, string> {
  const { prefix, delimiter, startAfter, token } = request;
  return {
    'encoding-type': 'url',
    'list-type': '2',
    'max-keys': String(pageKeys),
    prefix: prefix.toString(),
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(startAfter === undefined ? {} : { 'start-after': startAfter.toString() }),
    ...(token === undefined ? {} : { 'continuation-token': token }),
  };
}

async function fetchPage(
  channel: S3Channel,
  query: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<ListedPage> {
  let page: ListedPage | undefined;
  await channel.get({
    key: undefined,
    query,
    signal,
    ready: () => undefined,
    start: (subject) => {
      const collected: Buffer[] = [];
      let bytes = 0;
      const body = (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_PAGE_BYTES) throw badAnswer(subject, 'fail', { listingPageBytes: bytes });
        collected.push(Buffer.from(chunk));
        return undefined;
      };
      const end = () => {
        page = parsePage(Buffer.concat(collected), subject);
      };
      return { headers: {}, receiver: { head: () => undefined, body, end } };
    },
  });
  return page ?? { keys: [], prefixes: [], nextToken: undefined };
}

function parsePage(xml: Buffer, subject: S3Subject): ListedPage {
  try {
    return parseListing(xml);
  } catch (error) {
    if (!(error instanceof MalformedListing)) throw error;
    throw badAnswer(subject, 'again', { listing: error.message });
  }
}

function toBatch(keys: readonly ListedKey[], order: ListingOrder): ListingBatch {
  const entries: ListingEntry[] = [];
  const skipped: SkippedKey[] = [];
  for (const listed of keys) {
    if (listed.lossy) {
      skipped.push({ key: order.below(listed.key), reason: 'lossy-listing' });
      continue;
    }
    const key = order.next(listed.key);
    if (key.length > 0) entries.push(toEntry(key, listed));
    // The prefix's own marker is the root, which every version has.
    else if (listed.sizeBytes > 0) skipped.push({ key, reason: 'marker-content' });
  }
  return { entries, skipped };
}

function toEntry(key: Buffer, listed: ListedKey): ListingEntry {
  const directory = key[key.length - 1] === SLASH;
  const strong = listed.etag !== '' && !directory;
  return {
    key,
    kind: directory ? 'directory' : 'file',
    sizeBytes: listed.sizeBytes,
    mtimeS: Math.floor(listed.modifiedMs / 1_000),
    mtimeNs: 0,
    mode: directory ? DIRECTORY_MODE : FILE_MODE,
    uid: 0,
    gid: 0,
    validator: strong ? { kind: 'etag', etag: listed.etag } : { kind: 'modified' },
  };
}

class ListingOrder {
  readonly #prefix: Buffer;
  #last: Buffer | undefined;

  constructor(prefix: Buffer) {
    this.#prefix = prefix;
  }

  /** The part below the prefix. @throws {LarderError} `ORIGIN_BAD_RESPONSE` */
  below(key: Buffer): Buffer {
    const prefixBytes = this.#prefix.length;
    if (key.subarray(0, prefixBytes).equals(this.#prefix)) return key.subarray(prefixBytes);
    throw new LarderError('ORIGIN_BAD_RESPONSE', {
      key: printableKey(key),
      expectedPrefix: printableKey(this.#prefix),
    });
  }

  /** `below` for the next key in order. @throws {LarderError} `LISTING_UNSORTED` too */
  next(key: Buffer): Buffer {
    const below = this.below(key);
    if (this.#last !== undefined && this.#last.compare(key) >= 0) {
      throw new LarderError('LISTING_UNSORTED', {
        key: printableKey(key),
        after: printableKey(this.#last),
      });
    }
    this.#last = key;
    return below;
  }
}
