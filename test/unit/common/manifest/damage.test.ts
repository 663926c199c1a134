/**
 * Manifests that are not whole, damaged, or that lie: a reader gives what was written or an error
 * that names the place, never anything else, and always comes to an end.
 */
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { crc32 } from '@node-rs/crc32';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasCode, LarderError, ManifestReader, PageMissing } from '../../../../common/index.ts';
import {
  decodeFooter,
  decodeTrailer,
  encodeFooter,
  encodeTrailer,
} from '../../../../common/manifest/footer.ts';
import type { Footer } from '../../../../common/manifest/footer.ts';
import { bodyColumns, bodyLayout, TRAILER_BYTES } from '../../../../common/manifest/format.ts';
import type { BodyColumns } from '../../../../common/manifest/format.ts';
import { at, build, entry, MemorySource, open } from './support.ts';

const { bytes } = build([
  entry('a/1', { sizeBytes: 10 }),
  entry('a/2', { validator: { kind: 'etag', etag: 'text' } }),
  entry('b/'),
  entry('c', { kind: 'symlink', symlinkTarget: Buffer.from('a/1') }),
  entry('d', { validator: { kind: 'file', identity: Buffer.alloc(28, 1) } }),
]);
const footer = footerOf(bytes);

function footerOf(file: Buffer): Footer {
  const trailer = decodeTrailer(file.subarray(-TRAILER_BYTES), file.length, { file: undefined });
  if (trailer === undefined) throw new Error('no trailer');
  const { offsetBytes, lengthBytes } = trailer.footer;
  const stored = file.subarray(offsetBytes, offsetBytes + lengthBytes);
  return decodeFooter(stored, offsetBytes, { file: undefined });
}

interface Changes {
  readonly level?: number;
  readonly body?: (columns: BodyColumns, body: Buffer, names: number) => void;
  readonly footer?: (footer: Footer) => Footer;
}

/** The same file with something changed and every checksum right again. */
function lie({ level, body: change, footer: changeFooter = (f) => f }: Changes): Buffer {
  const parts: Buffer[] = [];
  let offsetBytes = 0;
  const pages = footer.pages.map((row) => {
    const stored = bytes.subarray(row.offsetBytes, row.offsetBytes + row.lengthBytes);
    const body = Buffer.from(
      new Uint8Array(zstdDecompressSync(stored.subarray(16 * row.hashes))).buffer,
    );
    if (row.level === level) {
      const header = new Uint32Array(body.buffer, 0, 10);
      const [entries = 0, , , , , directories = 0, owners = 0, nameBytes = 0, extraBytes = 0] =
        header;
      const counts = { entries, directories, owners, nameBytes, extraBytes };
      change?.(bodyColumns(body, counts), body, bodyLayout(counts).names);
    }
    const packed = Buffer.concat([stored.subarray(0, 16 * row.hashes), zstdCompressSync(body)]);
    parts.push(packed);
    const place = { offsetBytes, lengthBytes: packed.length, crc: crc32(packed) };
    offsetBytes += packed.length;
    return { ...row, ...place };
  });
  const stored = encodeFooter(changeFooter({ ...footer, pages }));
  return Buffer.concat([...parts, stored, encodeTrailer(stored, offsetBytes)]);
}

/** Goes through all that can be asked. @returns how many entries there were */
function readAll(reader: ManifestReader): number {
  let seen = 0;
  const visit = (directory: number) => {
    reader.totals(directory);
    reader.readdir(directory, 0, ({ ordinal, bytes: name, nameStart, nameEnd }) => {
      seen += 1;
      const { kind, parent } = reader.entry(ordinal);
      expect(parent).toBe(directory);
      expect(reader.lookup(directory, name.subarray(nameStart, nameEnd))).toBe(ordinal);
      expect(reader.find(reader.key(ordinal))).toBe(ordinal);
      if (kind === 'file') reader.validator(ordinal);
      if (kind === 'symlink') reader.symlinkTarget(ordinal);
      if (kind === 'directory') visit(ordinal);
      return true;
    });
  };
  visit(0);
  return seen + [...reader.files(0)].length;
}

