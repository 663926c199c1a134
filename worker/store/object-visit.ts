/**
 * Goes through the objects of a dataset that somebody names by their first blocks, on one disk: frees or verifies them.
 *
 * Always true:
 *   - what somebody has open or reads, what is protected, and what another dataset has too is not freed;
 *   - what is verified and does not match its checksums is dropped, and never served again.
 */
import type { RoaringBitmap32 } from 'roaring-wasm';
import { CHUNK_BYTES } from '../../common/index.ts';
import type { Clock } from '../../common/index.ts';
import type { Admission } from '../admission/index.ts';
import { SLICES_AT_ONCE } from './dataset-scan.ts';
import type { ObjectIndex } from './object-index.ts';
import type { RecordStore } from './record-store.ts';
import type { Space } from './space.ts';
import { isDropped } from './stored-object.ts';
import type { StoredObject } from './stored-object.ts';

export interface VisitRequest {
  readonly datasetId: number;
  /** Objects whose first block is one of these. Valid during the visit. */
  readonly blocks: Pick<RoaringBitmap32, 'has'>;
  /** `look`: says what `free` would do. */
  readonly action: 'free' | 'look' | 'verify';
}

/** What became of one object that is held here. */
export interface Visited {
  readonly what: 'freed' | 'open' | 'protected' | 'shared' | 'sound' | 'damaged';
  /** The name of what protects it. */
  readonly by?: string | undefined;
  /** That were held of it. */
  readonly bytes: number;
}

export interface VisitParts {
  readonly records: RecordStore;
  readonly index: ObjectIndex;
  readonly space: Space;
  readonly admission: Admission;
  readonly clock: Clock;
  readonly store: {
    drop(object: StoredObject, why: string): Promise<void>;
    /** Drops the object where it throws because of what is on the disk. */
    readChunks(object: StoredObject, first: number, count: number): Promise<Buffer[]>;
  };
}

export interface VisitedDisk {
  /** Fires when it is given up. */
  readonly closing: AbortSignal;
  visit(request: VisitRequest, signal: AbortSignal): AsyncIterable<Visited>;
}

/** Looked at without a pause, and freed or read at a time. */
const SLICE = 16;
/** Of one disk read. */
const CHUNKS_AT_ONCE = 4;

/** Disk by disk. What a disk had that is given up meanwhile is gone anyway. */
export async function* visitDisks(
  disks: readonly VisitedDisk[],
  request: VisitRequest,
  signal: AbortSignal,
): AsyncGenerator<Visited, void, undefined> {
  for (const disk of disks) {
    try {
      yield* disk.visit(request, AbortSignal.any([signal, disk.closing]));
    } catch (error) {
      if (signal.aborted || !disk.closing.aborted) throw error;
    }
  }
}

export async function* visitObjects(
  parts: VisitParts,
  request: VisitRequest,
  signal: AbortSignal,
): AsyncGenerator<Visited, void, undefined> {
  let others = 0;
  for (let last: string | undefined; ;) {
    signal.throwIfAborted();
    const slice = parts.records.recordsAfter(last, SLICE);
    if (slice.length === 0) return;
    last = slice.at(-1)?.objectId;
    const named = slice.filter(({ record }) =>
      record.references.some((it) => isOf(request, it) && request.blocks.has(it.firstBlock)),
    );
    if (named.length === 0 && (others += 1) % SLICES_AT_ONCE !== 0) continue;
    const visits = named.map(async ({ objectId }) => {
      const object = parts.index.find(objectId);
      if (object === undefined || isDropped(object)) return undefined;
      if (request.action === 'verify') return await verify(parts, object, signal);
      return await free(parts, object, request);
    });
    for (const visited of await Promise.all(visits)) if (visited !== undefined) yield visited;
    await parts.clock.sleep(0, signal);
  }
}

async function free(
  { space, admission, clock, store }: VisitParts,
  object: StoredObject,
  request: VisitRequest,
): Promise<Visited> {
  const bytes = object.heldBytes;
  const { references, band } = object.record;
  if (space.isOpen(object)) return { what: 'open', bytes };
  const nowMs = clock.monotonicMs();
  for (const reference of references) {
    const by = admission.protectorOf({ ...reference, band }, nowMs);
    if (by !== undefined) return { what: 'protected', by, bytes };
  }
  if (!references.every((reference) => isOf(request, reference))) return { what: 'shared', bytes };
  if (request.action === 'free') await store.drop(object, 'freed');
  return { what: 'freed', bytes };
}

async function verify(
  { index, store }: VisitParts,
  object: StoredObject,
  signal: AbortSignal,
): Promise<Visited> {
  const bytes = object.heldBytes;
  const { sizeBytes, blockSizeBytes } = object.record;
  const perBlock = blockSizeBytes / CHUNK_BYTES;
  const chunks = Math.ceil(sizeBytes / CHUNK_BYTES);
  index.hold(object);
  try {
    for (const { first, count } of [...object.heldRuns()]) {
      const end = Math.min((first + count) * perBlock, chunks);
      for (let chunk = first * perBlock; chunk < end; chunk += CHUNKS_AT_ONCE) {
        signal.throwIfAborted();
        await store.readChunks(object, chunk, Math.min(CHUNKS_AT_ONCE, end - chunk));
      }
    }
    return { what: 'sound', bytes };
  } catch (error) {
    if (!isDropped(object)) throw error;
    return { what: 'damaged', bytes };
  } finally {
    index.unpin(object);
  }
}

function isOf(
  { datasetId }: Pick<VisitRequest, 'datasetId'>,
  reference: { readonly datasetId: number },
): boolean {
  return reference.datasetId === datasetId;
}
