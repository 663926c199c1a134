// Original file: proto/larder/v1/preload.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CancelPreloadRequest as _larder_v1_CancelPreloadRequest, CancelPreloadRequest__Output as _larder_v1_CancelPreloadRequest__Output } from '../../larder/v1/CancelPreloadRequest.ts';
import type { CancelPreloadResponse as _larder_v1_CancelPreloadResponse, CancelPreloadResponse__Output as _larder_v1_CancelPreloadResponse__Output } from '../../larder/v1/CancelPreloadResponse.ts';
import type { ListPreloadsRequest as _larder_v1_ListPreloadsRequest, ListPreloadsRequest__Output as _larder_v1_ListPreloadsRequest__Output } from '../../larder/v1/ListPreloadsRequest.ts';
import type { ListPreloadsResponse as _larder_v1_ListPreloadsResponse, ListPreloadsResponse__Output as _larder_v1_ListPreloadsResponse__Output } from '../../larder/v1/ListPreloadsResponse.ts';
import type { PreloadEstimate as _larder_v1_PreloadEstimate, PreloadEstimate__Output as _larder_v1_PreloadEstimate__Output } from '../../larder/v1/PreloadEstimate.ts';
import type { PreloadProgress as _larder_v1_PreloadProgress, PreloadProgress__Output as _larder_v1_PreloadProgress__Output } from '../../larder/v1/PreloadProgress.ts';
import type { ReleasePreloadRequest as _larder_v1_ReleasePreloadRequest, ReleasePreloadRequest__Output as _larder_v1_ReleasePreloadRequest__Output } from '../../larder/v1/ReleasePreloadRequest.ts';
import type { ReleasePreloadResponse as _larder_v1_ReleasePreloadResponse, ReleasePreloadResponse__Output as _larder_v1_ReleasePreloadResponse__Output } from '../../larder/v1/ReleasePreloadResponse.ts';
import type { RetryPreloadRequest as _larder_v1_RetryPreloadRequest, RetryPreloadRequest__Output as _larder_v1_RetryPreloadRequest__Output } from '../../larder/v1/RetryPreloadRequest.ts';
import type { StartPreloadRequest as _larder_v1_StartPreloadRequest, StartPreloadRequest__Output as _larder_v1_StartPreloadRequest__Output } from '../../larder/v1/StartPreloadRequest.ts';
import type { StartPreloadResponse as _larder_v1_StartPreloadResponse, StartPreloadResponse__Output as _larder_v1_StartPreloadResponse__Output } from '../../larder/v1/StartPreloadResponse.ts';
import type { WatchPreloadRequest as _larder_v1_WatchPreloadRequest, WatchPreloadRequest__Output as _larder_v1_WatchPreloadRequest__Output } from '../../larder/v1/WatchPreloadRequest.ts';

export interface PreloadClient extends grpc.Client {
  CancelPreload(argument: _larder_v1_CancelPreloadRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_CancelPreloadResponse__Output>): grpc.ClientUnaryCall;
  CancelPreload(argument: _larder_v1_CancelPreloadRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_CancelPreloadResponse__Output>): grpc.ClientUnaryCall;
  CancelPreload(argument: _larder_v1_CancelPreloadRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_CancelPreloadResponse__Output>): grpc.ClientUnaryCall;
  CancelPreload(argument: _larder_v1_CancelPreloadRequest, callback: grpc.requestCallback<_larder_v1_CancelPreloadResponse__Output>): grpc.ClientUnaryCall;
  cancelPreload(argument: _larder_v1_CancelPreloadRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_CancelPreloadResponse__Output>): grpc.ClientUnaryCall;
  cancelPreload(argument: _larder_v1_CancelPreloadRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_CancelPreloadResponse__Output>): grpc.ClientUnaryCall;
  cancelPreload(argument: _larder_v1_CancelPreloadRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_CancelPreloadResponse__Output>): grpc.ClientUnaryCall;
  cancelPreload(argument: _larder_v1_CancelPreloadRequest, callback: grpc.requestCallback<_larder_v1_CancelPreloadResponse__Output>): grpc.ClientUnaryCall;
  
