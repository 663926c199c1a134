/** The Preload service. */
import type { PreloadHandlers } from '../proto/generated/larder/v1/Preload.ts';
import type { Handlers } from '../rpc/grpc/index.ts';
import type { Preloads } from './preloads.ts';

export function preloadService(handlers: Handlers, preloads: Preloads): PreloadHandlers {
  return {
    StartPreload: handlers.unary(async ({ dataset, version, paths }) => ({
      preload_id: await preloads.start({ dataset, version, paths }),
    })),
    WatchPreload: handlers.serverStream(({ preload_id: id }, { signal }) =>
      preloads.watch(id, signal),
    ),
    CancelPreload: handlers.unary(async ({ preload_id: id }) => {
      preloads.cancel(id);
      return {};
    }),
  };
}
