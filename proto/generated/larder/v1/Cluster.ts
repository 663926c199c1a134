// Original file: proto/larder/v1/cluster.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ClusterStatus as _larder_v1_ClusterStatus, ClusterStatus__Output as _larder_v1_ClusterStatus__Output } from '../../larder/v1/ClusterStatus.ts';
import type { DrainWorkerRequest as _larder_v1_DrainWorkerRequest, DrainWorkerRequest__Output as _larder_v1_DrainWorkerRequest__Output } from '../../larder/v1/DrainWorkerRequest.ts';
import type { DrainWorkerResponse as _larder_v1_DrainWorkerResponse, DrainWorkerResponse__Output as _larder_v1_DrainWorkerResponse__Output } from '../../larder/v1/DrainWorkerResponse.ts';
import type { ForgetWorkerRequest as _larder_v1_ForgetWorkerRequest, ForgetWorkerRequest__Output as _larder_v1_ForgetWorkerRequest__Output } from '../../larder/v1/ForgetWorkerRequest.ts';
import type { ForgetWorkerResponse as _larder_v1_ForgetWorkerResponse, ForgetWorkerResponse__Output as _larder_v1_ForgetWorkerResponse__Output } from '../../larder/v1/ForgetWorkerResponse.ts';
import type { GetStatusRequest as _larder_v1_GetStatusRequest, GetStatusRequest__Output as _larder_v1_GetStatusRequest__Output } from '../../larder/v1/GetStatusRequest.ts';
import type { ListingBatch as _larder_v1_ListingBatch, ListingBatch__Output as _larder_v1_ListingBatch__Output } from '../../larder/v1/ListingBatch.ts';
import type { MasterMessage as _larder_v1_MasterMessage, MasterMessage__Output as _larder_v1_MasterMessage__Output } from '../../larder/v1/MasterMessage.ts';
import type { Placement as _larder_v1_Placement, Placement__Output as _larder_v1_Placement__Output } from '../../larder/v1/Placement.ts';
import type { PushListingResponse as _larder_v1_PushListingResponse, PushListingResponse__Output as _larder_v1_PushListingResponse__Output } from '../../larder/v1/PushListingResponse.ts';
import type { ScoreNodesRequest as _larder_v1_ScoreNodesRequest, ScoreNodesRequest__Output as _larder_v1_ScoreNodesRequest__Output } from '../../larder/v1/ScoreNodesRequest.ts';
import type { ScoreNodesResponse as _larder_v1_ScoreNodesResponse, ScoreNodesResponse__Output as _larder_v1_ScoreNodesResponse__Output } from '../../larder/v1/ScoreNodesResponse.ts';
import type { WatchPlacementRequest as _larder_v1_WatchPlacementRequest, WatchPlacementRequest__Output as _larder_v1_WatchPlacementRequest__Output } from '../../larder/v1/WatchPlacementRequest.ts';
import type { WorkerMessage as _larder_v1_WorkerMessage, WorkerMessage__Output as _larder_v1_WorkerMessage__Output } from '../../larder/v1/WorkerMessage.ts';

export interface ClusterClient extends grpc.Client {
  DrainWorker(argument: _larder_v1_DrainWorkerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_DrainWorkerResponse__Output>): grpc.ClientUnaryCall;
  DrainWorker(argument: _larder_v1_DrainWorkerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_DrainWorkerResponse__Output>): grpc.ClientUnaryCall;
  DrainWorker(argument: _larder_v1_DrainWorkerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_DrainWorkerResponse__Output>): grpc.ClientUnaryCall;
  DrainWorker(argument: _larder_v1_DrainWorkerRequest, callback: grpc.requestCallback<_larder_v1_DrainWorkerResponse__Output>): grpc.ClientUnaryCall;
  drainWorker(argument: _larder_v1_DrainWorkerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_DrainWorkerResponse__Output>): grpc.ClientUnaryCall;
  drainWorker(argument: _larder_v1_DrainWorkerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_DrainWorkerResponse__Output>): grpc.ClientUnaryCall;
  drainWorker(argument: _larder_v1_DrainWorkerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_DrainWorkerResponse__Output>): grpc.ClientUnaryCall;
  drainWorker(argument: _larder_v1_DrainWorkerRequest, callback: grpc.requestCallback<_larder_v1_DrainWorkerResponse__Output>): grpc.ClientUnaryCall;
  
