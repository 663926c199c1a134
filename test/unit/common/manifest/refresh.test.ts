import { describe, expect, it } from 'vitest';
import { ManifestBuilder, ManifestRefresh } from '../../../../common/index.ts';
import type { ListingEntry, ManifestChanges, ManifestReader } from '../../../../common/index.ts';
import { at, build, entry, MemorySink, open, sorted } from './support.ts';

const MIB = 2 ** 20;
const BLOCK_BYTES = MIB;

interface Refreshed {
  readonly changes: ManifestChanges;
  readonly reader: ManifestReader;
}

function refresh(
  old: ManifestReader,
  listing: readonly ListingEntry[],
  blockSizeBytes = BLOCK_BYTES,
): Refreshed {
  const sink = new MemorySink();
  const { nextBlock } = old.summary;
  const builder = new ManifestBuilder({ sink, blockSizeBytes, nextBlock, onSkip: () => undefined });
  const merge = new ManifestRefresh({ old, builder });
  for (const each of sorted(listing)) merge.add(each);
  const changes = merge.finish();
  builder.finish();
  return { changes, reader: open(sink.bytes()) };
}

const first = (listing: readonly ListingEntry[]) =>
  build(sorted(listing), { blockSizeBytes: BLOCK_BYTES }).reader;
const file = (key: string, change: Partial<ListingEntry> = {}) =>
  entry(key, { sizeBytes: 2 * MIB, ...change });
const blockOf = (reader: ManifestReader, path: string) => reader.entry(at(reader, path)).firstBlock;
const etag = (text: string) => ({ kind: 'etag', etag: text }) as const;

const NONE = { added: 0, removed: 0, changed: 0, unchanged: 0, touched: 0, directories: 0 };

describe('ManifestRefresh', () => {
  it('finds nothing changed where nothing is', () => {
    const listing = [
      file('a'),
      file('a/b'),
      file('m', { validator: { kind: 'modified' } }),
      file('i', { validator: { kind: 'file', identity: Buffer.alloc(28, 3) } }),
      file('t', { validator: etag('W/x') }),
      entry('d/'),
      entry('l', { kind: 'symlink', symlinkTarget: Buffer.from('a') }),
      entry('', { kind: 'directory', mtimeS: 3 }),
      entry('e/', { kind: 'file', mode: 0o600 }),
      file('bad//key'),
    ];
    const { changes } = refresh(first(listing), listing);
    expect(changes).toEqual({ ...NONE, unchanged: 6, identical: true });
  });

  it('counts, and keeps the numbers of what is the same', () => {
    const old = first([file('a'), file('b'), file('c'), file('d/e')]);
    const { changes, reader } = refresh(old, [
      file('0'),
      file('b', { sizeBytes: 3 * MIB }),
      file('c'),
      file('d/e', { mtimeS: 1 }),
      file('d/f', { validator: etag('new') }),
    ]);
    const counts = { added: 2, removed: 1, changed: 1, unchanged: 2, touched: 1 };
    expect(changes).toEqual({ ...NONE, ...counts, identical: false });
    expect(['0', 'b', 'c', 'd/e', 'd/f'].map((path) => blockOf(reader, path))).toEqual([
      8, 10, 4, 6, 13,
    ]);
    expect(reader.summary.nextBlock).toBe(15);
    expect(reader.summary.blocks).toBe(11);
  });

  it.each<[string, Partial<ListingEntry>, Partial<ListingEntry>]>([
    ['ETag', {}, { validator: etag('0123456789abcdef0123456789abcdee') }],
    ['parts', {}, { validator: etag('0123456789abcdef0123456789abcdef-2') }],
    ['text ETag', { validator: etag('x') }, { validator: etag('y') }],
    ['kind of validator', {}, { validator: { kind: 'modified' } }],
    ['seconds of a weak one', { validator: { kind: 'modified' } }, { mtimeS: 1 }],
    ['nanoseconds of a weak one', { validator: { kind: 'modified' } }, { mtimeNs: 1 }],
    [
      'identity',
      { validator: { kind: 'file', identity: Buffer.alloc(28, 1) } },
      { validator: { kind: 'file', identity: Buffer.alloc(28, 2) } },
    ],
    ['size', {}, { sizeBytes: MIB }],
    ['kind', {}, { kind: 'symlink', symlinkTarget: Buffer.from('a') }],
    [
      'target',
      { kind: 'symlink', symlinkTarget: Buffer.from('a') },
      { symlinkTarget: Buffer.from('b') },
    ],
  ])('tells another %s', (_what, before, after) => {
    const old = first([file('k', before), file('z')]);
    const { changes, reader } = refresh(old, [file('k', { ...before, ...after }), file('z')]);
    expect(changes).toEqual({ ...NONE, changed: 1, unchanged: 1, identical: false });
    expect(blockOf(reader, 'z')).toBe(blockOf(old, 'z'));
  });

  it('tells directories of their own apart', () => {
    const old = first([entry('a/'), entry('b/'), entry('c/'), file('c/x')]);
    const { changes } = refresh(old, [entry('b/', { mode: 0o700 }), file('c/x'), entry('d/')]);
    expect(changes).toEqual({ ...NONE, unchanged: 1, directories: 4, identical: false });
  });

  it('remembers the numbers of hidden files', () => {
    const old = first([file('a'), file('a/x'), file('b')]);
    expect(blockOf(old, 'a/x')).toBe(2);
    const { changes, reader } = refresh(old, [file('a'), file('b')]);
    expect(changes).toEqual({ ...NONE, removed: 1, unchanged: 2, identical: false });
    expect(reader.entry(at(reader, 'a'))).toMatchObject({ kind: 'file', firstBlock: 0 });
    const again = refresh(reader, [file('a'), file('a/x'), file('b')]);
    expect(blockOf(again.reader, 'a/x')).toBe(6);
    expect(blockOf(again.reader, 'b')).toBe(4);
  });

  it('never gives the numbers of what is gone to others', () => {
    const old = first([file('a'), file('b')]);
    const emptied = refresh(old, []);
    expect(emptied.changes).toEqual({ ...NONE, removed: 2, identical: false });
    expect(emptied.reader.summary).toMatchObject({ blocks: 0, nextBlock: 4 });
    expect(blockOf(refresh(emptied.reader, [file('a')]).reader, 'a')).toBe(4);
  });

  it('numbers anew where the block size is another', () => {
    const old = first([file('a'), file('b')]);
    const { changes, reader } = refresh(old, [file('a'), file('b')], 2 * MIB);
    expect(changes.unchanged).toBe(2);
    expect([blockOf(reader, 'a'), blockOf(reader, 'b')]).toEqual([4, 5]);
  });

  it('keeps numbers across pages, also where they jump', () => {
    const many = Array.from({ length: 9000 }, (_, i) => file(`f${String(10000 + i)}`));
    const old = first(many);
    const fewer = many.filter((_, i) => i % 3 !== 0);
    const more = [...fewer, file('f10000'), file('a')];
    const { changes, reader } = refresh(old, more);
    expect(changes).toMatchObject({ added: 1, removed: 2999, unchanged: 6001 });
    expect(blockOf(reader, 'a')).toBe(18_000);
    for (const each of fewer.filter((_, i) => i % 50 === 0)) {
      const path = each.key.toString();
      expect(blockOf(reader, path)).toBe(blockOf(old, path));
    }
  });
});
