import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OrderedPages } from '../../../../worker/origins/ordered-pages.ts';
import type { PageFetch, PageRequest } from '../../../../worker/origins/range-lister.ts';
import type { ListedKey, ListedPage } from '../../../../worker/origins/s3-list-xml.ts';

const PAGE_KEYS = 10;
const SLASH = 0x2f;

/** ListObjectsV2 over keys in memory; answers come in any order. */
class Bucket {
  readonly requests: PageRequest[] = [];
  readonly keys: Buffer[];
  /** Requests under way at once, at most. */
  busiest = 0;
  #busy = 0;

  constructor(keys: readonly (string | Buffer)[]) {
    const unique = new Map(keys.map((key) => [Buffer.from(key).toString('latin1'), key]));
    this.keys = [...unique.values()].map((key) => Buffer.from(key)).sort(Buffer.compare);
  }

  readonly fetch: PageFetch = async (request) => {
    this.requests.push(request);
    this.#busy += 1;
    this.busiest = Math.max(this.busiest, this.#busy);
    const turns = (this.requests.length * 7) % 5;
    for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
    this.#busy -= 1;
    return this.answer(request);
  };

  answer({ prefix, delimiter, startAfter, token }: PageRequest): ListedPage {
    const after = token === undefined ? startAfter : Buffer.from(token, 'hex');
    const page = { keys: [] as ListedKey[], prefixes: [] as Buffer[] };
    let last: Buffer | undefined;
    for (const key of this.keys) {
      if (!key.subarray(0, prefix.length).equals(prefix)) continue;
      const slash = delimiter === undefined ? -1 : key.indexOf(SLASH, prefix.length);
      const position = slash === -1 ? key : key.subarray(0, slash + 1);
      if (last?.equals(position) === true) continue;
      if (after !== undefined && (slash === -1 ? position : key).compare(after) <= 0) continue;
      if (page.keys.length + page.prefixes.length === PAGE_KEYS) {
        return { ...page, nextToken: (last ?? position).toString('hex') };
      }
      if (slash === -1) page.keys.push(listed(key));
      else page.prefixes.push(position);
      last = position;
    }
    return { ...page, nextToken: undefined };
  }

  /** Where listers began that did not begin at the beginning. */
  get cuts(): PageRequest[] {
    return this.requests.filter(
      ({ delimiter, startAfter }) => delimiter === undefined && startAfter !== undefined,
    );
  }
}

function listed(key: Buffer): ListedKey {
  return { key, sizeBytes: 1, modifiedMs: 0, etag: 'e', lossy: false };
}

async function collect(fetch: PageFetch, prefix = '', listers = 4): Promise<string[]> {
  const pages = new OrderedPages({ fetch, prefix: Buffer.from(prefix), listers }).pages();
  const keys: string[] = [];
  for await (const page of pages) {
    for (const { key } of page) keys.push(key.toString('latin1'));
    // Who consumes is slow at times: the others get ahead.
    if (keys.length % 3 === 0) await new Promise(setImmediate);
  }
  return keys;
}

function inOrder({ keys }: Bucket): string[] {
  return keys.map((key) => key.toString('latin1'));
}

function tree(directories: number, each: number): string[] {
  return Array.from({ length: directories * each }, (_, i) => {
    const directory = String(Math.floor(i / each)).padStart(4, '0');
    return `d${directory}/f${String(i % each).padStart(4, '0')}`;
  });
}

describe('OrderedPages', () => {
  it('lists directories at once, and their keys in order', async () => {
    const bucket = new Bucket(tree(100, 12));
    expect(await collect(bucket.fetch)).toEqual(inOrder(bucket));
    expect(bucket.cuts.length).toBeGreaterThan(3);
    expect(bucket.busiest).toBeGreaterThan(2);
    // Each seam costs at most a page, each look for directories one.
    expect(bucket.requests.length).toBeLessThan(120 * 1.6);
  });

  it('finds directories that are deeper, and those beside them', async () => {
    const names = tree(60, 12);
    const bucket = new Bucket(
      ['train', 'val', 'test'].flatMap((part) => names.map((name) => `x/${part}/${name}`)),
    );
    expect(await collect(bucket.fetch, 'x/')).toEqual(inOrder(bucket));
    const begun = bucket.cuts.map(({ startAfter }) => startAfter?.toString().slice(0, 6));
    expect(new Set(begun)).toEqual(new Set(['x/test', 'x/trai', 'x/val/']));
  });

  it('asks for a short listing page by page', async () => {
    const bucket = new Bucket(tree(2, 10));
    expect(await collect(bucket.fetch)).toEqual(inOrder(bucket));
    expect(bucket.requests).toHaveLength(2);
  });

  it('does not look for directories again and again where there are none', async () => {
    const bucket = new Bucket(tree(1, 1_000));
    expect(await collect(bucket.fetch)).toEqual(inOrder(bucket));
    expect(bucket.requests.length).toBeLessThan(100 + 8);
  });

  it('keeps a bounded number of pages', async () => {
    const bucket = new Bucket(tree(200, 12));
    const pages = new OrderedPages({
      fetch: bucket.fetch,
      prefix: Buffer.alloc(0),
      listers: 4,
    }).pages();
    await pages.next();
    for (let turn = 0; turn < 1_000; turn += 1) await new Promise(setImmediate);
    expect(bucket.requests.length).toBeGreaterThan(10);
    // 4 ranges × 4 pages, the one that was taken, and looks for directories.
    expect(bucket.requests.length).toBeLessThan(17 + 8);
    await pages.return();
  });

  it('lists any keys as one lister does', async () => {
    const segment = fc.constantFrom(
      'a',
      'b',
      'b-',
      'b0',
      '',
      '.',
      '..',
      'ü',
      '\u{1F600}',
      '\uFFFD',
      '+ %',
      '\n',
    );
    const key = fc.oneof(
      fc
        .array(segment, { minLength: 1, maxLength: 5 })
        .map((parts) => Buffer.from(parts.join('/'))),
      fc.uint8Array({ minLength: 1, maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
    );
    const keys = fc.array(key, { maxLength: 400, size: 'max' });
    await fc.assert(
      fc.asyncProperty(keys, fc.integer({ min: 1, max: 6 }), async (some, listers) => {
        const bucket = new Bucket(some);
        expect(await collect(bucket.fetch, '', listers)).toEqual(inOrder(bucket));
      }),
      { numRuns: 150 },
    );
  });

  it('goes on alone where the origin does not know start-after', async () => {
    const bucket = new Bucket(tree(50, 12));
    const fetch: PageFetch = (request) => {
      const { startAfter: _, ...rest } = request;
      return bucket.fetch(request.delimiter === undefined ? rest : request);
    };
    expect(await collect(fetch)).toEqual(inOrder(bucket));
  });

  it('goes on alone where the origin begins a range too late', async () => {
    const bucket = new Bucket(tree(50, 12));
    const fetch: PageFetch = async (request) => {
      const page = await bucket.fetch(request);
      if (request.startAfter === undefined || request.delimiter !== undefined) return page;
      return { ...page, keys: page.keys.slice(1) };
    };
    expect(await collect(fetch)).toEqual(inOrder(bucket));
  });

  it('goes on alone where a range cannot be begun', async () => {
    const bucket = new Bucket(tree(50, 12));
    let failed = 0;
    const fetch: PageFetch = async (request) => {
      if (request.startAfter === undefined || request.delimiter !== undefined) {
        return bucket.fetch(request);
      }
      failed += 1;
      throw new Error('not this one');
    };
    expect(await collect(fetch)).toEqual(inOrder(bucket));
    expect(failed).toBeGreaterThan(0);
  });

  it('lists page by page where the origin knows no delimiter', async () => {
    const bucket = new Bucket(tree(50, 12));
    const fetch: PageFetch = async (request) => {
      if (request.delimiter !== undefined) throw new Error('no delimiters');
      return bucket.fetch(request);
    };
    expect(await collect(fetch)).toEqual(inOrder(bucket));
    expect(bucket.cuts).toEqual([]);
  });

  it('fails with what a lister failed with in the middle of its range', async () => {
    const bucket = new Bucket(tree(50, 12));
    const middle = Buffer.from('d0025/f0005');
    const fetch: PageFetch = async (request) => {
      const page = await bucket.fetch(request);
      if (page.keys.some(({ key }) => key.equals(middle))) throw new Error('the middle');
      return page;
    };
    await expect(collect(fetch)).rejects.toThrow('the middle');
  });

  it('cuts between a marker and what is below it', async () => {
    const markers = Array.from({ length: 100 }, (_, i) => `d${String(i).padStart(4, '0')}/`);
    const bucket = new Bucket([...markers, ...tree(100, 12)]);
    expect(await collect(bucket.fetch)).toEqual(inOrder(bucket));
    expect(bucket.cuts.length).toBeGreaterThan(3);
  });

  it('loses no key of an origin that does not sort', async () => {
    const bucket = new Bucket(tree(100, 12));
    const fetch: PageFetch = async (request) => {
      const page = await bucket.fetch(request);
      // In order at first, so that there are ranges.
      if (request.token === undefined || bucket.requests.length < 8) return page;
      return { ...page, keys: [...page.keys.slice(0, 5).toReversed(), ...page.keys.slice(5)] };
    };
    // Who consumes them finds that they are not in order.
    expect((await collect(fetch)).toSorted()).toEqual(inOrder(bucket));
    expect(bucket.cuts.length).toBeGreaterThan(1);
  });

  it('loses no key that comes too late in a page with a seam', async () => {
    const bucket = new Bucket(tree(100, 12));
    const fetch: PageFetch = async (request) => {
      const page = await bucket.fetch(request);
      // The last key of a directory after the first of the next one: that is where ranges meet.
      const begin = page.keys.findIndex(({ key }) => key.toString().endsWith('/f0000'));
      if (bucket.cuts.length === 0 || request.token === undefined || begin < 1) return page;
      const [late, first] = page.keys.slice(begin - 1, begin + 1);
      return late === undefined || first === undefined
        ? page
        : { ...page, keys: page.keys.with(begin - 1, first).with(begin, late) };
    };
    expect((await collect(fetch)).toSorted()).toEqual(inOrder(bucket));
    expect(bucket.cuts.length).toBeGreaterThan(0);
  });
});
