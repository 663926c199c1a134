import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { EndPlanRequest as _larder_v1_EndPlanRequest, EndPlanRequest__Output as _larder_v1_EndPlanRequest__Output } from './larder/v1/EndPlanRequest.ts';
import type { EndPlanResponse as _larder_v1_EndPlanResponse, EndPlanResponse__Output as _larder_v1_EndPlanResponse__Output } from './larder/v1/EndPlanResponse.ts';
import type { JobPlan as _larder_v1_JobPlan, JobPlan__Output as _larder_v1_JobPlan__Output } from './larder/v1/JobPlan.ts';
import type { ListPlansRequest as _larder_v1_ListPlansRequest, ListPlansRequest__Output as _larder_v1_ListPlansRequest__Output } from './larder/v1/ListPlansRequest.ts';
import type { ListPlansResponse as _larder_v1_ListPlansResponse, ListPlansResponse__Output as _larder_v1_ListPlansResponse__Output } from './larder/v1/ListPlansResponse.ts';
import type { LivePlans as _larder_v1_LivePlans, LivePlans__Output as _larder_v1_LivePlans__Output } from './larder/v1/LivePlans.ts';
import type { PlanInfo as _larder_v1_PlanInfo, PlanInfo__Output as _larder_v1_PlanInfo__Output } from './larder/v1/PlanInfo.ts';
import type { PlansClient as _larder_v1_PlansClient, PlansDefinition as _larder_v1_PlansDefinition } from './larder/v1/Plans.ts';
import type { StartPlanRequest as _larder_v1_StartPlanRequest, StartPlanRequest__Output as _larder_v1_StartPlanRequest__Output } from './larder/v1/StartPlanRequest.ts';
import type { WorkerPlan as _larder_v1_WorkerPlan, WorkerPlan__Output as _larder_v1_WorkerPlan__Output } from './larder/v1/WorkerPlan.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  larder: {
    v1: {
      EndPlanRequest: MessageTypeDefinition<_larder_v1_EndPlanRequest, _larder_v1_EndPlanRequest__Output>
      EndPlanResponse: MessageTypeDefinition<_larder_v1_EndPlanResponse, _larder_v1_EndPlanResponse__Output>
      JobPlan: MessageTypeDefinition<_larder_v1_JobPlan, _larder_v1_JobPlan__Output>
      ListPlansRequest: MessageTypeDefinition<_larder_v1_ListPlansRequest, _larder_v1_ListPlansRequest__Output>
      ListPlansResponse: MessageTypeDefinition<_larder_v1_ListPlansResponse, _larder_v1_ListPlansResponse__Output>
      LivePlans: MessageTypeDefinition<_larder_v1_LivePlans, _larder_v1_LivePlans__Output>
      PlanInfo: MessageTypeDefinition<_larder_v1_PlanInfo, _larder_v1_PlanInfo__Output>
      Plans: SubtypeConstructor<typeof grpc.Client, _larder_v1_PlansClient> & { service: _larder_v1_PlansDefinition }
      StartPlanRequest: MessageTypeDefinition<_larder_v1_StartPlanRequest, _larder_v1_StartPlanRequest__Output>
      WorkerPlan: MessageTypeDefinition<_larder_v1_WorkerPlan, _larder_v1_WorkerPlan__Output>
    }
  }
}