function failure(action: () => unknown): LarderError {
  try {
    action();
  } catch (error) {
    if (error instanceof LarderError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('a file that is not whole yet', () => {
  /** As a copier fills it: zeros, and the ranges that have come. */
  class Filling extends MemorySource {
    readonly #holes = Buffer.alloc(bytes.length);

    fetch({ offsetBytes, lengthBytes }: { offsetBytes: number; lengthBytes: number }): void {
      bytes.copy(this.#holes, offsetBytes, offsetBytes, offsetBytes + lengthBytes);
    }

    override read(offsetBytes: number, lengthBytes: number): Buffer {
      return Buffer.from(this.#holes.subarray(offsetBytes, offsetBytes + lengthBytes));
    }
  }

  function missing(action: () => unknown): PageMissing {
    try {
      action();
    } catch (error) {
      if (error instanceof PageMissing) return error;
      throw error;
    }
    throw new Error('nothing is missing');
  }

  it('says which range it needs, until all has come', () => {
    const source = new Filling(bytes);
    const trailer = missing(() => ManifestReader.open(source));
    expect(trailer).toMatchObject(ManifestReader.trailerRange(bytes.length));
    source.fetch(trailer);
    const needed = missing(() => ManifestReader.open(source));
    const range = ManifestReader.footerRange(source);
    expect(range.offsetBytes).toBe(needed.offsetBytes);
    expect(range.offsetBytes + range.lengthBytes).toBe(bytes.length);
    source.fetch(range);
    const reader = ManifestReader.open(source);
    expect(reader.entryCount).toBe(7);
    const root = missing(() => reader.entry(0));
    expect(reader.pages).toContainEqual(
      expect.objectContaining({ offsetBytes: root.offsetBytes, lengthBytes: root.lengthBytes }),
    );
    for (const page of reader.pages) source.fetch(page);
    expect(readAll(reader)).toBe(9);
  });

  it('goes on with files() after a page has come', () => {
    const source = new Filling(bytes);
    source.fetch({ offsetBytes: footer.pages.at(-1)?.offsetBytes ?? 0, lengthBytes: bytes.length });
    source.fetch(ManifestReader.footerRange(new MemorySource(bytes)));
    const reader = ManifestReader.open(source);
    for (const row of footer.pages.filter(({ level }) => level === 0)) source.fetch(row);
    const files = reader.files(0);
    const found: number[] = [];
    let fetched = 0;
    for (;;) {
      try {
        const step = files.next();
        if (step.done === true) break;
        found.push(step.value);
      } catch (error) {
        if (!(error instanceof PageMissing)) throw error;
        source.fetch(error);
        fetched += 1;
      }
    }
    expect(fetched).toBeGreaterThan(0);
    expect(found.map((ordinal) => reader.key(ordinal).toString())).toEqual(['a/1', 'a/2', 'd']);
  });

  it('is damage where the file is said to be whole', () => {
    const zeros = Buffer.alloc(bytes.length);
    expect(failure(() => open(zeros)).code).toBe('MANIFEST_CORRUPT');
  });
});

describe('a damaged file', () => {
  it('is found out at every single byte', () => {
    for (let i = 0; i < bytes.length; i += 1) {
      const damaged = Buffer.from(bytes);
      damaged[i] = (damaged[i] ?? 0) ^ 0x10;
      const { code } = failure(() => readAll(open(damaged)));
      expect(code, `byte ${String(i)}`).toBe('MANIFEST_CORRUPT');
    }
  });

  it('is found out at every length', () => {
    for (let length = 0; length < bytes.length; length += 1) {
      const { code } = failure(() => open(bytes.subarray(0, length)));
      expect(code, `length ${String(length)}`).toBe('MANIFEST_CORRUPT');
    }
  });

  it('is named with its page, and nothing more of it is served', () => {
    const row = footer.pages.find(({ level }) => level === 2);
    const damaged = Buffer.from(bytes);
    damaged.fill(0xff, row?.offsetBytes, (row?.offsetBytes ?? 0) + 1);
    const reader = open(damaged);
    expect(reader.entry(0).kind).toBe('directory');
    const error = failure(() => reader.find(Buffer.from('a/1')));
    expect(error.facts).toMatchObject({ file: 'test.manifest', page: row?.number });
    expect(failure(() => reader.entry(0))).toBe(error);
  });

  it('of a later format is not read', () => {
    const later = Buffer.from(bytes);
    const trailer = later.subarray(-TRAILER_BYTES);
    trailer.writeUInt32LE(2, 16);
    trailer.writeUInt32LE(crc32(trailer.subarray(0, 20)), 20);
    expect(failure(() => open(later)).code).toBe('PROTOCOL_MISMATCH');
  });
});

describe('a lying file, with every checksum right', () => {
  it('is only what was written where nothing is changed', () => {
    expect(readAll(open(lie({})))).toBe(9);
    expect(at(open(lie({})), 'a/2')).toBe(6);
  });

  it.each<[string, Changes, number?]>([
    ['size over 2^53', { level: 2, body: ({ high }) => high.fill(2 ** 21) }, 0],
    ['size beyond the blocks', { level: 2, body: ({ low }) => low.fill(2 ** 31) }, 0],
    ['block number', { level: 2, body: ({ gap }) => gap.fill(9, 1) }, 1],
    ['nanoseconds', { level: 1, body: ({ mtimeNs }) => mtimeNs.fill(1e9) }, 0],
    ['seconds', { level: 1, body: ({ mtimeHigh }) => mtimeHigh.fill(2 ** 30) }, 0],
    ['owner', { level: 1, body: ({ owner }) => owner.fill(2) }, 0],
    ['parent that does not exist', { level: 2, body: ({ parent }) => parent.fill(9) }, 0],
    ['parent that is another', { level: 2, body: ({ parent }) => parent.fill(1) }, 0],
    ['children that do not exist', { level: 1, body: ({ high }) => high.fill(3, 0, 1) }, 0],
    ['root of many parents', { level: 0, body: ({ parent }) => parent.fill(1) }, 0],
    ['unknown flags', { level: 1, body: ({ flags }) => flags.fill(0x80) }],
    ['unknown kind', { level: 2, body: ({ flags }) => flags.fill(3) }],
    ['hidden directory', { level: 0, body: ({ flags }) => flags.fill(0b101) }, 0],
    ['slash in a name', { level: 2, body: (_, body, names) => body.fill('/', names, names + 1) }],
    ['NUL in a name', { level: 2, body: (_, body, names) => body.fill(0, names, names + 1) }],
    ['a name twice', { level: 2, body: (_, body, names) => body.fill('1', names, names + 2) }, 1],
    [
      'names out of order',
      { level: 2, body: (_, body, names) => body.fill('0', names + 1, names + 2) },
      1,
    ],
    ['first name', { level: 2, body: (_, body, names) => body.fill('0', names, names + 1) }, 0],
    [
      'dot as a name',
      { level: 2, body: (_, body, names) => body.fill('.', names + 1, names + 2) },
      1,
    ],
    ['length of a name', { level: 2, body: ({ nameLength }) => nameLength.fill(2) }],
    [
      'length of a target',
      { level: 1, body: (c, body) => body.writeUInt16LE(900, body.length - 35) },
      2,
    ],
    ['entries', { level: 1, body: ({ header }) => header.fill(3, 0, 1) }],
    ['level', { level: 1, body: ({ header }) => header.fill(2, 1, 2) }],
    ['name bytes', { level: 1, body: ({ header }) => header.fill(2 ** 31, 7, 8) }],
    ['totals', { level: 0, body: ({ totals }) => totals.fill(2 ** 31) }, 0],
  ])('%s', (_what, change, atEntry) => {
    const error = failure(() => readAll(open(lie(change))));
    expect(error.code).toBe('MANIFEST_CORRUPT');
    const page = footer.pages.find(({ level }) => level === change.level)?.number;
    expect(error.facts['page']).toBe(page);
    if (atEntry !== undefined) expect(error.facts['entry']).toBe(atEntry);
  });

  it('is found out by a walk too', () => {
    const body = ({ parent }: BodyColumns) => parent.fill(1);
    const error = failure(() => [...open(lie({ level: 2, body })).files(0)]);
    expect(error.facts).toMatchObject({ what: 'its directory does not name it', entry: 0 });
  });

  const sums = (change: Partial<Footer['sums']>) => ({
    footer: (f: Footer) => ({ ...f, sums: { ...f.sums, ...change } }),
  });
  it.each<[string, Changes]>([
    ['files', sums({ files: 100 })],
    ['bytes', sums({ bytes: 1 })],
    ['next block', sums({ nextBlock: 2 ** 33 })],
    ['blocks', sums({ blocks: 2 ** 33 })],
    ['block size', sums({ blockSizeBytes: 1000 })],
    ['no block size', sums({ blockSizeBytes: 0 })],
    ['validators', sums({ weakValidators: 0 })],
    ['an empty level', { footer: (f) => ({ ...f, levels: [...f.levels, 0] }) }],
    ['two roots', { footer: (f) => ({ ...f, levels: [2, ...f.levels.slice(1)] }) }],
    ['a level without pages', { footer: (f) => ({ ...f, levels: [...f.levels, 5] }) }],
    ['a page too few', { footer: (f) => ({ ...f, pages: f.pages.slice(1) }) }],
    ['a page too many', { footer: (f) => ({ ...f, pages: [...f.pages, ...f.pages] }) }],
    ['a late entry', { footer: (f) => ({ ...f, late: [{ level: 1, index: 9 }] }) }],
    [
      'body length',
      { footer: (f) => ({ ...f, pages: f.pages.map((p) => ({ ...p, bodyBytes: 2 ** 31 })) }) },
    ],
    [
      'page length',
      { footer: (f) => ({ ...f, pages: f.pages.map((p) => ({ ...p, lengthBytes: 2 ** 31 })) }) },
    ],
    ['hashes', { footer: (f) => ({ ...f, pages: f.pages.map((p) => ({ ...p, hashes: 4096 })) }) }],
  ])('footer: %s', (_what, change) => {
    expect(
      hasCode(
        failure(() => open(lie(change))),
        'MANIFEST_CORRUPT',
      ),
    ).toBe(true);
  });

  it('whatever it says, it is refused or read to its end', () => {
    const anywhere = fc.property(
      fc.nat({ max: 2 }),
      fc.array(fc.tuple(fc.nat({ max: 600 }), fc.integer({ min: 1, max: 255 })), {
        minLength: 1,
        maxLength: 4,
      }),
      (level, flips) => {
        const body = (_: BodyColumns, page: Buffer) => {
          for (const [i, mask] of flips)
            page[i % page.length] = (page[i % page.length] ?? 0) ^ mask;
        };
        try {
          expect(readAll(open(lie({ level, body })))).toBeLessThan(20);
        } catch (error) {
          expect(error).toBeInstanceOf(LarderError);
          expect(hasCode(error, 'MANIFEST_CORRUPT'), String(error)).toBe(true);
        }
      },
    );
    fc.assert(anywhere, {
      numRuns: 3000,
      examples: [
        [
          2,
          [
            [249, 16],
            [84, 1],
          ],
        ],
      ],
    });
  });

  it('whatever its footer says, it is refused or read to its end', () => {
    const trailer = decodeTrailer(bytes.subarray(-TRAILER_BYTES), bytes.length, {
      file: undefined,
    });
    const start = trailer?.footer.offsetBytes ?? 0;
    const byte = fc.tuple(fc.nat({ max: 400 }), fc.integer({ min: 1, max: 255 }));
    const anywhere = fc.property(fc.array(byte, { minLength: 1, maxLength: 4 }), (flips) => {
      const stored = Buffer.from(bytes.subarray(start, -TRAILER_BYTES));
      for (const [i, mask] of flips)
        stored[i % stored.length] = (stored[i % stored.length] ?? 0) ^ mask;
      const file = Buffer.concat([bytes.subarray(0, start), stored, encodeTrailer(stored, start)]);
      try {
        expect(readAll(open(file))).toBeLessThan(20);
      } catch (error) {
        expect(hasCode(error, 'MANIFEST_CORRUPT'), String(error)).toBe(true);
      }
    });
    fc.assert(anywhere, { numRuns: 3000 });
  });
});
