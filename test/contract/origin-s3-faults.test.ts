/** What a misbehaving S3 server can do to a read or a listing, and what must come of it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ListingEntry } from '../../common/index.ts';
import {
  entryOf,
  listAll,
  readBytes,
  s3Harness,
  type S3Harness,
} from '../support/origin-harness.ts';
import { patternBytes, type FaultAction } from '../support/s3/index.ts';
import type { Origin } from '../../worker/origins/index.ts';

const CONTENT = patternBytes(7, 0, 3_000_000);
const OFFSET = 500_000;
const LENGTH = 2_000_000;
const KEY = 'object';

let harness: S3Harness;
let origin: Origin;
let object: ListingEntry;

beforeEach(async () => {
  harness = await s3Harness();
  await harness.put(KEY, CONTENT);
  origin = harness.open();
  object = await entryOf(origin, KEY);
});
afterEach(async () => {
  await origin[Symbol.asyncDispose]();
  await harness[Symbol.asyncDispose]();
});

function readRange(from: Origin = origin): Promise<Buffer> {
  return readBytes(from, object, { offsetBytes: OFFSET, lengthBytes: LENGTH });
}

function fault(action: FaultAction, times = 1, nth = 1): void {
  harness.server.faults.add({ action, operation: 'get', times, nth });
}

/** Pieces as the sink got them, checked for place while they come. */
async function expectDeliveredOnce(): Promise<void> {
  const bytes = await readRange();
  expect(bytes.length).toBe(LENGTH);
  expect(bytes.equals(CONTENT.subarray(OFFSET, OFFSET + LENGTH))).toBe(true);
}

const transient: [string, FaultAction][] = [
  ['a short body and a clean close', { kind: 'shortBody', afterBytes: 700_000 }],
  ['headers and nothing else', { kind: 'shortBody', afterBytes: 0 }],
  ['a whole answer of fewer bytes', { kind: 'shortLength', lessBytes: 1 }],
  ['a reset in the middle', { kind: 'reset', afterBytes: 700_000 }],
  ['a hang before the headers', { kind: 'hang', afterBytes: -1 }],
  ['a hang in the middle', { kind: 'hang', afterBytes: 700_000 }],
  ['another range', { kind: 'otherRange', shiftBytes: -100 }],
  [
    'a Content-Range that is not the asked one',
    { kind: 'contentRange', value: 'bytes 0-9/3000000' },
  ],
  ['a Content-Range that is none', { kind: 'contentRange', value: 'pages 1-2' }],
  [
    'more bytes than the range, by Content-Length',
    { kind: 'extraBytes', bytes: 10, framing: 'length' },
  ],
  ['the whole object instead of the range', { kind: 'ignoreRange' }],
  ['500', { kind: 'status', status: 500, code: 'InternalError' }],
  ['502 with a page of a proxy', { kind: 'status', status: 502, body: '<html>Bad Gateway</html>' }],
  ['503 SlowDown', { kind: 'status', status: 503, code: 'SlowDown' }],
  [
    '429',
    { kind: 'status', status: 429, code: 'TooManyRequests', headers: { 'retry-after': '0' } },
  ],
  ['400 RequestTimeout', { kind: 'status', status: 400, code: 'RequestTimeout' }],
  ['a connection closed without an answer', { kind: 'drop' }],
];

describe('a read goes on after', () => {
  it.each(transient)('%s, and gives each byte once', async (_name, action) => {
    fault(action);
    await expectDeliveredOnce();
    expect(origin.counters.gets).toBe(2);
    expect(harness.server.counters.gets).toBe(2);
  });

  it('three different faults in one read', async () => {
    fault({ kind: 'reset', afterBytes: 300_000 }, 1, 1);
    fault({ kind: 'shortBody', afterBytes: 300_000 }, 1, 2);
    fault({ kind: 'status', status: 503, code: 'SlowDown' }, 1, 3);
    await expectDeliveredOnce();
    expect(origin.counters.gets).toBe(4);
  });

  it('chunks without a length', async () => {
    fault({ kind: 'chunked' });
    await expectDeliveredOnce();
    expect(origin.counters.gets).toBe(1);
  });
});

it('a try begins where the received bytes stopped, under the same condition', async () => {
  fault({ kind: 'shortBody', afterBytes: 1_048_576 });
  await expectDeliveredOnce();
  const gets = harness.server.requests.filter(({ operation }) => operation === 'get');
  const last = OFFSET + LENGTH - 1;
  const etag = object.validator.kind === 'etag' ? object.validator.etag : '';
  expect(gets.map(({ headers }) => headers.range)).toEqual([
    `bytes=${OFFSET}-${last}`,
    `bytes=${OFFSET + 1_048_576}-${last}`,
  ]);
  expect(gets.map(({ headers }) => headers['if-match'])).toEqual([`"${etag}"`, `"${etag}"`]);
});