  EstimatePreload(argument: _larder_v1_StartPreloadRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_PreloadEstimate__Output>): grpc.ClientUnaryCall;
  EstimatePreload(argument: _larder_v1_StartPreloadRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_PreloadEstimate__Output>): grpc.ClientUnaryCall;
  EstimatePreload(argument: _larder_v1_StartPreloadRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_PreloadEstimate__Output>): grpc.ClientUnaryCall;
  EstimatePreload(argument: _larder_v1_StartPreloadRequest, callback: grpc.requestCallback<_larder_v1_PreloadEstimate__Output>): grpc.ClientUnaryCall;
  estimatePreload(argument: _larder_v1_StartPreloadRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_PreloadEstimate__Output>): grpc.ClientUnaryCall;
  estimatePreload(argument: _larder_v1_StartPreloadRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_PreloadEstimate__Output>): grpc.ClientUnaryCall;
  estimatePreload(argument: _larder_v1_StartPreloadRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_PreloadEstimate__Output>): grpc.ClientUnaryCall;
  estimatePreload(argument: _larder_v1_StartPreloadRequest, callback: grpc.requestCallback<_larder_v1_PreloadEstimate__Output>): grpc.ClientUnaryCall;
  
  ListPreloads(argument: _larder_v1_ListPreloadsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ListPreloadsResponse__Output>): grpc.ClientUnaryCall;
  ListPreloads(argument: _larder_v1_ListPreloadsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_ListPreloadsResponse__Output>): grpc.ClientUnaryCall;
  ListPreloads(argument: _larder_v1_ListPreloadsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ListPreloadsResponse__Output>): grpc.ClientUnaryCall;
  ListPreloads(argument: _larder_v1_ListPreloadsRequest, callback: grpc.requestCallback<_larder_v1_ListPreloadsResponse__Output>): grpc.ClientUnaryCall;
  listPreloads(argument: _larder_v1_ListPreloadsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ListPreloadsResponse__Output>): grpc.ClientUnaryCall;
  listPreloads(argument: _larder_v1_ListPreloadsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_ListPreloadsResponse__Output>): grpc.ClientUnaryCall;
  listPreloads(argument: _larder_v1_ListPreloadsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ListPreloadsResponse__Output>): grpc.ClientUnaryCall;
  listPreloads(argument: _larder_v1_ListPreloadsRequest, callback: grpc.requestCallback<_larder_v1_ListPreloadsResponse__Output>): grpc.ClientUnaryCall;
  
  ReleasePreload(argument: _larder_v1_ReleasePreloadRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ReleasePreloadResponse__Output>): grpc.ClientUnaryCall;
  ReleasePreload(argument: _larder_v1_ReleasePreloadRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_ReleasePreloadResponse__Output>): grpc.ClientUnaryCall;
  ReleasePreload(argument: _larder_v1_ReleasePreloadRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ReleasePreloadResponse__Output>): grpc.ClientUnaryCall;
  ReleasePreload(argument: _larder_v1_ReleasePreloadRequest, callback: grpc.requestCallback<_larder_v1_ReleasePreloadResponse__Output>): grpc.ClientUnaryCall;
  releasePreload(argument: _larder_v1_ReleasePreloadRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ReleasePreloadResponse__Output>): grpc.ClientUnaryCall;
  releasePreload(argument: _larder_v1_ReleasePreloadRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_ReleasePreloadResponse__Output>): grpc.ClientUnaryCall;
  releasePreload(argument: _larder_v1_ReleasePreloadRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ReleasePreloadResponse__Output>): grpc.ClientUnaryCall;
  releasePreload(argument: _larder_v1_ReleasePreloadRequest, callback: grpc.requestCallback<_larder_v1_ReleasePreloadResponse__Output>): grpc.ClientUnaryCall;
  
  RetryPreload(argument: _larder_v1_RetryPreloadRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_StartPreloadResponse__Output>): grpc.ClientUnaryCall;
  RetryPreload(argument: _larder_v1_RetryPreloadRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_StartPreloadResponse__Output>): grpc.ClientUnaryCall;
  RetryPreload(argument: _larder_v1_RetryPreloadRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_StartPreloadResponse__Output>): grpc.ClientUnaryCall;
  RetryPreload(argument: _larder_v1_RetryPreloadRequest, callback: grpc.requestCallback<_larder_v1_StartPreloadResponse__Output>): grpc.ClientUnaryCall;
  retryPreload(argument: _larder_v1_RetryPreloadRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_StartPreloadResponse__Output>): grpc.ClientUnaryCall;
  retryPreload(argument: _larder_v1_RetryPreloadRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_StartPreloadResponse__Output>): grpc.ClientUnaryCall;
  retryPreload(argument: _larder_v1_RetryPreloadRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_StartPreloadResponse__Output>): grpc.ClientUnaryCall;
  retryPreload(argument: _larder_v1_RetryPreloadRequest, callback: grpc.requestCallback<_larder_v1_StartPreloadResponse__Output>): grpc.ClientUnaryCall;
  
