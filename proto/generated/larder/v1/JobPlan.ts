// Original file: proto/larder/v1/plans.proto

import type { Long } from '@grpc/proto-loader';

export interface JobPlan {
  'plan_id'?: (number | string | Long);
  'dataset_id'?: (number);
  'version'?: (number);
  'plan'?: (string);
}

export interface JobPlan__Output {
  'plan_id': (number);
  'dataset_id': (number);
  'version': (number);
  'plan': (string);
}
