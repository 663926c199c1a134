/** The Preload service. */
import type { PreloadHandlers } from '../proto/generated/larder/v1/Preload.ts';
import type { StartPreloadRequest__Output } from '../proto/generated/larder/v1/StartPreloadRequest.ts';
import type { Handlers } from '../rpc/grpc/index.ts';
import type { PreloadRequest } from './preload-spec.ts';
import type { Preloads, Started } from './preloads.ts';

export function preloadService(handlers: Handlers, preloads: Preloads): PreloadHandlers {
  return {
    StartPreload: handlers.unary(async (request) =>
      toWire(await preloads.start(fromWire(request))),
    ),
    EstimatePreload: handlers.unary((request) => preloads.estimate(fromWire(request))),
    WatchPreload: handlers.serverStream(({ preload_id: id }, { signal }) =>
      preloads.watch(id, signal),
    ),
    ListPreloads: handlers.unary(async ({ preload_id: id }) => ({
      preloads: id === 0 ? preloads.list() : [await preloads.show(id)],
    })),
    CancelPreload: handlers.unary(async ({ preload_id: id }) => {
      preloads.cancel(id);
      return {};
    }),
    RetryPreload: handlers.unary(async ({ preload_id: id, detached }) =>
      toWire(await preloads.retry(id, detached)),
    ),
    ReleasePreload: handlers.unary(async ({ preload_id: id }) => {
      await preloads.release(id);
      return {};
    }),
  };
}

function fromWire(request: StartPreloadRequest__Output): PreloadRequest {
  const { dataset, version, paths, listed, priority } = request;
  return {
    ...{ dataset, version, paths, listed, priority },
    budgetBytes: request.budget_bytes,
    bandwidthBytes: request.bandwidth,
    deadlineMs: request.deadline_ms,
    keepMs: request.keep_ms,
    isDetached: request.detached,
    replicas: request.replicas,
    on: request.on,
    isVerified: request.verify,
    changedSince: request.changed_since,
  };
}

function toWire({ id, joined }: Started) {
  return { preload_id: id, joined };
}