it('a read of an origin that is closed meanwhile ends soon', async () => {
  fault({ kind: 'hang', afterBytes: 1_000 }, Infinity);
  const closing = harness.open();
  const read = readRange(closing);
  setTimeout(() => void closing[Symbol.asyncDispose](), 20);
  await expect(read).rejects.toMatchObject({ code: 'CANCELLED' });
});

it('a sink that cannot keep up holds its origin back, without another request', async () => {
  const pieces: Buffer[] = [];
  const signal = new AbortController().signal;
  await origin.read({ object, offsetBytes: OFFSET, lengthBytes: LENGTH, signal }, async (bytes) => {
    pieces.push(Buffer.from(bytes));
    await new Promise((done) => setTimeout(done, 5));
  });
  expect(Buffer.concat(pieces).equals(CONTENT.subarray(OFFSET, OFFSET + LENGTH))).toBe(true);
  expect(origin.counters.gets).toBe(1);
});

it('a connection that ends while the sink waits does not end the process', async () => {
  fault({ kind: 'shortBody', afterBytes: 100_000 });
  const pieces: Buffer[] = [];
  const signal = new AbortController().signal;
  await origin.read({ object, offsetBytes: OFFSET, lengthBytes: LENGTH, signal }, async (bytes) => {
    pieces.push(Buffer.from(bytes));
    await new Promise((done) => setTimeout(done, 10));
  });
  expect(Buffer.concat(pieces).equals(CONTENT.subarray(OFFSET, OFFSET + LENGTH))).toBe(true);
});

describe('a read fails, after as many tries as it may, with', () => {
  const lasting: [string, FaultAction, string][] = [
    [
      'ORIGIN_BAD_RESPONSE for short bodies',
      { kind: 'shortBody', afterBytes: 0 },
      'ORIGIN_BAD_RESPONSE',
    ],
    [
      'ORIGIN_BAD_RESPONSE for other ranges',
      { kind: 'otherRange', shiftBytes: 5 },
      'ORIGIN_BAD_RESPONSE',
    ],
    ['ORIGIN_UNREACHABLE for resets', { kind: 'reset', afterBytes: 0 }, 'ORIGIN_UNREACHABLE'],
    ['ORIGIN_UNREACHABLE for 500', { kind: 'status', status: 500 }, 'ORIGIN_UNREACHABLE'],
    [
      'ORIGIN_THROTTLED for SlowDown',
      { kind: 'status', status: 503, code: 'SlowDown' },
      'ORIGIN_THROTTLED',
    ],
  ];
  it.each(lasting)('%s', async (_name, action, code) => {
    await using impatient = harness.open({ tuning: { maxTries: 3 } });
    fault(action, Infinity);
    await expect(readRange(impatient)).rejects.toMatchObject({ code, facts: { tries: 3 } });
    expect(harness.server.counters.gets).toBe(3);
  });

  it('ORIGIN_UNREACHABLE for an origin that hangs', async () => {
    await using impatient = harness.open({ tuning: { maxTries: 2, headersTimeoutMs: 100 } });
    fault({ kind: 'hang', afterBytes: -1 }, Infinity);
    await expect(readRange(impatient)).rejects.toMatchObject({
      code: 'ORIGIN_UNREACHABLE',
      facts: { cause: 'UND_ERR_HEADERS_TIMEOUT', tries: 2 },
    });
  });

  it('the reason of the signal, while it hangs', async () => {
    fault({ kind: 'hang', afterBytes: 1_000 }, Infinity);
    const reason = new Error('deadline');
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 50);
    const read = readBytes(origin, object, { signal: controller.signal });
    await expect(read).rejects.toBe(reason);
  });
});

