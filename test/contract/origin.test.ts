/** What every origin promises, on each kind: our S3 server, versitygw, a directory. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  directoryHarness,
  entryOf,
  listAll,
  readBytes,
  s3Harness,
  versitygwHarness,
  type OriginHarness,
} from '../support/origin-harness.ts';
import { patternBytes } from '../support/s3/index.ts';
import { findVersitygw } from '../support/versitygw.ts';

const versitygw = findVersitygw();
if (versitygw === undefined) {
  console.warn('skipped: origin contract on versitygw (not found; set LARDER_VERSITYGW)');
}

const implementations: [string, () => Promise<OriginHarness>][] = [
  ['s3, our server', s3Harness],
  ['a directory', directoryHarness],
];
if (versitygw !== undefined) {
  implementations.push(['s3, versitygw', () => versitygwHarness(versitygw)]);
}

/** Names that S3, versitygw and a file system can all hold. */
const ODD_NAMES = [
  'new\nline',
  'a space',
  'plus+percent%2Fquery?hash#and&back\\slash',
  'quote\'double"less<more>',
  '%',
  '%41',
  '😀.jpg',
  '\u{e000}private use',
  '-dash',
  '~tilde',
  'é composed',
  'e\u0301 decomposed',
];

describe.each(implementations)('origin: %s', (_name, start) => {
  let harness: OriginHarness;
  beforeAll(async () => {
    harness = await start();
  });
  afterAll(() => harness[Symbol.asyncDispose]());

  it('lists keys strictly in byte order, with their sizes', async () => {
    const names = ['order/blue', 'order/blue-1', 'order/blue.txt', 'order/blue0', 'order/a/b/c'];
    for (const name of names) await harness.put(name, Buffer.from(name));
    await using origin = harness.open();
    const { entries } = await listAll(origin);
    for (const [i, entry] of entries.entries()) {
      if (i > 0) expect(entries[i - 1]?.key.compare(entry.key)).toBe(-1);
    }
    const files = entries.filter(({ kind }) => kind === 'file');
    const listed = files.filter(({ key }) => key.subarray(0, 6).equals(Buffer.from('order/')));
    expect(listed.map(({ key }) => key.toString())).toEqual([...names].sort());
    expect(listed.map(({ sizeBytes }) => sizeBytes)).toEqual(
      [...names].sort().map(({ length }) => length),
    );
  });

  it('lists more keys than one page or batch has, and reads the last', async () => {
    const count = 2_345;
    const puts = Array.from({ length: count }, (_, i) => i);
    const put = async () => {
      for (let i = puts.pop(); i !== undefined; i = puts.pop()) {
        await harness.put(`many/${String(i).padStart(5, '0')}`, Buffer.from(`content ${i}`));
      }
    };
    await Promise.all(Array.from({ length: 8 }, put));
    await using origin = harness.open();
    const { byKey } = await listAll(origin);
    const many = [...byKey.keys()].filter((key) => /^many\/./.test(key));
    expect(many).toHaveLength(count);
    const last = byKey.get('many/02344');
    expect(last).toBeDefined();
    if (last !== undefined) expect(String(await readBytes(origin, last))).toBe('content 2344');
  });

  it('lists many directories at once as one after the other', async () => {
    const names = Array.from({ length: 360 }, (_, i) => `at-once/${i % 30}/${i}`);
    await Promise.all(names.map((name) => harness.put(name, Buffer.from(name))));
    await using atOnce = harness.open({ tuning: { listPageKeys: 10 } });
    await using inTurn = harness.open({ tuning: { listPageKeys: 10, listers: 1 } });
    const { entries } = await listAll(inTurn);
    expect(entries.length).toBeGreaterThanOrEqual(names.length);
    expect((await listAll(atOnce)).entries).toEqual(entries);
  });

  it('reads ranges: the first byte, the last, across pieces, the whole', async () => {
    const content = patternBytes(1, 0, 3_000_017);
    await harness.put('ranges', content);
    await using origin = harness.open();
    const object = await entryOf(origin, 'ranges');
    expect(object.sizeBytes).toBe(content.length);
    for (const [offsetBytes, lengthBytes] of [
      [0, 1],
      [content.length - 1, 1],
      [1_000_000, 1_500_000],
      [0, content.length],
      [65_535, 2],
    ] as const) {
      const bytes = await readBytes(origin, object, { offsetBytes, lengthBytes });
      expect(bytes.equals(content.subarray(offsetBytes, offsetBytes + lengthBytes))).toBe(true);
    }
  });

  it('reads many ranges at once without mixing them', async () => {
    const content = patternBytes(2, 0, 4_000_000);
    await harness.put('parallel', content);
    await using origin = harness.open();
    const object = await entryOf(origin, 'parallel');
    const offsets = Array.from({ length: 60 }, (_, i) => i * 65_537);
    const reads = await Promise.all(
      offsets.map((offsetBytes) => readBytes(origin, object, { offsetBytes, lengthBytes: 50_000 })),
    );
    for (const [i, bytes] of reads.entries()) {
      const offset = offsets[i] ?? 0;
      expect(bytes.equals(content.subarray(offset, offset + 50_000))).toBe(true);
    }
  });

  it('lists an empty object as empty', async () => {
    await harness.put('empty', Buffer.alloc(0));
    await using origin = harness.open();
    expect(await entryOf(origin, 'empty')).toMatchObject({ kind: 'file', sizeBytes: 0 });
  });

  it.each(ODD_NAMES)('keeps an odd name to the byte: %j', async (name) => {
    await harness.put(`odd/${name}`, Buffer.from(`content of ${name}`));
    await using origin = harness.open();
    const object = await entryOf(origin, Buffer.from(`odd/${name}`));
    expect(String(await readBytes(origin, object))).toBe(`content of ${name}`);
  });

  it('counts requests for bytes, and the bytes', async () => {
    await harness.put('counted', Buffer.alloc(100_000, 1));
    await using origin = harness.open();
    const object = await entryOf(origin, 'counted');
    expect(origin.counters).toEqual({ gets: 0, bytes: 0, refusals: 0 });
    await readBytes(origin, object, { offsetBytes: 10, lengthBytes: 5_000 });
    await readBytes(origin, object);
    expect(origin.counters).toEqual({ gets: 2, bytes: 105_000, refusals: 0 });
  });

  it('waits for the sink before it goes on', async () => {
    await harness.put('slow', patternBytes(3, 0, 3_000_000));
    await using origin = harness.open();
    const object = await entryOf(origin, 'slow');
    let busy = 0;
    let mostBusy = 0;
    const pieces: Buffer[] = [];
    const signal = new AbortController().signal;
    await origin.read(
      { object, offsetBytes: 0, lengthBytes: object.sizeBytes, signal },
      async (bytes) => {
        busy += 1;
        mostBusy = Math.max(mostBusy, busy);
        pieces.push(Buffer.from(bytes));
        await new Promise((done) => setTimeout(done, 1));
        busy -= 1;
      },
    );
    expect(mostBusy).toBe(1);
    expect(Buffer.concat(pieces).equals(patternBytes(3, 0, 3_000_000))).toBe(true);
  });

  it('rejects with what the sink threw, and does not try again', async () => {
    await harness.put('refused', Buffer.alloc(1_000_000));
    await using origin = harness.open();
    const object = await entryOf(origin, 'refused');
    const refusal = new Error('disk full');
    const read = { object, offsetBytes: 0, lengthBytes: object.sizeBytes };
    const { signal } = new AbortController();
    const sync = () => {
      throw refusal;
    };
    await expect(origin.read({ ...read, signal }, sync)).rejects.toBe(refusal);
    await expect(origin.read({ ...read, signal }, () => Promise.reject(refusal))).rejects.toBe(
      refusal,
    );
    expect(origin.counters.gets).toBe(2);
  });

  it('stops at once with the reason of the signal', async () => {
    await harness.put('aborted', Buffer.alloc(2_000_000));
    await using origin = harness.open();
    const object = await entryOf(origin, 'aborted');
    const controller = new AbortController();
    const reason = new Error('nobody waits any more');
    let calls = 0;
    const read = origin.read(
      { object, offsetBytes: 0, lengthBytes: object.sizeBytes, signal: controller.signal },
      () => {
        calls += 1;
        controller.abort(reason);
        return undefined;
      },
    );
    await expect(read).rejects.toBe(reason);
    expect(calls).toBe(1);
    const late = readBytes(origin, object, { signal: controller.signal });
    await expect(late).rejects.toBe(reason);
    await expect(listAll(origin, controller.signal)).rejects.toBe(reason);
  });

  it('refuses an object that changed, also one of the same size', async () => {
    await harness.put('changing', Buffer.from('version 1'));
    await using origin = harness.open();
    const former = await entryOf(origin, 'changing');
    await new Promise((done) => setTimeout(done, 20));
    await harness.put('changing', Buffer.from('version 2'));
    await expect(readBytes(origin, former)).rejects.toMatchObject({ code: 'ORIGIN_CHANGED' });
    await harness.put('changing', Buffer.from('a longer version 3'));
    await expect(readBytes(origin, former)).rejects.toMatchObject({ code: 'ORIGIN_CHANGED' });
    const now = await entryOf(origin, 'changing');
    expect(String(await readBytes(origin, now))).toBe('a longer version 3');
  });

  it('refuses an object that is gone', async () => {
    await harness.put('going/gone', Buffer.from('soon'));
    await using origin = harness.open();
    const object = await entryOf(origin, 'going/gone');
    await harness.delete('going/gone');
    const read = readBytes(origin, object);
    await expect(read).rejects.toMatchObject({ code: 'ORIGIN_CHANGED', facts: { key: /gone$/ } });
  });

  it('says that bucket or directory do not exist', async () => {
    await using origin = harness.open(harness.missing);
    await expect(listAll(origin)).rejects.toMatchObject({ code: 'ORIGIN_NOT_FOUND' });
  });
});
