// Original file: proto/larder/v1/space.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { FreeRequest as _larder_v1_FreeRequest, FreeRequest__Output as _larder_v1_FreeRequest__Output } from '../../larder/v1/FreeRequest.ts';
import type { FreeResponse as _larder_v1_FreeResponse, FreeResponse__Output as _larder_v1_FreeResponse__Output } from '../../larder/v1/FreeResponse.ts';
import type { ListPinsRequest as _larder_v1_ListPinsRequest, ListPinsRequest__Output as _larder_v1_ListPinsRequest__Output } from '../../larder/v1/ListPinsRequest.ts';
import type { ListPinsResponse as _larder_v1_ListPinsResponse, ListPinsResponse__Output as _larder_v1_ListPinsResponse__Output } from '../../larder/v1/ListPinsResponse.ts';
import type { PinRequest as _larder_v1_PinRequest, PinRequest__Output as _larder_v1_PinRequest__Output } from '../../larder/v1/PinRequest.ts';
import type { Pinned as _larder_v1_Pinned, Pinned__Output as _larder_v1_Pinned__Output } from '../../larder/v1/Pinned.ts';

export interface SpaceClient extends grpc.Client {
  Free(argument: _larder_v1_FreeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_FreeResponse__Output>): grpc.ClientUnaryCall;
  Free(argument: _larder_v1_FreeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_FreeResponse__Output>): grpc.ClientUnaryCall;
  Free(argument: _larder_v1_FreeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_FreeResponse__Output>): grpc.ClientUnaryCall;
  Free(argument: _larder_v1_FreeRequest, callback: grpc.requestCallback<_larder_v1_FreeResponse__Output>): grpc.ClientUnaryCall;
  free(argument: _larder_v1_FreeRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_FreeResponse__Output>): grpc.ClientUnaryCall;
  free(argument: _larder_v1_FreeRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_FreeResponse__Output>): grpc.ClientUnaryCall;
  free(argument: _larder_v1_FreeRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_FreeResponse__Output>): grpc.ClientUnaryCall;
  free(argument: _larder_v1_FreeRequest, callback: grpc.requestCallback<_larder_v1_FreeResponse__Output>): grpc.ClientUnaryCall;
  
  ListPins(argument: _larder_v1_ListPinsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ListPinsResponse__Output>): grpc.ClientUnaryCall;
  ListPins(argument: _larder_v1_ListPinsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_ListPinsResponse__Output>): grpc.ClientUnaryCall;
  ListPins(argument: _larder_v1_ListPinsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ListPinsResponse__Output>): grpc.ClientUnaryCall;
  ListPins(argument: _larder_v1_ListPinsRequest, callback: grpc.requestCallback<_larder_v1_ListPinsResponse__Output>): grpc.ClientUnaryCall;
  listPins(argument: _larder_v1_ListPinsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ListPinsResponse__Output>): grpc.ClientUnaryCall;
  listPins(argument: _larder_v1_ListPinsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_ListPinsResponse__Output>): grpc.ClientUnaryCall;
  listPins(argument: _larder_v1_ListPinsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ListPinsResponse__Output>): grpc.ClientUnaryCall;
  listPins(argument: _larder_v1_ListPinsRequest, callback: grpc.requestCallback<_larder_v1_ListPinsResponse__Output>): grpc.ClientUnaryCall;
  
  Pin(argument: _larder_v1_PinRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_Pinned__Output>): grpc.ClientUnaryCall;
  Pin(argument: _larder_v1_PinRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_Pinned__Output>): grpc.ClientUnaryCall;
  Pin(argument: _larder_v1_PinRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_Pinned__Output>): grpc.ClientUnaryCall;
  Pin(argument: _larder_v1_PinRequest, callback: grpc.requestCallback<_larder_v1_Pinned__Output>): grpc.ClientUnaryCall;
  pin(argument: _larder_v1_PinRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_Pinned__Output>): grpc.ClientUnaryCall;
  pin(argument: _larder_v1_PinRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_Pinned__Output>): grpc.ClientUnaryCall;
  pin(argument: _larder_v1_PinRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_Pinned__Output>): grpc.ClientUnaryCall;
  pin(argument: _larder_v1_PinRequest, callback: grpc.requestCallback<_larder_v1_Pinned__Output>): grpc.ClientUnaryCall;
  
  Unpin(argument: _larder_v1_PinRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_Pinned__Output>): grpc.ClientUnaryCall;
  Unpin(argument: _larder_v1_PinRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_Pinned__Output>): grpc.ClientUnaryCall;
  Unpin(argument: _larder_v1_PinRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_Pinned__Output>): grpc.ClientUnaryCall;
  Unpin(argument: _larder_v1_PinRequest, callback: grpc.requestCallback<_larder_v1_Pinned__Output>): grpc.ClientUnaryCall;
  unpin(argument: _larder_v1_PinRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_Pinned__Output>): grpc.ClientUnaryCall;
  unpin(argument: _larder_v1_PinRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_Pinned__Output>): grpc.ClientUnaryCall;
  unpin(argument: _larder_v1_PinRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_Pinned__Output>): grpc.ClientUnaryCall;
  unpin(argument: _larder_v1_PinRequest, callback: grpc.requestCallback<_larder_v1_Pinned__Output>): grpc.ClientUnaryCall;
  
}

export interface SpaceHandlers extends grpc.UntypedServiceImplementation {
  Free: grpc.handleUnaryCall<_larder_v1_FreeRequest__Output, _larder_v1_FreeResponse>;
  
  ListPins: grpc.handleUnaryCall<_larder_v1_ListPinsRequest__Output, _larder_v1_ListPinsResponse>;
  
  Pin: grpc.handleUnaryCall<_larder_v1_PinRequest__Output, _larder_v1_Pinned>;
  
  Unpin: grpc.handleUnaryCall<_larder_v1_PinRequest__Output, _larder_v1_Pinned>;
  
}

export interface SpaceDefinition extends grpc.ServiceDefinition {
  Free: MethodDefinition<_larder_v1_FreeRequest, _larder_v1_FreeResponse, _larder_v1_FreeRequest__Output, _larder_v1_FreeResponse__Output>
  ListPins: MethodDefinition<_larder_v1_ListPinsRequest, _larder_v1_ListPinsResponse, _larder_v1_ListPinsRequest__Output, _larder_v1_ListPinsResponse__Output>
  Pin: MethodDefinition<_larder_v1_PinRequest, _larder_v1_Pinned, _larder_v1_PinRequest__Output, _larder_v1_Pinned__Output>
  Unpin: MethodDefinition<_larder_v1_PinRequest, _larder_v1_Pinned, _larder_v1_PinRequest__Output, _larder_v1_Pinned__Output>
}
