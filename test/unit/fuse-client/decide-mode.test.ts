import { describe, expect, test } from 'vitest';
import { ManifestBuilder, ManifestReader, MIB } from '../../../common/index.ts';
import type { ListingEntry } from '../../../common/index.ts';
import { decideMode } from '../../../fuse-client/decide-mode.ts';

const fetch = () => Promise.reject(new Error('every page is here'));

/** Of files whose sizes repeat in this order, each in a directory of its own where asked for. */
function reader(files: number, sizesBytes: readonly number[], directories = false): ManifestReader {
  const parts: Buffer[] = [];
  const builder = new ManifestBuilder({
    sink: { append: (bytes) => parts.push(Buffer.from(bytes)) },
    blockSizeBytes: 4 * MIB,
    onSkip: () => undefined,
  });
  for (let file = 0; file < files; file++) {
    const name = String(file).padStart(8, '0');
    builder.add(entry(directories ? `${name}/file` : name, sizesBytes[file % sizesBytes.length]!));
  }
  builder.finish();
  const bytes = Buffer.concat(parts);
  return ManifestReader.open(
    { sizeBytes: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) },
    { whole: true },
  );
}

describe('the open mode of a mount', () => {
  test.each(['daemon', 'passthrough', 'none'] as const)('%s, where asked for', async (choice) => {
    expect(await decideMode({ choice, reader: reader(3, [1]), fetch })).toEqual({
      mode: choice,
      why: 'asked',
      sampledFiles: 0,
      smallFiles: 0,
    });
  });

  test.each([
    ['small files', 1000, [100_000], 'none', 64, 64],
    ['few small files', 3, [100_000], 'none', 3, 3],
    ['mostly small files', 3000, [100_000, 100_000, 2 * MIB], 'none', 64, 44],
    ['files just below 1 MiB', 10, [MIB - 1], 'none', 10, 10],
    ['files of 1 MiB', 10, [MIB], 'passthrough', 0, 0],
    [
      'small ones beside a large one',
      10,
      [...Array<number>(9).fill(10), 1 << 30],
      'passthrough',
      0,
      0,
    ],
    ['larger ones beside empty ones', 3000, [0, MIB, MIB], 'passthrough', 64, 22],
    ['no files', 0, [1], 'passthrough', 0, 0],
  ] as const)('%s', async (_, files, sizes, mode, sampledFiles, smallFiles) => {
    const decision = await decideMode({ choice: 'auto', reader: reader(files, sizes), fetch });
    const why = mode === 'none' ? 'small-files' : 'large-files';
    expect(decision).toEqual({ mode, why, sampledFiles, smallFiles });
  });

  test('directories are not counted as files', async () => {
    const decision = await decideMode({ choice: 'auto', reader: reader(500, [9], true), fetch });
    expect(decision).toMatchObject({ mode: 'none', sampledFiles: 32, smallFiles: 32 });
  });
});

function entry(key: string, sizeBytes: number): ListingEntry {
  return {
    key: Buffer.from(key),
    kind: 'file',
    sizeBytes,
    ...{ mtimeS: 1_700_000_000, mtimeNs: 5, mode: 0o640, uid: 1, gid: 2 },
    validator: { kind: 'etag', etag: '"e"' },
  };
}
