// Original file: proto/larder/v1/cluster.proto

import type { Long } from '@grpc/proto-loader';

export interface DatasetReplicas {
  'dataset_id'?: (number);
  'replicas'?: (number);
  'quota_bytes'?: (number | string | Long);
  'policy'?: (string);
  'first_toucher'?: (boolean);
}

export interface DatasetReplicas__Output {
  'dataset_id': (number);
  'replicas': (number);
  'quota_bytes': (number);
  'policy': (string);
  'first_toucher': (boolean);
}
