/**
 * What a manifest costs: build rate, peak memory, bytes per entry, look-ups, listing.
 *
 *     node bench/manifest.ts [entries] [directories, 0 = all in one] [manifest file]
 */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_BLOCK_BYTES, ManifestBuilder, ManifestReader } from '../common/index.ts';
import { emptyAttributes, ManifestRefresh, systemClock, systemRandom } from '../common/index.ts';
import type { ListingEntry } from '../common/index.ts';
import { FileManifestSink, FilePageSource } from '../rpc/manifests/manifest-file.ts';

const entries = Number(process.argv[2] ?? 1_000_000);
const directories = Number(process.argv[3] ?? 1000);
const path = process.argv[4] ?? join(tmpdir(), `bench-${String(process.pid)}.manifest`);
const etags = Array.from({ length: 4099 }, () => randomBytes(16).toString('hex'));

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function timed<T>(what: string, count: number, action: () => T): T {
  const start = systemClock.monotonicMs();
  const result = action();
  const ms = systemClock.monotonicMs() - start;
  const rate = `${(count / ms / 1000).toFixed(2)} M/s`;
  say(`${what}: ${ms.toFixed(0)} ms, ${rate}, ${((ms * 1e6) / count).toFixed(0)} ns each`);
  return result;
}

function keyOf(index: number): string {
  const file = `img-${String(index).padStart(8, '0')}.jpg`;
  if (directories === 0) return file;
  const directory = Math.floor((index * directories) / entries);
  return `train/n${String(directory).padStart(8, '0')}/${file}`;
}

function* listing(): Generator<ListingEntry> {
  const plain = { kind: 'file', mtimeNs: 0, mode: 0o644, uid: 0, gid: 0 } as const;
  for (let i = 0; i < entries; i += 1) {
    const etag = `${(i >>> 0).toString(16).padStart(8, '0')}${etags[i % 4099]?.slice(8) ?? ''}`;
    yield {
      ...plain,
      key: Buffer.from(keyOf(i)),
      sizeBytes: 60_000 + ((i * 7919) % 100_003),
      mtimeS: 1_700_000_000 + Math.floor(i / 50),
      validator: { kind: 'etag', etag },
    };
  }
}

const onSkip = (): void => undefined;
const settings = { blockSizeBytes: DEFAULT_BLOCK_BYTES, onSkip };

timed('the listing alone', entries, () => {
  let bytes = 0;
  for (const entry of listing()) bytes += entry.sizeBytes;
  return bytes;
});
const summary = timed('build', entries, () => {
  using sink = new FileManifestSink(path);
  const builder = new ManifestBuilder({ ...settings, sink });
  for (const entry of listing()) builder.add(entry);
  const done = builder.finish();
  sink.publish();
  return done;
});
const peak = process.resourceUsage().maxRSS / 1024;
say(`${(summary.fileBytes / entries).toFixed(2)} bytes per entry, peak RSS ${peak.toFixed(0)} MiB`);

using source = new FilePageSource(path);
const reader = timed('open', 1, () => ManifestReader.open(source, { whole: true }));
const attributes = emptyAttributes();

function readAll(directory: number): number {
  let seen = 0;
  const children: number[] = [];
  reader.readdir(directory, 0, ({ ordinal }) => {
    seen += 1;
    if (reader.attributes(ordinal, attributes).kind === 'directory') children.push(ordinal);
    return true;
  });
  return children.reduce((sum, child) => sum + readAll(child), seen);
}

timed('readdir with attributes, pages to decode', entries, () => readAll(0));
timed('files()', entries, () => {
  let count = 0;
  for (const ordinal of reader.files(0)) count += Math.sign(ordinal);
  return count;
});
const look = (from: number, span: number, count: number) => {
  for (let i = 0; i < count; i += 1) {
    const key = Buffer.from(keyOf(from + Math.floor(systemRandom() * span)));
    if (reader.find(key) < 0) throw new Error(`not found: ${key.toString()}`);
  }
};
look(0, 10_000, 50_000);
timed('find, page decoded', 200_000, () => {
  look(0, 10_000, 200_000);
});
timed('find, page to decode', 2000, () => {
  look(0, entries, 2000);
});
timed('refresh, nothing changed', entries, () => {
  using sink = new FileManifestSink(`${path}-2`);
  const builder = new ManifestBuilder({ ...settings, sink, nextBlock: summary.nextBlock });
  const refresh = new ManifestRefresh({ old: reader, builder });
  for (const entry of listing()) refresh.add(entry);
  const { identical } = refresh.finish();
  if (!identical) throw new Error('it is not the same');
  builder.finish();
});
say(`heap and all: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB RSS at most`);
if (process.argv[4] === undefined) rmSync(path);
