/**
 * Random sets of awkward keys: the manifest against plain maps.
 *
 * The keys come from few segments that are prefixes of one another and differ around `/`, so that
 * files and directories of one name, and runs across pages, come up in almost every set.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManifestBuilder, ManifestCursor, ManifestRefresh } from '../../common/index.ts';
import type { ListingEntry, ManifestReader } from '../../common/index.ts';
import { build, entry, MemorySink, open, sorted } from '../unit/common/manifest/support.ts';
import { modelOf } from './manifest-model.ts';
import type { Model } from './manifest-model.ts';

const BLOCK_BYTES = 256 * 1024;

const usual = ['a', 'b', 'a!', 'a-', 'a.', 'a0', '-', '!', 'b.c', 'é', '\u{1F600}', '\uFFFD'];
const odd = ['.', '..', '', 'a\0', 'x'.repeat(256), 'y'.repeat(255), '.larder'];
const segment = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom(...usual) },
  {
    weight: 8,
    arbitrary: fc
      .tuple(fc.constantFrom(...usual), fc.constantFrom(...usual))
      .map((pair) => pair.join('')),
  },
  { weight: 1, arbitrary: fc.constantFrom(...odd) },
);
const utf8Key = fc
  .tuple(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.constantFrom('', '', '', '', '/'))
  .map(([segments, end]) => Buffer.from(segments.join('/') + end));
const binaryKey = fc
  .uint8Array({ minLength: 1, maxLength: 6 })
  .map((bytes) => Buffer.from(bytes.map((byte) => (byte % 4 === 0 ? 47 : byte))));
const key = fc.oneof({ weight: 9, arbitrary: utf8Key }, { weight: 1, arbitrary: binaryKey });

const hex = fc.stringMatching(/^[0-9a-f]{32}$/);
const validator = fc.oneof(
  hex.map((etag) => ({ kind: 'etag', etag }) as const),
  fc
    .tuple(hex, fc.integer({ min: 1, max: 70_000 }))
    .map(([etag, parts]) => ({ kind: 'etag', etag: `${etag}-${String(parts)}` }) as const),
  fc.string().map((etag) => ({ kind: 'etag', etag: Buffer.from(etag).toString() }) as const),
  fc.constant({ kind: 'modified' } as const),
);
const attributes = fc.record({
  sizeBytes: fc.oneof(fc.nat({ max: 3 * BLOCK_BYTES }), fc.constantFrom(0, 6e12, 2 ** 32)),
  mtimeS: fc.oneof(fc.nat(), fc.constantFrom(-1, -(2 ** 33), 2 ** 33, 2 ** 32)),
  mtimeNs: fc.constantFrom(0, 1, 999_999_999),
  mode: fc.constantFrom(0o644, 0o600, 0o4755),
  uid: fc.constantFrom(0, 1000, 2 ** 32 - 1),
  validator,
});

/** Unique keys in order; one in ten leaves is a symlink. */
const listing = (maxKeys: number) =>
  fc
    .uniqueArray(fc.tuple(key, attributes, fc.nat({ max: 9 })), {
      maxLength: maxKeys,
      selector: ([bytes]) => bytes.toString('latin1'),
    })
    .map((rows) =>
      sorted(
        rows.map(([bytes, change, tenth]) => {
          if (tenth > 0 || bytes.at(-1) === 47) return entry(bytes, change);
          return entry(bytes, { ...change, kind: 'symlink', symlinkTarget: Buffer.from('../t') });
        }),
      ),
    );

/** Fillers push entries over page borders and give a late directory its distance. */
const filler = fc
  .tuple(
    fc.constantFrom('a-', 'a!/', 'b/a-', 'b/a/'),
    fc.integer({ min: 4200, max: 9000 }),
    fc.nat({ max: 5 }),
  )
  .map(([prefix, count, deep]) =>
    Array.from({ length: count }, (_, i) =>
      entry(`${prefix}${String(i).padStart(5, '0')}${i % 6 < deep ? '' : '/q'}`, { sizeBytes: i }),
    ),
  );

const clashes = ['a', 'a/x', 'a!', 'a!/x', 'b/a', 'b/a/x', 'b/a-', 'b/a-/z'].map((path) =>
  entry(path),
);

