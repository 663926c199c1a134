/**
 * Which copies of a target set a preload wants: of each part one on each of the first so many workers, in the order of
 * ownership, of those that are named or else of all. Workers compute the same of what they are told.
 */
import { LarderError, Placement } from '../common/index.ts';
import type { Clock, DatasetInfo } from '../common/index.ts';
import type { ManifestReader } from '../common/manifest/index.ts';
import { ALL_REPLICAS } from '../rpc/grpc/index.ts';
import { Breather } from './breathe.ts';
import type { PreloadTarget } from './preload-target.ts';
import type { PlacementRecord } from './records.ts';

/** What one worker is to hold. */
export interface WantedShare {
  /** Undefined while there is no worker at all. */
  readonly workerId: string | undefined;
  /** To be disposed of by the caller. */
  readonly target: PreloadTarget;
}

export interface CopiesRequest {
  readonly target: PreloadTarget;
  readonly reader: Pick<ManifestReader, 'objectRef'>;
  readonly dataset: DatasetInfo;
  readonly placement: PlacementRecord;
  readonly replicas: number;
  /** Ids of workers; empty: all. */
  readonly on: readonly string[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Of all copies together: about 20 bytes of memory for each. */
const MAX_PARTS = 20_000_000;

/**
 * @throws {LarderError} `NO_WORKER` where a named one is no member any more, or there are too few; `INVALID_ARGUMENT` where there are more parts
 *   than are kept track of
 */
export async function wantedShares(request: CopiesRequest): Promise<WantedShare[]> {
  const { target, placement: record, replicas, on } = request;
  const placement = new Placement(record.number, record.members);
  const known = new Set(placement.members.map(({ workerId }) => workerId));
  const gone = on.find((workerId) => !known.has(workerId));
  if (gone !== undefined) {
    throw new LarderError('NO_WORKER', { worker: gone, what: 'it is no member any more' });
  }
  const holders = on.length === 0 ? placement : placement.among(new Set(on));
  const ids = holders.members.map(({ workerId }) => workerId);
  if (ids.length === 0) return [{ workerId: undefined, target: target.some(undefined) }];
  if (replicas !== ALL_REPLICAS && replicas > ids.length) {
    throw new LarderError('NO_WORKER', { replicas, workers: ids.length });
  }
  const copies = Math.min(replicas, ids.length);
  if (copies * target.parts > MAX_PARTS) {
    const what = 'files (or stripes) of all copies together';
    throw new LarderError('INVALID_ARGUMENT', {
      ...{ what, parts: copies * target.parts, most: MAX_PARTS },
    });
  }
  if (copies === ids.length) {
    return ids.map((workerId) => ({ workerId, target: target.some(undefined) }));
  }
  const byWorker = await partsByWorker(request, holders, copies);
  return [...byWorker].map(([workerId, parts]) => ({ workerId, target: target.some(parts) }));
}

async function partsByWorker(
  { target, reader, dataset, clock, signal }: CopiesRequest,
  holders: Placement,
  copies: number,
): Promise<Map<string, number[]>> {
  const breather = new Breather(clock, signal);
  const byWorker = new Map<string, number[]>();
  for (let part = 0; part < target.parts; part += 1) {
    await breather.breathe();
    const { objectId } = reader.objectRef(target.ordinal(part), dataset);
    for (const { workerId } of holders.candidates(objectId, target.stripe(part), copies)) {
      const parts = byWorker.get(workerId) ?? [];
      byWorker.set(workerId, parts);
      parts.push(part);
    }
  }
  return byWorker;
}
