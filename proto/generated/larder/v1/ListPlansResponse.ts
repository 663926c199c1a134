// Original file: proto/larder/v1/plans.proto

import type { PlanInfo as _larder_v1_PlanInfo, PlanInfo__Output as _larder_v1_PlanInfo__Output } from '../../larder/v1/PlanInfo.ts';

export interface ListPlansResponse {
  'plans'?: (_larder_v1_PlanInfo)[];
}

export interface ListPlansResponse__Output {
  'plans': (_larder_v1_PlanInfo__Output)[];
}
