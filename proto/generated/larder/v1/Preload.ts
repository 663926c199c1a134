// Original file: proto/larder/v1/preload.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CancelPreloadRequest as _larder_v1_CancelPreloadRequest, CancelPreloadRequest__Output as _larder_v1_CancelPreloadRequest__Output } from '../../larder/v1/CancelPreloadRequest.ts';
import type { CancelPreloadResponse as _larder_v1_CancelPreloadResponse, CancelPreloadResponse__Output as _larder_v1_CancelPreloadResponse__Output } from '../../larder/v1/CancelPreloadResponse.ts';
import type { PreloadProgress as _larder_v1_PreloadProgress, PreloadProgress__Output as _larder_v1_PreloadProgress__Output } from '../../larder/v1/PreloadProgress.ts';
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
  
  StartPreload: grpc.handleUnaryCall<_larder_v1_StartPreloadRequest__Output, _larder_v1_StartPreloadResponse>;
  
  WatchPreload: grpc.handleServerStreamingCall<_larder_v1_WatchPreloadRequest__Output, _larder_v1_PreloadProgress>;
  
}

export interface PreloadDefinition extends grpc.ServiceDefinition {
  CancelPreload: MethodDefinition<_larder_v1_CancelPreloadRequest, _larder_v1_CancelPreloadResponse, _larder_v1_CancelPreloadRequest__Output, _larder_v1_CancelPreloadResponse__Output>
  StartPreload: MethodDefinition<_larder_v1_StartPreloadRequest, _larder_v1_StartPreloadResponse, _larder_v1_StartPreloadRequest__Output, _larder_v1_StartPreloadResponse__Output>
  WatchPreload: MethodDefinition<_larder_v1_WatchPreloadRequest, _larder_v1_PreloadProgress, _larder_v1_WatchPreloadRequest__Output, _larder_v1_PreloadProgress__Output>
}
