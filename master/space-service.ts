/** The Space service. */
import type { SpaceHandlers } from '../proto/generated/larder/v1/Space.ts';
import type { Handlers } from '../rpc/grpc/index.ts';
import { free } from './free.ts';
import type { FreeOptions } from './free.ts';
import type { Pins } from './pins.ts';

export interface SpaceServiceOptions extends FreeOptions {
  readonly pins: Pins;
}

export function spaceService(handlers: Handlers, options: SpaceServiceOptions): SpaceHandlers {
  const { pins } = options;
  return {
    Free: handlers.unary((request, { signal }) => free(options, request, signal)),
    Pin: handlers.unary((request, { signal }) => pins.pin(request, signal)),
    Unpin: handlers.unary((request, { signal }) => pins.unpin(request, signal)),
    ListPins: handlers.unary(async () => ({ pins: pins.list() })),
  };
}