function merged(...lists: readonly (readonly ListingEntry[])[]): ListingEntry[] {
  const byKey = new Map(lists.flat().map((each) => [each.key.toString('latin1'), each]));
  return sorted([...byKey.values()]);
}

function checkDirectory(reader: ManifestReader, model: Model, ordinal: number, path: string): void {
  const expected = model.directories.get(path);
  assert(expected !== undefined, path);
  const { mtimeS, mtimeNs, mode, kind } = reader.entry(ordinal);
  assert.deepEqual([kind, mtimeS, mtimeNs, mode], ['directory', ...expected.mtime, expected.mode]);
  const { files, bytes, blocks } = expected;
  assert.deepEqual(reader.totals(ordinal), { files, bytes, blocks }, path);
  const seen: [string, number][] = [];
  reader.readdir(ordinal, 0, (item) => {
    seen.push([item.bytes.toString('latin1', item.nameStart, item.nameEnd), item.ordinal]);
    return true;
  });
  assert.deepEqual(new Set(seen.map(([name]) => name)), expected.children);
  assert.equal(seen.length, expected.children.size);
  for (const name of ['a', 'a-', 'a!', 'aa', 'b', 'zz', 'a\xff']) {
    if (!expected.children.has(name)) {
      assert.equal(reader.lookup(ordinal, Buffer.from(name, 'latin1')), -1, name);
    }
  }
  for (const [name, child] of seen) {
    // Of a thousand like it, one in eight: the whole of them takes a minute.
    if (seen.length > 1000 && child % 8 !== 0 && name.length > 4) continue;
    assert.equal(reader.lookup(ordinal, Buffer.from(name, 'latin1')), child, name);
    const childPath = path === '' ? name : `${path}/${name}`;
    if (model.leaves.has(childPath)) checkLeaf(reader, model, child, childPath);
    else checkDirectory(reader, model, child, childPath);
    if (child % 7 === 0) assert.equal(reader.key(child).toString('latin1'), childPath);
  }
}

function checkLeaf(reader: ManifestReader, model: Model, ordinal: number, path: string): void {
  const expected = model.leaves.get(path);
  const found = reader.entry(ordinal);
  const { kind, mtimeS, mtimeNs, mode, uid, gid, symlinkTarget } = expected ?? entry('missing');
  const sizeBytes = symlinkTarget?.length ?? expected?.sizeBytes;
  expect(found, path).toMatchObject({
    kind,
    sizeBytes,
    mtimeS,
    mtimeNs,
    mode,
    uid,
    gid,
    hidden: false,
  });
  if (kind === 'symlink') expect(reader.symlinkTarget(ordinal)).toEqual(symlinkTarget);
  else expect(reader.validator(ordinal), path).toEqual(expected?.validator);
}

/** The cursor gives the accepted keys back in order, and blocks are numbered in that order. */
function checkCursor(reader: ManifestReader, model: Model): void {
  const cursor = new ManifestCursor(reader);
  const keys: string[] = [];
  const hidden: string[] = [];
  let block = 0;
  while (cursor.next()) {
    const path = cursor.key.toString('latin1');
    keys.push(path);
    if (cursor.hidden) hidden.push(path);
    const { kind, firstBlock, sizeBytes } = reader.entry(cursor.ordinal);
    if (kind !== 'file') continue;
    assert.equal(firstBlock, block, path);
    block += Math.ceil(sizeBytes / BLOCK_BYTES);
  }
  expect(keys).toEqual([...model.accepted.keys()]);
  expect(new Set(hidden)).toEqual(model.hidden);
  expect(reader.summary.nextBlock).toBe(block);
}

function check(entries: readonly ListingEntry[]): void {
  const model = modelOf(entries, BLOCK_BYTES);
  const options = { blockSizeBytes: BLOCK_BYTES, reader: { maxPages: 6 } };
  const { reader, skipped, summary } = build(entries, options);
  expect(new Set(skipped.map(([name]) => name))).toEqual(model.skipped);
  expect(summary.skipped).toBe(model.skipped.size);
  expect(reader.summary).toEqual(summary);
  expect(reader.bandBytes).toEqual(model.bandBytes);
  checkDirectory(reader, model, 0, '');
  checkCursor(reader, model);
  const files = [...model.leaves].filter(([, { kind }]) => kind === 'file');
  const walked = [...reader.files(0)].map((ordinal) => reader.key(ordinal).toString('latin1'));
  expect(walked).toEqual(files.map(([path]) => path));
  expect(summary.files).toBe(files.length);
  expect(summary.directories).toBe(model.directories.size);
  expect(summary.hidden).toBe(model.hidden.size);
}

