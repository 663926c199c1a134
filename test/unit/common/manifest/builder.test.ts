import { describe, expect, it } from 'vitest';
import {
  hasCode,
  MANIFEST_MAX_BLOCKS,
  ManifestBuilder,
  ManifestCursor,
} from '../../../../common/index.ts';
import type { ListingEntry } from '../../../../common/index.ts';
import { at, build, entry, MemorySink, names, sorted } from './support.ts';

const MD5 = '0123456789abcdef0123456789abcdef';

function reasons(...keys: readonly (string | ListingEntry)[]): unknown {
  const entries = keys.map((key) => (typeof key === 'string' ? entry(key) : key));
  return build(sorted(entries)).skipped;
}

function thrown(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('what is skipped, by name', () => {
  it.each([
    ['', 'empty-key'],
    ['/', 'empty-segment'],
    ['/a', 'empty-segment'],
    ['a//b', 'empty-segment'],
    ['a//', 'empty-segment'],
    ['.', 'dot-segment'],
    ['a/../b', 'dot-segment'],
    ['a/.', 'dot-segment'],
    ['./a', 'dot-segment'],
    ['a\0b', 'nul-byte'],
    ['d/\0', 'nul-byte'],
    [`d/${'x'.repeat(256)}`, 'segment-over-255-bytes'],
    [`${'é'.repeat(128)}/f`, 'segment-over-255-bytes'],
    ['.larder', 'reserved-name'],
    ['.larder/plan', 'reserved-name'],
    ['.larder/', 'reserved-name'],
    [`${'abcdefg/'.repeat(128)}x`, 'key-too-long'],
  ])('%j: %s', (key, reason) => {
    const latin1 = Buffer.from(key).toString('latin1');
    const file = entry(key, { kind: 'file' });
    const { skipped, reader, summary } = build([file]);
    expect(skipped).toEqual([[latin1, reason]]);
    expect(names(reader)).toEqual([]);
    expect(summary).toMatchObject({ entries: 1, files: 0, skipped: 1 });
  });

  it('takes what only looks like it', () => {
    const keys = [
      '...',
      '..a',
      '.a',
      '.larder2',
      'a/.larder',
      'x'.repeat(255),
      `y/${'y/'.repeat(510)}y`,
    ];
    const { skipped, summary } = build(keys.map((key) => entry(key)));
    expect(skipped).toEqual([]);
    expect(summary.files).toBe(keys.length);
  });

  it('takes paths of a directory origin up to 4,096 bytes', () => {
    const validator = { kind: 'file', identity: Buffer.alloc(28) } as const;
    const long = (bytes: number) => 'a/'.repeat(2047).padEnd(bytes, 'b');
    const { skipped, reader } = build([entry(long(4096), { validator })]);
    expect(skipped).toEqual([]);
    expect(at(reader, long(4096))).toBe(2048);
    expect(reader.key(2048).toString()).toBe(long(4096));
    expect(reasons(entry(long(4097), { validator }))).toEqual([[long(4097), 'key-too-long']]);
  });

  it('leaves no trace of a skipped key', () => {
    const { reader } = build(['a/x', 'blue//y', 'c/d/../e', 'f'].map((key) => entry(key)));
    expect(names(reader)).toEqual(['a', 'f']);
  });

  it.each([
    [{ sizeBytes: -1 }],
    [{ sizeBytes: 2 ** 63 }],
    [{ sizeBytes: 0.5 }],
    [{ mtimeS: Number.NaN }],
    [{ mtimeS: 2 ** 60 }],
    [{ mtimeNs: 1e9 }],
    [{ mode: 0o120777 }],
    [{ uid: -1 }],
    [{ gid: 2 ** 32 }],
    [{ validator: { kind: 'file', identity: Buffer.alloc(27) } } as const],
    [{ validator: { kind: 'etag', etag: 'x'.repeat(1025) } } as const],
  ])('%j: invalid-attributes', (change) => {
    expect(reasons(entry('a', change))).toEqual([['a', 'invalid-attributes']]);
  });

  it.each([[undefined], [''], ['a\0b'], ['x'.repeat(4096)]])('a target of %j', (target) => {
    const symlinkTarget = target === undefined ? {} : { symlinkTarget: Buffer.from(target) };
    const link = entry('a', { kind: 'symlink', ...symlinkTarget });
    expect(reasons(link)).toEqual([['a', 'invalid-symlink-target']]);
  });
});

describe('the order of a listing', () => {
  it.each([
    [['b', 'a']],
    [['a', 'a']],
    [['ab', 'a']],
    [['a/b', 'a']],
    [['\u{1F600}', '\uFFFD']],
    [['b', 'a//x']],
  ])('%j is not in order', (keys) => {
    const error = thrown(() => build(keys.map((key) => entry(key))));
    expect(hasCode(error, 'LISTING_UNSORTED')).toBe(true);
  });

  it('is that of bytes, not of UTF-16', () => {
    const keys = ['\uFFFD', '\u{1F600}'];
    expect(keys.toSorted()).toEqual(['\u{1F600}', '\uFFFD']);
    expect(names(build(keys.map((key) => entry(key))).reader)).toEqual(keys);
  });

  it('names the key so that it can be printed', () => {
    const error = thrown(() => build([entry('b'), entry('a\n\u001b[31m')]));
    expect(error).toMatchObject({ facts: { key: 'a\\x0a\\x1b[31m', after: 'b' } });
  });

  it('wants a slash after a directory', () => {
    const error = thrown(() => build([entry('a', { kind: 'directory' })]));
    expect(hasCode(error, 'INVALID_ARGUMENT')).toBe(true);
  });
});

describe('a directory wins over a file of its name', () => {
  it('also with others between them, and takes the file out of every count', () => {
    const etag = entry('blue', { sizeBytes: 100, validator: { kind: 'modified' } });
    const others = ['blue-1', 'blue.txt', 'blue/x'].map((key) => entry(key));
    const { reader, skipped, summary } = build([etag, ...others]);
    expect(skipped).toEqual([['blue', 'shadowed-by-directory']]);
    expect(names(reader)).toEqual(['blue-1', 'blue.txt', 'blue']);
    expect(reader.entry(at(reader, 'blue')).kind).toBe('directory');
    expect(summary).toMatchObject({ files: 3, bytes: 15, blocks: 3, hidden: 1, nextBlock: 4 });
    expect(summary).toMatchObject({ strongValidators: 3, weakValidators: 0, skipped: 1 });
    expect(reader.totals(0)).toEqual({ files: 3, bytes: 15, blocks: 3 });
    expect(reader.bandBytes.reduce((sum, bytes) => sum + bytes)).toBe(15);
  });

  it('when the page of the file has left', () => {
    const between = Array.from({ length: 5000 }, (_, i) => entry(`d/blue-${String(10000 + i)}`));
    const keys = [entry('d/blue'), ...between, entry('d/blue/x'), entry('d/blue0')];
    const { reader, skipped } = build(keys);
    expect(skipped).toEqual([['d/blue', 'shadowed-by-directory']]);
    const seen = names(reader, at(reader, 'd'));
    expect(seen).toHaveLength(5002);
    expect(seen[0]).toBe('blue-10000');
    expect(seen.at(-2)).toBe('blue');
    expect(reader.key(at(reader, 'd/blue/x')).toString()).toBe('d/blue/x');
    expect([...reader.files(0)]).toHaveLength(5002);
    const cursor = new ManifestCursor(reader);
    expect(cursor.next() && cursor.hidden).toBe(true);
    expect(reader.entry(cursor.ordinal)).toMatchObject({ kind: 'file', hidden: true });
  });

  it('with a million keys between them', { timeout: 120_000 }, () => {
    const count = 1_000_000;
    const { reader, skipped, summary } = build(
      (function* () {
        yield entry('blue');
        for (let i = 0; i < count; i += 1) yield entry(`blue-${String(i).padStart(7, '0')}`);
        yield entry('blue/x');
      })(),
    );
    expect(skipped).toEqual([['blue', 'shadowed-by-directory']]);
    expect(summary).toMatchObject({ files: count + 1, directories: 2, hidden: 1 });
    expect(reader.entry(at(reader, 'blue')).kind).toBe('directory');
    expect(reader.key(at(reader, 'blue/x')).toString()).toBe('blue/x');
    expect(names(reader, 0, count - 1)).toEqual(['blue-0999998', 'blue-0999999', 'blue']);
  });

  it('as a marker, over a symlink, and several at once', () => {
    const link = entry('a', { kind: 'symlink', symlinkTarget: Buffer.from('t') });
    const { reader, skipped, summary } = build([
      link,
      entry('a!'),
      entry('a!-'),
      entry('a!/'),
      entry('a/'),
    ]);
    expect(skipped.map(([key]) => key)).toEqual(['a!', 'a']);
    expect(names(reader)).toEqual(['a!-', 'a!', 'a']);
    expect(summary).toMatchObject({ files: 1, symlinks: 0, hidden: 2, directories: 3 });
  });
});

describe('directories', () => {
  const owner = { mode: 0o2750, uid: 5, gid: 6, mtimeS: 42, mtimeNs: 7 };

  it('have what their own key says', () => {
    const { reader } = build([entry('a/', owner), entry('a/new')]);
    expect(reader.entry(at(reader, 'a'))).toMatchObject({ kind: 'directory', ...owner });
    expect(reader.entry(0)).toMatchObject({ mode: 0o755, uid: 0, mtimeS: 1_700_000_000 });
  });

  it('can be empty', () => {
    const { reader } = build([entry('a/'), entry('b/')]);
    expect(names(reader)).toEqual(['a', 'b']);
    expect(names(reader, at(reader, 'a'))).toEqual([]);
    expect(reader.totals(at(reader, 'a'))).toEqual({ files: 0, bytes: 0, blocks: 0 });
  });

  it('have the newest time below them where they have no key', () => {
    const { reader } = build([
      entry('a/1', { mtimeS: 5, mtimeNs: 9 }),
      entry('a/b/2', { mtimeS: 5, mtimeNs: 10 }),
      entry('c', { mtimeS: -3 }),
    ]);
    const times = ['', 'a', 'a/b'].map((path) => reader.entry(at(reader, path)));
    expect(times.map(({ mtimeS, mtimeNs }) => [mtimeS, mtimeNs])).toEqual([
      [5, 10],
      [5, 10],
      [5, 10],
    ]);
  });

  it('do not take the mode of a marker that came as a file', () => {
    const marker = entry('a/', { kind: 'file', mode: 0o644, mtimeS: 9, sizeBytes: 3 });
    const { reader, skipped, summary } = build([marker]);
    expect(skipped).toEqual([['a/', 'marker-content']]);
    expect(summary).toMatchObject({ files: 0, bytes: 0, skipped: 1 });
    expect(reader.entry(1)).toMatchObject({
      kind: 'directory',
      mode: 0o755,
      mtimeS: 9,
      sizeBytes: 0,
    });
  });

  it('include the root, whose key is empty', () => {
    const { reader, skipped } = build([
      entry('', { kind: 'directory', sizeBytes: 0, ...owner }),
      entry('a'),
    ]);
    expect(skipped).toEqual([]);
    expect(reader.entry(0)).toMatchObject(owner);
  });
});

describe('what an entry keeps', () => {
  it.each([
    [{ kind: 'etag', etag: MD5 }],
    [{ kind: 'etag', etag: `${MD5}-1` }],
    [{ kind: 'etag', etag: `${MD5}-65535` }],
    [{ kind: 'etag', etag: `${MD5}-65536` }],
    [{ kind: 'etag', etag: `${MD5}-01` }],
    [{ kind: 'etag', etag: `${MD5}-` }],
    [{ kind: 'etag', etag: `${MD5}-0` }],
    [{ kind: 'etag', etag: `${MD5}-1e3` }],
    [{ kind: 'etag', etag: `${MD5}x12` }],
    [{ kind: 'etag', etag: MD5.toUpperCase() }],
    [{ kind: 'etag', etag: `${MD5.slice(1)}é` }],
    [{ kind: 'etag', etag: '' }],
    [{ kind: 'modified' }],
    [{ kind: 'file', identity: Buffer.from('0123456789abcdef0123456789ab') }],
  ] as const)('validator %j', (validator) => {
    const { reader, summary } = build([entry('a'), entry('b', { validator }), entry('c')]);
    expect(reader.validator(2)).toEqual(validator);
    expect(reader.validator(3)).toEqual({ kind: 'etag', etag: MD5 });
    const weak = validator.kind === 'etag' ? 0 : 1;
    expect(summary).toMatchObject({ strongValidators: 3 - weak, weakValidators: weak });
  });

  it.each([0, -1, -(2 ** 31) - 1, -(2 ** 40), 2 ** 31, 2 ** 32, 2 ** 53 - 1, 1 - 2 ** 53])(
    'a time of %d s',
    (mtimeS) => {
      const { reader } = build([entry('a', { mtimeS, mtimeNs: 999_999_999 })]);
      expect(reader.entry(1)).toMatchObject({ mtimeS, mtimeNs: 999_999_999 });
    },
  );

  it('a symlink and its target, in bytes', () => {
    const symlinkTarget = Buffer.from([0xff, 0x2f, 0x80]);
    const { reader, summary } = build([
      entry('a', { kind: 'symlink', symlinkTarget, mode: 0o777 }),
      entry('b'),
    ]);
    expect(reader.entry(1)).toMatchObject({ kind: 'symlink', sizeBytes: 3, mode: 0o777 });
    expect(reader.symlinkTarget(1)).toEqual(symlinkTarget);
    expect(reader.entry(2).firstBlock).toBe(0);
    expect(summary).toMatchObject({ files: 1, symlinks: 1, bytes: 5 });
  });

  it('names that are not UTF-8', () => {
    const key = Buffer.from([0x61, 0xff, 0x2f, 0xc3, 0x28]);
    const { reader } = build([entry(key)]);
    expect(reader.key(reader.find(key))).toEqual(key);
  });

  it('as many owners as there are entries', () => {
    const count = 4200;
    const { reader } = build(
      Array.from({ length: count }, (_, i) =>
        entry(`f${String(10000 + i)}`, { uid: i, gid: count - i }),
      ),
    );
    for (const i of [0, 1, 4094, 4095, 4096, 4199]) {
      expect(reader.entry(i + 1)).toMatchObject({ uid: i, gid: count - i });
    }
  });
});

describe('limits', () => {
  it('are told: block numbers end at 2^32 - 1', () => {
    const one = entry('a', { sizeBytes: 1 });
    expect(build([one], { nextBlock: MANIFEST_MAX_BLOCKS - 1 }).reader.entry(1).firstBlock).toBe(
      MANIFEST_MAX_BLOCKS - 1,
    );
    const over = thrown(() => build([one], { nextBlock: MANIFEST_MAX_BLOCKS }));
    expect(hasCode(over, 'LIMIT_EXCEEDED')).toBe(true);
    const huge = thrown(() =>
      build([entry('a', { sizeBytes: Number.MAX_SAFE_INTEGER }), entry('b')]),
    );
    expect(hasCode(huge, 'LIMIT_EXCEEDED')).toBe(true);
  });

  it('a kept number must have been given out', () => {
    const sink = new MemorySink();
    const builder = new ManifestBuilder({
      sink,
      blockSizeBytes: 2 ** 22,
      nextBlock: 5,
      onSkip: () => undefined,
    });
    expect(builder.add(entry('a', { sizeBytes: 1 }), 4)).toBe('added');
    expect(builder.nextBlock).toBe(5);
    expect(() => builder.add(entry('b', { sizeBytes: 1 }), 5)).toThrow('given out once');
  });
});
