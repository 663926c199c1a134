/** What a preload would take, without starting it. */
import { MIB } from '../common/index.ts';
import type { Clock, DatasetInfo } from '../common/index.ts';
import type { PreloadEstimate } from '../proto/generated/larder/v1/PreloadEstimate.ts';
import { Breather } from './breathe.ts';
import type { OpenManifest } from './manifests.ts';
import { wantedShares } from './preload-copies.ts';
import { resolvePaths } from './preload-paths.ts';
import { hasCopies } from './preload-spec.ts';
import type { PreloadRequest } from './preload-spec.ts';
import { PreloadTarget } from './preload-target.ts';
import type { PreloadRecord } from './records.ts';
import type { Workers } from './workers.ts';

export interface EstimateOptions {
  readonly request: PreloadRequest;
  readonly dataset: DatasetInfo;
  /** Where copies are wanted. */
  readonly copies: Pick<PreloadRecord, 'replicas' | 'on'>;
  /** Another version of the dataset. */
  readonly openVersion: (version: number) => OpenManifest;
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
  const { request, dataset, manifest, workers, clock, rate } = options;
  const breather = new Breather(clock);
  const { roots, failures } = await resolvePaths(manifest.reader, request, breather);
  using before = await blocksBefore(options);
  const { budgetBytes } = request;
  const limits = { clock, signal: never, budgetBytes, without: before?.allBlocks };
  using target = await PreloadTarget.load(manifest.reader, roots, limits);
  const held = workers.held.union(workers.aliveIds(), dataset.id);
  const once = { ...target.measure(held), bytes: target.bytes, files: target.files };
  held.dispose();
  const requests = requestsFor(target);
  const all = hasCopies(options.copies) ? await overCopies(options, target) : once;
  const missingBytes = all.bytes - all.heldBytes;
  return {
    target_files: all.files,
    target_bytes: all.bytes,
    missing_files: all.files - all.heldFiles,
    missing_bytes: missingBytes,
    requests,
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

/** Of what has changed since an older version, all that that has. */
async function blocksBefore(options: EstimateOptions): Promise<PreloadTarget | undefined> {
  const { request, openVersion, clock } = options;
  if (request.changedSince === 0) return undefined;
  using manifest = openVersion(request.changedSince);
  return await PreloadTarget.load(manifest.reader, [0], { clock, signal: never });
}

/** What is wanted, and held, of all copies together. */
async function overCopies(options: EstimateOptions, target: PreloadTarget) {
  const { dataset, manifest, workers, clock, copies } = options;
  const { replicas = 0, on = [] } = copies;
  const { reader } = manifest;
  const { placement } = workers;
  const signal = never;
  const asked = { target, reader, dataset, placement, replicas, on, clock, signal };
  const all = { bytes: 0, files: 0, heldBytes: 0, heldFiles: 0 };
  const alive = new Set(workers.aliveIds());
  for (const { workerId = '', target: wanted } of await wantedShares(asked)) {
    using share = wanted;
    const held = workers.held.union(alive.has(workerId) ? [workerId] : [], dataset.id);
    const { heldBytes, heldFiles } = share.measure(held);
    held.dispose();
    all.bytes += share.bytes;
    all.files += share.files;
    all.heldBytes += heldBytes;
    all.heldFiles += heldFiles;
  }
  return all;
}

/** At most: of a part that is held in part, as if nothing were. */
function requestsFor(target: PreloadTarget): number {
  let requests = 0;
  for (let part = 0; part < target.parts; part += 1) {
    if (target.isMissing(part)) requests += Math.ceil(target.sizeBytes(part) / ORIGIN_READ_BYTES);
  }
  return requests;
}
