// Original file: proto/larder/v1/plans.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { EndPlanRequest as _larder_v1_EndPlanRequest, EndPlanRequest__Output as _larder_v1_EndPlanRequest__Output } from '../../larder/v1/EndPlanRequest.ts';
import type { EndPlanResponse as _larder_v1_EndPlanResponse, EndPlanResponse__Output as _larder_v1_EndPlanResponse__Output } from '../../larder/v1/EndPlanResponse.ts';
import type { ListPlansRequest as _larder_v1_ListPlansRequest, ListPlansRequest__Output as _larder_v1_ListPlansRequest__Output } from '../../larder/v1/ListPlansRequest.ts';
import type { ListPlansResponse as _larder_v1_ListPlansResponse, ListPlansResponse__Output as _larder_v1_ListPlansResponse__Output } from '../../larder/v1/ListPlansResponse.ts';
import type { PlanInfo as _larder_v1_PlanInfo, PlanInfo__Output as _larder_v1_PlanInfo__Output } from '../../larder/v1/PlanInfo.ts';
import type { StartPlanRequest as _larder_v1_StartPlanRequest, StartPlanRequest__Output as _larder_v1_StartPlanRequest__Output } from '../../larder/v1/StartPlanRequest.ts';

export interface PlansClient extends grpc.Client {
  EndPlan(argument: _larder_v1_EndPlanRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_EndPlanResponse__Output>): grpc.ClientUnaryCall;
  EndPlan(argument: _larder_v1_EndPlanRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_EndPlanResponse__Output>): grpc.ClientUnaryCall;
  EndPlan(argument: _larder_v1_EndPlanRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_EndPlanResponse__Output>): grpc.ClientUnaryCall;
  EndPlan(argument: _larder_v1_EndPlanRequest, callback: grpc.requestCallback<_larder_v1_EndPlanResponse__Output>): grpc.ClientUnaryCall;
  endPlan(argument: _larder_v1_EndPlanRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_EndPlanResponse__Output>): grpc.ClientUnaryCall;
  endPlan(argument: _larder_v1_EndPlanRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_EndPlanResponse__Output>): grpc.ClientUnaryCall;
  endPlan(argument: _larder_v1_EndPlanRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_EndPlanResponse__Output>): grpc.ClientUnaryCall;
  endPlan(argument: _larder_v1_EndPlanRequest, callback: grpc.requestCallback<_larder_v1_EndPlanResponse__Output>): grpc.ClientUnaryCall;
  
  ListPlans(argument: _larder_v1_ListPlansRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ListPlansResponse__Output>): grpc.ClientUnaryCall;
  ListPlans(argument: _larder_v1_ListPlansRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_ListPlansResponse__Output>): grpc.ClientUnaryCall;
  ListPlans(argument: _larder_v1_ListPlansRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ListPlansResponse__Output>): grpc.ClientUnaryCall;
  ListPlans(argument: _larder_v1_ListPlansRequest, callback: grpc.requestCallback<_larder_v1_ListPlansResponse__Output>): grpc.ClientUnaryCall;
  listPlans(argument: _larder_v1_ListPlansRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ListPlansResponse__Output>): grpc.ClientUnaryCall;
  listPlans(argument: _larder_v1_ListPlansRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_ListPlansResponse__Output>): grpc.ClientUnaryCall;
  listPlans(argument: _larder_v1_ListPlansRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ListPlansResponse__Output>): grpc.ClientUnaryCall;
  listPlans(argument: _larder_v1_ListPlansRequest, callback: grpc.requestCallback<_larder_v1_ListPlansResponse__Output>): grpc.ClientUnaryCall;
  
  StartPlan(argument: _larder_v1_StartPlanRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_PlanInfo__Output>): grpc.ClientUnaryCall;
  StartPlan(argument: _larder_v1_StartPlanRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_PlanInfo__Output>): grpc.ClientUnaryCall;
  StartPlan(argument: _larder_v1_StartPlanRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_PlanInfo__Output>): grpc.ClientUnaryCall;
  StartPlan(argument: _larder_v1_StartPlanRequest, callback: grpc.requestCallback<_larder_v1_PlanInfo__Output>): grpc.ClientUnaryCall;
  startPlan(argument: _larder_v1_StartPlanRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_PlanInfo__Output>): grpc.ClientUnaryCall;
  startPlan(argument: _larder_v1_StartPlanRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_PlanInfo__Output>): grpc.ClientUnaryCall;
  startPlan(argument: _larder_v1_StartPlanRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_PlanInfo__Output>): grpc.ClientUnaryCall;
  startPlan(argument: _larder_v1_StartPlanRequest, callback: grpc.requestCallback<_larder_v1_PlanInfo__Output>): grpc.ClientUnaryCall;
  
}

export interface PlansHandlers extends grpc.UntypedServiceImplementation {
  EndPlan: grpc.handleUnaryCall<_larder_v1_EndPlanRequest__Output, _larder_v1_EndPlanResponse>;
  
  ListPlans: grpc.handleUnaryCall<_larder_v1_ListPlansRequest__Output, _larder_v1_ListPlansResponse>;
  
  StartPlan: grpc.handleUnaryCall<_larder_v1_StartPlanRequest__Output, _larder_v1_PlanInfo>;
  
}

export interface PlansDefinition extends grpc.ServiceDefinition {
  EndPlan: MethodDefinition<_larder_v1_EndPlanRequest, _larder_v1_EndPlanResponse, _larder_v1_EndPlanRequest__Output, _larder_v1_EndPlanResponse__Output>
  ListPlans: MethodDefinition<_larder_v1_ListPlansRequest, _larder_v1_ListPlansResponse, _larder_v1_ListPlansRequest__Output, _larder_v1_ListPlansResponse__Output>
  StartPlan: MethodDefinition<_larder_v1_StartPlanRequest, _larder_v1_PlanInfo, _larder_v1_StartPlanRequest__Output, _larder_v1_PlanInfo__Output>
}
