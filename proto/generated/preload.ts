import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { CancelPreloadRequest as _larder_v1_CancelPreloadRequest, CancelPreloadRequest__Output as _larder_v1_CancelPreloadRequest__Output } from './larder/v1/CancelPreloadRequest.ts';
import type { CancelPreloadResponse as _larder_v1_CancelPreloadResponse, CancelPreloadResponse__Output as _larder_v1_CancelPreloadResponse__Output } from './larder/v1/CancelPreloadResponse.ts';
import type { ListPreloadsRequest as _larder_v1_ListPreloadsRequest, ListPreloadsRequest__Output as _larder_v1_ListPreloadsRequest__Output } from './larder/v1/ListPreloadsRequest.ts';
import type { ListPreloadsResponse as _larder_v1_ListPreloadsResponse, ListPreloadsResponse__Output as _larder_v1_ListPreloadsResponse__Output } from './larder/v1/ListPreloadsResponse.ts';
import type { PreloadClient as _larder_v1_PreloadClient, PreloadDefinition as _larder_v1_PreloadDefinition } from './larder/v1/Preload.ts';
import type { PreloadEstimate as _larder_v1_PreloadEstimate, PreloadEstimate__Output as _larder_v1_PreloadEstimate__Output } from './larder/v1/PreloadEstimate.ts';
import type { PreloadFailure as _larder_v1_PreloadFailure, PreloadFailure__Output as _larder_v1_PreloadFailure__Output } from './larder/v1/PreloadFailure.ts';
import type { PreloadInfo as _larder_v1_PreloadInfo, PreloadInfo__Output as _larder_v1_PreloadInfo__Output } from './larder/v1/PreloadInfo.ts';
import type { PreloadProgress as _larder_v1_PreloadProgress, PreloadProgress__Output as _larder_v1_PreloadProgress__Output } from './larder/v1/PreloadProgress.ts';
import type { ReleasePreloadRequest as _larder_v1_ReleasePreloadRequest, ReleasePreloadRequest__Output as _larder_v1_ReleasePreloadRequest__Output } from './larder/v1/ReleasePreloadRequest.ts';
import type { ReleasePreloadResponse as _larder_v1_ReleasePreloadResponse, ReleasePreloadResponse__Output as _larder_v1_ReleasePreloadResponse__Output } from './larder/v1/ReleasePreloadResponse.ts';
import type { RetryPreloadRequest as _larder_v1_RetryPreloadRequest, RetryPreloadRequest__Output as _larder_v1_RetryPreloadRequest__Output } from './larder/v1/RetryPreloadRequest.ts';
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
      ListPreloadsRequest: MessageTypeDefinition<_larder_v1_ListPreloadsRequest, _larder_v1_ListPreloadsRequest__Output>
      ListPreloadsResponse: MessageTypeDefinition<_larder_v1_ListPreloadsResponse, _larder_v1_ListPreloadsResponse__Output>
      Preload: SubtypeConstructor<typeof grpc.Client, _larder_v1_PreloadClient> & { service: _larder_v1_PreloadDefinition }
      PreloadEstimate: MessageTypeDefinition<_larder_v1_PreloadEstimate, _larder_v1_PreloadEstimate__Output>
      PreloadFailure: MessageTypeDefinition<_larder_v1_PreloadFailure, _larder_v1_PreloadFailure__Output>
      PreloadInfo: MessageTypeDefinition<_larder_v1_PreloadInfo, _larder_v1_PreloadInfo__Output>
      PreloadProgress: MessageTypeDefinition<_larder_v1_PreloadProgress, _larder_v1_PreloadProgress__Output>
      PreloadState: EnumTypeDefinition
      ReleasePreloadRequest: MessageTypeDefinition<_larder_v1_ReleasePreloadRequest, _larder_v1_ReleasePreloadRequest__Output>
      ReleasePreloadResponse: MessageTypeDefinition<_larder_v1_ReleasePreloadResponse, _larder_v1_ReleasePreloadResponse__Output>
      RetryPreloadRequest: MessageTypeDefinition<_larder_v1_RetryPreloadRequest, _larder_v1_RetryPreloadRequest__Output>
      StartPreloadRequest: MessageTypeDefinition<_larder_v1_StartPreloadRequest, _larder_v1_StartPreloadRequest__Output>
      StartPreloadResponse: MessageTypeDefinition<_larder_v1_StartPreloadResponse, _larder_v1_StartPreloadResponse__Output>
      WatchPreloadRequest: MessageTypeDefinition<_larder_v1_WatchPreloadRequest, _larder_v1_WatchPreloadRequest__Output>
    }
  }
}