  ForgetWorker(argument: _larder_v1_ForgetWorkerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ForgetWorkerResponse__Output>): grpc.ClientUnaryCall;
  ForgetWorker(argument: _larder_v1_ForgetWorkerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_ForgetWorkerResponse__Output>): grpc.ClientUnaryCall;
  ForgetWorker(argument: _larder_v1_ForgetWorkerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ForgetWorkerResponse__Output>): grpc.ClientUnaryCall;
  ForgetWorker(argument: _larder_v1_ForgetWorkerRequest, callback: grpc.requestCallback<_larder_v1_ForgetWorkerResponse__Output>): grpc.ClientUnaryCall;
  forgetWorker(argument: _larder_v1_ForgetWorkerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ForgetWorkerResponse__Output>): grpc.ClientUnaryCall;
  forgetWorker(argument: _larder_v1_ForgetWorkerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_ForgetWorkerResponse__Output>): grpc.ClientUnaryCall;
  forgetWorker(argument: _larder_v1_ForgetWorkerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ForgetWorkerResponse__Output>): grpc.ClientUnaryCall;
  forgetWorker(argument: _larder_v1_ForgetWorkerRequest, callback: grpc.requestCallback<_larder_v1_ForgetWorkerResponse__Output>): grpc.ClientUnaryCall;
  
  GetStatus(argument: _larder_v1_GetStatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ClusterStatus__Output>): grpc.ClientUnaryCall;
  GetStatus(argument: _larder_v1_GetStatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_ClusterStatus__Output>): grpc.ClientUnaryCall;
  GetStatus(argument: _larder_v1_GetStatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ClusterStatus__Output>): grpc.ClientUnaryCall;
  GetStatus(argument: _larder_v1_GetStatusRequest, callback: grpc.requestCallback<_larder_v1_ClusterStatus__Output>): grpc.ClientUnaryCall;
  getStatus(argument: _larder_v1_GetStatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ClusterStatus__Output>): grpc.ClientUnaryCall;
  getStatus(argument: _larder_v1_GetStatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_ClusterStatus__Output>): grpc.ClientUnaryCall;
  getStatus(argument: _larder_v1_GetStatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ClusterStatus__Output>): grpc.ClientUnaryCall;
  getStatus(argument: _larder_v1_GetStatusRequest, callback: grpc.requestCallback<_larder_v1_ClusterStatus__Output>): grpc.ClientUnaryCall;
  