  StartPreload(argument: _larder_v1_StartPreloadRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_StartPreloadResponse__Output>): grpc.ClientUnaryCall;
  StartPreload(argument: _larder_v1_StartPreloadRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_StartPreloadResponse__Output>): grpc.ClientUnaryCall;
  StartPreload(argument: _larder_v1_StartPreloadRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_StartPreloadResponse__Output>): grpc.ClientUnaryCall;
  StartPreload(argument: _larder_v1_StartPreloadRequest, callback: grpc.requestCallback<_larder_v1_StartPreloadResponse__Output>): grpc.ClientUnaryCall;
  startPreload(argument: _larder_v1_StartPreloadRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_StartPreloadResponse__Output>): grpc.ClientUnaryCall;
  startPreload(argument: _larder_v1_StartPreloadRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_StartPreloadResponse__Output>): grpc.ClientUnaryCall;
  startPreload(argument: _larder_v1_StartPreloadRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_StartPreloadResponse__Output>): grpc.ClientUnaryCall;
  startPreload(argument: _larder_v1_StartPreloadRequest, callback: grpc.requestCallback<_larder_v1_StartPreloadResponse__Output>): grpc.ClientUnaryCall;
  
  WatchPreload(argument: _larder_v1_WatchPreloadRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_larder_v1_PreloadProgress__Output>;
  WatchPreload(argument: _larder_v1_WatchPreloadRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_larder_v1_PreloadProgress__Output>;
  watchPreload(argument: _larder_v1_WatchPreloadRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_larder_v1_PreloadProgress__Output>;
  watchPreload(argument: _larder_v1_WatchPreloadRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_larder_v1_PreloadProgress__Output>;
  
}

export interface PreloadHandlers extends grpc.UntypedServiceImplementation {
  CancelPreload: grpc.handleUnaryCall<_larder_v1_CancelPreloadRequest__Output, _larder_v1_CancelPreloadResponse>;
  
  EstimatePreload: grpc.handleUnaryCall<_larder_v1_StartPreloadRequest__Output, _larder_v1_PreloadEstimate>;
  
  ListPreloads: grpc.handleUnaryCall<_larder_v1_ListPreloadsRequest__Output, _larder_v1_ListPreloadsResponse>;
  
  ReleasePreload: grpc.handleUnaryCall<_larder_v1_ReleasePreloadRequest__Output, _larder_v1_ReleasePreloadResponse>;
  
  RetryPreload: grpc.handleUnaryCall<_larder_v1_RetryPreloadRequest__Output, _larder_v1_StartPreloadResponse>;
  
  StartPreload: grpc.handleUnaryCall<_larder_v1_StartPreloadRequest__Output, _larder_v1_StartPreloadResponse>;
  
  WatchPreload: grpc.handleServerStreamingCall<_larder_v1_WatchPreloadRequest__Output, _larder_v1_PreloadProgress>;
  
}

export interface PreloadDefinition extends grpc.ServiceDefinition {
  CancelPreload: MethodDefinition<_larder_v1_CancelPreloadRequest, _larder_v1_CancelPreloadResponse, _larder_v1_CancelPreloadRequest__Output, _larder_v1_CancelPreloadResponse__Output>
  EstimatePreload: MethodDefinition<_larder_v1_StartPreloadRequest, _larder_v1_PreloadEstimate, _larder_v1_StartPreloadRequest__Output, _larder_v1_PreloadEstimate__Output>
  ListPreloads: MethodDefinition<_larder_v1_ListPreloadsRequest, _larder_v1_ListPreloadsResponse, _larder_v1_ListPreloadsRequest__Output, _larder_v1_ListPreloadsResponse__Output>
  ReleasePreload: MethodDefinition<_larder_v1_ReleasePreloadRequest, _larder_v1_ReleasePreloadResponse, _larder_v1_ReleasePreloadRequest__Output, _larder_v1_ReleasePreloadResponse__Output>
  RetryPreload: MethodDefinition<_larder_v1_RetryPreloadRequest, _larder_v1_StartPreloadResponse, _larder_v1_RetryPreloadRequest__Output, _larder_v1_StartPreloadResponse__Output>
  StartPreload: MethodDefinition<_larder_v1_StartPreloadRequest, _larder_v1_StartPreloadResponse, _larder_v1_StartPreloadRequest__Output, _larder_v1_StartPreloadResponse__Output>
  WatchPreload: MethodDefinition<_larder_v1_WatchPreloadRequest, _larder_v1_PreloadProgress, _larder_v1_WatchPreloadRequest__Output, _larder_v1_PreloadProgress__Output>
}