describe('a read fails at once, and is not tried again, for', () => {
  const final: [string, FaultAction, string][] = [
    [
      'bytes beyond the range in chunks',
      { kind: 'extraBytes', bytes: 10, framing: 'chunked' },
      'ORIGIN_BAD_RESPONSE',
    ],
    ['403', { kind: 'status', status: 403, code: 'AccessDenied' }, 'ORIGIN_DENIED'],
    ['404 of the object', { kind: 'status', status: 404, code: 'NoSuchKey' }, 'ORIGIN_CHANGED'],
    [
      '404 of the bucket',
      { kind: 'status', status: 404, code: 'NoSuchBucket' },
      'ORIGIN_NOT_FOUND',
    ],
    ['416', { kind: 'status', status: 416, code: 'InvalidRange' }, 'ORIGIN_CHANGED'],
    [
      'another total size',
      { kind: 'contentRange', value: 'bytes 500000-2499999/3000001' },
      'ORIGIN_CHANGED',
    ],
    [
      '400 that means nothing',
      { kind: 'status', status: 400, code: 'Strange' },
      'ORIGIN_BAD_RESPONSE',
    ],
    [
      'an archived object',
      { kind: 'status', status: 403, code: 'InvalidObjectState' },
      'ORIGIN_DENIED',
    ],
  ];
  it.each(final)('%s', async (_name, action, code) => {
    fault(action, Infinity);
    await expect(readRange()).rejects.toMatchObject({ code });
    expect(harness.server.counters.gets).toBe(1);
  });

  it('a redirect to another host, which is not followed', async () => {
    fault({
      kind: 'status',
      status: 307,
      headers: { location: 'http://169.254.169.254/latest?token=x' },
    });
    const read = readRange();
    await expect(read).rejects.toMatchObject({
      code: 'ORIGIN_BAD_RESPONSE',
      facts: { status: 307, redirectsTo: '169.254.169.254' },
    });
    await expect(read).rejects.not.toThrow(/token/);
  });
});

describe('versions are not mixed where the server', () => {
  const other = patternBytes(8, 0, CONTENT.length);

  it('ignores If-Match, but tells the ETag', async () => {
    await harness.put(KEY, other);
    fault({ kind: 'ignoreConditions' }, Infinity);
    await expect(readRange()).rejects.toMatchObject({ code: 'ORIGIN_CHANGED' });
  });

  it('swaps the object between two tries', async () => {
    fault({ kind: 'shortBody', afterBytes: 100_000 }, 1, 1);
    fault({ kind: 'swap', bytes: other, etag: 'another' }, Infinity, 2);
    await expect(readRange()).rejects.toMatchObject({ code: 'ORIGIN_CHANGED' });
  });

  it('has no ETags: Last-Modified tells', async () => {
    const at = Date.UTC(2024, 0, 1);
    const server = harness.server;
    server.put('training', 'set/weak', 'version 1', { etag: null, lastModifiedMs: at + 700 });
    const weak = await entryOf(origin, 'weak');
    expect(weak).toMatchObject({ validator: { kind: 'modified' }, mtimeS: at / 1000, mtimeNs: 0 });
    expect(String(await readBytes(origin, weak))).toBe('version 1');
    server.put('training', 'set/weak', 'version 2', { etag: null, lastModifiedMs: at + 1_700 });
    await expect(readBytes(origin, weak)).rejects.toMatchObject({ code: 'ORIGIN_CHANGED' });
    server.put('training', 'set/weak', 'version 3', { etag: null, lastModifiedMs: at + 9_000 });
    await expect(readBytes(origin, weak)).rejects.toMatchObject({ code: 'ORIGIN_CHANGED' });
  });

  it('has no ETags: the size tells', async () => {
    const lastModifiedMs = Date.UTC(2024, 0, 1);
    harness.server.put('training', 'set/weak', 'version 1', { etag: null, lastModifiedMs });
    const weak = await entryOf(origin, 'weak');
    harness.server.put('training', 'set/weak', 'version 10', { etag: null, lastModifiedMs });
    await expect(readBytes(origin, weak)).rejects.toMatchObject({ code: 'ORIGIN_CHANGED' });
  });
});

describe('a storm of SlowDown', () => {
  it('slows all reads of the origin, fails none, and multiplies nothing', async () => {
    harness.server.faults.add({
      action: { kind: 'status', status: 503, code: 'SlowDown', headers: { 'retry-after': '0' } },
      operation: 'get',
      times: 60,
    });
    const reads = Array.from({ length: 20 }, (_, i) =>
      readBytes(origin, object, { offsetBytes: i * 1_000, lengthBytes: 1_000 }),
    );
    for (const [i, bytes] of (await Promise.all(reads)).entries()) {
      expect(bytes.equals(CONTENT.subarray(i * 1_000, i * 1_000 + 1_000))).toBe(true);
    }
    expect(harness.server.counters.gets).toBe(20 + 60);
    expect(origin.counters.gets).toBe(20 + 60);
  });
});