  Join(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_larder_v1_WorkerMessage, _larder_v1_MasterMessage__Output>;
  Join(options?: grpc.CallOptions): grpc.ClientDuplexStream<_larder_v1_WorkerMessage, _larder_v1_MasterMessage__Output>;
  join(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_larder_v1_WorkerMessage, _larder_v1_MasterMessage__Output>;
  join(options?: grpc.CallOptions): grpc.ClientDuplexStream<_larder_v1_WorkerMessage, _larder_v1_MasterMessage__Output>;
  
  PushListing(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_PushListingResponse__Output>): grpc.ClientWritableStream<_larder_v1_ListingBatch>;
  PushListing(metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_PushListingResponse__Output>): grpc.ClientWritableStream<_larder_v1_ListingBatch>;
  PushListing(options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_PushListingResponse__Output>): grpc.ClientWritableStream<_larder_v1_ListingBatch>;
  PushListing(callback: grpc.requestCallback<_larder_v1_PushListingResponse__Output>): grpc.ClientWritableStream<_larder_v1_ListingBatch>;
  pushListing(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_PushListingResponse__Output>): grpc.ClientWritableStream<_larder_v1_ListingBatch>;
  pushListing(metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_PushListingResponse__Output>): grpc.ClientWritableStream<_larder_v1_ListingBatch>;
  pushListing(options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_PushListingResponse__Output>): grpc.ClientWritableStream<_larder_v1_ListingBatch>;
  pushListing(callback: grpc.requestCallback<_larder_v1_PushListingResponse__Output>): grpc.ClientWritableStream<_larder_v1_ListingBatch>;
  
  ScoreNodes(argument: _larder_v1_ScoreNodesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ScoreNodesResponse__Output>): grpc.ClientUnaryCall;
  ScoreNodes(argument: _larder_v1_ScoreNodesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_ScoreNodesResponse__Output>): grpc.ClientUnaryCall;
  ScoreNodes(argument: _larder_v1_ScoreNodesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ScoreNodesResponse__Output>): grpc.ClientUnaryCall;
  ScoreNodes(argument: _larder_v1_ScoreNodesRequest, callback: grpc.requestCallback<_larder_v1_ScoreNodesResponse__Output>): grpc.ClientUnaryCall;
  scoreNodes(argument: _larder_v1_ScoreNodesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ScoreNodesResponse__Output>): grpc.ClientUnaryCall;
  scoreNodes(argument: _larder_v1_ScoreNodesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_ScoreNodesResponse__Output>): grpc.ClientUnaryCall;
  scoreNodes(argument: _larder_v1_ScoreNodesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ScoreNodesResponse__Output>): grpc.ClientUnaryCall;
  scoreNodes(argument: _larder_v1_ScoreNodesRequest, callback: grpc.requestCallback<_larder_v1_ScoreNodesResponse__Output>): grpc.ClientUnaryCall;
  
  WatchPlacement(argument: _larder_v1_WatchPlacementRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_larder_v1_Placement__Output>;
  WatchPlacement(argument: _larder_v1_WatchPlacementRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_larder_v1_Placement__Output>;
  watchPlacement(argument: _larder_v1_WatchPlacementRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_larder_v1_Placement__Output>;
  watchPlacement(argument: _larder_v1_WatchPlacementRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_larder_v1_Placement__Output>;
  
}

export interface ClusterHandlers extends grpc.UntypedServiceImplementation {
  DrainWorker: grpc.handleUnaryCall<_larder_v1_DrainWorkerRequest__Output, _larder_v1_DrainWorkerResponse>;
  
  ForgetWorker: grpc.handleUnaryCall<_larder_v1_ForgetWorkerRequest__Output, _larder_v1_ForgetWorkerResponse>;
  
  GetStatus: grpc.handleUnaryCall<_larder_v1_GetStatusRequest__Output, _larder_v1_ClusterStatus>;
  
  Join: grpc.handleBidiStreamingCall<_larder_v1_WorkerMessage__Output, _larder_v1_MasterMessage>;
  
  PushListing: grpc.handleClientStreamingCall<_larder_v1_ListingBatch__Output, _larder_v1_PushListingResponse>;
  
  ScoreNodes: grpc.handleUnaryCall<_larder_v1_ScoreNodesRequest__Output, _larder_v1_ScoreNodesResponse>;
  
  WatchPlacement: grpc.handleServerStreamingCall<_larder_v1_WatchPlacementRequest__Output, _larder_v1_Placement>;
  
}

export interface ClusterDefinition extends grpc.ServiceDefinition {
  DrainWorker: MethodDefinition<_larder_v1_DrainWorkerRequest, _larder_v1_DrainWorkerResponse, _larder_v1_DrainWorkerRequest__Output, _larder_v1_DrainWorkerResponse__Output>
  ForgetWorker: MethodDefinition<_larder_v1_ForgetWorkerRequest, _larder_v1_ForgetWorkerResponse, _larder_v1_ForgetWorkerRequest__Output, _larder_v1_ForgetWorkerResponse__Output>
  GetStatus: MethodDefinition<_larder_v1_GetStatusRequest, _larder_v1_ClusterStatus, _larder_v1_GetStatusRequest__Output, _larder_v1_ClusterStatus__Output>
  Join: MethodDefinition<_larder_v1_WorkerMessage, _larder_v1_MasterMessage, _larder_v1_WorkerMessage__Output, _larder_v1_MasterMessage__Output>
  PushListing: MethodDefinition<_larder_v1_ListingBatch, _larder_v1_PushListingResponse, _larder_v1_ListingBatch__Output, _larder_v1_PushListingResponse__Output>
  ScoreNodes: MethodDefinition<_larder_v1_ScoreNodesRequest, _larder_v1_ScoreNodesResponse, _larder_v1_ScoreNodesRequest__Output, _larder_v1_ScoreNodesResponse__Output>
  WatchPlacement: MethodDefinition<_larder_v1_WatchPlacementRequest, _larder_v1_Placement, _larder_v1_WatchPlacementRequest__Output, _larder_v1_Placement__Output>
}
