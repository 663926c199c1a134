import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { CancelPreloadRequest as _larder_v1_CancelPreloadRequest, CancelPreloadRequest__Output as _larder_v1_CancelPreloadRequest__Output } from './larder/v1/CancelPreloadRequest.ts';
import type { CancelPreloadResponse as _larder_v1_CancelPreloadResponse, CancelPreloadResponse__Output as _larder_v1_CancelPreloadResponse__Output } from './larder/v1/CancelPreloadResponse.ts';
import type { PreloadClient as _larder_v1_PreloadClient, PreloadDefinition as _larder_v1_PreloadDefinition } from './larder/v1/Preload.ts';
import type { PreloadFailure as _larder_v1_PreloadFailure, PreloadFailure__Output as _larder_v1_PreloadFailure__Output } from './larder/v1/PreloadFailure.ts';
import type { PreloadProgress as _larder_v1_PreloadProgress, PreloadProgress__Output as _larder_v1_PreloadProgress__Output } from './larder/v1/PreloadProgress.ts';
import type { StartPreloadRequest as _larder_v1_StartPreloadRequest, StartPreloadRequest__Output as _larder_v1_StartPreloadRequest__Output } from './larder/v1/StartPreloadRequest.ts';
import type { StartPreloadResponse as _larder_v1_StartPreloadResponse, StartPreloadResponse__Output as _larder_v1_StartPreloadResponse__Output } from './larder/v1/StartPreloadResponse.ts';
import type { WatchPreloadRequest as _larder_v1_WatchPreloadRequest, WatchPreloadRequest__Output as _larder_v1_WatchPreloadRequest__Output } from './larder/v1/WatchPreloadRequest.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  larder: {
    v1: {
      CancelPreloadRequest: MessageTypeDefinition<_larder_v1_CancelPreloadRequest, _larder_v1_CancelPreloadRequest__Output>
      CancelPreloadResponse: MessageTypeDefinition<_larder_v1_CancelPreloadResponse, _larder_v1_CancelPreloadResponse__Output>
      Preload: SubtypeConstructor<typeof grpc.Client, _larder_v1_PreloadClient> & { service: _larder_v1_PreloadDefinition }
      PreloadFailure: MessageTypeDefinition<_larder_v1_PreloadFailure, _larder_v1_PreloadFailure__Output>
      PreloadProgress: MessageTypeDefinition<_larder_v1_PreloadProgress, _larder_v1_PreloadProgress__Output>
      PreloadState: EnumTypeDefinition
      StartPreloadRequest: MessageTypeDefinition<_larder_v1_StartPreloadRequest, _larder_v1_StartPreloadRequest__Output>
      StartPreloadResponse: MessageTypeDefinition<_larder_v1_StartPreloadResponse, _larder_v1_StartPreloadResponse__Output>
      WatchPreloadRequest: MessageTypeDefinition<_larder_v1_WatchPreloadRequest, _larder_v1_WatchPreloadRequest__Output>
    }
  }
}

