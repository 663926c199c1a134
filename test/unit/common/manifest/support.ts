/** Listings and manifests in memory, for the tests of the manifest. */
import {
  DEFAULT_BLOCK_BYTES,
  ManifestBuilder,
  ManifestReader,
  type ListingEntry,
  type ManifestReaderOptions,
  type ManifestSink,
  type ManifestSummary,
  type PageSource,
  type SkipReason,
} from '../../../../common/index.ts';

export class MemorySink implements ManifestSink {
  readonly #parts: Buffer[] = [];

  append(bytes: Buffer): void {
    this.#parts.push(bytes);
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

export class MemorySource implements PageSource {
  readonly name = 'test.manifest';
  readonly sizeBytes: number;
  reads = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.sizeBytes = bytes.length;
  }

  read(offsetBytes: number, lengthBytes: number): Buffer {
    this.reads += 1;
    return Buffer.from(this.#bytes.subarray(offsetBytes, offsetBytes + lengthBytes));
  }
}

/** A file of an object store, unless `change` says otherwise; a directory where the key ends in `/`. */
export function entry(key: string | Buffer, change: Partial<ListingEntry> = {}): ListingEntry {
  const bytes = Buffer.from(key);
  const isDirectory = bytes.at(-1) === 47;
  return {
    key: bytes,
    kind: isDirectory ? 'directory' : 'file',
    sizeBytes: isDirectory ? 0 : 5,
    mtimeS: 1_700_000_000,
    mtimeNs: 0,
    mode: isDirectory ? 0o755 : 0o644,
    uid: 0,
    gid: 0,
    validator: { kind: 'etag', etag: '0123456789abcdef0123456789abcdef' },
    ...change,
  };
}

export interface Built {
  readonly bytes: Buffer;
  readonly summary: ManifestSummary;
  readonly reader: ManifestReader;
  readonly skipped: readonly (readonly [string, SkipReason])[];
}

/** Builds in the order that is given, and opens what came out. */
export function build(
  entries: Iterable<ListingEntry>,
  options: { blockSizeBytes?: number; nextBlock?: number; reader?: ManifestReaderOptions } = {},
): Built {
  const { blockSizeBytes = DEFAULT_BLOCK_BYTES, nextBlock = 0, reader = {} } = options;
  const sink = new MemorySink();
  const skipped: [string, SkipReason][] = [];
  const onSkip = (key: Buffer, reason: SkipReason) => {
    skipped.push([key.toString('latin1'), reason]);
  };
  const builder = new ManifestBuilder({ sink, blockSizeBytes, nextBlock, onSkip });
  for (const each of entries) builder.add(each);
  const summary = builder.finish();
  const bytes = sink.bytes();
  return { bytes, summary, skipped, reader: open(bytes, reader) };
}

export function open(bytes: Buffer, options: ManifestReaderOptions = {}): ManifestReader {
  return ManifestReader.open(new MemorySource(bytes), { whole: true, ...options });
}

/** Sorted by bytes. */
export function sorted(entries: readonly ListingEntry[]): ListingEntry[] {
  return entries.toSorted((a, b) => a.key.compare(b.key));
}

export function names(reader: ManifestReader, directory = 0, fromIndex = 0): string[] {
  const found: string[] = [];
  reader.readdir(directory, fromIndex, ({ bytes, nameStart, nameEnd }) => {
    found.push(bytes.toString('utf8', nameStart, nameEnd));
    return true;
  });
  return found;
}

export function at(reader: ManifestReader, path: string): number {
  return reader.find(Buffer.from(path));
}
