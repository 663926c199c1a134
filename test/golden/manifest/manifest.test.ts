/**
 * The bytes of manifest format 1. Manifests live on disks and travel between releases.
 *
 * zstd may pack the same body differently in another Node, so packed bytes are read but bodies are
 * compared. `UPDATE_GOLDEN=1` writes the file anew, for a new format version.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeFooter, decodeTrailer } from '../../../common/manifest/footer.ts';
import { HASH_BYTES, TRAILER_BYTES } from '../../../common/manifest/format.ts';
import type { ListingEntry } from '../../../common/index.ts';
import { at, build, entry, names, open } from '../../unit/common/manifest/support.ts';

const BUMP = 'the bytes of a manifest changed: bump FORMAT_VERSION in common/manifest/format.ts';
const golden = new URL('small-v1.manifest', import.meta.url);

/** One of each thing that the format can hold. */
const LISTING: readonly ListingEntry[] = [
  entry('blue', { sizeBytes: 1 }),
  entry('blue.txt', {
    sizeBytes: 5 * 2 ** 30,
    validator: { kind: 'etag', etag: `${'ab'.repeat(16)}-640` },
  }),
  entry('blue/', { mode: 0o2775, uid: 1000, gid: 100, mtimeS: -86_400, mtimeNs: 5 }),
  entry('blue/deep/x', { mtimeS: 2 ** 33, mtimeNs: 999_999_999, mode: 0o600 }),
  entry('empty/'),
  entry('id', {
    validator: { kind: 'file', identity: Buffer.from('device--inode---seconds-nano') },
  }),
  entry('link', { kind: 'symlink', symlinkTarget: Buffer.from('blue/deep/x'), mode: 0o777 }),
  entry('text', { sizeBytes: 0, validator: { kind: 'etag', etag: 'UPPER-case' } }),
  entry('weak', { sizeBytes: 4 * 2 ** 20 + 1, validator: { kind: 'modified' } }),
  entry(Buffer.from([0xff, 0xfe])),
];

/** All that a file says but how zstd packed it. */
function content(file: Buffer) {
  const where = { file: undefined };
  const trailer = decodeTrailer(file.subarray(-TRAILER_BYTES), file.length, where);
  if (trailer === undefined) throw new Error(BUMP);
  const { offsetBytes, lengthBytes } = trailer.footer;
  const stored = file.subarray(offsetBytes, offsetBytes + lengthBytes);
  const { pages, bandBytes, ...rest } = decodeFooter(stored, offsetBytes, where);
  const buckets = [...bandBytes.entries()].filter(([, bytes]) => bytes > 0);
  return {
    ...rest,
    buckets,
    pages: pages.map(({ offsetBytes: start, lengthBytes: length, crc: _, firstKey, ...row }) => {
      const page = file.subarray(start, start + length);
      const packedAt = HASH_BYTES * row.hashes;
      return {
        ...row,
        firstKey: firstKey.toString('hex'),
        hashes: page.toString('hex', 0, packedAt),
        body: zstdDecompressSync(page.subarray(packedAt)).toString('hex'),
      };
    }),
  };
}

const built = build(LISTING, { nextBlock: 1000 }).bytes;
if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(golden, built);

describe('manifest format 1', () => {
  it('is written as ever', () => {
    expect(existsSync(golden)).toBe(true);
    expect(content(built), BUMP).toEqual(content(readFileSync(golden)));
  });

  it('is read as ever', () => {
    const reader = open(readFileSync(golden));
    expect(names(reader), BUMP).toEqual([
      'blue.txt',
      'blue',
      'empty',
      'id',
      'link',
      'text',
      'weak',
      '\ufffd\ufffd',
    ]);
    const of = (path: string) => reader.entry(at(reader, path));
    expect(of('blue'), BUMP).toMatchObject({ mode: 0o2775, uid: 1000, gid: 100, mtimeS: -86_400 });
    expect(of('blue/deep'), BUMP).toMatchObject({
      kind: 'directory',
      mode: 0o755,
      mtimeS: 2 ** 33,
    });
    expect(of('blue.txt'), BUMP).toMatchObject({ sizeBytes: 5 * 2 ** 30, firstBlock: 1001 });
    expect(of('weak'), BUMP).toMatchObject({ sizeBytes: 4 * 2 ** 20 + 1, firstBlock: 2283 });
    for (const { key, kind, validator, symlinkTarget } of LISTING.slice(1)) {
      const ordinal = reader.find(key);
      if (kind === 'file') expect(reader.validator(ordinal), BUMP).toEqual(validator);
      if (kind === 'symlink') expect(reader.symlinkTarget(ordinal), BUMP).toEqual(symlinkTarget);
    }
    expect(reader.summary, BUMP).toMatchObject({ entries: 12, hidden: 1, nextBlock: 2286 });
  });
});
