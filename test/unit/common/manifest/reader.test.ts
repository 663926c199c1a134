import { describe, expect, it } from 'vitest';
import { DEFAULT_SETTINGS, emptyAttributes, hasCode, objectId } from '../../../../common/index.ts';
import { at, build, entry, names } from './support.ts';

const KEYS = ['blue', 'blue-1', 'blue.txt', 'blue/x', 'blue0', 'deep/er/file', 'z'];

describe('ManifestReader', () => {
  it('lists a directory in listing order, a hidden file not', () => {
    const { reader } = build(KEYS.map((key) => entry(key)));
    expect(names(reader)).toEqual(['blue-1', 'blue.txt', 'blue', 'blue0', 'deep', 'z']);
    expect(names(reader, at(reader, 'blue'))).toEqual(['x']);
    expect(reader.entry(at(reader, 'blue')).kind).toBe('directory');
  });

  it('finds by path and gives the path back', () => {
    const { reader } = build(KEYS.map((key) => entry(key)));
    for (const path of ['', 'blue', 'blue-1', 'blue/x', 'deep', 'deep/er', 'deep/er/file', 'z']) {
      expect(reader.key(at(reader, path)).toString()).toBe(path);
    }
    expect(at(reader, 'deep/')).toBe(at(reader, 'deep'));
    for (const path of [
      'b',
      'blue-',
      'blue/y',
      'blue-1/x',
      'deep/er/file/',
      'zz',
      '/',
      'deep//er',
    ]) {
      expect(at(reader, path), path).toBe(-1);
    }
  });

  it('goes on listing from an index', () => {
    const { reader } = build(KEYS.map((key) => entry(key)));
    const seen: number[] = [];
    reader.readdir(0, 0, ({ index }) => {
      seen.push(index);
      return seen.length < 2;
    });
    expect(seen).toEqual([1, 2]);
    expect(names(reader, 0, 3)).toEqual(['blue', 'blue0', 'deep', 'z']);
  });

  it('gives totals, sizes and block numbers', () => {
    const { reader, summary } = build(
      [
        entry('a/1', { sizeBytes: 10 }),
        entry('a/b/2', { sizeBytes: 2 ** 40 + 1 }),
        entry('c', { sizeBytes: 0 }),
        entry('d', { sizeBytes: 4 * 2 ** 20 }),
      ],
      { nextBlock: 7 },
    );
    const blocks = 2 ** 18 + 1;
    expect(reader.totals(at(reader, 'a'))).toEqual({
      files: 2,
      bytes: 2 ** 40 + 11,
      blocks: blocks + 1,
    });
    expect(reader.entry(at(reader, 'a/1')).firstBlock).toBe(7);
    expect(reader.entry(at(reader, 'a/b/2'))).toMatchObject({
      sizeBytes: 2 ** 40 + 1,
      firstBlock: 8,
    });
    expect(reader.entry(at(reader, 'd')).firstBlock).toBe(8 + blocks);
    expect(summary).toMatchObject({ files: 4, blocks: blocks + 2, nextBlock: 9 + blocks });
    expect(reader.summary).toEqual(summary);
  });

  it('makes object references with the identity that the dataset gives', () => {
    const { reader } = build([entry('a/1', { sizeBytes: 10 })]);
    const dataset = { id: 3, name: 'd', origin: 's3://b/p', settings: DEFAULT_SETTINGS };
    const ref = reader.objectRef(at(reader, 'a/1'), dataset);
    expect(ref).toMatchObject({ datasetId: 3, sizeBytes: 10, firstBlock: 0, mtimeNs: 0 });
    expect(ref.key.toString()).toBe('a/1');
    expect(ref.objectId).toBe(objectId(dataset, ref));
    expect(() => reader.objectRef(0, dataset)).toThrow('IS_A_DIRECTORY');
  });

  it('walks the files below a directory in key order', () => {
    const { reader } = build(KEYS.map((key) => entry(key)));
    const below = (path: string) =>
      [...reader.files(at(reader, path))].map((ordinal) => reader.key(ordinal).toString());
    expect(below('')).toEqual(['blue-1', 'blue.txt', 'blue/x', 'blue0', 'deep/er/file', 'z']);
    expect(below('deep')).toEqual(['deep/er/file']);
  });

  it('fills attributes in without a name', () => {
    const { reader } = build([entry('a/1', { mode: 0o600, uid: 7, gid: 8 }), entry('a/2')]);
    const out = emptyAttributes();
    expect(reader.attributes(at(reader, 'a/1'), out)).toBe(out);
    expect(out).toMatchObject({ kind: 'file', mode: 0o600, uid: 7, gid: 8, parent: 1 });
    expect(reader.attributes(at(reader, 'a/2'), out)).toMatchObject({ mode: 0o644, uid: 0 });
  });

  it('names what an ordinal is not', () => {
    const { reader } = build([entry('a/1')]);
    const code = (action: () => unknown) => {
      try {
        action();
      } catch (error) {
        return hasCode(error, 'NOT_FOUND') ? 'NOT_FOUND' : (error as Error).message;
      }
      return 'nothing';
    };
    expect(code(() => reader.entry(3))).toBe('NOT_FOUND');
    expect(code(() => reader.entry(-1))).toBe('NOT_FOUND');
    expect(code(() => reader.entry(0.5))).toBe('NOT_FOUND');
    expect(code(() => reader.totals(2))).toContain('NOT_A_DIRECTORY');
    expect(code(() => reader.validator(1))).toContain('INVALID_ARGUMENT');
    expect(code(() => reader.symlinkTarget(2))).toContain('INVALID_ARGUMENT');
    expect(reader.lookup(2, Buffer.from('x'))).toBe(-1);
  });

  it('opens an empty dataset', () => {
    const { reader, summary } = build([]);
    expect(names(reader)).toEqual([]);
    expect(summary).toMatchObject({ entries: 1, files: 0, directories: 1, blocks: 0 });
    expect([...reader.files(0)]).toEqual([]);
  });
});
