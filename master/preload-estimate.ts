/** What a preload would take, without starting it. */
import { MIB } from '../common/index.ts';
import type { Clock } from '../common/index.ts';
import type { PreloadEstimate } from '../proto/generated/larder/v1/PreloadEstimate.ts';
import { Breather } from './breathe.ts';
import type { OpenManifest } from './manifests.ts';
import { resolvePaths } from './preload-paths.ts';
import type { PreloadRequest } from './preload-spec.ts';
import { PreloadTarget } from './preload-target.ts';
import type { Workers } from './workers.ts';

export interface EstimateOptions {
  readonly request: PreloadRequest;
  readonly datasetId: number;
  readonly manifest: Pick<OpenManifest, 'reader'>;
  readonly workers: Workers;
  readonly clock: Clock;
  /** Bytes a second, and how they are known; 0: not at all. */
  readonly rate: { readonly bytesPerSecond: number; readonly from: string };
}

/** Workers join adjacent blocks into origin reads of this size. */
const ORIGIN_READ_BYTES = 8 * MIB;
const MAX_NAMED = 1000;
const never = new AbortController().signal;

/** @throws {LarderError} `NOT_FOUND`, `INVALID_ARGUMENT` */
export async function estimate(options: EstimateOptions): Promise<PreloadEstimate> {
  const { request, datasetId, manifest, workers, clock, rate } = options;
  const breather = new Breather(clock);
  const { roots, failures } = await resolvePaths(manifest.reader, request, breather);
  const limits = { clock, signal: never, budgetBytes: request.budgetBytes };
  using target = await PreloadTarget.load(manifest.reader, roots, limits);
  const held = workers.held.union(workers.aliveIds(), datasetId);
  const { heldBytes, heldFiles } = target.measure(held);
  held.dispose();
  const missingBytes = target.bytes - heldBytes;
  return {
    target_files: target.files,
    target_bytes: target.bytes,
    missing_files: target.files - heldFiles,
    missing_bytes: missingBytes,
    requests: requestsFor(target),
    bytes_per_second: rate.bytesPerSecond,
    rate_from: rate.from,
    ms: rate.bytesPerSecond === 0 ? 0 : Math.ceil((missingBytes * 1000) / rate.bytesPerSecond),
    left_out_files: target.leftOut,
    free_bytes: workers
      .status()
      .filter(({ alive }) => alive)
      .reduce((sum, it) => sum + Number(it.capacity_bytes) - Number(it.used_bytes), 0),
    not_found: failures.slice(0, MAX_NAMED).map(({ path }) => path),
  };
}

/** At most: of a part that is held in part, as if nothing were. */
function requestsFor(target: PreloadTarget): number {
  let requests = 0;
  for (let part = 0; part < target.parts; part += 1) {
    if (target.isMissing(part)) requests += Math.ceil(target.sizeBytes(part) / ORIGIN_READ_BYTES);
  }
  return requests;
}