describe('a listing', () => {
  const listFault = (action: FaultAction, times = 1, nth = 1) => {
    harness.server.faults.add({ action, operation: 'list', times, nth });
  };

  it.each([
    ['503', { kind: 'status', status: 503, code: 'SlowDown' }],
    ['a reset', { kind: 'reset', afterBytes: 50 }],
    ['half an answer', { kind: 'shortLength', lessBytes: 30 }],
    ['a page of a proxy', { kind: 'status', status: 502, body: '<html/>' }],
  ] as [string, FaultAction][])('goes on after %s on its second page', async (_name, action) => {
    for (let i = 0; i < 25; i += 1) await harness.put(`many/${i}`, Buffer.from('x'));
    await using small = harness.open({ tuning: { listPageKeys: 10 } });
    listFault(action, 1, 2);
    const { entries } = await listAll(small);
    expect(entries).toHaveLength(26);
  });

  it('that is not sorted is LISTING_UNSORTED', async () => {
    await harness.put('other', Buffer.from('x'));
    listFault({ kind: 'unsorted' });
    await expect(listAll(origin)).rejects.toMatchObject({ code: 'LISTING_UNSORTED' });
  });

  it('with 200 and something else than a listing is ORIGIN_BAD_RESPONSE', async () => {
    await using impatient = harness.open({ tuning: { maxTries: 2 } });
    listFault({ kind: 'status', status: 200, body: '<html><body>Sign in</body></html>' }, Infinity);
    await expect(listAll(impatient)).rejects.toMatchObject({ code: 'ORIGIN_BAD_RESPONSE' });
  });

  it('stops asking when nobody wants more', async () => {
    for (let i = 0; i < 50; i += 1) await harness.put(`many/${i}`, Buffer.from('x'));
    await using small = harness.open({ tuning: { listPageKeys: 5 } });
    const before = harness.server.counters.lists;
    for await (const batch of small.list(new AbortController().signal)) {
      expect(batch.entries).toHaveLength(5);
      break;
    }
    expect(harness.server.counters.lists - before).toBeLessThanOrEqual(2);
  });
});

describe('keys are bytes', () => {
  const odd: [string, Buffer][] = [
    ['invalid UTF-8', Buffer.from([0xff, 0xfe, 0x2f, 0x80])],
    ['half a surrogate', Buffer.from([0xed, 0xa0, 0x80])],
    ['control characters', Buffer.from('\u0001\u001b[31m\r\n\t\u007f')],
    ['NUL', Buffer.from('a\0b')],
    ['U+FFFF and U+FFFD', Buffer.from('\uffff\ufffd')],
    ['a right-to-left mark', Buffer.from('a\u202eb')],
    ['dots', Buffer.from('x/../y/./z')],
    ['empty segments', Buffer.from('a//b///c')],
    ['everything that URLs use', Buffer.from('+%2F?#&\\=:;,@!$\'()*[]{}|^`"<>~ ')],
    ['1,024 bytes', Buffer.alloc(1_020, 'k')],
  ];
  it.each(odd)('%s', async (_name, key) => {
    harness.server.put(
      'training',
      Buffer.concat([Buffer.from('set/'), key]),
      `of ${key.toString('hex')}`,
    );
    const entry = await entryOf(origin, key);
    expect(entry.key.equals(key)).toBe(true);
    expect(String(await readBytes(origin, entry))).toBe(`of ${key.toString('hex')}`);
  });

  it('they sort as bytes, not as JavaScript strings', async () => {
    await harness.put('\u{1f600}', Buffer.from('x'));
    await harness.put('\ufffd', Buffer.from('x'));
    const { entries } = await listAll(origin);
    expect(entries.map(({ key }) => key.toString())).toEqual([KEY, '\ufffd', '\u{1f600}']);
  });

  it('a marker is a directory, the prefix itself is the root, nothing beside the prefix is listed', async () => {
    harness.server.put('training', 'set/', 'content of the root');
    harness.server.put('training', 'set', 'a file beside');
    harness.server.put('training', 'settings', 'another');
    await harness.put('folder/', Buffer.alloc(0));
    await harness.put('full/', Buffer.from('content'));
    const { entries, skipped } = await listAll(origin);
    expect(
      entries
        .filter(({ key }) => key.toString() !== KEY)
        .map(({ key, kind, sizeBytes }) => [key.toString(), kind, sizeBytes]),
    ).toEqual([
      ['folder/', 'directory', 0],
      ['full/', 'directory', 7],
    ]);
    expect(skipped).toEqual([{ key: Buffer.alloc(0), reason: 'marker-content' }]);
  });
});
