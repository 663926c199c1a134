/**
 * Takes files off the workers' disks, and says what went, what stayed and why.
 *
 * Always true: workers decide, each of what it holds: nothing goes that somebody has open, that is protected, or that
 * another dataset has too. A worker that could not be asked is named.
 */
import { asLarderError, LarderError } from '../common/index.ts';
import type { Clock } from '../common/index.ts';
import type { FreeCount } from '../proto/generated/larder/v1/FreeCount.ts';
import type { FreedWorker } from '../proto/generated/larder/v1/FreedWorker.ts';
import type { FreeRequest__Output } from '../proto/generated/larder/v1/FreeRequest.ts';
import type { FreeResponse } from '../proto/generated/larder/v1/FreeResponse.ts';
import type { ReadonlyBitmap } from '../rpc/bitmaps/index.ts';
import type { Catalog } from './catalog.ts';
import type { DataDirectory } from './data-directory.ts';
import { namedWorkers } from './named-workers.ts';
import { namedTarget } from './named-target.ts';
import { preloadOfName } from './protections.ts';
import { visit } from './visits.ts';
import type { Workers } from './workers.ts';

export interface FreeOptions {
  readonly catalog: Catalog;
  readonly directory: DataDirectory;
  readonly workers: Workers;
  readonly clock: Clock;
}

/** @throws {LarderError} `NOT_FOUND`, `INVALID_ARGUMENT` */
export async function free(
  options: FreeOptions,
  request: FreeRequest__Output,
  signal: AbortSignal,
): Promise<FreeResponse> {
  const { workers } = options;
  const { members } = workers.placement;
  const on = new Set(namedWorkers(workers.placement, request.on));
  const { datasetId, version, target: found } = await namedTarget(options, request, signal);
  using target = found;
  const asked = members.filter(({ workerId }) => on.size === 0 || on.has(workerId));
  const what = { datasetId, blocks: target.allBlocks, isDry: request.dry_run };
  return {
    version,
    target_files: target.files,
    workers: await Promise.all(
      asked.map(async ({ workerId, node }) => ({
        ...(await freeOn(workers, workerId, what, signal)),
        ...{ worker_id: workerId, node },
      })),
    ),
  };
}

interface Freeing {
  readonly datasetId: number;
  readonly blocks: ReadonlyBitmap;
  readonly isDry: boolean;
}

async function freeOn(
  workers: Workers,
  workerId: string,
  { datasetId, blocks, isDry }: Freeing,
  signal: AbortSignal,
): Promise<FreedWorker> {
  const counts = new Map<string, FreeCount & { files: number; bytes: number }>();
  try {
    const session = workers.session(workerId);
    if (session === undefined) throw new LarderError('UNAVAILABLE', { what: 'it is away' });
    const onCounts: Parameters<typeof visit>[1]['onCounts'] = (all) => {
      for (const { what, by, objects, bytes } of all) {
        const preload = preloadOfName(by);
        const key = `${what} ${String(preload)}`;
        const count = counts.get(key) ?? { what, preload, files: 0, bytes: 0 };
        counts.set(key, { ...count, files: count.files + objects, bytes: count.bytes + bytes });
      }
    };
    const action = isDry ? 'look' : 'free';
    await visit(session, { datasetId, blocks, action, onCounts }, signal);
    return { counts: [...counts.values()] };
  } catch (error) {
    const { code, message } = asLarderError(error);
    return { counts: [...counts.values()], failure_code: code, failure: message };
  }
}
