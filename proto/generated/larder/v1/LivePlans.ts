// Original file: proto/larder/v1/plans.proto

import type { Long } from '@grpc/proto-loader';

export interface LivePlans {
  'plan_ids'?: (number | string | Long)[];
}

export interface LivePlans__Output {
  'plan_ids': (number)[];
}
