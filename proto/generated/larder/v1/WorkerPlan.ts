// Original file: proto/larder/v1/plans.proto

import type { Long } from '@grpc/proto-loader';

export interface WorkerPlan {
  'worker_id'?: (string);
  'plan_id'?: (number | string | Long);
  'state'?: (string);
  'reason'?: (string);
  'epoch'?: (number);
  'position'?: (number | string | Long);
  'samples'?: (number | string | Long);
  'followed'?: (number | string | Long);
  'strayed'?: (number | string | Long);
  'fetched'?: (number | string | Long);
}

export interface WorkerPlan__Output {
  'worker_id': (string);
  'plan_id': (number);
  'state': (string);
  'reason': (string);
  'epoch': (number);
  'position': (number);
  'samples': (number);
  'followed': (number);
  'strayed': (number);
  'fetched': (number);
}
