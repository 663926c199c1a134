/**
 * Decides the open mode of a mount, once in its life: the kernel remembers what the first open was answered.
 *
 * `auto` goes by the sizes of the files. Where nearly every file is read whole by one read, opening costs
 * more than reading: with `none` the kernel opens by itself, and its page cache serves what was read
 * before. Large files gain more from passthrough, which has the speed of the disk and of its page cache.
 *
 * Measured (100 KB files opened, read and closed in one thread): passthrough 15,600/s; `none` 52,000/s from
 * the page cache, 3,600/s cold. A warm file of 1 GiB: passthrough 18–20 GB/s, through the server 2.6–3.2.
 */
import { emptyAttributes, MIB, PageMissing } from '../common/index.ts';
import type { ManifestReader } from '../common/index.ts';
import type { ModeDecision, OpenModeChoice } from './open-modes.ts';

/** Below, a file is small. */
const SMALL_FILE_BYTES = MIB;
/** From this share of small files on, most are. */
const MOST = 0.5;
/**
 * Entries that are looked at, evenly spread. Each may be a page to fetch; an error of the share of 0.5 by
 * more than 0.12 has a probability of 5 %, and matters little there.
 */
const SAMPLED_ENTRIES = 64;

export interface ModeInput {
  readonly choice: OpenModeChoice;
  readonly reader: ManifestReader;
  /** Brings a page of the manifest. */
  readonly fetch: (offsetBytes: number, lengthBytes: number) => Promise<void>;
}

export async function decideMode({ choice, reader, fetch }: ModeInput): Promise<ModeDecision> {
  if (choice !== 'auto') return { mode: choice, why: 'asked', sampledFiles: 0, smallFiles: 0 };
  const { bytes, files } = reader.summary;
  let sampledFiles = 0;
  let smallFiles = 0;
  // A few large files hold most of the bytes, however many small ones lie beside them.
  if (bytes < files * SMALL_FILE_BYTES) {
    for (const ordinal of spread(reader.summary.entries, SAMPLED_ENTRIES)) {
      const { kind, sizeBytes } = await attributes(ordinal, reader, fetch);
      if (kind !== 'file') continue;
      sampledFiles += 1;
      if (sizeBytes < SMALL_FILE_BYTES) smallFiles += 1;
    }
  }
  const isSmall = sampledFiles > 0 && smallFiles / sampledFiles >= MOST;
  return isSmall
    ? { mode: 'none', why: 'small-files', sampledFiles, smallFiles }
    : { mode: 'passthrough', why: 'large-files', sampledFiles, smallFiles };
}

async function attributes(ordinal: number, reader: ManifestReader, fetch: ModeInput['fetch']) {
  for (;;) {
    try {
      return reader.attributes(ordinal, emptyAttributes());
    } catch (error) {
      if (!(error instanceof PageMissing)) throw error;
      await fetch(error.offsetBytes, error.lengthBytes);
    }
  }
}

/** Ordinals of at most `most` entries out of so many; all of them where they are few. */
function* spread(entries: number, most: number): Generator<number> {
  const count = Math.min(entries, most);
  for (let index = 0; index < count; index++) {
    yield Math.floor(((index + 0.5) * entries) / count);
  }
}
