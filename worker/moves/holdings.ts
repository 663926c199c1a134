/**
 * Goes through what this worker holds, in the order of the manifests, so that each object comes with an
 * address by which another worker can ask for it.
 *
 * The records of the store have no such address, and to look one up by key is a search in a manifest for each
 * object. In this order a page is decoded once for its 4,096 entries, and what is not held costs a look into
 * a bitmap. Memory is one page and a bitmap per dataset, however much is held.
 *
 * An object that several versions name comes once, with the newest of them. What no version names that this
 * worker has opened does not come: the master is about to have it collected.
 */
import { RoaringBitmap32 } from 'roaring-wasm';
import { blockCount, emptyAttributes, hasCode } from '../../common/index.ts';
import type { Clock, ManifestReader, ObjectRef } from '../../common/index.ts';
import type { OpenedVersion } from '../versions.ts';
import { blocksOfStripe, stripesOf } from './duties.ts';

export interface Holding {
  readonly datasetId: number;
  readonly version: number;
  readonly ordinal: number;
  readonly ref: ObjectRef;
  /** Of which anything is held. */
  readonly stripes: readonly number[];
  /** It came since the walk before. */
  readonly isFresh: boolean;
}

export interface HoldingsOptions {
  readonly versions: {
    /** Newest first. */
    known(datasetId: number): Promise<readonly number[]>;
    get(datasetId: number, version: number, signal: AbortSignal): Promise<OpenedVersion>;
  };
  readonly held: {
    datasetIds(): readonly number[];
    has(datasetId: number, block: number): boolean;
  };
  /** Blocks that came since the walk before, by dataset. */
  readonly fresh: ReadonlyMap<number, Pick<RoaringBitmap32, 'has'>>;
  /** Only objects with such blocks come. */
  readonly onlyFresh: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Looked at without a pause: hashing them takes a few milliseconds where all are held. */
const SLICE_ENTRIES = 512;
/** Between two slices, so that who reads is served. */
const PAUSE_MS = 1;

export async function* holdings(options: HoldingsOptions): AsyncGenerator<readonly Holding[]> {
  const { held, fresh, onlyFresh } = options;
  for (const datasetId of held.datasetIds()) {
    if (onlyFresh && !fresh.has(datasetId)) continue;
    const seen = new RoaringBitmap32();
    try {
      for (const version of await options.versions.known(datasetId)) {
        yield* ofVersion(options, { datasetId, version }, seen);
      }
    } finally {
      seen.dispose();
    }
  }
}

async function* ofVersion(
  options: HoldingsOptions,
  { datasetId, version }: Pick<Holding, 'datasetId' | 'version'>,
  seen: RoaringBitmap32,
): AsyncGenerator<readonly Holding[]> {
  const { versions, clock, signal } = options;
  for (let from = 0, end = 1; from < end; from += SLICE_ENTRIES) {
    // Each time, because what nobody has used for long is closed.
    const opened = await versions.get(datasetId, version, signal).catch(deletedMeanwhile);
    if (opened === undefined) return;
    end = opened.replica.reader.entryCount;
    const found = await opened.replica.withPages(signal, (reader) =>
      slice(options, { opened, reader, from, end: Math.min(end, from + SLICE_ENTRIES) }, seen),
    );
    for (const { ref } of found) seen.add(ref.firstBlock);
    if (found.length > 0) yield found;
    await clock.sleep(PAUSE_MS, signal);
  }
}

interface Slice {
  readonly opened: OpenedVersion;
  readonly reader: ManifestReader;
  readonly from: number;
  readonly end: number;
}

function slice(
  { held, fresh, onlyFresh }: HoldingsOptions,
  { opened, reader, from, end }: Slice,
  seen: RoaringBitmap32,
): Holding[] {
  const found: Holding[] = [];
  const { dataset, version } = opened;
  const freshBlocks = fresh.get(dataset.id);
  const { blockSizeBytes } = reader.summary;
  const attributes = emptyAttributes();
  for (let ordinal = from; ordinal < end; ordinal += 1) {
    const { kind, sizeBytes, firstBlock } = reader.attributes(ordinal, attributes);
    if (kind !== 'file' || sizeBytes === 0 || seen.has(firstBlock)) continue;
    const endBlock = firstBlock + blockCount(sizeBytes, blockSizeBytes);
    const isFresh = any(firstBlock, endBlock, (block) => freshBlocks?.has(block) === true);
    if (onlyFresh && !isFresh) continue;
    const isHeld = (block: number) => held.has(dataset.id, block);
    if (!any(firstBlock, endBlock, isHeld)) continue;
    const ref = reader.objectRef(ordinal, dataset);
    const stripes = stripesOf(ref).filter((stripe) => {
      const blocks = blocksOfStripe(ref, stripe);
      return any(firstBlock + blocks.first, firstBlock + blocks.end, isHeld);
    });
    found.push({ datasetId: dataset.id, version, ordinal, ref, stripes, isFresh });
  }
  return found;
}

function any(from: number, end: number, matches: (block: number) => boolean): boolean {
  for (let block = from; block < end; block += 1) if (matches(block)) return true;
  return false;
}

function deletedMeanwhile(error: unknown): undefined {
  if (!hasCode(error, 'NOT_FOUND')) throw error;
}
