// Original file: proto/larder/v1/plans.proto

import type { WorkerPlan as _larder_v1_WorkerPlan, WorkerPlan__Output as _larder_v1_WorkerPlan__Output } from '../../larder/v1/WorkerPlan.ts';
import type { Long } from '@grpc/proto-loader';

export interface PlanInfo {
  'plan_id'?: (number | string | Long);
  'job'?: (string);
  'dataset'?: (string);
  'version'?: (number);
  'sampler'?: (string);
  'keep_ms'?: (number | string | Long);
  'workers'?: (_larder_v1_WorkerPlan)[];
}

export interface PlanInfo__Output {
  'plan_id': (number);
  'job': (string);
  'dataset': (string);
  'version': (number);
  'sampler': (string);
  'keep_ms': (number);
  'workers': (_larder_v1_WorkerPlan__Output)[];
}
