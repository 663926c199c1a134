import { beforeAll, describe, expect, test } from 'vitest';
import { ManifestBuilder, ManifestReader } from '../../../common/index.ts';
import type { ListingEntry } from '../../../common/index.ts';
import { heldStatus, VersionFiles } from '../../../fuse-client/operations.ts';
import { TEST_DATASET } from '../../support/directory-mount-source.ts';

let files: VersionFiles;

beforeAll(() => {
  const parts: Buffer[] = [];
  const builder = new ManifestBuilder({
    sink: { append: (bytes) => parts.push(Buffer.from(bytes)) },
    blockSizeBytes: 1 << 22,
    onSkip: () => undefined,
  });
  builder.add(entry('a', 'file', 100));
  builder.add({ ...entry('link', 'symlink', 3), symlinkTarget: Buffer.from('abc') });
  builder.add(entry('sub/x', 'file', 5_000_000));
  builder.add(entry('sub/y', 'file', 0));
  builder.finish();
  const bytes = Buffer.concat(parts);
  const reader = ManifestReader.open(
    { sizeBytes: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) },
    { whole: true },
  );
  files = new VersionFiles(reader, TEST_DATASET, 9);
});

const list = (node: number, cookie = 0, most = 100) => {
  const shown: [string, number, number][] = [];
  files.list(node, cookie, ({ bytes, nameStart, nameEnd, attributes, cookie: next }) => {
    if (shown.length === most) return false;
    shown.push([bytes.toString('utf8', nameStart, nameEnd), attributes.node, next]);
    return true;
  });
  return shown;
};
const node = (name: string, directory = 1) => files.lookup(directory, Buffer.from(name));

describe('the files of a version', () => {
  test('the root is node 1, and a listing begins with itself and its parent', () => {
    expect(list(1)).toEqual([
      ['.', 1, 1],
      ['..', 1, 2],
      ['a', node('a'), 3],
      ['link', node('link'), 4],
      ['sub', node('sub'), 5],
    ]);
    expect(list(node('sub')).slice(0, 2)).toEqual([
      ['.', node('sub'), 1],
      ['..', 1, 2],
    ]);
  });

  test('a listing goes on at any cookie it gave', () => {
    const all = list(1);
    for (const [index, [, , cookie]] of all.entries())
      expect(list(1, cookie)).toEqual(all.slice(index + 1));
    expect(list(1, 3, 1)).toEqual([all[3]]);
  });

  test('a read is cut to the file', () => {
    const x = node('x', node('sub'));
    expect(files.range(x, 4_999_999, 4096)).toEqual({
      ordinal: x - 1,
      offsetBytes: 4_999_999,
      lengthBytes: 1,
    });
    expect(files.range(x, 5_000_000, 4096).lengthBytes).toBe(0);
    expect(files.range(x, 2 ** 40, 4096).lengthBytes).toBe(0);
    expect(() => files.range(1, 0, 1)).toThrow('IS_A_DIRECTORY');
  });

  test('names that are not there are node 0, nodes that are not there NOT_FOUND', () => {
    expect(node('b')).toBe(0);
    expect(node('')).toBe(0);
    expect(() => files.attributes(0)).toThrow('NOT_FOUND');
    expect(() => files.attributes(1000)).toThrow('NOT_FOUND');
    expect(() => list(node('a'))).toThrow('NOT_A_DIRECTORY');
  });

  test('attributes, targets and totals', () => {
    expect(files.attributes(node('a'))).toMatchObject({
      kind: 'file',
      sizeBytes: 100,
      mode: 0o640,
    });
    expect(files.symlinkTarget(node('link')).toString()).toBe('abc');
    expect(files.attributes(node('link'))).toMatchObject({ kind: 'symlink', sizeBytes: 3 });
    expect(files.totals).toEqual({ bytes: 5_000_100, entries: 6 });
  });

  test('values', () => {
    expect(files.xattr(node('a'), 'user.larder.validator')).toBe('etag:"e"');
    expect(files.xattr(node('x', node('sub')), 'user.larder.key')).toBe('sub/x');
    expect(files.xattr(1, 'user.larder.bytes')).toBe('5000100');
    expect(files.xattr(1, 'user.larder.validator')).toBeUndefined();
    expect(files.xattr(node('a'), 'user.larder.files')).toBeUndefined();
    expect(files.xattr(node('a'), 'security.capability')).toBeUndefined();
    expect(files.xattrNames(node('link'))).toEqual([]);
    expect(files.xattrNames(1)).toContain('user.larder.files');
  });

  test('what is held, in a word', () => {
    expect([heldStatus(0, 10), heldStatus(5, 10), heldStatus(10, 10), heldStatus(0, 0)]).toEqual([
      'absent',
      'partial',
      'held',
      'held',
    ]);
  });
});

function entry(key: string, kind: 'file' | 'symlink', sizeBytes: number): ListingEntry {
  const time = { mtimeS: 1_700_000_000, mtimeNs: 5 };
  const owner = { mode: 0o640, uid: 1, gid: 2 };
  return {
    key: Buffer.from(key),
    kind,
    sizeBytes,
    ...time,
    ...owner,
    validator: { kind: 'etag', etag: '"e"' },
  };
}