interface Counted {
  added: number;
  removed: number;
  changed: number;
  unchanged: number;
}

function expectedChanges(before: Model, after: Model): Counted {
  const counts = { added: 0, removed: 0, changed: 0, unchanged: 0 };
  const leaves = (model: Model) => [...model.accepted].filter(([path]) => !path.endsWith('/'));
  for (const [path, now] of leaves(after)) {
    const was = before.accepted.get(path);
    if (was === undefined) counts.added += 1;
    else if (isSame(was, now)) counts.unchanged += 1;
    else counts.changed += 1;
  }
  for (const [path] of leaves(before)) if (!after.accepted.has(path)) counts.removed += 1;
  return counts;
}

function isSame(a: ListingEntry, b: ListingEntry): boolean {
  if (a.kind !== b.kind) return false;
  if (a.kind === 'symlink') return a.symlinkTarget?.equals(b.symlinkTarget ?? Buffer.of()) === true;
  const sameTime = a.mtimeS === b.mtimeS && a.mtimeNs === b.mtimeNs;
  if (a.sizeBytes !== b.sizeBytes || a.validator.kind !== b.validator.kind) return false;
  if (a.validator.kind === 'etag' && b.validator.kind === 'etag') {
    return a.validator.etag === b.validator.etag;
  }
  return sameTime;
}

function checkRefresh(before: readonly ListingEntry[], after: readonly ListingEntry[]): void {
  const old = build(before, { blockSizeBytes: BLOCK_BYTES });
  const sink = new MemorySink();
  const { nextBlock } = old.summary;
  const onSkip = () => undefined;
  const builder = new ManifestBuilder({ sink, blockSizeBytes: BLOCK_BYTES, nextBlock, onSkip });
  const refresh = new ManifestRefresh({ old: old.reader, builder });
  for (const each of after) refresh.add(each);
  const changes = refresh.finish();
  builder.finish();
  const models = [modelOf(before, BLOCK_BYTES), modelOf(after, BLOCK_BYTES)] as const;
  expect(changes).toMatchObject(expectedChanges(...models));
  const reader = open(sink.bytes());
  checkDirectory(reader, models[1], 0, '');
  const firstBlocks = (of: ManifestReader) => {
    const found = new Map<string, number>();
    const cursor = new ManifestCursor(of);
    while (cursor.next()) {
      found.set(cursor.key.toString('latin1'), of.entry(cursor.ordinal).firstBlock);
    }
    return found;
  };
  const [was, is] = [firstBlocks(old.reader), firstBlocks(reader)];
  let next = nextBlock;
  for (const [path, now] of models[1].accepted) {
    if (now.kind !== 'file' || path.endsWith('/')) continue;
    const then = models[0].accepted.get(path);
    const isKept = then !== undefined && isSame(then, now);
    expect(is.get(path), path).toBe(isKept ? was.get(path) : next);
    if (!isKept) next += Math.ceil(now.sizeBytes / BLOCK_BYTES);
  }
  expect(reader.summary.nextBlock).toBe(next);
}

describe('a manifest is what plain maps say', () => {
  it('for small sets of awkward keys', () => {
    fc.assert(fc.property(listing(60), check), { numRuns: 300 });
  });

  it('for directories over many pages', { timeout: 120_000 }, () => {
    const both = fc.property(filler, listing(60), (many, few) => {
      check(merged(many, few, clashes));
    });
    fc.assert(both, { numRuns: 10 });
  });

  it('after a refresh, in counts and block numbers', () => {
    const three = fc.property(listing(30), listing(30), listing(10), (kept, old, young) => {
      checkRefresh(merged(kept, old), merged(kept, young));
    });
    fc.assert(three, { numRuns: 200 });
  });
});
